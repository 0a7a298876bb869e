"""An estimated mean with its standard error, and the interval, tests and posterior that follow from it.

Every function takes one estimate or many: fields are arrays of one shape (...), and results have that shape.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lossbench.schema import METRICS, at_best

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
        low: lower end; NaN where unknown, see `Estimate.interval`.
        high: upper end, likewise.
        n: the number of defined values.
    """

    mean: Numbers
    low: Numbers
    high: Numbers
    n: np.ndarray | int

    @property
    def off_zero(self) -> np.ndarray:
        """Whether the interval excludes zero; False where it is unknown."""
        return (np.asarray(self.low) > 0.0) | (np.asarray(self.high) < 0.0)

    def within(self, least: float, most: float) -> Interval:
        """Return the interval cut to what its mean can be; an unknown end stays unknown.

        Example:
            >>> found = Interval(0.9, 0.7, 1.1, 5).within(0.0, 1.0)
            >>> float(found.low), float(found.high)
            (0.7, 1.0)
        """
        return replace(self, low=np.maximum(self.low, least), high=np.minimum(self.high, most))

    def of_score(self, score: str) -> Interval:
        """Return the interval of a mean score, cut to what the score can be; see `lossbench.schema.Metric`.

        Args:
            score: a metric, or its column at the epoch that is best on validation.

        Example:
            >>> float(Interval(0.9, 0.7, 1.1, 5).of_score("r2_at_best").high)
            1.0
        """
        metric = METRICS[score.removesuffix(at_best(""))]
        return self.within(metric.low, metric.high)


@dataclass(frozen=True)
class Estimate:
    """A mean whose error follows Student's t distribution.

    Args:
        mean: NaN without values.
        error: its standard error; 0 where all values are equal, NaN where unknown.
        freedom: degrees of freedom of the error.
        n: the number of units that are averaged.
    """

    mean: Numbers
    error: Numbers
    freedom: Numbers
    n: np.ndarray | int

    def interval(self, level: float = LEVEL) -> Interval:
        """Return mean ± t(freedom) error.

        It is unknown for fewer than two units. If all units have the same value, it has width zero if they are
        enough for the sign test, and is unknown otherwise: scores are coarse, and a few may agree by chance.

        Args:
            level: confidence in (0, 1).

        Example:
            >>> found = Estimate(1.0, 0.5, 9.0, 10).interval()
            >>> round(float(found.low), 3), round(float(found.high), 3)
            (-0.131, 2.131)
        """
        from scipy.special import stdtrit

        known = np.where(np.asarray(self.error) > 0.0, np.asarray(self.n) > 1, smallest_p(self.n) < ALPHA)
        half = np.where(known, stdtrit(self.freedom, (1.0 + level) / 2.0) * self.error, np.nan)[()]
        return Interval(self.mean, self.mean - half, self.mean + half, self.n)

    def p_value(self) -> np.ndarray:
        """Return the two-sided p value (...) of no difference; NaN for fewer than two units.

        For a difference that is the same for every unit Student's t is undefined, so only its sign is tested.

        Example:
            >>> float(Estimate(1.0, 0.5, 9.0, 10).p_value().round(3)), float(Estimate(0.0, 0.0, 9.0, 10).p_value())
            (0.077, 1.0)
        """
        several = np.where(np.asarray(self.n) > 1, self.n, np.nan)
        by_sign = np.where(np.asarray(self.mean) == 0.0, 1.0, smallest_p(several))
        beyond = 2.0 * self._probability_below(-np.abs(np.asarray(self.mean)))
        return np.where(np.asarray(self.error) == 0.0, by_sign, beyond)[()]

    def p_equivalent(self, margin: float) -> np.ndarray:
        """Return the p value (...) of equivalence; small where the difference is shown to be within the margin.

        twice the larger of both one-sided p values (Schuirmann 1987), so that it is below 5 % exactly where the 95
        % interval lies within the margin

        Args:
            margin: the difference that is too small to matter, above 0.

        Example:
            >>> float(Estimate(0.0, 0.001, 99.0, 100).p_equivalent(0.01) < 0.001)
            1.0
        """
        room = margin - np.abs(np.asarray(self.mean))
        by_sign = np.where(room > 0.0, smallest_p(self.n), 1.0)
        beyond = np.minimum(2.0 * self._probability_below(-room), 1.0)
        return np.where(np.asarray(self.error) == 0.0, by_sign, beyond)[()]

    def posterior(self, margin: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the probability that the mean is below minus the margin, within it, and above it, (...) each.

        Student's t about the mean with the error as scale: the posterior under the usual flat prior (Benavoli,
        Corani, Demšar and Zaffalon 2017, Time for a change, section 4.1; their correlated t test where the error
        is that of Nadeau and Bengio). The margin is their region of practical equivalence.

        Args:
            margin: the difference that is too small to matter, at least 0.

        Example:
            >>> [round(float(share), 2) for share in Estimate(0.02, 0.01, 99.0, 100).posterior(0.01)]
            [0.0, 0.16, 0.84]
        """
        mean, exact = np.asarray(self.mean), np.asarray(self.error) == 0.0
        below = np.where(exact, mean < -margin, self._probability_below(-margin - mean))
        above = np.where(exact, mean > margin, self._probability_below(mean - margin))
        return below, 1.0 - below - above, above

    def _probability_below(self, distance: Numbers) -> np.ndarray:
        """Return the probability that Student's t is below a distance from the mean; NaN without an error."""
        from scipy.special import stdtr

        error = np.asarray(self.error)
        return np.asarray(stdtr(self.freedom, distance / np.where(error > 0.0, error, np.nan)))


def smallest_p(n: Numbers, family: Numbers = 1) -> np.ndarray:
    """Return the smallest p value that n pairs can reach without assuming a distribution.

    min(1, m 2 / 2ⁿ): all n differences have the same sign by chance with probability 2 / 2ⁿ (the bound of the sign
    test and of Wilcoxon's), and Holm multiplies the smallest of m p values by m. A t test can report less, but
    then it relies on normal differences.

    Args:
        n: (...) numbers of pairs.
        family: how many tests are corrected together.

    Example:
        >>> float(smallest_p(5)), float(smallest_p(10, family=8))
        (0.0625, 0.015625)
    """
    return np.minimum(1.0, family * 2.0 * 0.5 ** np.asarray(n, dtype=np.float64))


def at_least(error: Numbers, freedom: Numbers, rows: Numbers, step: Numbers = 1.0) -> np.ndarray:
    """Return a standard error (...) that is at least as large as the number of rows allows.

    Where two models agree on all of n rows, they may still differ on a share of 1 - 0.025^(1/n) of such rows,
    about 3.7 / n (Clopper and Pearson 1934); in any case, one row more or less is 1 / n. No interval of a score
    that counts rows is narrower. Where one row counts more than others, as a rare positive does in the recall, the
    bound is larger in proportion.

    Args:
        error: of a mean of counted rows, 0 where nothing differed.
        freedom: its degrees of freedom.
        rows: their number.
        step: how much one row may count, in rows.

    Example:
        >>> found = Estimate(0.0, at_least(0.0, 99.0, 100), 99.0, 100).interval()
        >>> round(float(found.high), 3)
        0.036
    """
    from scipy.special import stdtrit

    one = 1.0 / np.where(np.asarray(rows) > 0, rows, np.nan)
    least = np.where(np.asarray(error) == 0.0, 1.0 - ((1.0 - LEVEL) / 2.0) ** one, one)
    return np.asarray(np.maximum(error, step * least / stdtrit(freedom, (1.0 + LEVEL) / 2.0)))
