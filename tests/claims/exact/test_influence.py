from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.exact.influence import best_constant, influence
from lossbench.losses import get_loss

targets = st.lists(st.floats(-100, 100), min_size=3, max_size=9).map(np.array)


@settings(deadline=None, max_examples=25)
@given(targets)
def test_the_best_constant_is_the_mean_or_the_median(values):
    """Of the squared error the mean, of the absolute error a median: as many targets above as below."""
    assert best_constant(get_loss("mse", "regression"), values) == pytest.approx(values.mean(), abs=1e-6)
    middle = best_constant(get_loss("mae", "regression"), values)
    cost = np.abs(values - middle).sum()
    assert cost == pytest.approx(np.abs(values - np.median(values)).sum(), abs=1e-6)


@pytest.mark.parametrize(
    ("loss", "found"), [("mse", "unbounded"), ("mae", "bounded"), ("huber", "bounded"), ("log_cosh", "bounded")]
)
@pytest.mark.parametrize("claimed", ["bounded", "unbounded"])
def test_influence_is_bounded_for_bounded_slopes(loss, found, claimed):
    """A loss with a bounded slope bounds the pull of one target, the squared error does not."""
    (line,) = influence(Claim("x", "y"), Study(read_terms()), losses=(loss,), influence=claimed)
    assert line.verdict == ("reproduced" if claimed == found else "contradicted")
    assert line.note.startswith(found)
