"""The trials that are compared with each other: those of one data set under one setting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, Literal

import numpy as np
import pandas as pd

from lossbench.schema import OVERLAP, SETTING, UNDEFINED
from lossbench.stats.paired import shared_rows
from lossbench.stats.tuning import at_own_rate
from lossbench.task import Task

View = Literal["fixed", "tuned"]


@dataclass(frozen=True, eq=False)
class ComparisonGroup:
    """The trials of one data set under one setting: what is compared with each other.

    Args:
        dataset: its name.
        task: its task.
        view: "fixed", one rate for all, or "tuned", each loss at its own.
        trials: all of them, dirty ones too.
        losses: in the order of the trials; the first is the reference.
        shares: the contaminated shares, ascending; scores and verdicts are of the first.
        score: the primary score.
        test_to_train: see `lossbench.stats.paired.shared_rows`.
        rows: (losses, seeds, shares) where each trial stands in `trials`, -1 where there is none; seeds ascend.
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

    def cube(self, column: str) -> np.ndarray:
        """Return one column, (losses, seeds, shares), NaN where there is no value."""
        values = self.trials[column].to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(np.append(values, np.nan)[self.rows])  # row -1 is the NaN

    def clean(self, column: str) -> np.ndarray:
        """Return one column at the smallest contaminated share, (losses, seeds), NaN where there is no value."""
        return self.cube(column)[..., 0]

    def setting(self) -> dict[str, list[Any]]:
        """Return what each loss was trained under; in a fixed view, the same for all."""
        first = self.trials.drop_duplicates("loss")
        return {name: first[name].tolist() for name in SETTING}

    def count(self, status: str) -> np.ndarray:
        """Return how many of each loss's clean trials ended so, (losses,)."""
        ended = np.append((self.trials.status == status).to_numpy(), False)
        return np.asarray(ended[self.rows[..., 0]].sum(axis=1))

    def trained(self) -> np.ndarray:
        """Return which clean trials there are, (losses, seeds)."""
        return np.asarray(self.rows[..., 0] >= 0)

    def whole(self) -> np.ndarray:
        """Return which losses ended well for every seed, (losses,); others are not judged by the seeds left."""
        well = self.count("ok")
        return np.asarray((well > 0) & (well == self.trained().sum(axis=1)))


def comparison_groups(trials: pd.DataFrame, tuning: pd.DataFrame | None = None) -> Iterator[ComparisonGroup]:
    """Yield what is compared with each other: at each rate, and where rates were tuned, each loss at its own."""
    yield from _groups(trials, "fixed", ["dataset", *SETTING])
    if tuning is not None:
        keys = [name for name in ("dataset", *SETTING) if name != "lr"]
        yield from _groups(at_own_rate(trials, tuning), "tuned", keys)


def _groups(trials: pd.DataFrame, view: View, keys: list[str]) -> Iterator[ComparisonGroup]:
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
    dtypes = {name: UNDEFINED[name] for name in columns if name in UNDEFINED}
    return pd.DataFrame(whole).astype(dtypes).copy()  # a copy is in one piece; pandas complains of a hundred
