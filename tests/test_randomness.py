from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.randomness import stream

words = st.text(st.characters(min_codepoint=32, exclude_categories=("C",)), max_size=12)
keys = st.tuples(words, words, st.integers(0, 2**40), st.integers(0, 100))


@given(keys)
def test_a_stream_is_its_key(key: tuple[str, str, int, int]) -> None:
    """The same key draws the same numbers, whatever else was drawn in between."""
    first = stream(*key).random(4)
    np.random.default_rng().random(4)
    stream("other", *key[1:]).random(7)
    np.testing.assert_array_equal(stream(*key).random(4), first)


@given(keys, keys)
def test_other_keys_are_other_streams(left: tuple[str, str, int, int], right: tuple[str, str, int, int]) -> None:
    """Two keys that differ anywhere draw other numbers."""
    assert (stream(*left).integers(2**63) == stream(*right).integers(2**63)) == (left == right)


@pytest.mark.parametrize(
    ("left", "right"),
    [(("a", "bc", 1), ("ab", "c", 1)), (("a", "b", 1, 2), ("a", "b", 12)), (("a", "b", 1), ("b", "a", 1))],
)
def test_parts_of_a_key_do_not_run_together(left: tuple, right: tuple) -> None:
    """Where a part ends is part of the key."""
    assert stream(*left).integers(2**63) != stream(*right).integers(2**63)


def test_streams_of_neighbouring_seeds_are_unrelated() -> None:
    """First draws over 4000 seeds are uniform and uncorrelated, to five standard errors."""
    draws = np.array([stream("weights", "iris", seed).random() for seed in range(4000)])
    assert abs(draws.mean() - 0.5) < 5 * np.sqrt(1 / 12 / len(draws))
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 5 / np.sqrt(len(draws))


def test_streams_never_change() -> None:
    """Saved results and caches stand on these numbers: a change here makes all of them incomparable."""
    assert [int(stream(purpose, "iris", 0).integers(2**32)) for purpose in ("split", "order")] == [
        35256455,
        2897712348,
    ]
    assert int(stream("weights", "iris", 3, 1).integers(2**32)) == 2764686016
