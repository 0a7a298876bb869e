"""Robustness is relative to clean skill and to fixed baselines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.metrics.robustness import Robustness, robustness, skill

few = settings(max_examples=25, deadline=None)
SHARES = np.array([0.0, 0.1, 0.2, 0.4])
positive = st.floats(0.1, 1.0)
curves = st.tuples(positive, arrays(np.float64, 3, elements=st.floats(-0.5, 1.0))).map(
    lambda parts: np.concatenate([[parts[0]], parts[1]])[None]
)


def figures(found: Robustness) -> np.ndarray:
    """Return area, slope and breakdown as rows."""
    return np.stack([found.area, found.slope, found.breakdown])


@few
@given(curve=curves)
@example(curve=np.array([[0.8, 0.8, 0.8, 0.4]]))  # down to one half at the very last share
def test_figures_follow_their_definitions(curve: np.ndarray) -> None:
    """The area is the integral of the clipped curve; at the breakdown the interpolated curve is at one half."""
    found, kept = robustness(SHARES, curve), curve[0] / curve[0, 0]
    grid = np.unique(np.concatenate([SHARES, np.linspace(0, 0.4, 4001)]))
    clipped = np.interp(grid, SHARES, np.clip(kept, 0, None))
    area = np.sum((clipped[1:] + clipped[:-1]) / 2 * np.diff(grid)) / 0.4
    np.testing.assert_allclose(found.area, area, rtol=1e-9)
    np.testing.assert_allclose(found.slope, (curve[0, 1] - curve[0, 0]) / 0.1)
    if np.isnan(found.breakdown[0]):
        assert kept.min() > 0.5
    else:
        np.testing.assert_allclose(np.interp(found.breakdown[0], SHARES, kept), 0.5, atol=1e-9)
        assert (np.interp(grid[grid < found.breakdown[0]], SHARES, kept) > 0.5 - 1e-9).all()


@few
@given(clean=positive)
def test_nothing_lost_is_an_area_of_one(clean: float) -> None:
    """A flat curve has area 1, slope 0 and no breakdown."""
    found = robustness(SHARES, np.full((1, 4), clean))
    np.testing.assert_allclose(figures(found)[:, 0], [1.0, 0.0, np.nan], atol=1e-12)


@few
@given(curve=curves, scale=st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_only_the_share_of_clean_skill_counts(curve: np.ndarray, scale: float) -> None:
    """A multiple of the curve has the same area and breakdown, and that multiple of the slope."""
    before, after = robustness(SHARES, curve), robustness(SHARES, scale * curve)
    np.testing.assert_allclose(after.area, before.area)
    np.testing.assert_allclose(after.slope, scale * before.slope, atol=1e-9)
    np.testing.assert_allclose(after.breakdown, before.breakdown)


@few
@given(curve=curves, order=st.permutations(range(4)))
def test_the_order_of_the_shares_is_no_matter(curve: np.ndarray, order: list[int]) -> None:
    """Shares and skills may be given in any order, together."""
    shuffled = robustness(SHARES[order], curve[:, order])
    np.testing.assert_array_equal(figures(shuffled), figures(robustness(SHARES, curve)))


@few
@given(curve=curves, at=st.integers(1, 3), lost=positive)
def test_losing_more_is_never_more_robust(curve: np.ndarray, at: int, lost: float) -> None:
    """Less skill at one share gives no larger area, and no later breakdown."""
    lower = curve.copy()
    lower[0, at] -= lost
    before, after = robustness(SHARES, curve), robustness(SHARES, lower)
    assert after.area[0] <= before.area[0] + 1e-12
    assert not after.breakdown[0] > np.nan_to_num(before.breakdown[0], nan=np.inf) + 1e-12
    assert np.isnan(before.breakdown[0]) or not np.isnan(after.breakdown[0])


@pytest.mark.parametrize("bad", [[0.0, 0.0, 0.0, 0.0], [-0.1, 0.2, 0.3, 0.1], [0.8, np.nan, 0.5, 0.2]])
def test_without_clean_skill_or_with_a_gap_all_is_undefined(bad: list[float]) -> None:
    """No skill to lose, or a diverged level: NaN throughout, and the neighbour is left alone."""
    good = [0.8, 0.7, 0.5, 0.1]
    found = figures(robustness(SHARES, np.array([bad, good])))
    assert np.isnan(found[:, 0]).all()
    np.testing.assert_array_equal(found[:, 1], figures(robustness(SHARES, np.array([good])))[:, 0])


@pytest.mark.parametrize("shares", [[0.0], [0.1], [0.1, 0.2], []])
def test_a_curve_needs_the_clean_level_and_another(shares: list[float]) -> None:
    """Without a share of zero, or with nothing else, there is no curve."""
    found = robustness(np.array(shares), np.ones((2, len(shares))))
    assert figures(found).shape == (3, 2)
    assert np.isnan(figures(found)).all()


@few
@given(constant=st.floats(0, 0.9), way=st.floats(-1, 1))
def test_skill_is_the_way_from_constant_to_perfect(constant: float, way: float) -> None:
    """A score so far on the way has that skill, for scores to be raised and, mirrored, to be lowered."""
    np.testing.assert_allclose(skill(constant + way * (1 - constant), constant), way, atol=1e-12)
    error = 1 - constant
    np.testing.assert_allclose(skill(error - way * error, error, perfect=0.0), way, atol=1e-12)


def test_there_is_no_skill_where_the_constant_is_perfect() -> None:
    """Nothing lies between a perfect constant predictor and a perfect one: NaN, not infinity."""
    assert np.isnan(skill(1.0, 1.0)).all()
