"""Whether the lower loss is the better model: the value of a loss on test data against the score there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, groupby
from typing import Any, Literal

import numpy as np

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, under
from lossbench.claims.evidence import Evidence
from lossbench.claims.existence import any_of
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.rank_correlation import rank_correlation
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
        return {"datasets": self.datasets, "losses": [self.loss], "lr": list(lr), "tune": False}


@experiment("lower_loss")
def lower_loss(
    claim: Claim, study: Study, *, watched: tuple[Watched, ...], lr: tuple[float, ...], relation: Relation
) -> Design:
    """Train at several rates and hold the loss on test data against the score: is the lower one the better model?

    The models of one seed share their split: each rate at the last epoch, and at the epoch of the best validation
    score. Models that diverged are left out. The loss on the training data is not recorded, so nothing is said of
    it.

    relation: better: the rank correlation of falling loss and rising score over the models, seed by seed, is above
    zero. not always better: there are two models of which one has the lower loss and the worse score, both beyond
    chance; all pairs are corrected together.
    """
    fixed = [protocol.name for protocol in study.protocols if not protocol.tune]
    trainings = [
        under(name, partial(contrasts_in, watched=one, relation=relation), **one.axes(lr))
        for one in watched
        for name in fixed
    ]
    return Design(trainings) if relation == "better" else Design(trainings, counterexamples)


def contrasts_in(cell: Cell, watched: Watched, relation: Relation) -> Iterator[Contrast]:
    """Yield the rank correlation over the models of one data set, or the contrasts of every pair of them."""
    models = Models.of(cell, watched)
    if relation == "better":
        yield models.correlation()
    else:
        yield from models.pairs()


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

    def correlation(self) -> Contrast:
        """Return the rank correlation over the models, of each seed."""
        found = rank_correlation(-self.values.T, self.scores.T)
        quantity = f"rank correlation of falling {self.watched.value} and rising {self.watched.score}"
        detail = f"{len(self.names)} models of {self.watched.loss}"
        loss = [self.watched.loss]
        return self.cell.contrast(quantity, (), found, "better", None, losses=loss, detail=detail)

    def pairs(self) -> Iterator[Contrast]:
        """Yield the differences of every pair of models, in the loss and then in the score."""
        for first, second in combinations(range(len(self.names)), 2):
            arms = self.names[first], self.names[second]
            for quantity, table in ((self.watched.value, self.values), (self.watched.score, self.scores)):
                differences, loss = table[first] - table[second], [self.watched.loss]
                yield self.cell.contrast(quantity, arms, differences, "equal", None, losses=loss)


def counterexamples(lines: list[Evidence]) -> Iterator[Evidence]:
    """Yield one line for all pairs of models on a data set; `lines` has loss and score of each pair in turn."""
    couples = zip(lines[::2], lines[1::2], strict=True)
    for _, mine in groupby(couples, key=lambda pair: (pair[0].protocol, pair[0].dataset)):
        yield counterexample(list(mine))


def counterexample(pairs: Sequence[tuple[Evidence, Evidence]]) -> Evidence:
    """Return one line for all pairs of models: does any have the lower loss and the worse score?"""
    showing = [
        score
        for value, score in pairs
        if value.verdict == score.verdict == "contradicted" and (value.measured or 0) * (score.measured or 0) > 0
    ]
    return any_of(showing, [score for _, score in pairs], "with the lower loss and the worse score")
