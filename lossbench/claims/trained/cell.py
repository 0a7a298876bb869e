"""A cell: the trials of one data set under one protocol and one setting, and the comparisons made among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lossbench.claims.evidence import Evidence
from lossbench.claims.study import Study
from lossbench.claims.trained.contrast import Direction, Match
from lossbench.schema import METRICS, OVERLAP, Metric
from lossbench.stats.paired import shared_rows
from lossbench.task import Task

if TYPE_CHECKING:
    import pandas as pd


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
        """Return one column of a loss at a contaminated share, by default the smallest, by seed."""
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

    def match(
        self,
        what: str,
        losses: Collection[str],
        differences: np.ndarray,
        direction: Direction,
        margin: float | None,
        greater_is_better: bool = True,
        case: str = "",
        note: str = "",
    ) -> Match:
        """Return a comparison, to be judged; where a training of its losses diverged, it stays undecided.

        Args:
            what: what is measured.
            losses: the losses that take part; named as the case, unless that is given.
            differences: (seeds,) the first minus the second.
            direction: what is claimed of the first.
            margin: the difference that is too small to matter; None where none is declared.
            greater_is_better: the direction of what is measured.
            case: what tells it from the others of this data set.
            note: what a reader must know besides.
        """
        gone = self.diverged(losses)
        told = "; ".join(filter(None, [note, *(f"{loss} diverged {count} times" for loss, count in gone.items())]))
        line = Evidence(
            "inconclusive",
            what=what,
            protocol=self.protocol,
            dataset=self.dataset,
            case=case or " vs ".join(losses),
            note=told,
        )
        return Match(
            line, differences, self.test_to_train, direction, margin, greater_is_better, diverged=bool(gone)
        )


def cells(study: Study, task: Task, **axes: Any) -> Iterator[Cell]:
    """Train under every protocol and yield the trials of each data set; for the axes see `Study.compare`."""
    for protocol in study.protocols:
        yield from cells_under(study, protocol.name, task, **axes)


def cells_under(study: Study, protocol: str, task: Task, **axes: Any) -> Iterator[Cell]:
    """Train under one protocol and yield the trials of each data set."""
    trials = study.compare(protocol, task, **axes).trials
    for _, mine in trials.groupby("dataset", sort=False):
        yield Cell(protocol, mine)
