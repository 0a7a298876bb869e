"""Times until something happens, where it did not always happen.

A run that never reached its target is censored at the last epoch: all that is known is that it took longer. All
runs that are summarised together have the same last epoch, the horizon, and nothing is censored before it. The
survival curve of Kaplan and Meier (1958) is then simply the share of runs not there yet, so that its median is an
order statistic and its area up to the horizon a mean of capped times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossbench.stats.paired import LEVEL, Interval, corrected_interval


@dataclass(frozen=True)
class Median:
    """A median time and where it may lie; infinite stands for longer than the run, NaN for not known.

    Args:
        value: NaN without runs.
        low: lower end of the 95 % interval; NaN for fewer than six runs, which cannot bound a median.
        high: upper end.
    """

    value: float
    low: float
    high: float


def median_time(times: np.ndarray, reached: np.ndarray, horizon: float) -> Median:
    """Find the time by which half of the runs got there, with an interval that assumes nothing about the times.

    the smallest t at which the share not there yet is at most one half: the median of Kaplan and Meier. Its
    interval runs from the k-th shortest to the k-th longest time, with the largest k for which
    P(Binomial(n, ½) < k) is at most 2.5 % (Thompson 1936). It takes seeds as independent.

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


def restricted_mean(times: np.ndarray, reached: np.ndarray, horizon: float, test_to_train: float) -> Interval:
    """Estimate the mean time spent before getting there, within the horizon.

    mean of min(time, horizon): the area under the survival curve up to the horizon (Irwin 1949)

    Args:
        times: (n,) when each run got there, in epochs; any value where it did not.
        reached: (n,) bool, whether it did.
        horizon: the last epoch.
        test_to_train: rows of the test part by rows of the training part; see `lossbench.stats.paired`.

    Returns:
        The interval, in epochs; the mean is at most the horizon.

    Example:
        >>> restricted_mean(np.array([3.0, 8.0, np.nan]), np.array([True, True, False]), 100, 1 / 3).mean
        37.0
    """
    return corrected_interval(np.minimum(_waits(times, reached, horizon), horizon), test_to_train)


def share_reached(times: np.ndarray, reached: np.ndarray, horizon: float) -> float:
    """Return the share of runs that got there within the horizon, in [0, 1]; NaN without runs.

    Args:
        times: (n,) when each run got there, in epochs; any value where it did not.
        reached: (n,) bool, whether it did.
        horizon: the last epoch.

    Returns:
        The share.

    Example:
        >>> share_reached(np.array([3.0, 8.0, np.nan, np.nan]), np.array([True, True, False, False]), 100)
        0.5
    """
    waits = _waits(times, reached, horizon)
    return float(np.isfinite(waits).mean()) if len(waits) else np.nan


def _waits(times: np.ndarray, reached: np.ndarray, horizon: float) -> np.ndarray:
    """Return the times, infinite where a run did not get there within the horizon."""
    times = np.asarray(times, dtype=np.float64)
    return np.where(np.asarray(reached, dtype=bool) & (times <= horizon), times, np.inf)
