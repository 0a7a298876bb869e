"""The bootstrap over seeds, as a cross-check of the corrected interval."""

from __future__ import annotations

import numpy as np

from lossbench.randomness import stream
from lossbench.stats.estimate import LEVEL, Interval
from lossbench.stats.paired import moments

RESAMPLES = 2000
"""Enough for a cross-check: the ends of a 95 % interval then move little."""

BATCH = 250
"""Resamples in memory at once. Their random numbers may depend on it, so it is the same for any number of rows."""


def bootstrap_interval(values: np.ndarray, dataset: str) -> Interval:
    """Resample the seeds and return the percentile interval of their mean (Efron 1979).

    the quantiles (1 ± 0.95) / 2 of the means of 2000 resamples of the n seeds, drawn with replacement

    Unlike Student's interval it does not assume normality. But it assumes independent seeds: its variance s²/n
    lacks the correction for splits of the same rows, so it is narrower, and no verdict follows from it. If both
    intervals contain zero, or neither does, the shape of the differences does not matter. If only Student's
    contains zero, the difference may be due to these rows; if only this one does, it depends on a few seeds.

    Args:
        values: (rows, n) one for each seed; NaN where undefined.
        dataset: names the random stream. The interval of a row depends only on this name and on its values, in any
            order.

    Returns:
        The intervals, (rows,) each; low and high are NaN for fewer than two values.

    Example:
        >>> found = bootstrap_interval(np.array([[0.1, 0.2, 0.3, 0.4]]), "iris")
        >>> found.low.round(3), found.high.round(3)
        (array([0.15]), array([0.35]))
    """
    n, mean, _ = moments(values)
    ordered = np.sort(values, axis=-1)  # NaN last; the order of the seeds does not matter
    low, high = np.full((2, len(ordered)), np.nan)
    ends = (1 - LEVEL) / 2, 1 - (1 - LEVEL) / 2
    for size in np.unique(n[n > 1]).tolist():
        means = _means(ordered[n == size, :size], stream("bootstrap", dataset, 0, size))
        low[n == size], high[n == size] = (_quantile(means, share) for share in ends)
    return Interval(mean, low, high, n)


def _means(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the means of resamples of values (rows, n), ascending, (rows, RESAMPLES)."""
    size = values.shape[1]
    drawn = (random.integers(0, size, (BATCH, size)) for _ in range(RESAMPLES // BATCH))
    return np.sort(np.concatenate([values[:, places].mean(axis=-1) for places in drawn], axis=-1), axis=-1)


def _quantile(ordered: np.ndarray, share: float) -> np.ndarray:
    """Return a quantile of each row of sorted values, (rows,), interpolated linearly."""
    place = share * ordered.shape[1] - share
    below, part = int(place), place % 1
    return np.asarray((1 - part) * ordered[:, below] + part * ordered[:, below + 1])


def disagree_about_zero(one: Interval, other: Interval) -> np.ndarray:
    """Say where one of two intervals contains zero and the other does not, (...); False where one is undefined.

    Example:
        >>> bool(disagree_about_zero(Interval(0.75, -0.5, 2.0, 9), Interval(0.75, 0.5, 1.0, 9)))
        True
    """
    return np.asarray((one.off_zero != other.off_zero) & ~np.isnan(one.low + other.low))
