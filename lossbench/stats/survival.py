"""Times until something happens, where it did not always happen.

A run that never reached its target is censored at the last epoch: all that is known is that it took longer. All
runs that are summarised together have the same last epoch, the horizon, and nothing is censored before it. The
survival curve of Kaplan and Meier (1958) is then simply the share of runs not there yet, so that its median is an
order statistic and its area up to the horizon a mean of capped times.
"""

from __future__ import annotations

import numpy as np

from lossbench.stats.paired import Interval, corrected_interval


def median_time(times: np.ndarray, reached: np.ndarray, horizon: float) -> float:
    """Find the time by which half of the runs got there: the median of Kaplan and Meier.

    the smallest t at which the share not there yet is at most one half

    Args:
        times: (n,) when each run got there, in epochs; any value where it did not.
        reached: (n,) bool, whether it did.
        horizon: the last epoch.

    Returns:
        The median; NaN where fewer than half got there, to be shown as more than the horizon, or without runs.

    Example:
        >>> median_time(np.array([3.0, 8.0, np.nan]), np.array([True, True, False]), horizon=100)
        8.0
    """
    waits = np.sort(_waits(times, reached, horizon))
    if not len(waits):
        return np.nan
    median = float(waits[(len(waits) - 1) // 2])
    return median if np.isfinite(median) else np.nan


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
