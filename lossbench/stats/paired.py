"""Intervals, tests and verdicts for values that are paired by seed.

A seed redraws the split, so seeds share training points and are not independent: the ordinary standard error is
too small. Everything here uses the corrected variance of Nadeau and Bengio (2003, "Inference for the
generalization error"):

    var(mean) = (1/n + n_test / n_train) s²
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

LEVEL = 0.95
"""Confidence of every interval."""

ALPHA = 0.05
"""Level of every test, after correction for the family."""

MARGINS: dict[str, float] = {
    "accuracy": 0.01,
    "f1": 0.01,
    "precision": 0.01,
    "recall": 0.01,
    "balanced_accuracy": 0.01,
    "top_k_accuracy": 0.01,
    "roc_auc": 0.01,
    "calibration_error": 0.01,
    "r2": 0.01,
}
"""The difference that is too small to matter, for scores whose scale is the same on every data set."""

Verdict = Literal["better", "worse", "equivalent", "inconclusive"]


@dataclass(frozen=True)
class Interval:
    """A mean and where it may lie.

    Args:
        mean: NaN without values.
        low: lower end; NaN for fewer than two values.
        high: upper end; NaN for fewer than two values.
        n: how many values were defined.
    """

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class PairedTest:
    """A test of no difference between two paired arms.

    Args:
        interval: of the mean difference.
        p_value: two-sided; NaN for fewer than two pairs.
        effect_size: Cohen's d_z, the mean difference in its own standard deviations; 0 for identical arms, NaN
            for fewer than two pairs or a difference that never varies.
    """

    interval: Interval
    p_value: float
    effect_size: float


def corrected_interval(values: np.ndarray, test_to_train: float, level: float = LEVEL) -> Interval:
    """Estimate a mean over seeds, with Student's interval on the corrected variance.

    mean ± t(n - 1) √(1/n + n_test / n_train) s

    Args:
        values: (n,) one for each seed; NaN where undefined, which is left out of the mean and of n.
        test_to_train: rows of the test part by rows of the training part; 0 for independent values.
        level: confidence in (0, 1).

    Returns:
        The interval; without low and high where there is but one value.

    Example:
        >>> corrected_interval(np.array([0.1, 0.2, 0.3]), test_to_train=0.0).mean.__round__(3)
        0.2
    """
    from scipy.special import stdtrit

    defined = _defined(values)
    n, mean = len(defined), _mean(defined)
    if n < 2:
        return Interval(mean, np.nan, np.nan, n)
    half = float(stdtrit(n - 1, (1.0 + level) / 2.0)) * _standard_error(defined, test_to_train)
    return Interval(mean, mean - half, mean + half, n)


def paired_test(differences: np.ndarray, test_to_train: float) -> PairedTest:
    """Test whether two arms that share their seeds differ in the mean.

    t = mean / (√(1/n + n_test / n_train) s), n - 1 degrees of freedom

    Args:
        differences: (n,) one arm minus the other, one for each seed; NaN where either is undefined.
        test_to_train: rows of the test part by rows of the training part.

    Returns:
        The test; identical arms have p = 1.

    Example:
        >>> paired_test(np.zeros(10), test_to_train=1 / 3).p_value
        1.0
    """
    from scipy.special import stdtr

    defined = _defined(differences)
    interval = corrected_interval(defined, test_to_train)
    if interval.n < 2:
        return PairedTest(interval, np.nan, np.nan)
    error = _standard_error(defined, test_to_train)
    if error == 0.0:
        return PairedTest(interval, *((1.0, 0.0) if interval.mean == 0.0 else (0.0, np.nan)))
    p_value = 2.0 * float(stdtr(interval.n - 1, -abs(interval.mean) / error))
    return PairedTest(interval, p_value, interval.mean / _deviation(defined))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Correct the p values of a family of tests for their number (Holm 1979).

    adjusted p of rank i = max over j ≤ i of min(1, (m - j + 1) p(j))

    Args:
        p_values: (m,); NaN where no test could be made, which does not count as one of the family.

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


def verdict(test: PairedTest, adjusted_p: float, margin: float | None, greater_is_better: bool) -> Verdict:
    """Put the outcome of a test into one word.

    Better or worse: the interval lies beyond zero and the corrected test is significant. Equivalent: neither, and
    the interval lies inside the margin. Inconclusive: none of these.

    Args:
        test: of the differences, this arm minus the other.
        adjusted_p: its p value after correction for the family.
        margin: the difference that is too small to matter; None where none is declared.
        greater_is_better: the direction of the score.

    Returns:
        The verdict on this arm.

    Example:
        >>> verdict(paired_test(np.array([0.11, 0.12, 0.13]), 0.0), 0.001, 0.01, greater_is_better=True)
        'better'
    """
    low, high = test.interval.low, test.interval.high
    if adjusted_p < ALPHA and (low > 0.0 or high < 0.0):
        return "better" if (low > 0.0) == greater_is_better else "worse"
    if margin is not None and -margin < low and high < margin:
        return "equivalent"
    return "inconclusive"


def indistinguishable_from_best(scores: np.ndarray, greater_is_better: bool, test_to_train: float) -> np.ndarray:
    """Say which losses the data cannot tell from the one with the best mean.

    A loss is told from the best where the interval of their paired difference excludes zero. The best was chosen
    by looking, and nothing is corrected for the number of losses: this marks a table, it is no verdict.

    Args:
        scores: (losses, seeds); NaN where undefined.
        greater_is_better: the direction of the score.
        test_to_train: rows of the test part by rows of the training part.

    Returns:
        (losses,) bool; True for the best itself, False for a loss without a score. With one seed, nothing can be
        told apart.

    Example:
        >>> scores = np.array([[0.90, 0.91, 0.92], [0.91, 0.90, 0.92], [0.50, 0.51, 0.52]])
        >>> indistinguishable_from_best(scores, True, test_to_train=1 / 3)
        array([ True,  True, False])
    """
    scores = np.asarray(scores, dtype=np.float64)
    means = np.array([_mean(_defined(row)) for row in scores]) * (1.0 if greater_is_better else -1.0)
    if np.isnan(means).all():
        return np.zeros(len(scores), dtype=bool)
    best = scores[np.nanargmax(means)]
    gaps = [corrected_interval(row - best, test_to_train) for row in scores]
    told_apart = np.array([gap.low > 0.0 or gap.high < 0.0 for gap in gaps])
    return np.asarray(~(told_apart | np.isnan(means)))


def _defined(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    return np.asarray(values[~np.isnan(values)])


def _mean(defined: np.ndarray) -> float:
    return float(defined.mean()) if len(defined) else np.nan


def _standard_error(defined: np.ndarray, test_to_train: float) -> float:
    return float(np.sqrt(1.0 / len(defined) + test_to_train)) * _deviation(defined)


def _deviation(defined: np.ndarray) -> float:
    # Equal values are told by their range: rounding of the mean can leave their deviation a little above zero.
    # One sample more or less is the same difference for every seed, but for the rounding of two scores.
    constant = np.ptp(defined) <= 1e-12 * np.abs(defined).max()
    return 0.0 if constant else float(defined.std(ddof=1))
