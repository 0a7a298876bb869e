"""What a spec may set, and what a loss is given, follow from its signature."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.losses import get_loss
from lossbench.losses.custom.signature import parameters_of, read_arguments, recognise


class Ours(torch.nn.Module):
    """A module that follows the signature of the built-in losses."""

    def forward(self, raw, target):
        """Return a value a sample."""
        return (raw - target).square().mean(-1)


class Called:
    """A class that is no module."""

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, prediction, target, power=2.0):
        """Return a value an output."""
        return self.scale * (prediction - target).abs() ** power


def theirs(prediction, target, **options):
    """Take any option."""
    return 0


@pytest.mark.parametrize(
    ("criterion", "form"),
    [
        (lambda raw, target, *, alpha=1.0: 0, "raw"),
        (Ours, "raw"),
        (Ours(), "raw"),
        (lambda target, raw: 0, "pair"),
        (lambda raw: 0, "pair"),
        (theirs, "pair"),
        (torch.nn.MSELoss, "pair"),
        (torch.nn.MSELoss(), "pair"),
        (Called, "pair"),
        (Called(1.0), "pair"),
        (torch.dist, "pair"),
        (lambda *arguments: 0, "pair"),
    ],
)
def test_our_signature_is_known_by_its_names(criterion, form):
    """First raw, then target: then all models at once; in any other case one after the other."""
    assert recognise(criterion) == form


@pytest.mark.parametrize(
    ("criterion", "names"),
    [
        (lambda raw, target, *, alpha=1.0: 0, ["alpha"]),
        (torch.nn.SmoothL1Loss, ["size_average", "reduce", "reduction", "beta"]),
        (torch.nn.SmoothL1Loss(), []),
        (Ours, []),
        (Called, ["scale"]),
        (Called(1.0), ["power"]),
        (torch.dist, []),
    ],
)
def test_parameters_are_the_constructor_s_or_the_function_s(criterion, names):
    """Of a class what makes an instance of it; else what stands behind prediction and target."""
    assert list(parameters_of(criterion)) == names


def declared(criterion=lambda p, t, number=1.0, whole=3, flag=True, text="mean", free=None: 0):
    """Return the parameters of a function that has one of each kind."""
    return parameters_of(criterion)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"number": "2"}, 2.0),
        ({"number": "-1e-3"}, -0.001),
        ({"whole": "2"}, 2),
        ({"whole": "2.5"}, 2.5),
        ({"flag": "false"}, False),
        ({"flag": "True"}, True),
        ({"text": "sum"}, "sum"),
        ({"text": "3"}, "3"),
        ({"text": "none"}, "none"),
        ({"free": "none"}, None),
        ({"free": "true"}, True),
        ({"free": "2"}, 2),
        ({"free": "2.0"}, 2.0),
        ({"free": "sum"}, "sum"),
    ],
)
def test_a_value_is_read_as_the_signature_wants_it(given, value):
    """The default says whether a number, a truth value or a text is wanted; without one the value speaks."""
    (read,) = read_arguments("f", given, declared()).values()
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", ["wide", "none", "true", "nan", "inf", "1e999", ""])
@pytest.mark.parametrize("key", ["number", "whole"])
def test_where_a_number_is_wanted_only_a_finite_one_will_do(key, text):
    """The message quotes the spec and the value."""
    with pytest.raises(BadValue, match=f"'f': {key}={text} is not a finite number"):
        read_arguments("f", {key: text}, declared())


def test_where_a_truth_value_is_wanted_only_one_will_do():
    """A number is none."""
    with pytest.raises(BadValue, match="flag=1 is neither true nor false"):
        read_arguments("f", {"flag": "1"}, declared())


def test_a_parameter_without_default_must_be_given():
    """The message says how to write it."""
    with pytest.raises(
        BadValue, match=r"'mine.py:Called' needs a value for scale; write mine.py:Called:scale=VALUE"
    ):
        read_arguments("mine.py:Called", {}, parameters_of(Called))


@pytest.mark.parametrize(
    ("criterion", "text", "value"),
    [
        (lambda p, t, w=(1.0, 2.0): 0, "[1,2]", [1.0, 2.0]),
        (lambda p, t, w=[[1.0, 0.5]]: 0, "[[1,2],[3,4]]", [[1.0, 2.0], [3.0, 4.0]]),
        (lambda p, t, w=(1, 2): 0, "[1,2]", [1, 2]),
    ],
)
def test_a_list_for_floats_is_one_of_floats(criterion, text, value):
    """Where the default is: a tensor made of it then has the precision of the raw outputs."""
    (read,) = read_arguments("f", {"w": text}, parameters_of(criterion)).values()
    assert repr(read) == repr(value)


def test_an_annotation_says_floats_too():
    """Without a default there is nothing else to go by."""

    def mine(prediction, target, w: list[float]):
        return prediction

    (read,) = read_arguments("f", {"w": "[1,2]"}, parameters_of(mine)).values()
    assert repr(read) == "[1.0, 2.0]"


def test_a_class_with_a_tuple_of_weights_runs(write):
    """Its weights have the precision of the raw outputs, as a list for a tensor has."""
    write(
        """
        import torch

        class Weighted:
            def __init__(self, w=(1.0, 1.0, 1.0)):
                self.w = torch.tensor(w)

            def __call__(self, p, t):
                return torch.nn.functional.cross_entropy(p, t, weight=self.w)
        """
    )
    assert get_loss("mine.py:Weighted:w=[1,2,3]", "multiclass").record.whole_batch


def test_any_parameter_may_be_given_where_the_signature_takes_any():
    """Of a function with **options the names are not known; of any other they are."""
    assert read_arguments("f", {"a": "1", "b": "x"}, parameters_of(theirs)) == {"a": 1, "b": "x"}
    with pytest.raises(UnknownName, match=r"unknown parameter 'a'.*takes no parameters"):
        read_arguments("f", {"a": "1"}, parameters_of(Ours))


@settings(deadline=None, max_examples=25)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_to_the_last_bit(value: float) -> None:
    """A float written out is the same float again."""
    assert read_arguments("f", {"number": repr(value)}, declared()) == {"number": value}
