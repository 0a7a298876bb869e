from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.spec import TABLE_LISTS, Parameter, numbers, split_list, split_spec, title

finite = st.floats(allow_nan=False, allow_infinity=False)
keys = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)
names = st.text(st.characters(exclude_characters=":=", exclude_categories=("C", "Z")), min_size=1)
values = st.text(st.characters(exclude_characters=':"', exclude_categories=("C", "Z")))

OPEN = Parameter("tau", 0.5, low=0, high=1, open_low=True, open_high=True)
CLOSED = Parameter("epsilon", 0.1, low=0, high=1)
HALF = Parameter("momentum", 0.0, low=0, high=1, open_high=True)
BEYOND = Parameter("delta", 1.0, low=0, open_low=True)


@given(names, st.dictionaries(keys, values))
def test_spec_is_read_as_written(name: str, parameters: dict[str, str]) -> None:
    """A name and its parameters, written as a spec, are read back, in their order."""
    spec = ":".join((name, *(f"{key}={value}" for key, value in parameters.items())))
    found, given_parameters = split_spec(spec)
    assert found == name
    assert list(given_parameters.items()) == list(parameters.items())


@pytest.mark.parametrize(
    ("spec", "name", "parameters"),
    [
        ("huber", "huber", {}),
        (r"C:\data\sales.csv:target=price", r"C:\data\sales.csv", {"target": "price"}),
        (r"C:\data.csv", r"C:\data.csv", {}),
        ("torch.nn:L1Loss", "torch.nn:L1Loss", {}),
        ("torch.nn:SmoothL1Loss:beta=0.5", "torch.nn:SmoothL1Loss", {"beta": "0.5"}),
        ("my_losses.py:my_loss:c=2", "my_losses.py:my_loss", {"c": "2"}),
        ("sales.csv:target=price per m²", "sales.csv", {"target": "price per m²"}),
        ("sales.csv:target=a=b", "sales.csv", {"target": "a=b"}),
        ("sales.csv:target=12:30", "sales.csv", {"target": "12:30"}),
        ("  huber:delta=1  ", "huber", {"delta": "1"}),
        ("f.py:f:target=1:@target=onehot", "f.py:f", {"target": "1", "@target": "onehot"}),
        ("f.py:f@home", "f.py:f@home", {}),
        ('a.csv:target="x:k=1":na=?', "a.csv", {"target": '"x:k=1"', "na": "?"}),
        ('a.csv:drop=b,"say ""x:k=1""",c', "a.csv", {"drop": 'b,"say ""x:k=1""",c'}),
        ('a.csv:target=6" pipe:na=7"', "a.csv", {"target": '6" pipe', "na": '7"'}),
        ("a.csv:sep=::decimal=,", "a.csv", {"sep": ":", "decimal": ","}),
    ],
)
def test_a_colon_starts_a_parameter_only_before_a_key(spec: str, name: str, parameters: dict[str, str]) -> None:
    """Drives, modules and times keep their colons."""
    assert split_spec(spec) == (name, parameters)


@pytest.mark.parametrize(
    "specs",
    [
        ["iris", "moons:noise=0.1", "wine"],
        ["iris", "a.csv:target=y:drop=id,date"],
        ["a.csv:drop=id,date:target=y", "iris"],
        ["a.csv:decimal=,:sep=;:target=y", "b.csv:sep=|:na=?,-:task=binary", "iris"],
        ['a.csv:target="price, net"', "iris", 'b.csv:drop="x,y",z:target=t'],
    ],
)
def test_a_comma_parts_specs_unless_it_belongs_to_one(specs: list[str]) -> None:
    """Specs joined by commas come apart again; a comma in quotes, or in the value of a list, parts nothing."""
    for joined in (",".join(specs), " , ".join(specs)):
        assert split_list(joined, TABLE_LISTS) == specs


def test_what_is_a_list_in_a_table_is_none_elsewhere() -> None:
    """A parameter `drop` of a user's loss is a number, so the comma behind it parts; brackets and quotes hold."""
    specs = ["own.py:f:drop=0.5", "own.py:g:weight=[1,[2,3]]:c=1", 'own.py:h:@label="a, b"', "mse"]
    assert split_list(",".join(specs)) == specs


@given(names, st.dictionaries(keys, values), values)
def test_a_label_is_the_title_of_any_spec(name: str, parameters: dict[str, str], label: str) -> None:
    """Wherever it stands; a spec without one is its own title."""
    spec = ":".join((name, *(f"{key}={value}" for key, value in parameters.items())))
    assert title(spec) == spec
    assert title(f"{spec}:@label={label}") == title(f"{name}:@label={label}") == label


@pytest.mark.parametrize("spec", ["", "   ", ":delta=1"])
def test_nothing_has_no_name(spec: str) -> None:
    """A spec without a name is refused, with the form to write."""
    with pytest.raises(BadValue, match="has no name; write name:key=value"):
        split_spec(spec)


@given(names, keys, values, values)
def test_a_key_is_given_once(name: str, key: str, first: str, second: str) -> None:
    """Two values for one key are refused, even where they are the same."""
    with pytest.raises(BadValue, match=f"gives {key} twice; keep one"):
        split_spec(f"{name}:{key}={first}:{key}={second}")


@given(finite, finite, st.booleans(), st.booleans(), finite)
def test_range_is_what_is_accepted(low: float, high: float, open_low: bool, open_high: bool, value: float) -> None:
    """A value is accepted where it lies inside; an end itself only where the range is closed there."""
    assume(low < high)
    parameter = Parameter("x", low, low, high, open_low, open_high)
    assert parameter.accepts(low) is not open_low
    assert parameter.accepts(high) is not open_high
    if value not in (low, high):
        assert parameter.accepts(value) is (low < value < high)


@pytest.mark.parametrize(
    ("parameter", "text"), [(OPEN, "(0, 1)"), (CLOSED, "[0, 1]"), (HALF, "[0, 1)"), (BEYOND, "(0, inf)")]
)
def test_range_is_written_in_brackets(parameter: Parameter, text: str) -> None:
    """Round where the end is not allowed, square where it is; infinity never is."""
    assert parameter.range == text
    assert text in parameter.description


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("parameter", [Parameter("x", 0.0), OPEN, CLOSED, HALF, BEYOND])
def test_only_finite_numbers_are_accepted(parameter: Parameter, value: float) -> None:
    """No parameter is infinite or undefined, however wide its range."""
    assert not parameter.accepts(value)


@given(finite)
def test_numbers_are_read_to_the_last_bit(value: float) -> None:
    """A float written out is the same float again; what is not given has its default."""
    anything = Parameter("c", 4.0)
    assert numbers("x", {"c": repr(value)}, [anything, HALF]) == {"c": value, "momentum": 0.0}


@pytest.mark.parametrize("parameter", [OPEN, CLOSED, HALF, BEYOND])
@pytest.mark.parametrize("text", ["-0.5", "nan", "inf", "1e999"])
def test_a_number_out_of_range_is_refused(parameter: Parameter, text: str) -> None:
    """The message quotes the spec and the value, and names the range."""
    with pytest.raises(BadValue) as caught:
        numbers("some:spec", {parameter.name: text}, [parameter])
    assert str(caught.value) == (
        f"'some:spec': {parameter.name}={text} is out of range; give a number in {parameter.range}"
    )


@pytest.mark.parametrize("text", ["", "high", "1,5", "0x1", "1 2"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """Text is named as such, with the range that would do."""
    with pytest.raises(BadValue) as caught:
        numbers("huber:delta=?", {"delta": text}, [BEYOND])
    assert str(caught.value) == f"'huber:delta=?': delta={text} is not a number; give one in (0, inf)"


def test_an_unknown_parameter_is_refused() -> None:
    """The nearest parameter is named, or that there are none."""
    with pytest.raises(UnknownName, match=r"'huber:detla=1': unknown parameter 'detla'; did you mean 'delta'"):
        numbers("huber:detla=1", {"detla": "1"}, [BEYOND])
    with pytest.raises(UnknownName, match="it takes no parameters"):
        numbers("mae:delta=1", {"delta": "1"}, [])
