"""Sample sizes: how many seeds, rows or data sets a verdict needs, and how many more would decide."""

from __future__ import annotations

import math

import numpy as np

from lossbench.stats.estimate import ALPHA, Estimate, Numbers
from lossbench.stats.pair_spread import Spread
from lossbench.stats.rows import RowSpread

MOST = 1024
"""The largest number of seeds in the search for a decision, more than anyone runs; for rows, the largest
factor."""


def least_n(family: int = 1) -> int:
    """Return the smallest number of pairs that can be significant under any distribution.

    the smallest n with m 2 / 2ⁿ < 5 %; see `lossbench.stats.estimate.smallest_p`

    Args:
        family: how many tests are corrected together, at least 1.

    Example:
        >>> least_n(), least_n(family=15)
        (6, 10)
    """
    return math.floor(math.log2(2.0 * family / ALPHA)) + 1


def more_seeds(spread: Spread, verdicts: np.ndarray, margin: float | None, family: Numbers) -> np.ndarray:
    """Estimate how many more seeds would decide an inconclusive verdict if mean and spread stayed the same.

    the smallest n' with m p(n') < 5 %, or with the interval after n' seeds inside the margin

    More seeds do not reduce the part of the variance that is due to the rows of one table. So no number of seeds
    on this data set can decide some differences. The estimate is rough: mean and spread are themselves estimated,
    and m p is Holm's worst case.

    Args:
        spread: of the differences, (tests,).
        verdicts: (tests,) the current verdicts.
        margin: the difference that is too small to matter; None where none is declared.
        family: (tests,) how many tests are corrected together.

    Returns:
        (tests,) float: 0 where the verdict is not inconclusive; NaN where not even 1024 seeds would decide, or
        where there are fewer than two and nothing is known.

    Example:
        >>> from lossbench.stats.paired import over_seeds
        >>> spread = over_seeds(np.array([[0.02, -0.01, 0.03, 0.01], [0.5, -0.5, 0.4, -0.4]]), shared=0.0)
        >>> more_seeds(spread, np.array(["inconclusive"] * 2), 0.01, family=1)
        array([  6., nan])
    """

    def decides(seeds: np.ndarray) -> np.ndarray:
        return decided(spread.at(seeds), margin, family)

    n = spread.n
    too_few, enough = np.maximum(n, 1), np.full(n.shape, MOST)
    for _ in range(MOST.bit_length()):
        middle = (too_few + enough) // 2
        yes = decides(middle)
        too_few, enough = np.where(yes, too_few, middle), np.where(yes, middle, enough)
    needed = np.where(decides(enough) & (n > 1), enough - n, np.nan)
    return np.where(verdicts == "inconclusive", needed, 0.0)


def rows_to_decide(spread: RowSpread, margin: float | None, family: Numbers) -> np.ndarray:
    """Estimate how many rows in all would decide verdicts with the same seeds, if mean and spread stayed the same.

    the smallest U' = t U with m p(t) < 5 %, or with the interval inside the margin; all parts of the variance are
    proportional to 1 / t

    Args:
        spread: of the differences, (tests,).
        margin: the difference that is too small to matter; None where none is declared.
        family: (tests,) how many tests are corrected together, see `more_seeds`.

    Returns:
        (tests,) float; NaN where not even 1024 times the rows would suffice.

    Example:
        >>> from lossbench.stats.rows import over_rows
        >>> rows, splits = np.tile(np.arange(10), 4), np.repeat(np.arange(4), 10)
        >>> spread = over_rows((rows == 3)[None] * 1.0, rows, splits)
        >>> rows_to_decide(spread, margin=None, family=1)
        array([68.])
    """
    too_few, enough = np.ones(spread.mean.shape), np.full(spread.mean.shape, float(MOST))
    for _ in range(2 * MOST.bit_length()):
        middle = (too_few + enough) / 2.0
        yes = decided(spread.with_rows(middle).at(), margin, family)
        too_few, enough = np.where(yes, too_few, middle), np.where(yes, middle, enough)
    there = decided(spread.with_rows(enough).at(), margin, family)
    return np.where(there, np.ceil(enough * spread.units), np.nan)


def decided(found: Estimate, margin: float | None, family: Numbers) -> np.ndarray:
    """Say which estimates are decided, in Holm's worst case."""
    inside = False if margin is None else family * found.p_equivalent(margin) < ALPHA
    return np.asarray((family * found.p_value() < ALPHA) | inside)
