"""The bootstrap over seeds, as a cross-check of the corrected interval."""

from __future__ import annotations

import numpy as np

from lossbench.randomness import stream
from lossbench.stats.paired import LEVEL, Interval, moments

RESAMPLES = 2000
"""Enough for the ends of a 95 % interval to move by little in a cross-check."""

BATCH = 250
"""Resamples held in memory at once. Their stream may depend on it, so it never follows the number of rows."""


def bootstrap_interval(values: np.ndarray, dataset: str, level: float = LEVEL) -> Interval:
    """Resample the seeds and return the percentile interval of their mean (Efron 1979).

    the quantiles (1 ± level) / 2 of the means of 2000 resamples of the n seeds, drawn with replacement

    It trusts no bell shape, as Student's interval does. But it takes the seeds as independent: it sees the
    variance s²/n and not the n_test / n_train s² that splits of the same rows add. So it is the narrower one, at
    ten seeds and a test part of a third of the training part by more than half, and no verdict follows from it.
    Where both hold zero, or neither does, the shape of the differences is no matter. Where only the corrected
    interval holds zero, the difference may be one of these splits; where only this one does, it hangs on a few
    seeds.

    Args:
        values: (rows, n) one for each seed; NaN where undefined.
        dataset: names the stream of random numbers. The interval of a row depends on nothing but this and its
            values, in any order.
        level: confidence in (0, 1).

    Returns:
        The intervals, (rows,) each; without low and high for fewer than two values.

    Example:
        >>> found = bootstrap_interval(np.array([[0.1, 0.2, 0.3, 0.4]]), "iris")
        >>> found.low.round(3), found.high.round(3)
        (array([0.15]), array([0.35]))
    """
    from scipy.stats import bootstrap

    n, mean, _ = moments(values)
    ordered = np.sort(values, axis=-1)  # NaN last; the names of the seeds, which order them, say nothing
    low, high = np.full((2, len(ordered)), np.nan)
    for size in np.unique(n[n > 1]).tolist():
        found = bootstrap(
            (ordered[n == size, :size],),
            np.mean,
            axis=-1,
            n_resamples=RESAMPLES,
            batch=BATCH,
            confidence_level=level,
            method="percentile",
            rng=stream("bootstrap", dataset, 0, size),
        )
        low[n == size], high[n == size] = found.confidence_interval
    return Interval(mean, low, high, n)


def disagree_about_zero(one: Interval, other: Interval) -> np.ndarray:
    """Say where one of two intervals holds zero and the other does not; False where an interval is undefined.

    Example:
        >>> bool(disagree_about_zero(Interval(0.75, -0.5, 2.0, 9), Interval(0.75, 0.5, 1.0, 9)))
        True
    """
    beyond, also_beyond = ((found.low > 0.0) | (found.high < 0.0) for found in (one, other))
    return np.asarray((beyond != also_beyond) & ~np.isnan(one.low + other.low))
