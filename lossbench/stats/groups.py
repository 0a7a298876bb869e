"""The trials that are compared with each other: those of one data set under one setting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, repeat
from typing import Any, Literal

import numpy as np
import pandas as pd

from lossbench.schema import METRICS, OVERLAP, SETTING, TRIAL, UNDEFINED, is_own
from lossbench.stats.choice import Choice, choice_variance, make_choice
from lossbench.stats.paired import SeedSpread, over_seeds, shared_rows
from lossbench.stats.row_scores import Identity, RowScores
from lossbench.stats.rows import Contributions, RowSpread, over_rows
from lossbench.stats.tuning import at_common_rates, at_own_rate
from lossbench.task import Task

View = Literal["fixed", "tuned"]

Unit = Literal["row", "group", "seed"]
"""What is counted as independent: rows of a table, groups of such rows, or seeds."""


@dataclass(frozen=True, eq=False)
class ComparisonGroup:
    """The trials of one data set under one setting: what is compared with each other.

    Args:
        dataset: its name.
        task: its task.
        view: "fixed", one rate for all, or "tuned", each loss at its own.
        trials: all of them, dirty ones too.
        losses: the first is the reference; the others are in the order of the trials, if nobody has changed it.
        shares: the contaminated shares, ascending; scores and verdicts are of the first.
        score: the primary score.
        test_to_train: see `lossbench.stats.paired.shared_rows`.
        rows: (losses, seeds, shares) where each trial stands in `trials`, -1 where there is none; seeds ascend.
        contributed: what the rows of tables contribute; None where that is not known.
        choice: what other tuning seeds would have chosen; None where every loss has the same rate.
        correction: what p values are multiplied by since verdicts are looked at more than once, see
            `lossbench.stats.answer.looks`.
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
        return np.asarray(np.append(values, np.nan)[self.rows])  # row -1 is the NaN

    def perfect(self) -> np.ndarray:
        """Return the primary score of a perfect predictor, (losses, seeds, shares)."""
        if is_own(self.score):
            return self.cube("perfect_score")
        return np.full(self.rows.shape, METRICS[self.score].best)

    def clean(self, column: str) -> np.ndarray:
        """Return one column at the smallest contaminated share, (losses, seeds), NaN where there is no value."""
        return self.cube(column)[..., 0]

    @cached_property
    def unit(self) -> Unit:
        """What the primary score is judged over."""
        if self.contributions(self.score) is None:
            return "seed"
        return "group" if self._grouped else "row"

    def mean_of(self, column: str) -> SeedSpread | RowSpread:
        """Return how well the clean mean of each loss is known, (losses,)."""
        found = self.contributions(column)
        known: SeedSpread | RowSpread
        if found is None:
            known = over_seeds(self.clean(column), self.test_to_train, self._counted(column))
        else:
            known = over_rows(found.scores, found.unit, found.split, found.step(self._counted(column) > 0))
        return known.widened(choice_variance(self.choice.moves(column))) if self.choice else known

    def difference_of(self, column: str, first: np.ndarray, second: np.ndarray) -> SeedSpread | RowSpread:
        """Return how well the paired differences of some losses are known.

        Args:
            column: a score.
            first: (tests,) index of a loss.
            second: (tests,) index of the loss that is compared with it.
        """
        found = self.contributions(column)
        known: SeedSpread | RowSpread
        if found is None:
            scores = self.clean(column)
            known = over_seeds(scores[second] - scores[first], self.test_to_train, self._counted(column))
        else:
            known = found.difference(first, second, self._counted(column) > 0)
        if self.choice is None:
            return known
        moves = self.choice.moves(column)
        return known.widened(choice_variance(moves[second] - moves[first]))

    def contributions(self, column: str) -> Contributions | None:
        """Return what rows contribute to the clean score of each loss; None where seeds are the unit."""
        if column not in self._known:
            places = np.where(np.isnan(self.clean(column)), -1, self._places)
            self._known[column] = self.contributed.contributions(places, column) if self.contributed else None
        return self._known[column]

    @cached_property
    def _known(self) -> dict[str, Contributions | None]:
        return {}

    @cached_property
    def _grouped(self) -> bool:
        return self.contributed is not None and self.contributed.grouped_at(self._places)

    @cached_property
    def _places(self) -> np.ndarray:
        """Where the rows of each clean trial are found, (losses, seeds), -1 where there is no such trial."""
        clean = self.rows[..., 0]
        there, found = clean >= 0, np.full(clean.shape, -1)
        if self.contributed:
            found[there] = self.contributed.places(identities(self.trials.iloc[clean[there]]))
        return found

    def _counted(self, column: str) -> float:
        """Return how many rows a score counts; 0 for one that counts none, or sees more than right and wrong."""
        rows = float(self.trials.test_rows.iloc[0])
        return rows_counted(column, rows, self.test_to_train, self.rows.shape[1])

    def setting(self) -> dict[str, list[Any]]:
        """Return what each loss was trained under, in the order of `losses`; in a fixed view, the same for all."""
        some = self.trials.iloc[self.rows.reshape(len(self.losses), -1).max(axis=1)]  # all of a loss share it
        return {name: some[name].tolist() for name in SETTING}

    def shared_setting(self) -> dict[str, Any]:
        """Return what all losses were trained under; the rate is NaN where each has its own."""
        return self._first if self.view == "fixed" else self._first | {"lr": np.nan}

    @cached_property
    def _first(self) -> dict[str, Any]:
        """What the first trial was trained under; many ask for it, and to look it up is slow."""
        return {name: self.trials[name].iloc[0] for name in SETTING}

    def ended(self, status: str) -> np.ndarray:
        """Return which clean trials ended so, (losses, seeds)."""
        return np.asarray((self._statuses == status)[self.rows[..., 0]])

    @cached_property
    def _statuses(self) -> np.ndarray:
        return np.append(self.trials.status.to_numpy(dtype=object), "")

    def count(self, status: str) -> np.ndarray:
        """Return how many of each loss's clean trials ended so, (losses,)."""
        return np.asarray(self.ended(status).sum(axis=1))

    def trained(self) -> np.ndarray:
        """Return which clean trials there are, (losses, seeds)."""
        return np.asarray(self.rows[..., 0] >= 0)

    def whole(self) -> np.ndarray:
        """Return which losses ended well for every seed, (losses,); others are not judged by the seeds left."""
        well = self.count("ok")
        return np.asarray((well > 0) & (well == self.trained().sum(axis=1)))


def rows_counted(score: str, test_rows: float, shared: float, seeds: int) -> float:
    """Return how many rows a score counts, over all seeds where each draws its own; 0 for one that counts none.

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
    """Return what tells each trial, one a row, from all others."""
    return list(zip(*(trials[name].tolist() for name in TRIAL), strict=True))


def comparison_groups(
    trials: pd.DataFrame, tuning: pd.DataFrame | None = None, contributed: RowScores | None = None
) -> Iterator[ComparisonGroup]:
    """Yield what is compared with each other: at each rate, and where rates were tuned, each loss at its own."""
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
        parts: the columns of each group by name, lists or arrays; any other value stands for all rows of its
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
    # Each column gets its type before the table is made, which copies all of it for every type that changes.
    typed = {name: pd.Series(whole[name], dtype=UNDEFINED[name]) for name in columns if name in UNDEFINED}
    return pd.DataFrame(whole | typed)
