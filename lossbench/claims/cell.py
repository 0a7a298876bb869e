"""A cell: the trials of one data set under one protocol and one setting, and the comparisons made among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lossbench.claims.claim import Evidence
from lossbench.claims.contrast import Contrast, Direction
from lossbench.claims.study import Study
from lossbench.schema import METRICS, OVERLAP, Metric
from lossbench.stats.paired import shared_rows

if TYPE_CHECKING:
    import pandas as pd

CONSTANT = "constant"
"""An arm that is no loss: the best constant answer, from a predictor that has learned nothing else."""


@dataclass(frozen=True, eq=False)
class Cell:
    """The trials of one data set.

    Args:
        protocol: name of the protocol.
        trials: a row each; of every loss the same seeds, in the same order.
    """

    protocol: str
    trials: pd.DataFrame = field(repr=False)

    @cached_property
    def dataset(self) -> str:
        """Spec of the data set."""
        return str(self.trials.dataset.iloc[0])

    @property
    def primary(self) -> Metric:
        """The score by which the data set is judged."""
        return METRICS[self.trials.score.iloc[0]]

    @cached_property
    def test_to_train(self) -> float:
        """How far seeds overlap, see `lossbench.stats.paired.shared_rows`."""
        return shared_rows(*self.trials[list(OVERLAP)].iloc[0])

    @cached_property
    def losses(self) -> list[str]:
        """The losses that were trained."""
        return list(dict.fromkeys(self.trials.loss.tolist()))

    @cached_property
    def shares(self) -> list[float]:
        """The contaminated shares, ascending."""
        return sorted(set(self.trials.outlier_fraction.tolist()))

    @cached_property
    def _places(self) -> dict[tuple[str, float], list[int]]:
        """Where the trials of a loss at a contaminated share stand, by seed."""
        places: dict[tuple[str, float], list[int]] = {}
        losses, shares = self.trials.loss.tolist(), self.trials.outlier_fraction.tolist()
        for place in np.argsort(self.trials.seed.to_numpy()).tolist():
            places.setdefault((losses[place], shares[place]), []).append(place)
        return places

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        return {}

    def of(self, column: str, loss: str, share: float | None = None) -> np.ndarray:
        """Return one column of a loss at a contaminated share, by default the smallest: (seeds,)."""
        if column not in self._columns:
            self._columns[column] = self.trials[column].to_numpy(dtype="float64", na_value=float("nan"))
        place = loss, self.shares[0] if share is None else share
        return np.asarray(self._columns[column][self._places[place]])

    @cached_property
    def _gone(self) -> dict[str, int]:
        """How many trainings of each loss diverged, where any did."""
        return dict(Counter(self.trials.loss[self.trials.status == "diverged"].tolist()))

    def diverged(self, losses: Collection[str]) -> dict[str, int]:
        """Count the trainings that diverged, of each loss that has some."""
        return {loss: count for loss, count in self._gone.items() if loss in losses}

    def at(self, share: float) -> Cell:
        """Return the trials at one contaminated share."""
        return Cell(self.protocol, self.trials[self.trials.outlier_fraction == share])

    def by_rate(self) -> dict[float, Cell]:
        """Return the trials at each learning rate, ascending."""
        rates = sorted(set(self.trials.lr.tolist()))
        return {rate: Cell(self.protocol, self.trials[self.trials.lr == rate]) for rate in rates}

    def score_of(self, arm: str, score: str) -> np.ndarray:
        """Return the score of a loss at the smallest contaminated share, or of the constant answer: (seeds,)."""
        return self.of("constant_score", self.losses[0]) if arm == CONSTANT else self.of(score, arm)

    def compared(
        self, score: str, arms: tuple[str, str], direction: Direction, study: Study, note: str = ""
    ) -> Contrast:
        """Return the contrast of two losses by a score, within the margin of the study.

        Args:
            score: name of a measure.
            arms: two losses that were trained, or one and the constant answer.
            direction: what is claimed of the first.
            study: where the margins are.
            note: what a reader must know besides.
        """
        first, other = (self.score_of(arm, score) for arm in arms)
        margin, greater = study.margin(score), METRICS[score].greater_is_better
        facts = {"note": note} | self.contamination
        return self.contrast(score, arms, first - other, direction, margin, greater, **facts)

    def contrast(
        self,
        quantity: str,
        arms: Sequence[str],
        differences: np.ndarray,
        direction: Direction,
        margin: float | None,
        greater_is_better: bool = True,
        *,
        losses: Collection[str] | None = None,
        note: str = "",
        **facts: Any,
    ) -> Contrast:
        """Return a comparison of two arms, to be judged; a training that diverged counts against its arm.

        Args:
            quantity: what is measured.
            arms: what is compared.
            differences: (seeds,) the first minus the second.
            direction: what is claimed of the first.
            margin: the difference that is too small to matter; None where none is declared.
            greater_is_better: the direction of what is measured.
            losses: the losses that take part, where they are not the arms.
            note: what a reader must know besides.
            **facts: further fields of the evidence.
        """
        gone = self.diverged(arms if losses is None else losses)
        said = [note, *(f"{loss} diverged {count} times" for loss, count in gone.items())]
        line = Evidence(
            "inconclusive",
            quantity,
            self.protocol,
            self.dataset,
            arms=tuple(arms),
            diverged=sum(gone.values()),
            note="; ".join(filter(None, said)),
            **facts,
        )
        pair = losses is None and len(arms) == 2
        whole = (arms[0] not in gone, arms[1] not in gone) if pair else (True, True)
        return Contrast(line, differences, self.test_to_train, direction, margin, greater_is_better, whole=whole)

    @property
    def contamination(self) -> dict[str, Any]:
        """How the training part was contaminated, as fields of the evidence; none where it was not."""
        dirty = self.trials[self.trials.outlier_fraction > 0]
        if dirty.empty:
            return {}
        return {"contamination": str(dirty.outlier_kind.iloc[0]), "shares": tuple(self.shares)}


def cells_of(protocol: str, trials: pd.DataFrame) -> Iterator[Cell]:
    """Yield the trials of each data set."""
    for _, mine in trials.groupby("dataset", sort=False):
        yield Cell(protocol, mine)
