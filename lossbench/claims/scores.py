"""What the trials of one data set came to: a column of a loss at a contaminated share, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from lossbench.schema import METRICS, Metric
from lossbench.stats.choice import Choice, make_choice, places

CONSTANT = "constant"
"""An arm that is no loss: the best constant answer, from a predictor that has learned nothing else."""


@dataclass(frozen=True, eq=False)
class Scores:
    """The trials of one data set by loss and contaminated share.

    Args:
        trials: a row each.
        where: by loss and share, (..., seeds) where the trials stand in `trials`, -1 where there is none. Under
            other choices of the rates it is (draws, seeds), and so is all that comes of it.
    """

    trials: pd.DataFrame = field(repr=False)
    where: Mapping[tuple[str, float], np.ndarray] = field(repr=False)

    @cached_property
    def shares(self) -> list[float]:
        """The contaminated shares, ascending."""
        return sorted({share for _, share in self.where})

    @property
    def primary(self) -> Metric:
        """The score by which the data set is judged."""
        return METRICS[self.trials.score.iloc[0]]

    def of(self, column: str, loss: str, share: float | None = None) -> np.ndarray:
        """Return one column of a loss at a contaminated share, by default the smallest: (..., seeds)."""
        if column not in self._columns:
            values = self.trials[column].to_numpy(dtype="float64", na_value=float("nan"))
            self._columns[column] = np.append(values, np.nan)  # row -1 is the NaN
        return np.asarray(self._columns[column][self._place(loss, share)])

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        return {}

    def _place(self, loss: str, share: float | None) -> np.ndarray:
        return self.where[loss, self.shares[0] if share is None else share]

    def ended_badly(self, loss: str, share: float | None = None) -> np.ndarray:
        """Return which trainings of a loss diverged, (..., seeds); for the share see `of`."""
        return np.asarray(self._badly[self._place(loss, share)])

    @cached_property
    def _badly(self) -> np.ndarray:
        return np.append((self.trials.status == "diverged").to_numpy(), False)

    def score_of(self, arm: str, score: str) -> np.ndarray:
        """Return the score of a loss at the smallest contaminated share, or of the constant answer: (..., seeds).

        A training that diverged has learnt nothing, and so has the score of the constant answer. That is known of
        the score by which the data set is judged; of any other it is undefined.
        """
        constant: np.ndarray = self.of("constant_score", next(iter(self.where))[0] if arm == CONSTANT else arm)
        if arm == CONSTANT:
            return constant
        found = self.of(score, arm)
        if score != self.primary.name:
            return found
        return np.asarray(np.where(self.ended_badly(arm), constant, found))

    def difference(self, score: str, arms: tuple[str, str], other: str = "") -> np.ndarray:
        """Return the score of the first arm minus the second's, or minus another score of that: (..., seeds)."""
        return np.asarray(self.score_of(arms[0], score) - self.score_of(arms[1], other or score))


def by_seed(trials: pd.DataFrame) -> Scores:
    """Return the scores of trials, of every loss and share the same seeds, which ascend."""
    where: dict[tuple[str, float], list[int]] = {}
    losses, shares = trials.loss.tolist(), trials.outlier_fraction.tolist()
    for place in np.argsort(trials.seed.to_numpy()).tolist():
        where.setdefault((losses[place], shares[place]), []).append(place)
    return Scores(trials, {loss: np.array(rows) for loss, rows in where.items()})


def as_chosen_by_others(choosing: pd.DataFrame, losses: list[str], shares: list[float]) -> tuple[Scores, Scores]:
    """Return what losses would have come to, had other seeds chosen their rates; see `lossbench.stats.choice`.

    The seeds that chose are split in two, many times, and each half chooses for itself. Halves scatter more than
    the whole, so that this is too much rather than too little.

    Args:
        choosing: the trials of these seeds at every rate; those at the smallest contaminated share choose.
        losses: in the order that is wanted.
        shares: at which the scores are wanted.

    Returns:
        Under the choices of one half of each pair and of the other, both (draws, seeds) over all the seeds.
    """
    choice = make_choice(choosing, losses, choosing.seed.nunique() // 2)
    wheres: tuple[dict[tuple[str, float], np.ndarray], ...] = ({}, {})
    for share in shares:
        mine = np.flatnonzero(choosing.outlier_fraction == share)
        at = Choice(choosing, np.append(mine, -1)[places(choosing.iloc[mine], losses)], choice.chosen)
        for where, picked in zip(wheres, at.picked, strict=True):
            where.update({(loss, share): rows for loss, rows in zip(losses, picked, strict=True)})
    first, other = (Scores(choosing, where) for where in wheres)
    return first, other
