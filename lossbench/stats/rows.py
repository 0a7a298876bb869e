"""Rows as the unit: the uncertainty of a mean over splits of one table, for rows like these.

Every seed splits the same N rows, and trains and tests on different parts of them. So two things vary at once:
which rows there are, and how they are split. With the contribution d of each row in each split, its weight w such
that Σ w d is the mean over splits of the mean over test rows, and e = d - Σ w d:

    rows     V_row   = U / (U - 1) Σ over rows   (Σ w e)²
    splits   V_split = S / (S - 1) Σ over splits (Σ w e)²
    both     V_both  =             Σ over row and split (Σ w e)²

V_row - V_both is what a row's contributions have in common over the splits that test it; it remains however often
the table is split. V_split is what the contributions of a split have in common, including its initial weights and
batch order; it shrinks with the number of splits. Their sum is the variance of two crossed samples (Cameron,
Gelbach and Miller 2011, "Robust inference with multiway clustering"). It treats rows as if they were only tested.
They are also trained on: other rows would have made other networks in every split, which no split of one table can
show (Bates, Hastie and Tibshirani 2024, "Cross-validation: what does it estimate and how well does it do it?"). So
the rows' part counts twice:

    var(mean) = 2 max(0, V_row - V_both) + V_split

Two is what `lossbench aa` finds right: on fresh tables drawn from known laws, 95 % intervals cover about 95 %
averaged over pairs of losses. It is more or less for single pairs, and no table shows which (Bengio and Grandvalet
2004, "No unbiased estimator of the variance of k-fold cross-validation"): as trained on, rows count from less than
nothing to twenty times what they count as tested where `tests/other_rows.py` knows it, and what V_split has beyond
its test rows does not tell, since initial weights are in it too. Degrees of freedom are Satterthwaite's (1946),
from S - 1 for the splits and from the kurtosis of the rows, so that a difference that depends on a few rows has a
wide interval.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from lossbench.stats.estimate import Estimate, at_least

TRAINED_AND_TESTED = 2.0
"""How often a row counts: once as tested, once as trained on."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """The contributions of the rows of one table to one score, for several losses.

    Args:
        scores: (losses, cells) float64; a cell is one test row of one split. NaN where the score is undefined.
        unit: (cells,) the row's number, or that of its group.
        split: (cells,) the index of the split among the seeds.
        one: (losses, cells) how much one row may count in the score of the split; None where all count alike, or
            where unknown.
    """

    scores: np.ndarray = field(repr=False)
    unit: np.ndarray = field(repr=False)
    split: np.ndarray = field(repr=False)
    one: np.ndarray | None = field(default=None, repr=False)

    def step(self, counted: bool) -> np.ndarray | float:
        """Return how much one row may count, in rows, (losses,) or one number for all; see `RowSpread`.

        Args:
            counted: whether the score counts rows.
        """
        if self.one is None:
            return float(counted)
        known = ~np.isnan(self.one)
        mean = np.where(known, self.one, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return np.where(known.any(axis=1), mean, float(counted))

    def difference(self, first: np.ndarray, second: np.ndarray, counted: bool) -> RowSpread:
        """Return the paired differences of some losses with their uncertainty.

        Args:
            first: (tests,) index of a loss.
            second: (tests,) index of the loss that is compared with it.
            counted: whether the score counts rows.
        """
        step = self.step(counted)
        most = step if isinstance(step, float) else np.maximum(step[first], step[second])
        return over_rows(self.scores[second] - self.scores[first], self.unit, self.split, most)


@dataclass(frozen=True)
class RowSpread:
    """The uncertainty of a mean over splits of one table, for these and for other numbers of splits.

    Args:
        mean: (...) over splits of the mean over rows.
        lasting: (...) the part of its variance that is due to the rows, which more splits do not reduce; NaN for
            fewer than two splits.
        fading: (...) the part that is due to the splits, for a single split; likewise.
        freedom: (...) degrees of freedom of the first part.
        splits: (...) their number.
        units: (...) the number of rows, or groups, that were tested at least once.
        step: (...) how much one row may count, in rows, which limits how narrow an interval is: 1 for a score that
            counts rows alike, more where rows of a rare class count more, and 0 for a score that does not count
            rows.
        choice: (...) the variance due to the choice of the rates.
    """

    mean: np.ndarray
    lasting: np.ndarray
    fading: np.ndarray
    freedom: np.ndarray
    splits: np.ndarray
    units: np.ndarray
    step: np.ndarray | float
    choice: np.ndarray | float = 0.0

    def widened(self, choice: np.ndarray) -> RowSpread:
        """Return the spread with a variance (...) due to the choice of the rates."""
        return replace(self, choice=choice)

    def with_rows(self, times: np.ndarray) -> RowSpread:
        """Return the spread as it would be with so many times (...) the rows, if these varied alike."""
        return replace(
            self,
            lasting=self.lasting / times,
            fading=self.fading / times,
            choice=self.choice / times,
            freedom=self.freedom * times,
            units=self.units * times,
        )

    @property
    def n(self) -> np.ndarray:
        """The number of seeds, (...)."""
        return self.splits

    @property
    def wandering(self) -> np.ndarray:
        """The standard deviation of the mean between sets of splits of the same rows."""
        return np.asarray(np.sqrt(self.fading / self.splits + self.choice))

    def at(self, seeds: np.ndarray | None = None) -> Estimate:
        """Return the estimate; for other numbers of splits (...), as it would be with all else the same."""
        splits = self.splits if seeds is None else seeds
        fading, lasting = self.fading / splits, self.lasting + self.choice
        variance = lasting + fading
        with np.errstate(invalid="ignore", divide="ignore"):
            freedom = variance**2 / (lasting**2 / self.freedom + fading**2 / (splits - 1.0))
        freedom = np.where(variance > 0.0, np.minimum(freedom, self.units - 1.0), self.units - 1.0)
        error = np.sqrt(variance)
        if np.any(self.step):
            error = at_least(error, freedom, self.units, self.step)
        return Estimate(self.mean, error, freedom, self.units.astype(int))


def over_rows(
    values: np.ndarray, unit: np.ndarray, split: np.ndarray, step: np.ndarray | float = 0.0
) -> RowSpread:
    """Return the mean of contributions, or of their paired differences, with its uncertainty.

    Args:
        values: (m, cells) contributions, or differences of two losses; NaN where undefined, which excludes the
            whole split.
        unit: (cells,) the row's number, or that of its group.
        split: (cells,) the index of the split among the seeds.
        step: (m,) or one number, see `RowSpread`.

    Returns:
        (m,) each. Undefined for fewer than two splits.

    Example:
        >>> rows, splits = np.tile(np.arange(10), 4), np.repeat(np.arange(4), 10)
        >>> found = over_rows((rows == 3)[None] * 1.0, rows, splits)
        >>> found.mean, found.at().error.round(3)
        (array([0.1]), array([0.124]))
    """
    columns = np.empty((6, len(values)))
    undefined = _group_sums(np.isnan(values) * 1.0, split) > 0.0
    for pattern in {pattern.tobytes(): pattern for pattern in undefined}.values():
        members = (undefined == pattern).all(axis=1)
        kept = ~pattern[split]
        found = _spread_fields(values[members][:, kept], unit[kept], split[kept])
        columns[:, members] = np.broadcast_arrays(*found)
    mean, lasting, fading, freedom, splits, units = columns
    return RowSpread(mean, lasting, fading, freedom, splits, units, step)


def _spread_fields(values: np.ndarray, unit: np.ndarray, split: np.ndarray) -> tuple[np.ndarray | float, ...]:
    """Return the fields of a `RowSpread`, for values (m, cells) that are all defined."""
    place, row = _numbered(split), _numbered(unit)
    sizes = np.bincount(place)
    splits, units = len(sizes), int(row.max(initial=-1)) + 1
    if splits < 2:
        mean = values.mean(axis=1) if splits else np.full(len(values), np.nan)
        return mean, np.nan, np.nan, np.nan, splits, units
    weight = 1.0 / (splits * sizes[place])
    mean = values @ weight
    weighted = (values - mean[:, None]) * weight
    by_row = _group_sums(weighted, row)
    by_split = _group_sums(weighted, place)
    both = _group_sums(weighted, _numbered(row * splits + place))
    squares = (by_row**2).sum(axis=1)
    rows = squares * units / max(units - 1, 1)
    lasting = TRAINED_AND_TESTED * np.maximum(rows - (both**2).sum(axis=1), 0.0)
    fading = (by_split**2).sum(axis=1) * splits**2 / (splits - 1)
    kurtosis = (by_row**4).sum(axis=1) - squares**2 / units
    freedom = 2.0 * squares**2 / np.where(kurtosis > 0.0, kurtosis, np.nan)
    return mean, lasting, fading, np.nan_to_num(freedom, nan=units - 1.0), splits, units


def _group_sums(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the sums (m, groups) of values (m, cells) over the cells of each group, in their order."""
    groups = int(group.max(initial=-1)) + 1
    # One count a loss: a single one over all of them would need an index for each cell of each loss.
    sums = np.array([np.bincount(group, mine, groups) for mine in values]).reshape(len(values), groups)
    return np.asfortranarray(sums)  # numpy then adds up group after group, and not pairs of groups


def _numbered(group: np.ndarray) -> np.ndarray:
    """Return groups (cells,) numbered from 0 without gaps, in their order; counting is faster than sorting."""
    return np.asarray((np.cumsum(np.bincount(group) > 0) - 1)[group])
