"""Ranks over data sets are tested as scikit-posthocs and statsmodels test them.

Nemenyi's test, which scikit-posthocs has, is not used: see `lossbench.stats.ranks`.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from lossbench.stats.ranks import compare_with_first, friedman

from .packages import oracle

posthocs = oracle("scikit_posthocs")
anova = oracle("statsmodels.stats.anova")
multitest = oracle("statsmodels.stats.multitest")

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs
usual = settings(max_examples=15, deadline=None)
tables = st.tuples(st.integers(6, 12), st.integers(3, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0, 1), unique=True)
)


@usual
@given(tables)
def test_friedman_is_an_analysis_of_variance_of_ranks(table: np.ndarray) -> None:
    """Iman's and Davenport's F is that of repeated measures, with the data sets as subjects."""
    ranks = rankdata(table, axis=1)
    if np.ptp(ranks.mean(axis=0)) == 0.0 or not np.ptp(ranks, axis=0).any():
        return  # nothing varies within, or between
    data_set, loss = np.indices(table.shape)
    frame = pd.DataFrame({"set": data_set.ravel(), "loss": loss.ravel(), "rank": ranks.ravel()})
    expected = anova.AnovaRM(frame, "rank", "set", ["loss"]).fit().anova_table.iloc[0]
    found = friedman(table)
    np.testing.assert_allclose(found["friedman"], expected["F Value"])
    np.testing.assert_allclose(found["friedman_p"], expected["Pr > F"], atol=1e-8)


@usual
@given(tables, st.integers(0, 3))
def test_letters_are_wilcoxons_test_of_all_pairs(table: np.ndarray, lifted: int) -> None:
    """Two losses share a letter exactly where the p value that Holm corrected is 5 % or more."""
    table[:, : min(lifted, table.shape[1] - 1)] += 1.0
    expected = posthocs.posthoc_wilcoxon(list(table.T), p_adjust="holm").to_numpy()
    letters = compare_with_first(table)["letters"]
    for one, other in combinations(range(table.shape[1]), 2):
        assert bool(set(letters[one]) & set(letters[other])) == (expected[one, other] >= 0.05)


@usual
@given(tables, st.integers(0, 3))
def test_the_comparison_with_the_first_is_theirs(table: np.ndarray, lifted: int) -> None:
    """Wilcoxon's p values, corrected by Holm over the losses but the first."""
    table[:, : min(lifted, table.shape[1] - 1)] += 1.0
    found = compare_with_first(table)
    expected = posthocs.posthoc_wilcoxon(list(table.T)).to_numpy()[0, 1:]
    np.testing.assert_allclose(found["p_value"][1:], expected)
    np.testing.assert_allclose(found["p_holm"][1:], multitest.multipletests(expected, method="holm")[1])
