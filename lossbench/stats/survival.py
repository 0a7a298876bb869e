"""Times until an event that does not always happen.

A run that never reached its target is censored at the last epoch: all that is known is that it would take longer.
All runs that are summarised together have the same last epoch, the horizon, and nothing is censored before it. The
survival curve of Kaplan and Meier (1958) is then simply the share of runs that have not reached the target, so its
median is an order statistic and its area up to the horizon a mean of capped times, the restricted mean (Irwin
1949).

Two losses are compared by `paired_test` on their capped times. These are known exactly for each seed, so their
mean difference is the difference of restricted means without bias: no time is guessed, and no censored one is
taken for a reached one. A log-rank test would not do here: it takes the two arms as independent, but they share
their seeds, it takes the seeds as independent, but they share rows, and it ends in a p value and not in epochs.
What this test cannot see is anything beyond the horizon: two losses of which none gets there are alike.

Every function on runs takes their times in epochs, with any value where a run did not get there, and whether each
reached the target; both (..., n).
"""

from __future__ import annotations

import numpy as np

from lossbench.stats.estimate import LEVEL, Interval, Numbers
from lossbench.stats.paired import moments
from lossbench.stats.verdicts import BETTER, FASTER, SLOWER, WORSE, verdict


def median_time(times: np.ndarray, reached: np.ndarray, horizon: float) -> tuple[float, float, float]:
    """Return the time by which half of the runs reached the target, with an interval that assumes no distribution.

    the smallest t at which at most half of the runs have not reached it: the median of Kaplan and Meier. Its
    interval runs from the k-th shortest to the k-th longest time, with the largest k for which
    P(Binomial(n, ½) < k) is at most 2.5 % (Thompson 1936). It assumes that seeds are independent.

    Args:
        times: (n,) when each run got there.
        reached: (n,) bool, whether it did.
        horizon: the last epoch.

    Returns:
        The median and both ends of its 95 % interval. Infinite means longer than the horizon; NaN is unknown: all
        of them without runs, and the ends for fewer than six, which cannot bound a median.

    Example:
        >>> median_time(np.array([3.0, 8.0, np.nan]), np.array([True, True, False]), horizon=100)
        (8.0, nan, nan)
    """
    from scipy.special import bdtr

    waits = np.sort(_waits(times, reached, horizon))
    n = len(waits)
    if not n:
        return np.nan, np.nan, np.nan
    value = float(waits[(n - 1) // 2])
    k = int(np.count_nonzero(bdtr(np.arange(n), n, 0.5) <= (1 - LEVEL) / 2))
    return (value, float(waits[k - 1]), float(waits[n - k])) if k else (value, np.nan, np.nan)


def restricted_times(times: np.ndarray, reached: np.ndarray, horizon: Numbers) -> np.ndarray:
    """Return the time that each run spent before it got there, within the horizon: min(time, horizon).

    Args:
        times: (..., n) when each run got there.
        reached: (..., n) whether it did; NaN where there was nothing to reach, which is not a miss.
        horizon: the last epoch, one for all or one a run.

    Returns:
        (..., n) epochs in (0, horizon]; the horizon for a run that is censored there, NaN where there was nothing
        to reach.

    Example:
        >>> restricted_times(np.array([3.0, np.nan, np.nan]), np.array([1.0, 0.0, np.nan]), horizon=100)
        array([  3., 100.,  nan])
    """
    reached = np.asarray(reached, dtype=np.float64)
    waits = np.minimum(_waits(times, reached == 1.0, horizon), horizon)
    return np.where(np.isnan(reached), np.nan, waits)


def speed_verdict(interval: Interval, adjusted_p: Numbers, equivalent_p: Numbers = np.nan) -> np.ndarray:
    """Put a comparison of restricted times into one word; see `lossbench.stats.verdicts.verdict`.

    Args:
        interval: of the difference in epochs, this arm minus the other.
        adjusted_p: the p value after correction for the family.
        equivalent_p: that of a difference that matters, likewise; NaN where no margin is declared.

    Returns:
        "faster", "slower", either of them within the margin, "equivalent" or "inconclusive", in the shape of
        `adjusted_p`.

    Example:
        >>> str(speed_verdict(Interval(-8.0, -9.0, -7.0, 10), 0.001))
        'faster'
    """
    word = verdict(interval, adjusted_p, greater_is_better=False, equivalent_p=equivalent_p)
    return np.select([word == one for one in (*BETTER, *WORSE)], [*FASTER, *SLOWER], word)[()]


def share_reached(times: np.ndarray, reached: np.ndarray, horizon: float) -> np.ndarray:
    """Return the share of runs that got there within the horizon, (...), in [0, 1]; NaN without runs.

    The arguments are those of `restricted_times`.

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
