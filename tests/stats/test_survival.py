"""Censored times are kept as such, and agree with Kaplan and Meier."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lossbench.stats.estimate import Interval
from lossbench.stats.paired import paired_test
from lossbench.stats.survival import median_time, restricted_times, share_reached, speed_verdict

few = settings(max_examples=25, deadline=None)
HORIZON = 10
runs = st.lists(st.tuples(st.integers(1, HORIZON), st.booleans()), min_size=1, max_size=12).map(
    lambda pairs: (np.array([float(t) for t, _ in pairs]), np.array([hit for _, hit in pairs]))
)


def survival(times: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Return Kaplan and Meier's product-limit estimate at 0, 1 ... HORIZON, step by step."""
    times = np.where(reached, times, HORIZON)
    share, curve = 1.0, [1.0]
    for t in range(1, HORIZON + 1):
        at_risk, events = np.sum(times >= t), np.sum((times == t) & reached)
        share *= 1 - events / at_risk if at_risk else 1.0
        curve.append(share)
    return np.array(curve)


@few
@given(run=runs)
def test_the_median_is_that_of_the_product_limit(run: tuple[np.ndarray, np.ndarray]) -> None:
    """The median is where Kaplan and Meier's curve first gets down to one half; infinite where it does not."""
    below = np.flatnonzero(survival(*run) <= 0.5 + 1e-9)
    expected = below[0] if len(below) else np.inf
    assert median_time(*run, HORIZON)[0] == expected


@pytest.mark.parametrize(("n", "k"), [(5, 0), (6, 1), (10, 2), (20, 6)])
def test_the_median_lies_between_order_statistics(n: int, k: int) -> None:
    """The interval of a median runs from the k-th time to the k-th last, k as in the tables of the sign test."""
    times = np.arange(1.0, n + 1)
    _, *ends = median_time(times, times < n, HORIZON * n)
    expected = (times[k - 1], [*times[:-1], np.inf][n - k]) if k else (np.nan, np.nan)
    np.testing.assert_equal(tuple(ends), expected)


@few
@given(run=runs)
def test_the_restricted_mean_is_the_area_under_the_curve(run: tuple[np.ndarray, np.ndarray]) -> None:
    """The mean time within the horizon is the area under Kaplan and Meier's curve up to it."""
    mean = restricted_times(*run, HORIZON).mean()
    np.testing.assert_allclose(mean, survival(*run)[:-1].sum())


@few
@given(run=runs)
def test_the_share_is_what_the_curve_has_lost(run: tuple[np.ndarray, np.ndarray]) -> None:
    """The share that got there is one minus the curve at the horizon."""
    np.testing.assert_allclose(share_reached(*run, HORIZON), 1 - survival(*run)[-1], atol=1e-12)


@few
@given(run=runs)
def test_a_time_that_was_not_reached_is_not_looked_at(run: tuple[np.ndarray, np.ndarray]) -> None:
    """Whatever stands in place of a censored time, NaN or a number, changes nothing."""
    times, reached = run
    blank = np.where(reached, times, np.nan)
    np.testing.assert_equal(median_time(blank, reached, HORIZON), median_time(times, reached, HORIZON))
    np.testing.assert_array_equal(
        restricted_times(blank, reached, HORIZON), restricted_times(times, reached, HORIZON)
    )


@few
@given(run=runs, horizon=st.integers(1, HORIZON))
def test_a_shorter_horizon_is_training_for_less_long(run: tuple[np.ndarray, np.ndarray], horizon: int) -> None:
    """What happens after the horizon has not happened yet."""
    times, reached = run
    seen = reached & (times <= horizon)
    np.testing.assert_equal(median_time(times, reached, horizon), median_time(times, seen, horizon))
    assert share_reached(times, reached, horizon) == seen.mean()


def test_without_runs_there_is_nothing_to_say() -> None:
    """No runs: NaN, and no warning."""
    none = np.array([]), np.array([], dtype=bool), HORIZON
    assert np.isnan(median_time(*none)[0])
    assert np.isnan(share_reached(*none))


@few
@given(run=runs)
def test_what_could_not_be_reached_is_not_a_miss(run: tuple[np.ndarray, np.ndarray]) -> None:
    """A run without a target is left out; one that missed its target counts with the whole horizon."""
    times, reached = np.append(run[0], 3.0), np.append(run[1], np.nan)
    found = restricted_times(times, reached, HORIZON)
    assert np.isnan(found[-1])
    assert (found[:-1][~run[1]] == HORIZON).all()
    np.testing.assert_allclose(share_reached(times, reached, HORIZON), share_reached(*run, HORIZON))
    np.testing.assert_array_equal(found[:-1], restricted_times(*run, HORIZON))


pairs_of_runs = st.integers(2, 10).flatmap(
    lambda n: st.tuples(
        *[st.lists(st.one_of(st.integers(1, HORIZON), st.none()), min_size=n, max_size=n) for _ in range(2)]
    )
)


def capped(times: list[int | None]) -> np.ndarray:
    """Return restricted times; None was not reached."""
    values = np.array([np.nan if time is None else time for time in times], dtype=float)
    return restricted_times(values, ~np.isnan(values), HORIZON)


@few
@given(runs=pairs_of_runs)
def test_the_difference_is_that_of_the_restricted_means(runs: tuple[list[int | None], list[int | None]]) -> None:
    """The estimate is the area between two survival curves, and exchanging the losses turns the sign."""
    first, second = map(capped, runs)
    areas = [
        survival(np.array([t or HORIZON for t in run], dtype=float), np.array([t is not None for t in run]))
        for run in runs
    ]
    test, turned = paired_test(first - second, 0.0), paired_test(second - first, 0.0)
    np.testing.assert_allclose(test.interval.mean, (areas[0] - areas[1])[:-1].sum(), atol=1e-9)
    assert turned.interval.mean == -test.interval.mean
    assert turned.p_value == test.p_value


def test_pairs_are_held_against_each_other_and_not_groups() -> None:
    """What a seed does to both losses alike is no matter; a log-rank test sees only two overlapping groups."""
    slow, head_start = np.array([5.0, 12, 20, 33, 41, 56, 70, 88]), np.array([2.0, 3, 2, 3, 2, 3, 2, 3])
    assert stats.logrank(slow, slow - head_start).pvalue > 0.5
    test = paired_test((slow - head_start) - slow, 1 / 3)
    assert test.p_value < 0.01
    assert speed_verdict(test.interval, test.p_value) == "faster"


def test_both_censored_are_alike() -> None:
    """Two losses that never get there take the horizon each: nothing is claimed about what lies beyond it."""
    never = capped([None] * 10)
    test = paired_test(never - never, 1 / 3)
    assert speed_verdict(test.interval, test.p_value, test.estimate.p_equivalent(1.0)) == "equivalent"


@pytest.mark.parametrize(
    ("low", "high", "p", "same", "word"),
    [
        (-9.0, -2.0, 0.01, 1.0, "faster"),
        (2.0, 9.0, 0.01, 1.0, "slower"),
        (-9.0, -2.0, 0.06, 1.0, "inconclusive"),
        (-0.5, 0.5, 1.0, 0.01, "equivalent"),
        (-0.5, 1.0, 1.0, 0.06, "inconclusive"),
        (-0.5, -0.1, 0.01, 0.01, "faster, within the margin"),
        (0.1, 0.5, 0.01, 0.01, "slower, within the margin"),
        (np.nan, np.nan, np.nan, np.nan, "inconclusive"),
    ],
)
def test_fewer_epochs_are_faster(low: float, high: float, p: float, same: float, word: str) -> None:
    """Below zero is faster, above slower, and within the declared epochs equivalent, or both."""
    assert speed_verdict(Interval((low + high) / 2, low, high, 10), p, same) == word
