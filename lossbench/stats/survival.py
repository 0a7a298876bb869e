"""Times until an event that does not always happen.

A run that never reached its target is censored at the last epoch: all that is known is that it would take longer.
All runs that are summarised together have the same last epoch, the horizon, and nothing is censored before it. The
survival curve of Kaplan and Meier (1958) is then simply the share of runs that have not reached the target, so its
median is an order statistic and its area up to the horizon a mean of capped times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossbench.stats.paired import (
    LEVEL,
    Interval,
    Numbers,
    PairedTest,
    corrected_interval,
    moments,
    paired_test,
    verdict,
)


@dataclass(frozen=True)
class Median:
    """A median time with its interval; infinite means longer than the run, NaN unknown.

    Args:
        value: NaN without runs.
        low: lower end of the 95 % interval; NaN for fewer than six runs, which cannot bound a median.
        high: upper end.
    """

    value: float
    low: float
    high: float


def median_time(times: np.ndarray, reached: np.ndarray, horizon: float) -> Median:
    """Return the time by which half of the runs reached the target, with an interval that assumes no distribution.

    the smallest t at which at most half of the runs have not reached it: the median of Kaplan and Meier. Its
    interval runs from the k-th shortest to the k-th longest time, with the largest k for which
    P(Binomial(n, ½) < k) is at most 2.5 % (Thompson 1936). It assumes that seeds are independent.

    Args:
        times: (n,) when each run got there, in epochs; any value where it did not.
        reached: (n,) bool, whether it did.
        horizon: the last epoch.

    Returns:
        The median, infinite where fewer than half got there: to be shown as more than the horizon.

    Example:
        >>> median_time(np.array([3.0, 8.0, np.nan]), np.array([True, True, False]), horizon=100)
        Median(value=8.0, low=nan, high=nan)
    """
    from scipy.special import bdtr

    waits = np.sort(_waits(times, reached, horizon))
    n = len(waits)
    if not n:
        return Median(np.nan, np.nan, np.nan)
    value = float(waits[(n - 1) // 2])
    k = int(np.count_nonzero(bdtr(np.arange(n), n, 0.5) <= (1 - LEVEL) / 2))
    return Median(value, float(waits[k - 1]), float(waits[n - k])) if k else Median(value, np.nan, np.nan)


def restricted_times(times: np.ndarray, reached: np.ndarray, horizon: Numbers) -> np.ndarray:
    """Return the time that each run spent before it got there, within the horizon: min(time, horizon).

    Args:
        times: any shape, when each run got there, in epochs; any value where it did not.
        reached: same shape, whether it did; NaN where there was nothing to reach, which is not a miss.
        horizon: the last epoch, one for all or one a run.

    Returns:
        Epochs in (0, horizon], same shape; the horizon for a run that is censored there, NaN where there was
        nothing to reach.

    Example:
        >>> restricted_times(np.array([3.0, np.nan, np.nan]), np.array([1.0, 0.0, np.nan]), horizon=100)
        array([  3., 100.,  nan])
    """
    reached = np.asarray(reached, dtype=np.float64)
    waits = np.minimum(_waits(times, reached == 1.0, horizon), horizon)
    return np.where(np.isnan(reached), np.nan, waits)


def restricted_mean(times: np.ndarray, reached: np.ndarray, horizon: float, test_to_train: float) -> Interval:
    """Estimate the mean time spent before getting there, within the horizon.

    mean of min(time, horizon): the area under the survival curve up to the horizon (Irwin 1949)

    Args:
        times: (..., n) when each run got there, in epochs; any value where it did not.
        reached: (..., n) whether it did; NaN where there was nothing to reach.
        horizon: the last epoch.
        test_to_train: see `lossbench.stats.paired.shared_rows`.

    Returns:
        The interval, in epochs; the mean is at most the horizon.

    Example:
        >>> found = restricted_mean(np.array([3.0, 8.0, np.nan]), np.array([True, True, False]), 100, 1 / 3)
        >>> float(found.mean)
        37.0
    """
    return corrected_interval(restricted_times(times, reached, horizon), test_to_train)


def compare_restricted_means(times: np.ndarray, reference: np.ndarray, test_to_train: float) -> PairedTest:
    """Test whether two losses take equally long within the horizon, paired by seed.

    mean of min(T, horizon) - min(T_ref, horizon), with the corrected variance

    Every run of a comparison is censored at the same last epoch, so min(T, horizon) is known exactly for each
    seed and its mean difference is the difference of restricted means without bias: no time is guessed, and no
    censored one is taken for a reached one. A log-rank test would not do here: it takes the two arms as
    independent, but they share their seeds, it takes the seeds as independent, but they share rows, and it ends
    in a p value and not in epochs. What this test cannot see is anything beyond the horizon: two losses of which
    none gets there are alike.

    Args:
        times: (..., n) epochs of one loss, from `restricted_times`.
        reference: (..., n) epochs of the other.
        test_to_train: see `lossbench.stats.paired.shared_rows`.

    Returns:
        The test; its interval is in epochs, below zero where the first loss is the faster one.

    Example:
        >>> test = compare_restricted_means(np.array([3.0, 4.0, 100.0]), np.array([3.0, 5.0, 100.0]), 1 / 3)
        >>> round(float(test.interval.mean), 3)
        -0.333
    """
    return paired_test(times - reference, test_to_train)


def speed_verdict(interval: Interval, adjusted_p: Numbers, margin: float | None) -> np.ndarray:
    """Put a comparison of restricted means into one word; see `lossbench.stats.paired.verdict`.

    Args:
        interval: of the difference in epochs, this arm minus the other.
        adjusted_p: the p value after correction for the family.
        margin: how many epochs are too few to matter; None where it is not declared.

    Returns:
        "faster", "slower", "equivalent" or "inconclusive", in the shape of `adjusted_p`.

    Example:
        >>> str(speed_verdict(Interval(-8.0, -9.0, -7.0, 10), 0.001, margin=1.0))
        'faster'
    """
    word = verdict(interval, adjusted_p, margin, greater_is_better=False)
    return np.select([word == "better", word == "worse"], ["faster", "slower"], word)[()]


def share_reached(times: np.ndarray, reached: np.ndarray, horizon: float) -> np.ndarray:
    """Return the share of runs that got there within the horizon, in [0, 1]; NaN without runs.

    Args:
        times: (..., n) when each run got there, in epochs; any value where it did not.
        reached: (..., n) whether it did; NaN where there was nothing to reach.
        horizon: the last epoch.

    Returns:
        The share, of shape (...).

    Example:
        >>> float(share_reached(np.array([3.0, 8.0, np.nan, np.nan]), np.array([True, True, False, False]), 100))
        0.5
    """
    reached = np.asarray(reached, dtype=np.float64)
    there = np.isfinite(_waits(times, reached == 1.0, horizon))
    return moments(np.where(np.isnan(reached), np.nan, there))[1]


def _waits(times: np.ndarray, reached: np.ndarray, horizon: Numbers) -> np.ndarray:
    """Return the times (...), infinite where a run did not reach the target within the horizon."""
    times = np.asarray(times, dtype=np.float64)
    return np.where(np.asarray(reached, dtype=bool) & (times <= horizon), times, np.inf)
