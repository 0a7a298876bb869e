"""Ranks are scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.stats import rankdata

from lossbench.metrics.ranks import ranks

METHODS = {"average": "average", "least": "min", "greatest": "max"}
coarse = st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.5, 2.0, np.inf, np.nan])
tables = arrays(np.float64, array_shapes(max_dims=3, max_side=8), elements=coarse | st.floats(0, 1))


@settings(max_examples=100, deadline=None)
@given(values=tables, data=st.data())
@pytest.mark.parametrize("ties", METHODS)
def test_ranks_are_scipys(ties: str, values: np.ndarray, data: st.DataObject) -> None:
    """Along every axis, with ties, infinities, and what is undefined."""
    axis = data.draw(st.integers(-values.ndim, values.ndim - 1))
    theirs = rankdata(values, METHODS[ties], axis=axis, nan_policy="propagate")
    np.testing.assert_array_equal(ranks(values, axis, ties), theirs)
