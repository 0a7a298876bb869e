"""Rows on which a metric is tried: targets like those of a data set, and predictions of four kinds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.randomness import stream
from lossbench.schema import Need

ROWS, OF_A_CLASS = 60, 8
"""So many that every class is there, and so few that hundreds of calls take no time."""

RIGHT = 0.8
"""The share of labels that good predictions have right."""


@dataclass(frozen=True)
class MadeUp:
    """Targets, (n, ...), and predictions of them, as a metric gets both.

    Args:
        target: the truth.
        good: mostly right.
        bad: unrelated to the target; for regression also beyond its range, as a network's may be.
        constant: the same for all rows.
        perfect: the target itself.
    """

    target: np.ndarray
    good: np.ndarray
    bad: np.ndarray
    constant: np.ndarray
    perfect: np.ndarray


def made_up(dataset: Dataset, needs: Need, number: int) -> MadeUp:
    """Return rows like those of a data set; different ones for each `number`, and always the same for one."""
    draw = stream("made up", "", number)
    return of_values(dataset, draw) if dataset.task == "regression" else of_classes(dataset, needs, draw)


def of_values(dataset: Dataset, draw: np.random.Generator) -> MadeUp:
    """Return rows of a regression, whose targets are the data set's own."""
    table = dataset.target.reshape(dataset.rows, -1)
    places = np.linspace(0, dataset.rows - 1, min(ROWS, dataset.rows)).astype(int)
    target = table[np.argsort(table[:, 0], kind="stable")[places]]
    target = target[draw.permutation(len(target))]
    middle = target.mean(axis=0)
    noise = target[draw.permutation(len(target))] - middle
    seen = (target + 0.3 * noise, middle + 3.0 * noise, np.broadcast_to(middle, target.shape), target)
    return MadeUp(*(one[:, 0] if dataset.targets == 1 else one for one in (target, *seen)))


def of_classes(dataset: Dataset, needs: Need, draw: np.random.Generator) -> MadeUp:
    """Return rows with a class each, or with labels, all equally frequent."""
    several = dataset.task == "multilabel"
    classes = dataset.targets if dataset.task == "multiclass" else 2
    n, columns = max(ROWS, OF_A_CLASS * classes), dataset.targets if several else 1
    target = draw.permuted(np.tile(np.arange(n) % classes, (columns, 1)), axis=1).T
    wrong = draw.permuted(target, axis=0)
    decided = [np.where(draw.random(target.shape) < RIGHT, target, wrong), wrong, np.zeros_like(target), target]
    if not several:
        target, decided = target[:, 0], [one[:, 0] for one in decided]
    if needs == "decision":
        return MadeUp(target, *decided)
    doubts = [*draw.uniform(0.1, 0.7, size=(2, n)), np.ones(n), np.zeros(n)]
    width = classes if dataset.task == "multiclass" else None
    believed = [belief(one, doubt, width) for one, doubt in zip(decided, doubts, strict=True)]
    return MadeUp(target, *(one if needs == "probability" else one - 0.5 for one in believed))


def belief(decided: np.ndarray, doubt: np.ndarray, classes: int | None) -> np.ndarray:
    """Return probabilities: of every class, (n, classes), or where that is None, of the positive one.

    Args:
        decided: (n,) or (n, labels) the decisions.
        doubt: (n,) from 0, all probability on the decision, to 1, all classes alike.
        classes: their number.

    Example:
        >>> belief(np.array([1, 0]), np.array([0.0, 0.5]), None)
        array([1.  , 0.25])
    """
    hot = decided if classes is None else decided[:, None] == np.arange(classes)
    doubts = doubt.reshape(-1, *[1] * (hot.ndim - 1))
    return np.asarray((1.0 - doubts) * hot + doubts / (classes or 2))
