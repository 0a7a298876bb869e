"""Whether the lower loss is the better model: the value of a loss on test data against the score there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.existence import any_of
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells_under
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.claims.trained.rank_correlation import rank_correlation
from lossbench.data import load_dataset
from lossbench.plan.settings import make_settings
from lossbench.schema import METRICS

Relation = Literal["better", "not always better"]

ENDS = ("", "_at_best")
"""Suffixes of the scores at the last epoch, and at the epoch of the best validation score."""


@dataclass(frozen=True)
class Watched:
    """A loss whose value on test data is one of the metrics.

    Args:
        loss: what is minimised.
        value: the metric that is its mean over the test part.
        score: what it is held against.
        datasets: where, all of one task.
    """

    loss: str
    value: str
    score: str
    datasets: tuple[str, ...]

    def axes(self, lr: tuple[float, ...]) -> dict[str, Any]:
        """Return what is trained, as fields of `lossbench.plan.settings.Settings`."""
        task = load_dataset(self.datasets[0]).task
        return {"datasets": list(self.datasets), "losses": {task: [self.loss]}, "lr": list(lr), "tune": False}


def check_lower_loss(
    claim: Claim, study: Study, *, watched: tuple[Watched, ...], lr: tuple[float, ...], relation: Relation
) -> None:
    """Refuse what cannot be trained.

    Raises:
        UsageError: a loss or data set that does not exist or fit, or a rate that is out of range.
    """
    from lossbench.plan.experiment import plan

    for one in watched:
        plan(make_settings(**one.axes(lr), seeds=1))


@experiment("lower_loss", check=check_lower_loss)
def lower_loss(
    claim: Claim, study: Study, *, watched: tuple[Watched, ...], lr: tuple[float, ...], relation: Relation
) -> list[Evidence]:
    """Train at several rates and hold the loss on test data against the score: is the lower one the better model?

    The models of one seed share their split: each rate at the last epoch, and at the epoch of the best validation
    score. Models that diverged are left out. The loss on the training data is not recorded, so nothing is said of
    it.

    relation: better: the rank correlation of falling loss and rising score over the models, seed by seed, is above
    zero. not always better: there are two models of which one has the lower loss and the worse score, both beyond
    chance; all pairs are corrected together.
    """
    made = [
        Models.of(cell, one)
        for one in watched
        for protocol in study.protocols
        if not protocol.tune
        for cell in cells_under(study, protocol.name, load_dataset(one.datasets[0]).task, **one.axes(lr))
    ]
    if relation == "better":
        return judge_all([models.correlation() for models in made])
    lines = iter(judge_all([match for models in made for match in models.pairs()]))
    return [counterexample([(next(lines), next(lines)) for _ in models.couples]) for models in made]


@dataclass(frozen=True, eq=False)
class Models:
    """The models that one loss made of one data set, under one protocol.

    Args:
        cell: their trials.
        watched: the loss.
        names: of each model.
        values: (models, seeds) the loss on test data.
        scores: (models, seeds) the score there, the higher the better.
    """

    cell: Cell
    watched: Watched
    names: Sequence[str]
    values: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, cell: Cell, watched: Watched) -> Models:
        """Return the models of a cell whose trials differ in their rates."""
        whole = cell.trials[cell.trials.groupby("lr").status.transform(lambda s: (s == "ok").all())]
        at = Cell(cell.protocol, whole).by_rate()
        names = [f"rate {rate:g}{' at its best epoch' * bool(end)}" for rate in at for end in ENDS]
        values, scores = (
            np.stack([one.of(column + end, watched.loss) for one in at.values() for end in ENDS])
            for column in (watched.value, watched.score)
        )
        sign = 1 if METRICS[watched.score].greater_is_better else -1
        return cls(Cell(cell.protocol, whole), watched, names, values, sign * scores)

    @property
    def couples(self) -> list[tuple[int, int]]:
        """Every pair of models."""
        return list(combinations(range(len(self.names)), 2))

    def correlation(self) -> Match:
        """Return the rank correlation over the models, of each seed."""
        found = rank_correlation(-self.values.T, self.scores.T)
        what = f"rank correlation of falling {self.watched.value} and rising {self.watched.score}"
        case = f"{len(self.names)} models of {self.watched.loss}"
        return self.cell.match(what, [self.watched.loss], found, "better", None, case=case)

    def pairs(self) -> Iterator[Match]:
        """Yield the differences of every pair of models, in the loss and in the score."""
        for first, second in self.couples:
            case = f"{self.names[first]} vs {self.names[second]}"
            for what, table in ((self.watched.value, self.values), (self.watched.score, self.scores)):
                differences = table[first] - table[second]
                yield self.cell.match(what, [self.watched.loss], differences, "equal", None, case=case)


def counterexample(pairs: Sequence[tuple[Evidence, Evidence]]) -> Evidence:
    """Return one line for all pairs of models: does any have the lower loss and the worse score?"""
    showing = [
        score
        for value, score in pairs
        if value.verdict == score.verdict == "contradicted" and (value.measured or 0) * (score.measured or 0) > 0
    ]
    return any_of(showing, [score for _, score in pairs], "with the lower loss and the worse score")
