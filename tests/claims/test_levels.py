from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims.contrast import number
from lossbench.claims.evidence import Evidence
from lossbench.claims.levels import level
from lossbench.stats.paired import corrected_interval

LINE = Evidence("inconclusive", "accuracy", note="one diverged")
scores = st.lists(st.floats(0, 1), min_size=2, max_size=20).map(np.array)


@settings(deadline=None, max_examples=25)
@given(scores, st.sampled_from(["0.743", None]))
def test_a_level_is_shown_with_its_interval_and_never_judged(values, reported):
    """Whatever is reported and measured, the line has no vote."""
    found, interval = level(LINE, values, 0.3, reported, 0.01), corrected_interval(values, 0.3)
    assert found.verdict == "not testable"
    assert found.p_value is None
    expected = tuple(map(number, (interval.mean, interval.low, interval.high)))
    assert (found.measured, found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("mean", "said"), [(0.75, "the reported level"), (0.76, "not the reported level"), (0.72, "not the reported")]
)
def test_a_level_agrees_within_the_margin(mean, said):
    """A hundredth on either side is the reported level; what the line said before stays."""
    assert level(LINE, np.full(3, mean), 0.3, "0.743", 0.01).note.startswith(f"one diverged, {said}")
