"""Sample sizes: how many seeds or data sets a verdict needs, and how many more would decide."""

from __future__ import annotations

import math

import numpy as np

from lossbench.stats.paired import ALPHA, half_width, moments, student_p

MOST = 1024
"""The number of seeds at which the search for a decision ends, more than anyone runs."""


def least_n(family: int = 1) -> int:
    """Return the smallest number of pairs that can be significant under any distribution.

    the smallest n with m 2 / 2ⁿ < 5 %; see `lossbench.stats.paired.smallest_p`

    Args:
        family: how many tests are corrected together, at least 1.

    Returns:
        The number of seeds, or of data sets.

    Example:
        >>> least_n(), least_n(family=15)
        (6, 10)
    """
    return math.floor(math.log2(2.0 * family / ALPHA)) + 1


def more_seeds(
    differences: np.ndarray, verdicts: np.ndarray, margin: float | None, family: int, test_to_train: float
) -> np.ndarray:
    """Estimate how many more seeds would decide an inconclusive verdict if mean and spread stayed the same.

    the smallest n' with m p(n') < 5 %, or with |mean| + t(n' - 1) √(1/n' + n_test / n_train) s inside the margin

    More seeds shrink 1/n but not n_test / n_train, the part of the variance that is due to splits of the same
    rows. So some differences cannot be decided by any number of seeds on this data set. The estimate is rough:
    mean and spread are themselves estimated, and m p is Holm's worst case.

    Args:
        differences: (..., n) one arm minus the other; NaN where either is undefined.
        verdicts: (...) the current ones.
        margin: the difference that is too small to matter; None where none is declared.
        family: how many tests are corrected together.
        test_to_train: see `lossbench.stats.paired.shared_rows`.

    Returns:
        (...) float: 0 where the verdict is not inconclusive; NaN where not even 1024 seeds would decide, or where
        there are fewer than two and nothing is known.

    Example:
        >>> differences = np.array([[0.02, -0.01, 0.03, 0.01], [0.5, -0.5, 0.4, -0.4]])
        >>> more_seeds(differences, np.array(["inconclusive"] * 2), 0.01, family=1, test_to_train=0.0)
        array([  6., nan])
    """
    n, mean, deviation = moments(differences)

    def decides(seeds: np.ndarray) -> np.ndarray:
        reach = np.abs(mean) + half_width(deviation, seeds, test_to_train)
        significant = family * student_p(mean, deviation, seeds, test_to_train) < ALPHA
        return np.asarray(significant | (reach < (margin or 0.0)))

    too_few, enough = np.maximum(n, 1), np.full(n.shape, MOST)
    for _ in range(MOST.bit_length()):
        middle = (too_few + enough) // 2
        yes = decides(middle)
        too_few, enough = np.where(yes, too_few, middle), np.where(yes, middle, enough)
    needed = np.where(decides(enough) & (n > 1), enough - n, np.nan)
    return np.where(verdicts == "inconclusive", needed, 0.0)
