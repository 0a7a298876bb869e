"""Letters over data sets say what Wilcoxon's test of each pair says, and nothing for few data sets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata, wilcoxon

from lossbench.stats.families import holm
from lossbench.stats.wilcoxon import LEAST, letters_across, wilcoxon_p

tables = st.tuples(st.integers(6, 14), st.integers(2, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0, 1), unique=True)
)


def ranks(table: np.ndarray) -> np.ndarray:
    """Return mean ranks, 1 for the greatest of each data set."""
    return rankdata(-table, axis=1).mean(axis=0)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60).flatmap(lambda n: arrays(np.float64, n, elements=st.integers(-9, 9).filter(bool))))
@example(np.arange(1.0, 51.0) * (-1) ** np.arange(50))
@example(np.arange(1.0, 52.0) * (-1) ** np.arange(51))
@example(np.array([1.0, 1.0, 0.0, -3.0, 2.0] * 2))
@example(np.array([1.0, 1.0, 0.0, -3.0, 2.0] * 4))
def test_the_p_value_is_scipys(differences: np.ndarray) -> None:
    """With ties and without, and with data sets on which two losses are tied, whatever their number."""
    np.testing.assert_allclose(wilcoxon_p(differences), wilcoxon(differences).pvalue, rtol=1e-12)


@settings(max_examples=8, deadline=None)
@given(tables, st.integers(0, 3))
def test_two_losses_share_a_letter_unless_told_apart(table: np.ndarray, lifted: int) -> None:
    """Exactly where the corrected p value of scipy's test is 5 % or more; the best has an "a"."""
    table[:, : min(lifted, table.shape[1] - 1)] += 1.0
    found, pairs = letters_across(table, ranks(table)), list(combinations(range(table.shape[1]), 2))
    p_values = holm(np.array([wilcoxon(table[:, one] - table[:, other]).pvalue for one, other in pairs]))
    for (one, other), p in zip(pairs, p_values.tolist(), strict=True):
        assert bool(set(found[one]) & set(found[other])) == (p >= 0.05)
    assert "a" in found[int(np.argmin(ranks(table)))]


@pytest.mark.parametrize("data_sets", range(6))
def test_few_data_sets_have_no_letters(data_sets: int) -> None:
    """Not even a single pair, of which one always wins, is told apart by five; by six it is."""
    assert LEAST == 6
    table = np.arange(data_sets)[:, None] + np.array([0.0, 0.5])
    assert letters_across(table, np.array([2.0, 1.0])) == [np.nan, np.nan]
    six = np.arange(6.0)[:, None] * np.array([1.0, 2.0]) + np.array([0.0, 1.0])
    assert letters_across(six, np.array([2.0, 1.0])) == ["b", "a"]


def test_losses_that_are_the_same_share_their_letters() -> None:
    """Ties on every data set are no difference."""
    table = np.repeat(np.arange(8.0)[:, None], 3, axis=1)
    assert letters_across(table, np.full(3, 2.0)) == ["a", "a", "a"]
