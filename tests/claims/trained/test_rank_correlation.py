from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from lossbench.claims.trained.rank_correlation import rank_correlation

tables = arrays(np.int64, (2, 3, 8), elements=st.integers(0, 9)).map(lambda table: table.astype(float))


@settings(deadline=None, max_examples=25)
@given(tables)
def test_it_is_that_of_scipy_where_both_series_move(pair):
    """Ties included; 0 where scipy has no answer."""
    found = rank_correlation(*pair)
    for first, second, value in zip(*pair, found, strict=True):
        moving = np.ptp(first) > 0 and np.ptp(second) > 0
        assert value == pytest.approx(spearmanr(first, second).statistic if moving else 0.0, abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(tables)
def test_only_the_order_counts(pair):
    """A rising function of either series changes nothing, a falling one the sign."""
    first, second = pair
    assert rank_correlation(np.exp(first), second) == pytest.approx(rank_correlation(first, second))
    assert rank_correlation(-first, second) == pytest.approx(-rank_correlation(first, second))


def test_an_undefined_value_leaves_its_row_undefined():
    """And no other."""
    first = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])
    assert np.isnan(rank_correlation(first, np.tile([1.0, 2.0, 3.0], (2, 1)))).tolist() == [True, False]
