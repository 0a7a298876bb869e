"""The scores of the trials of one data set: a column of a loss at a contaminated share, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from lossbench.schema import METRICS, Metric
from lossbench.stats.choice import make_choice

CONSTANT = "constant"
"""An arm that is no loss: the best constant prediction."""


@dataclass(frozen=True, eq=False)
class Scores:
    """The trials of one data set by loss and contaminated share.

    Args:
        trials: one row per trial.
        where: by loss and share, the positions of the trials in `trials`, (..., seeds), -1 if there is none. Under
            other choices of the rates they are (draws, seeds), and so are all results.
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
            self._columns[column] = np.append(values, np.nan)  # position -1 is this NaN
        return np.asarray(self._columns[column][self._place(loss, share)])

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        return {}

    def _place(self, loss: str, share: float | None) -> np.ndarray:
        return self.where[loss, self.shares[0] if share is None else share]

    def diverged(self, loss: str, share: float | None = None) -> np.ndarray:
        """Return which trainings of a loss diverged, (..., seeds); for the share see `of`."""
        return np.asarray(self._diverged[self._place(loss, share)])

    @cached_property
    def _diverged(self) -> np.ndarray:
        return np.append((self.trials.status == "diverged").to_numpy(), False)

    def score_of(self, arm: str, score: str) -> np.ndarray:
        """Return the score of a loss at the smallest contaminated share, or of the constant answer: (..., seeds).

        A diverged training gets the score of the constant answer. That is known only for the primary score of the
        data set; any other score is undefined.
        """
        constant: np.ndarray = self.of("constant_score", next(iter(self.where))[0] if arm == CONSTANT else arm)
        if arm == CONSTANT:
            return constant
        found = self.of(score, arm)
        if score != self.primary.name:
            return found
        return np.asarray(np.where(self.diverged(arm), constant, found))

    def difference(self, score: str, arms: tuple[str, str], other: str = "") -> np.ndarray:
        """Return the score of the first arm minus that, or another score, of the second: (..., seeds)."""
        return np.asarray(self.score_of(arms[0], score) - self.score_of(arms[1], other or score))


def by_seed(trials: pd.DataFrame) -> Scores:
    """Return the scores of trials; every loss and share has the same seeds, in ascending order."""
    where: dict[tuple[str, float], list[int]] = {}
    losses, shares = trials.loss.tolist(), trials.outlier_fraction.tolist()
    for place in np.argsort(trials.seed.to_numpy()).tolist():
        where.setdefault((losses[place], shares[place]), []).append(place)
    return Scores(trials, {loss: np.array(rows) for loss, rows in where.items()})


def scores_at_other_choices(
    choosing: pd.DataFrame, losses: list[str], shares: list[float]
) -> tuple[Scores, Scores]:
    """Return the scores of losses, had other seeds chosen their rates; see `lossbench.stats.choice`.

    The tuning seeds are split in halves, many times, and each half chooses rates. Halves vary more than the whole,
    so the variance is rather over- than underestimated.

    Args:
        choosing: the trials of the tuning seeds at every rate; those at the smallest contaminated share choose.
        losses: the losses, in the order of the result.
        shares: the contaminated shares of the result.

    Returns:
        The scores under the choices of one half of each pair and of the other, both (draws, seeds) over all seeds.
    """
    choice = make_choice(choosing, losses, choosing.seed.nunique() // 2)
    wheres: tuple[dict[tuple[str, float], np.ndarray], ...] = ({}, {})
    at_shares = dict(zip(np.unique(choosing.outlier_fraction).tolist(), choice.at_shares, strict=True))
    for share in shares:
        mine = np.append(np.flatnonzero(choosing.outlier_fraction == share), -1)
        for where, picked in zip(wheres, mine[at_shares[share].picked], strict=True):
            where.update({(loss, share): rows for loss, rows in zip(losses, picked, strict=True)})
    first, other = (Scores(choosing, where) for where in wheres)
    return first, other
