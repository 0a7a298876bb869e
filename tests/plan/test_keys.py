"""Values are read as what they mean, or refused with the name of their key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, ConfigError, UnknownName, UsageError
from lossbench.plan.settings import make_settings


@given(st.integers(0, 50), st.integers(1, 50))
def test_seeds(first: int, count: int) -> None:
    """A count, as a number or a text, is the seeds from 0; a range is half open; a list stays as it is."""
    listed = list(range(first, first + count))
    assert make_settings(seeds=f"{first}:{first + count}").seeds == tuple(listed)
    assert make_settings(seeds=listed).seeds == make_settings(seeds=list(np.array(listed))).seeds == tuple(listed)
    assert make_settings(seeds=count).seeds == make_settings(seeds=str(count)).seeds == tuple(range(count))


@given(st.lists(st.floats(1e-6, 0.9), min_size=1, max_size=5))
def test_values_named_twice_count_once(values: list[float]) -> None:
    """An axis holds each of its values once, in the order given; one number is a list of one."""
    wanted = tuple(dict.fromkeys(values))
    for name in ("lr", "l1", "l2", "outliers"):
        assert getattr(make_settings(**{name: values + values}), name) == wanted
        assert getattr(make_settings(**{name: values[0]}), name) == (values[0],)


@pytest.mark.parametrize("value", [True, "3", 1.5, 0, -1])
@pytest.mark.parametrize("name", ["epochs", "batch_size"])
def test_counts_are_whole_and_positive(name: str, value: object) -> None:
    """Anything but a whole number above zero is refused, with the name."""
    with pytest.raises((BadValue, ConfigError), match=f"^{name}: "):
        make_settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 10**12),
        ("batch_size", 10**25),
        ("seeds", 10**9),
        ("seeds", "1000000000"),
        ("seeds", "0:1000000000"),
        ("seeds", "9" * 18),
        ("seeds", "3000000000:3000000003"),
        ("seeds", [0, 2**31]),
    ],
)
def test_counts_have_an_upper_bound(name: str, value: object) -> None:
    """What no memory holds is refused before anything is made of it, and the message has the bound."""
    with pytest.raises(BadValue, match=f"^{name}: .* is too large; give .* of at most "):
        make_settings(**{name: value})


@pytest.mark.parametrize("text", ["9" * 19, "0:" + "9" * 19])
def test_a_number_without_end_is_no_seed(text: str) -> None:
    """Nor does anybody wait for it to be read."""
    with pytest.raises(ConfigError, match="is not a count, or a range"):
        make_settings(seeds=text)


def test_a_key_that_does_not_exist_is_refused() -> None:
    """From Python too, with the nearest one."""
    with pytest.raises(UnknownName, match="unknown key 'epoch'; did you mean 'epochs'"):
        make_settings(epoch=3)


def test_a_gate_is_checked_where_it_is_read(tmp_path: Path) -> None:
    """A rule that tolerates an improvement, or a policy that is none, is refused with its line."""
    path = tmp_path / "mine.toml"
    for line, words in (
        ("rules = ['f1:0.02']", "gate.rules': rule 'f1:0.02'"),
        ("new = 'warm'", "unknown value 'warm'"),
    ):
        path.write_text(f"[gate]\n{line}\n")
        with pytest.raises(UsageError, match=r"mine\.toml line 2, key 'gate\.") as caught:
            make_settings(path)
        assert words in str(caught.value)
