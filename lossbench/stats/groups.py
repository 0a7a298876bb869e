"""Comparison groups: the trials of one data set under one setting, which are compared with each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, repeat
from typing import Any, Literal

import numpy as np
import pandas as pd

from lossbench.metrics.robustness import skill
from lossbench.schema import METRICS, OVERLAP, SETTING, TRIAL, UNDEFINED, is_own
from lossbench.stats.choice import Choice, choice_variance, make_choice
from lossbench.stats.pair_spread import PairSpread, Spread
from lossbench.stats.paired import SeedSpread, over_seeds, shared_rows
from lossbench.stats.row_scores import Identity, RowScores
from lossbench.stats.rows import Contributions, RowSpread, over_rows
from lossbench.stats.tuning import at_common_rates, at_own_rate
from lossbench.task import Task

View = Literal["fixed", "tuned"]

Unit = Literal["row", "group", "seed"]
"""What counts as independent: rows of a table, groups of such rows, or seeds."""


@dataclass(frozen=True, eq=False)
class ComparisonGroup:
    """The trials of one data set under one setting, which are compared with each other.

    Args:
        dataset: its name.
        task: its task.
        view: "fixed", one rate for all, or "tuned", each loss at its own.
        trials: all of them, contaminated ones included.
        losses: the first is the reference; the others are in the order of the trials, unless reordered.
        shares: the contaminated shares, ascending; scores and verdicts are those of the first.
        score: the primary score.
        test_to_train: see `lossbench.stats.paired.shared_rows`.
        rows: (losses, seeds, shares) the row of each trial in `trials`, -1 where there is none; seeds ascend.
        contributed: the contributions of table rows; None where unknown.
        choice: the rates that other tuning seeds would have chosen; None where all losses have the same rate.
        correction: factor on p values for several looks, see `lossbench.stats.answer.looks`.
    """

    dataset: str
    task: Task
    view: View
    trials: pd.DataFrame = field(repr=False)
    losses: list[str]
    shares: np.ndarray
    score: str
    test_to_train: float
    rows: np.ndarray = field(repr=False)
    contributed: RowScores | None = field(default=None, repr=False)
    choice: Choice | None = field(default=None, repr=False)
    correction: float = 1.0

    def cube(self, column: str) -> np.ndarray:
        """Return one column, (losses, seeds, shares), NaN where there is no value."""
        values = self.trials[column].to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(np.append(values, np.nan)[self.rows])  # row -1 is NaN

    def perfect(self) -> np.ndarray:
        """Return the primary score of a perfect predictor, (losses, seeds, shares)."""
        if is_own(self.score):
            return self.cube("perfect_score")
        return np.full(self.rows.shape, METRICS[self.score].best)

    def clean(self, column: str) -> np.ndarray:
        """Return one column at the smallest contaminated share, (losses, seeds), NaN where there is no value."""
        return self.cube(column)[..., 0]

    @property
    def scored(self) -> np.ndarray:
        """The clean primary scores, (losses, seeds): a training that diverged has that of the constant answer.

        It has learnt nothing. Left out, it would leave its loss the seeds that went well.
        """
        return np.where(self.ended("diverged"), self.clean("constant_score"), self.clean(self.score))

    def skills(self) -> np.ndarray:
        """Return the skills, (losses, seeds, shares), 0 for a training that diverged; NaN where undefined."""
        found = skill(self.cube(self.score), self.cube("constant_score"), self.perfect())
        return np.where((self._statuses == "diverged")[self.rows], 0.0, found)

    @cached_property
    def unit(self) -> Unit:
        """The unit of the primary score."""
        if self.contributions(self.score) is None:
            return "seed"
        return "group" if self._units_are_groups else "row"

    def mean_of(self, column: str) -> SeedSpread | RowSpread:
        """Return the clean mean of each loss with its uncertainty, (losses,)."""
        found = self.contributions(column)
        known: SeedSpread | RowSpread
        if found is None:
            known = over_seeds(self.clean(column), self.test_to_train, self._rows_counted(column))
        else:
            known = over_rows(found.scores, found.unit, found.split, found.step(self._rows_counted(column) > 0))
        return known.widened(choice_variance(self.choice.moves(column))) if self.choice else known

    def difference(self, first: np.ndarray, second: np.ndarray) -> Spread:
        """Return the paired differences of some losses in the primary score with their uncertainty.

        Of a pair of which a training diverged, seeds are the unit: rows have no contributions to it.

        Args:
            first: (tests,) index of a loss.
            second: (tests,) index of the loss that is compared with it.
        """
        rows, by_seed = self._over_rows(first, second), self._by_seed(first, second)
        known: Spread
        if rows is not None and not by_seed.any():
            known = rows
        else:
            gaps = self.scored[second] - self.scored[first]
            seeds = over_seeds(gaps, self.test_to_train, self._rows_counted(self.score))
            known = seeds if rows is None else PairSpread(rows, seeds, by_seed)
        if self.choice is None:
            return known
        moves = self.choice.moves(self.score)
        return known.widened(choice_variance(moves[second] - moves[first]))

    def units_of(self, first: np.ndarray, second: np.ndarray) -> list[Unit]:
        """Return the unit of each pair of losses, see `difference`."""
        return ["seed" if alone else self.unit for alone in self._by_seed(first, second)]

    def _over_rows(self, first: np.ndarray, second: np.ndarray) -> RowSpread | None:
        """Return the differences over rows, see `difference`; None where seeds are the unit of all."""
        found = self.contributions(self.score)
        return None if found is None else found.difference(first, second, self._rows_counted(self.score) > 0)

    def _by_seed(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Say of which pairs of losses seeds are the unit, (tests,)."""
        diverged = self.count("diverged") > 0
        return np.asarray((self.unit == "seed") | diverged[first] | diverged[second])

    def contributions(self, column: str) -> Contributions | None:
        """Return the contributions of rows to the clean score of each loss; None where seeds are the unit."""
        if column not in self._by_column:
            places = np.where(np.isnan(self.clean(column)), -1, self._clean_places)
            self._by_column[column] = self.contributed.contributions(places, column) if self.contributed else None
        return self._by_column[column]

    @cached_property
    def _by_column(self) -> dict[str, Contributions | None]:
        return {}

    @cached_property
    def _units_are_groups(self) -> bool:
        return self.contributed is not None and self.contributed.grouped_at(self._clean_places)

    @cached_property
    def _clean_places(self) -> np.ndarray:
        """The place of each clean trial in `contributed`, (losses, seeds), -1 where there is no such trial."""
        clean = self.rows[..., 0]
        there, found = clean >= 0, np.full(clean.shape, -1)
        if self.contributed:
            found[there] = self.contributed.places(identities(self.trials[[*TRIAL]].iloc[clean[there]]))
        return found

    def _rows_counted(self, column: str) -> float:
        """Return how many rows a score counts; 0 for a score that does not count right and wrong rows."""
        rows = float(self.trials.test_rows.iloc[0])
        return rows_counted(column, rows, self.test_to_train, self.rows.shape[1])

    def setting(self) -> dict[str, list[Any]]:
        """Return the setting of each loss, in the order of `losses`; in a fixed view, it is the same for all."""
        some = self.rows.reshape(len(self.losses), -1).max(axis=1)  # all trials of a loss share it
        return {name: self.trials[name].iloc[some].tolist() for name in SETTING}

    def shared_setting(self) -> dict[str, Any]:
        """Return the setting that all losses share; the rate is NaN where each has its own."""
        return self._first_setting if self.view == "fixed" else self._first_setting | {"lr": np.nan}

    @cached_property
    def _first_setting(self) -> dict[str, Any]:
        """The setting of the first trial; cached, since it is needed often and slow to look up."""
        return {name: self.trials[name].iloc[0] for name in SETTING}

    @property
    def outlier_kind(self) -> str:
        """The kind of contamination; "none" if all trials are clean."""
        return next((kind for kind in self.trials.outlier_kind.unique() if kind != "none"), "none")

    def ended(self, status: str) -> np.ndarray:
        """Return which clean trials ended with this status, (losses, seeds)."""
        return np.asarray((self._statuses == status)[self.rows[..., 0]])

    @cached_property
    def _statuses(self) -> np.ndarray:
        return np.append(self.trials.status.to_numpy(dtype=object), "")

    def count(self, status: str) -> np.ndarray:
        """Return how many of each loss's clean trials ended with this status, (losses,)."""
        return np.asarray(self.ended(status).sum(axis=1))

    def trained(self) -> np.ndarray:
        """Return which clean trials exist, (losses, seeds)."""
        return np.asarray(self.rows[..., 0] >= 0)

    def whole(self) -> np.ndarray:
        """Return which losses ended well for every seed, (losses,); other losses are not judged."""
        well = self.count("ok")
        return np.asarray((well > 0) & (well == self.trained().sum(axis=1)))


def rows_counted(score: str, test_rows: float, shared: float, seeds: int) -> float:
    """Return how many rows a score counts, over all seeds if each draws its own; 0 for one that counts none.

    Args:
        score: a metric, or another column.
        test_rows: of one seed.
        shared: see `lossbench.stats.paired.shared_rows`.
        seeds: how many.

    Example:
        >>> rows_counted("accuracy", 30, 0.25, 10), rows_counted("accuracy", 30, 0.0, 10)
        (30, 300)
    """
    if score not in METRICS or not METRICS[score].counts:
        return 0.0
    return test_rows if shared else test_rows * seeds


def identities(trials: pd.DataFrame) -> list[Identity]:
    """Return what identifies each trial, one per row."""
    return list(zip(*(trials[name].tolist() for name in TRIAL), strict=True))


def comparison_groups(
    trials: pd.DataFrame, tuning: pd.DataFrame | None = None, contributed: RowScores | None = None
) -> Iterator[ComparisonGroup]:
    """Yield the comparison groups: one for each rate, and if rates were tuned, one with each loss at its own."""
    yield from _groups(at_common_rates(trials), "fixed", ["dataset", *SETTING], contributed)
    if tuning is not None:
        keys = [name for name in ("dataset", *SETTING) if name != "lr"]
        size, every_rate = int(tuning.n.max()), dict(iter(trials.groupby(keys, sort=False)))
        for group in _groups(at_own_rate(trials, tuning), "tuned", keys, contributed):
            mine = every_rate[tuple(group.trials[keys].iloc[0])]
            yield replace(group, choice=make_choice(mine, group.losses, size))


def _groups(
    trials: pd.DataFrame, view: View, keys: list[str], contributed: RowScores | None
) -> Iterator[ComparisonGroup]:
    for _, group in trials.groupby(keys, sort=False):
        loss, losses = pd.factorize(group.loss)
        seeds, seed = np.unique(group.seed, return_inverse=True)
        shares, share = np.unique(group.outlier_fraction, return_inverse=True)
        rows = np.full((len(losses), len(seeds), len(shares)), -1)
        rows[loss, seed, share] = np.arange(len(group))
        yield ComparisonGroup(
            dataset=group.dataset.iloc[0],
            task=group.task.iloc[0],
            view=view,
            trials=group,
            losses=losses.tolist(),
            shares=shares,
            score=group.score.iloc[0],
            test_to_train=shared_rows(*group[list(OVERLAP)].iloc[0]),
            rows=rows,
            contributed=contributed,
        )


def stack(parts: Iterable[Mapping[str, Any]], columns: Sequence[str], by: str) -> pd.DataFrame:
    """Return the columns of several comparison groups as one table, with the types of `UNDEFINED`.

    Args:
        parts: the columns of each group by name, lists or arrays; any other value is repeated for all rows of its
            part, and a missing column is undefined there.
        columns: their order.
        by: a column that is a list in every part.

    Returns:
        One row for each element of `by`.
    """

    def cells(part: Mapping[str, Any], name: str) -> Iterable[Any]:
        value = part.get(name, np.nan)
        return value if isinstance(value, list | np.ndarray) else repeat(value, len(part[by]))

    parts = list(parts)
    whole = {name: list(chain.from_iterable(cells(part, name) for part in parts)) for name in columns}
    # Each column gets its type before the table is made: changing a type later copies the whole table.
    typed = {name: pd.Series(whole[name], dtype=UNDEFINED[name]) for name in columns if name in UNDEFINED}
    return pd.DataFrame(whole | typed)
