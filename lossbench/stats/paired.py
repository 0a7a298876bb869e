"""Intervals, tests and verdicts for values that are paired by seed.

Where seeds split one table, they share training rows and are not independent: the ordinary standard error is too
small. Everything here uses the corrected variance of Nadeau and Bengio (2003, "Inference for the generalization
error"):

    var(mean) = (1/n + n_test / n_train) s²

Where every seed draws its own rows, no correction is needed, and n_test / n_train is set to zero.

Every function takes one row of seeds or many: seeds are the last axis, and results have the shape of the other
axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
"""Confidence of every interval."""

ALPHA = 0.05
"""Level of every test, after correction for the family."""

Numbers = np.ndarray | float


@dataclass(frozen=True)
class Interval:
    """A mean with its interval; for many rows of values (..., n), arrays (...).

    Args:
        mean: NaN without values.
        low: lower end; NaN where it is unknown, see `half_width`.
        high: upper end, likewise.
        n: the number of defined values.
    """

    mean: Numbers
    low: Numbers
    high: Numbers
    n: np.ndarray | int


@dataclass(frozen=True)
class PairedTest:
    """A test of no difference between two paired arms; for many pairs of arms, arrays (...).

    Args:
        interval: of the mean difference.
        p_value: two-sided; NaN for fewer than two pairs.
        effect_size: Cohen's d_z, the mean difference over its standard deviation; 0 for identical arms, NaN
            for fewer than two pairs or a difference that never varies.
    """

    interval: Interval
    p_value: Numbers
    effect_size: Numbers


def shared_rows(sampling: str, test_rows: int, train_rows: int) -> float:
    """Return n_test / n_train, which corrects the variance for rows that seeds share.

    Args:
        sampling: "resplit" where seeds split one table, "redrawn" where each draws its own rows.
        test_rows: of one seed.
        train_rows: of one seed.

    Returns:
        The ratio; 0 where no rows are shared.

    Example:
        >>> shared_rows("resplit", 30, 90), shared_rows("redrawn", 30, 90)
        (0.3333333333333333, 0.0)
    """
    return 0.0 if sampling == "redrawn" else float(test_rows / train_rows)


def corrected_interval(values: np.ndarray, test_to_train: float, level: float = LEVEL) -> Interval:
    """Estimate a mean over seeds, with Student's interval on the corrected variance.

    mean ± t(n - 1) √(1/n + n_test / n_train) s

    Args:
        values: (..., n) one for each seed; NaN where undefined, which is left out of the mean and of n.
        test_to_train: see `shared_rows`; 0 for independent values.
        level: confidence in (0, 1).

    Returns:
        The interval, of shape (...); low and high are NaN for a single value, or for a few that are equal.

    Example:
        >>> float(corrected_interval(np.array([0.1, 0.2, 0.3]), test_to_train=0.0).mean.round(3))
        0.2
    """
    n, mean, deviation = moments(values)
    half = half_width(deviation, n, test_to_train, level)
    return Interval(mean, mean - half, mean + half, n)


def paired_test(differences: np.ndarray, test_to_train: float) -> PairedTest:
    """Test whether two arms that share their seeds differ in the mean.

    t = mean / (√(1/n + n_test / n_train) s), n - 1 degrees of freedom

    Args:
        differences: (..., n) one arm minus the other, one for each seed; NaN where either is undefined.
        test_to_train: see `shared_rows`.

    Returns:
        The test, of shape (...); identical arms have p = 1.

    Example:
        >>> float(paired_test(np.zeros(10), test_to_train=1 / 3).p_value)
        1.0
    """
    n, mean, deviation = moments(differences)
    half = half_width(deviation, n, test_to_train)
    effect = np.where((deviation == 0.0) & (mean == 0.0), 0.0, mean / _positive(deviation))[()]
    p_value = student_p(mean, deviation, n, test_to_train)
    return PairedTest(Interval(mean, mean - half, mean + half, n), p_value, effect)


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return count, mean and standard deviation of the defined values along the last axis.

    Args:
        values: (..., n); NaN where undefined.

    Returns:
        n, mean and deviation, each (...). The deviation is 0 for equal values and NaN for fewer than two.

    Example:
        >>> [figure.tolist() for figure in moments(np.array([[1.0, 3.0, np.nan], [5.0, 5.0, 5.0]]))]
        [[2, 3], [2.0, 5.0], [1.4142135623730951, 0.0]]
    """
    values = np.asarray(values, dtype=np.float64)
    defined = ~np.isnan(values)
    n = defined.sum(axis=-1)
    mean = np.where(defined, values, 0.0).sum(axis=-1) / np.where(n > 0, n, np.nan)
    squares = np.where(defined, values - mean[..., None], 0.0) ** 2
    deviation = np.sqrt(squares.sum(axis=-1) / np.where(n > 1, n - 1, np.nan))
    return n, mean, np.where(_constant(values, defined) & (n > 1), 0.0, deviation)[()]


def _constant(values: np.ndarray, defined: np.ndarray) -> np.ndarray:
    # Equal values are recognised by their range: rounding of the mean can leave their deviation a little above
    # zero. A difference of one sample is equal for every seed, except for the rounding of the two scores.
    highest = np.where(defined, values, -np.inf).max(axis=-1, initial=-np.inf)
    lowest = np.where(defined, values, np.inf).min(axis=-1, initial=np.inf)
    return np.asarray(highest - lowest <= 1e-12 * np.maximum(abs(highest), abs(lowest)))


def half_width(deviation: Numbers, n: Numbers, test_to_train: float, level: float = LEVEL) -> np.ndarray:
    """Return half the width (...) of the corrected interval of means over n seeds; NaN where it is unknown.

    It is unknown for fewer than two seeds. If all seeds have the same value, it is zero for as many seeds as the
    sign test needs, and unknown for fewer: scores of a small test part are coarse, and a few agree by chance.

    Args:
        deviation: (...) standard deviations.
        n: (...) numbers of seeds.
        test_to_train: see `shared_rows`.
        level: confidence in (0, 1).
    """
    from scipy.special import stdtrit

    known = np.where(np.asarray(deviation) > 0.0, np.asarray(n) > 1, smallest_p(n) < ALPHA)
    several = np.where(known, n, np.nan)
    error = np.sqrt(1.0 / several + test_to_train) * deviation
    return np.asarray(stdtrit(several - 1.0, (1.0 + level) / 2.0) * error)[()]


def student_p(mean: Numbers, deviation: Numbers, n: Numbers, test_to_train: float) -> np.ndarray:
    """Return the two-sided p values (...) of means (...) over n seeds; NaN for fewer than two.

    For a difference that is the same for every seed Student's t is undefined, so only its sign is tested. Scores
    of a small test part are coarse, and two or three seeds agree to the last digit by chance.
    """
    from scipy.special import stdtr

    several = np.where(np.asarray(n) > 1, n, np.nan)
    error = np.sqrt(1.0 / several + test_to_train) * _positive(deviation)
    p_value = 2.0 * stdtr(several - 1.0, -np.abs(mean) / error)
    by_sign = np.where(np.asarray(mean) == 0.0, 1.0, smallest_p(several))
    return np.where(np.asarray(deviation) == 0.0, by_sign, p_value)[()]


def _positive(deviation: Numbers) -> np.ndarray:
    return np.where(np.asarray(deviation) > 0.0, deviation, np.nan)


def smallest_p(n: Numbers, family: int = 1) -> np.ndarray:
    """Return the smallest p value that n pairs can reach without assuming a distribution.

    min(1, m 2 / 2ⁿ): all n differences have the same sign by chance with probability 2 / 2ⁿ (the bound of the sign
    test and of Wilcoxon's), and Holm multiplies the smallest of m p values by m. A t test can report less, but
    then it rests on the differences being normal.

    Args:
        n: (...) numbers of pairs.
        family: how many tests are corrected together.

    Returns:
        The bound, (...).

    Example:
        >>> float(smallest_p(5)), float(smallest_p(10, family=8))
        (0.0625, 0.015625)
    """
    return np.minimum(1.0, family * 2.0 * 0.5 ** np.asarray(n, dtype=np.float64))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Correct the p values of a family of tests for their number (Holm 1979).

    adjusted p of rank i = max over j ≤ i of min(1, (m - j + 1) p(j))

    Args:
        p_values: (m,); NaN where no test could be made; these are not counted in the family.

    Returns:
        (m,) adjusted p values, in the same order.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p_values)[: np.count_nonzero(~np.isnan(p_values))]  # NaN sorts last
    stepped = np.arange(len(order), 0, -1) * p_values[order]
    adjusted = np.full(p_values.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def verdict(interval: Interval, adjusted_p: Numbers, margin: float | None, greater_is_better: bool) -> np.ndarray:
    """Return the outcome of a test as one word.

    Better or worse: the interval excludes zero and the corrected test is significant. Equivalent: neither, and the
    interval lies inside the margin. Inconclusive: none of these.

    Args:
        interval: of the difference, this arm minus the other.
        adjusted_p: the p value after correction for the family.
        margin: the difference that is too small to matter; None where none is declared.
        greater_is_better: the direction of the score.

    Returns:
        The verdict on this arm, (...) as `adjusted_p`.

    Example:
        >>> test = paired_test(np.array([0.11, 0.12, 0.13]), 0.0)
        >>> str(verdict(test.interval, test.p_value, 0.01, greater_is_better=True))
        'better'
    """
    significant = np.asarray(adjusted_p) < ALPHA
    above, below = significant & (interval.low > 0.0), significant & (interval.high < 0.0)
    inside = (interval.low > -(margin or 0.0)) & (interval.high < (margin or 0.0))
    better, worse = (above, below) if greater_is_better else (below, above)
    return np.select([better, worse, inside], ["better", "worse", "equivalent"], "inconclusive")[()]


def indistinguishable_from_best(scores: np.ndarray, greater_is_better: bool, test_to_train: float) -> np.ndarray:
    """Say which losses cannot be distinguished from the one with the best mean.

    A loss is distinguished from the best if the interval of their paired difference excludes zero. The best was
    chosen from the same data, and nothing is corrected for the number of losses: this marks a table and is no
    verdict.

    Args:
        scores: (losses, seeds); NaN where undefined.
        greater_is_better: the direction of the score.
        test_to_train: see `shared_rows`.

    Returns:
        (losses,) bool; True for the best itself, False for a loss without a score. With one seed, no loss can be
        distinguished.

    Example:
        >>> scores = np.array([[0.90, 0.91, 0.92], [0.91, 0.90, 0.92], [0.50, 0.51, 0.54]])
        >>> indistinguishable_from_best(scores, True, test_to_train=1 / 3)
        array([ True,  True, False])
    """
    scores = np.asarray(scores, dtype=np.float64)
    means = moments(scores)[1] * (1.0 if greater_is_better else -1.0)
    if np.isnan(means).all():
        return np.zeros(len(scores), dtype=bool)
    gap = corrected_interval(scores - scores[np.nanargmax(means)], test_to_train)
    told_apart = (gap.low > 0.0) | (gap.high < 0.0)
    return np.asarray(~(told_apart | np.isnan(means)))
