"""Times until a target, some of which are censored, are summed up as Kaplan and Meier do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.stats.survival import median_time, restricted_times, share_reached

from .packages import oracle

survfunc = oracle("statsmodels.duration.survfunc")

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs
HORIZON = 20
runs = st.lists(st.tuples(st.integers(1, HORIZON), st.booleans()), min_size=2, max_size=30).filter(
    lambda drawn: any(reached for _, reached in drawn)
)


@settings(max_examples=40, deadline=None)
@given(runs)
def test_times_are_those_of_the_survival_curve(drawn: list[tuple[int, bool]]) -> None:
    """The median is where the curve falls to a half, the mean its area, the share what it has lost at the end."""
    times, reached = (np.array(column) for column in zip(*drawn, strict=True))
    curve = survfunc.SurvfuncRight(np.where(reached, times, HORIZON), reached.astype(int))
    down = np.flatnonzero(curve.surv_prob <= 0.5 + 1e-9)
    median = curve.surv_times[down[0]] if len(down) else np.inf
    assert median_time(times, reached, HORIZON)[0] == median
    edges = np.concatenate([[0], curve.surv_times, [HORIZON]])
    area = np.diff(edges) @ np.concatenate([[1.0], curve.surv_prob])
    np.testing.assert_allclose(restricted_times(times, reached, HORIZON).mean(), area)
    np.testing.assert_allclose(share_reached(times, reached, HORIZON), 1.0 - curve.surv_prob[-1], atol=1e-12)
