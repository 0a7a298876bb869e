"""Intervals and tests for values that are paired by seed.

Where seeds split one table, they share its rows and are not independent: the ordinary standard error is too small.
Everything here uses the corrected variance of Nadeau and Bengio (2003, "Inference for the generalization error"):

    var(mean) = (1/n + n_test / (N - n_test)) s²

with the N rows of the table, of which each seed tests n_test. It holds for any two losses and is too wide for
most; where the contributions of the rows are known, `lossbench.stats.rows` does better. Where every seed draws its
own rows, no correction is needed, and the ratio is zero.

Every function takes one row of seeds or many: seeds are the last axis, and results have the shape of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lossbench.stats.estimate import Estimate, Interval, Numbers, at_least


@dataclass(frozen=True)
class PairedTest:
    """A test of no difference between two paired arms; for many pairs of arms, arrays (...).

    Args:
        estimate: of the mean difference.
        effect_size: Cohen's d_z, the mean difference over its standard deviation over seeds; 0 for identical arms,
            NaN for fewer than two pairs or a difference that never varies.
    """

    estimate: Estimate
    effect_size: Numbers

    @property
    def interval(self) -> Interval:
        """The interval of the mean difference."""
        return self.estimate.interval()

    @property
    def p_value(self) -> np.ndarray:
        """Two-sided; NaN for fewer than two pairs."""
        return self.estimate.p_value()


def shared_rows(sampling: str, test_rows: int, train_rows: int) -> float:
    """Return n_test / (N - n_test), which corrects a variance for rows that seeds share; 0 where they share none.

    The validation part is as large as the test part, so N - n_test is n_train + n_test.

    Args:
        sampling: "resplit" where seeds split one table, "redrawn" where each draws its own rows.
        test_rows: of one seed.
        train_rows: of one seed.

    Example:
        >>> shared_rows("resplit", 30, 90), shared_rows("redrawn", 30, 90)
        (0.25, 0.0)
    """
    return 0.0 if sampling == "redrawn" else float(test_rows / (train_rows + test_rows))


@dataclass(frozen=True)
class SeedSpread:
    """How values scatter over seeds, from which the uncertainty of their mean follows.

    Args:
        n: (...) number of seeds with a value.
        mean: (...) of the values.
        deviation: (...) their standard deviation; 0 where all are equal, NaN for fewer than two.
        shared: see `shared_rows`; 0 for independent values.
        rows: number of counted rows, for a score that counts rows, which limits how narrow an interval is; 0 for
            other scores.
        choice: (...) the variance due to the choice of the rates, which does not shrink with more seeds.
    """

    n: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    shared: float
    rows: float = 0.0
    choice: np.ndarray | float = 0.0

    def widened(self, choice: np.ndarray) -> SeedSpread:
        """Return the spread with a variance (...) due to the choice of the rates."""
        return replace(self, choice=choice)

    @property
    def wandering(self) -> np.ndarray:
        """The standard deviation of the mean between sets of seeds."""
        by_seeds = self.deviation / np.sqrt(np.where(self.n > 1, self.n, np.nan))
        return np.hypot(by_seeds, np.sqrt(self.choice))

    def at(self, seeds: np.ndarray | None = None) -> Estimate:
        """Return the estimate; for other numbers of seeds (...), as it would be with the same mean and spread."""
        n = self.n if seeds is None else seeds
        several = np.where(n > 1, n, np.nan)
        error = np.hypot(np.sqrt(1.0 / several + self.shared) * self.deviation, np.sqrt(self.choice))
        if self.rows:
            error = at_least(error, several - 1.0, self.rows)
        return Estimate(self.mean, error, several - 1.0, n)


def over_seeds(values: np.ndarray, shared: float, rows: float = 0.0) -> SeedSpread:
    """Return how values scatter over seeds.

    Args:
        values: (..., n) one for each seed; NaN where undefined, which is ignored.
        shared: see `shared_rows`.
        rows: see `SeedSpread`.
    """
    return SeedSpread(*moments(values), shared, rows)


def corrected_interval(values: np.ndarray, test_to_train: float) -> Interval:
    """Estimate a mean over seeds, with Student's interval on the corrected variance.

    mean ± t(n - 1) √(1/n + n_test / (N - n_test)) s

    Args:
        values: (..., n) one for each seed; NaN where undefined, which is not counted.
        test_to_train: see `shared_rows`; 0 for independent values.

    Returns:
        The interval, of shape (...); low and high are NaN for a single value, or for a few that are equal.

    Example:
        >>> float(corrected_interval(np.array([0.1, 0.2, 0.3]), test_to_train=0.0).mean.round(3))
        0.2
    """
    return over_seeds(values, test_to_train).at().interval()


def paired_test(differences: np.ndarray, test_to_train: float, rows: float = 0.0) -> PairedTest:
    """Test whether two arms that share their seeds differ in the mean.

    t = mean / (√(1/n + n_test / (N - n_test)) s), n - 1 degrees of freedom

    Args:
        differences: (..., n) one arm minus the other, one for each seed; NaN where either is undefined.
        test_to_train: see `shared_rows`.
        rows: see `SeedSpread`.

    Returns:
        The test, of shape (...); identical arms have p = 1.

    Example:
        >>> float(paired_test(np.zeros(10), test_to_train=1 / 3).p_value)
        1.0
    """
    spread = over_seeds(differences, test_to_train, rows)
    return PairedTest(spread.at(), effect_size(spread.mean, spread.deviation))


def effect_size(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return Cohen's d_z (...), see `PairedTest`.

    Example:
        >>> float(effect_size(np.array(0.02), np.array(0.01)))
        2.0
    """
    varied = np.where(deviation > 0.0, deviation, np.nan)
    return np.where((deviation == 0.0) & (mean == 0.0), 0.0, mean / varied)[()]


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
    return n, mean, np.where(_is_constant(values, defined) & (n > 1), 0.0, deviation)[()]


def _is_constant(values: np.ndarray, defined: np.ndarray) -> np.ndarray:
    # Equal values are recognised by their range: rounding of the mean can leave their deviation a little above
    # zero. A difference of one sample is equal for every seed, except for the rounding of the two scores.
    highest = np.where(defined, values, -np.inf).max(axis=-1, initial=-np.inf)
    lowest = np.where(defined, values, np.inf).min(axis=-1, initial=np.inf)
    return np.asarray(highest - lowest <= 1e-12 * np.maximum(abs(highest), abs(lowest)))
