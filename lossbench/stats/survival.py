"""Times until an event that does not always happen.

A run that never reached its target is censored at the last epoch: all that is known is that it would take longer.
All runs that are summarised together have the same last epoch, the horizon, and no run is censored before it. The
survival curve of Kaplan and Meier (1958) is then simply the share of runs that have not reached the target, so its
median is an order statistic, and its area up to the horizon is a mean of capped times, the restricted mean (Irwin
1949).

Two losses are compared by `paired_test` on their capped times. These are known exactly for each seed, so their
mean difference is the difference of restricted means without bias: no time is guessed, and no censored time is
taken for a reached one. A log-rank test would not do here: it assumes independent arms, but they share their
seeds; it assumes independent seeds, but they share rows; and it gives a p value and no number of epochs. This test
sees nothing beyond the horizon: two losses that never reach the target are equal.

Every function of runs takes their times in epochs, with any value where a run did not reach the target, and
whether each reached it; both (..., n).
"""

from __future__ import annotations

import numpy as np

from lossbench.stats.estimate import LEVEL, Interval, Numbers
from lossbench.stats.paired import moments
from lossbench.stats.verdicts import BETTER, FASTER, SLOWER, WORSE, verdict


def median_time(times: np.ndarray, reached: np.ndarray, horizon: float) -> tuple[float, float, float]:
    """Return the time by which half of the runs reached the target, with an interval that assumes no distribution.

    the smallest t at which at most half of the runs have not reached it: the Kaplan-Meier median. Its interval
    runs from the k-th shortest to the k-th longest time, with the largest k for which P(Binomial(n, ½) < k) is at
    most 2.5 % (Thompson 1936). It assumes that seeds are independent.

    Args:
        times: (n,) when each run reached the target.
        reached: (n,) bool, whether it did.
        horizon: the last epoch.

    Returns:
        The median and both ends of its 95 % interval. Infinite means longer than the horizon; NaN means unknown:
        all three without runs, and the ends for fewer than six runs, which cannot bound a median.

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
    """Return the time that each run took, at most the horizon: min(time, horizon).

    Args:
        times: (..., n) when each run reached the target.
        reached: (..., n) whether it did; NaN where there was nothing to reach, which is not a miss.
        horizon: the last epoch, one for all or one per run.

    Returns:
        (..., n) epochs in (0, horizon]; the horizon for a censored run, NaN where there was nothing to reach.

    Example:
        >>> restricted_times(np.array([3.0, np.nan, np.nan]), np.array([1.0, 0.0, np.nan]), horizon=100)
        array([  3., 100.,  nan])
    """
    reached = np.asarray(reached, dtype=np.float64)
    waits = np.minimum(_waits(times, reached == 1.0, horizon), horizon)
    return np.where(np.isnan(reached), np.nan, waits)


def speed_verdict(interval: Interval, adjusted_p: Numbers, equivalent_p: Numbers = np.nan) -> np.ndarray:
    """Return the verdict on a comparison of restricted times; see `lossbench.stats.verdicts.verdict`.

    Args:
        interval: of the difference in epochs, this arm minus the other.
        adjusted_p: the p value after correction for the family.
        equivalent_p: the p value of equivalence, likewise; NaN where no margin is declared.

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
    """Return the share of runs that reached the target within the horizon, (...), in [0, 1]; NaN without runs.

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
