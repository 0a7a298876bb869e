"""Whether training improves a model: the score against the epochs, and against the value of the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, product
from typing import Any, Literal

import numpy as np
import pandas as pd

from lossbench.claims.among import any_of
from lossbench.claims.cell import Cell, cells_of
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, Training, under
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trial_results import TrialResults
from lossbench.data import load_dataset
from lossbench.grouped import grouped
from lossbench.losses.registry import core_losses
from lossbench.metrics.ranks import ranks
from lossbench.schema import METRICS


def rank_correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each row of two tables (Spearman 1904).

    Args:
        first: (n, k).
        second: (n, k).

    Returns:
        (n,) in [-1, 1]; 0 if one of the two is constant, and NaN if a value is undefined.

    Example:
        >>> rank_correlation(np.array([[1, 2, 9], [3, 3, 3]]), np.array([[9, 8, 5], [1, 2, 3]])).round(6).tolist()
        [-1.0, 0.0]
    """
    one, other = (ranks(table, axis=1) for table in (first, second))
    one, other = (ranked - ranked.mean(axis=1, keepdims=True) for ranked in (one, other))
    sizes = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.asarray((one * other).sum(axis=1) / np.where(sizes == 0.0, 1.0, sizes))


NEGLIGIBLE_RATE = 1e-30  # a rate at which steps round to zero, so that the network stays as initialised
NO_TRAINING: dict[str, Any] = {"lr": [NEGLIGIBLE_RATE], "tune": False, "epochs": 1}


@experiment("learning_curve")
def learning_curve(claim: Claim, study: Study, *, datasets: tuple[str, ...]) -> Design:
    """Follow the validation score of the reference loss of each task over the epochs.

    Improved: the mean of the last tenth of the epochs is better than the network as initialised. Gradually: the
    rank correlation of score and epoch, including epoch 0, is above zero. Both are computed for each seed.
    """
    trainings = []
    for task, mine in grouped(datasets, lambda spec: load_dataset(spec).task).items():
        axes = {"datasets": mine, "losses": [core_losses(task)[0]]}
        for protocol in study.protocols:
            made = partial(contrasts_of, protocol=protocol.name, study=study)
            trainings.append(Training(protocol.name, [axes, axes | NO_TRAINING], made))
    return Design(trainings)


def contrasts_of(found: TrialResults, still: TrialResults, protocol: str, study: Study) -> Iterator[Contrast]:
    """Yield both contrasts on each data set, from the trained networks and from those as initialised."""
    for cell, curves in curves_of(found, still, protocol):
        yield from contrasts_in(cell, curves, study)


def contrasts_in(cell: Cell, curves: np.ndarray, study: Study) -> Iterator[Contrast]:
    """Yield both contrasts on one data set; `curves` is (trials, epochs + 1)."""
    score, greater = cell.primary.name, cell.primary.greater_is_better
    trend = rank_correlation(curves, np.broadcast_to(np.arange(curves.shape[1]), curves.shape))
    improved, gradual = f"{score} at the end minus the start", f"rank correlation of {score} and epoch"
    yield cell.contrast(improved, cell.losses, gain(curves), "better", study.margin(score), greater)
    yield cell.contrast(gradual, cell.losses, trend, "better", None, greater)


def curves_of(found: TrialResults, still: TrialResults, protocol: str) -> Iterator[tuple[Cell, np.ndarray]]:
    """Yield the trials of each data set with their validation curves, (trials, epochs + 1), from epoch 0."""
    start = pd.Series(still.raw_curves[:, 0], [still.trials.dataset, still.trials.seed])
    for cell in cells_of(protocol, found):
        yield cell, np.column_stack([start[cell.dataset][cell.trials.seed], found.raw_curves[cell.trials.index]])


def gain(curves: np.ndarray) -> np.ndarray:
    """Return the mean of the last tenth of each curve, (trials, epochs), minus its first value: (trials,).

    Example:
        >>> gain(np.array([[0.5, 0.7, 0.9]])).round(6)
        array([0.4])
    """
    tenth = max(1, curves.shape[1] // 10)
    return np.asarray(curves[:, -tenth:].mean(axis=1) - curves[:, 0])


Relation = Literal["better", "always better", "not always better"]

ENDS = ("", "_at_best")
"""Suffixes of the scores at the last epoch, and at the epoch of the best validation score."""


@dataclass(frozen=True)
class Watched:
    """A loss that is compared with a score.

    Args:
        loss: the loss that is minimised.
        value: the metric that is its mean over the test part; or train_loss, its mean over the training rows.
        score: the score that it is compared with.
        datasets: the data sets, all of one task.
    """

    loss: str
    value: str
    score: str
    datasets: tuple[str, ...]

    @property
    def entry(self) -> str:
        """A name that is unique on a data set."""
        return f"{self.score} over {self.value} of {self.loss}"


@experiment("lower_loss")
def lower_loss(
    claim: Claim, study: Study, *, watched: tuple[Watched, ...], lr: tuple[float, ...], relation: Relation
) -> Design:
    """Train at several rates and compare the loss with the score: does the model with the lower loss score better?

    The models of one seed share their split: each rate at the last epoch, and at the epoch of the best validation
    score. Models that diverged are left out.

    relation: better: the rank correlation of falling loss and rising score over the models of each seed is above
    zero. not always better: there are two models, one of which has a significantly lower loss and worse score; all
    pairs are corrected together. always better: there are no such two, and the rank correlation is above zero.
    """
    fixed = [protocol.name for protocol in study.fixed]
    trainings = []
    for one, name in product(watched, fixed):
        made = partial(held_against, watched=one, relation=relation, margin=study.margin(one.score))
        trainings.append(under(name, made, datasets=one.datasets, losses=[one.loss], lr=list(lr)))
    return Design(trainings, SUMMARIES[relation])


def held_against(cell: Cell, watched: Watched, relation: Relation, margin: float | None) -> Iterator[Contrast]:
    """Yield the rank correlation over the models of one data set, or the contrasts of every pair of them."""
    models = Models.of(cell, watched)
    if relation != "not always better":
        yield models.correlation()
    if relation != "better":
        yield from models.pairs(margin)


@dataclass(frozen=True, eq=False)
class Models:
    """The models trained by one loss on one data set, under one protocol.

    Args:
        cell: their trials.
        watched: the loss.
        names: the name of each model.
        values: (models, seeds) the value of the loss.
        scores: (models, seeds) the score, the higher the better.
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
        return cls(Cell(cell.protocol, whole), watched, names, values, METRICS[watched.score].sign * scores)

    def correlation(self) -> Contrast:
        """Return the contrast of the rank correlation over the models of each seed."""
        found = rank_correlation(-self.values.T, self.scores.T)
        quantity = f"rank correlation of falling {self.watched.value} and rising {self.watched.score}"
        detail = f"{len(self.names)} models of {self.watched.loss}"
        loss = [self.watched.loss]
        return self.cell.contrast(quantity, (), found, "better", None, losses=loss, detail=detail)

    def pairs(self, margin: float | None) -> Iterator[Contrast]:
        """Yield the contrasts of every pair of models, in the loss and then in the score, which has a margin."""
        for first, second in combinations(range(len(self.names)), 2):
            arms = self.names[first], self.names[second]
            sides = ((self.watched.value, self.values, None), (self.watched.score, self.scores, margin))
            for quantity, table, small in sides:
                differences, loss = table[first] - table[second], [self.watched.loss]
                yield self.cell.contrast(
                    quantity,
                    arms,
                    differences,
                    "equal",
                    small,
                    losses=loss,
                    of_models=True,
                    detail=self.watched.entry,
                )


def counterexamples(lines: list[Evidence]) -> Iterator[Evidence]:
    """Yield one line for all pairs of models of an entry on a data set.

    Args:
        lines: the loss and the score of each pair in turn, whose detail is the entry.
    """
    couples = zip(lines[::2], lines[1::2], strict=True)
    for mine in grouped(couples, lambda pair: (pair[0].protocol, pair[0].dataset, pair[0].detail)).values():
        yield counterexample([(value, replace(score, detail=beside(value))) for value, score in mine])


def beside(value: Evidence) -> str:
    """State which of two models has the lower loss: "the former has the lower training loss"."""
    who = "former" if (value.measured or 0.0) < 0 else "latter"
    return f"the {who} has the lower {value.quantity.replace('_', ' ').replace('train ', 'training ')}"


def counterexample(pairs: Sequence[tuple[Evidence, Evidence]]) -> Evidence:
    """Return one line for all pairs of models: is there a pair with the lower loss and the worse score?

    Its figures are those of the most significant pair.
    """
    showing = [
        score
        for value, score in pairs
        if value.verdict == score.verdict == "contradicted" and (value.measured or 0) * (score.measured or 0) > 0
    ]
    found = any_of(showing, [score for _, score in pairs], "with the lower loss and the worse score")
    most = max(pairs, key=significance)
    return replace(most[1], verdict=found.verdict, note=found.note, against=significance(most))


def significance(pair: tuple[Evidence, Evidence]) -> float:
    """Return the smaller of both differences, in standard errors; 0 if the lower loss scores better."""
    value, score = pair
    return min(value.against, score.against) if (value.measured or 0) * (score.measured or 0) > 0 else 0.0


def exceptions(lines: list[Evidence]) -> Iterator[Evidence]:
    """Yield the rank correlations, and every counterexample as a contradiction of a claim about all models.

    If there is no counterexample, the nearest pair is shown.
    """
    pairs = [line for line in lines if line.arms]
    yield from (line for line in lines if not line.arms)
    for line in counterexamples(pairs):
        shown = line.verdict == "reproduced"
        yield replace(line, verdict="contradicted") if shown else replace(line, role="shown")


SUMMARIES: dict[Relation, Callable[[list[Evidence]], Iterable[Evidence]]] = {
    "better": list,
    "always better": exceptions,
    "not always better": counterexamples,
}
