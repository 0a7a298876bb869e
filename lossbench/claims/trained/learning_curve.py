"""Whether training improves a model, and whether it does so gradually."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossbench.claims.cell import Cell, cells_of
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, Training
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.rank_correlation import rank_correlation
from lossbench.data import load_dataset
from lossbench.losses.registry import core_losses
from lossbench.task import Task

if TYPE_CHECKING:
    from lossbench.results.comparison import Comparison

STILL = 1e-30  # a rate at which a step rounds to nothing: the network stays as it was initialised
NO_TRAINING: dict[str, Any] = {"lr": [STILL], "tune": False, "epochs": 1}


@experiment("learning_curve")
def learning_curve(claim: Claim, study: Study, *, datasets: tuple[str, ...]) -> Design:
    """Follow the validation score of the reference loss of each task over the epochs.

    Improved: the mean of the last tenth of the epochs is better than the network as it was initialised.
    Gradually: the rank correlation of score and epoch is above zero, from before the first epoch on. Both are
    taken seed by seed.
    """
    tasks: dict[Task, list[str]] = {}
    for spec in datasets:
        tasks.setdefault(load_dataset(spec).task, []).append(spec)
    trainings = []
    for task, mine in tasks.items():
        axes = {"datasets": mine, "losses": [core_losses(task)[0]]}
        for protocol in study.protocols:
            made = partial(contrasts_of, protocol=protocol.name, study=study)
            trainings.append(Training(protocol.name, [axes, axes | NO_TRAINING], made))
    return Design(trainings)


def contrasts_of(found: Comparison, still: Comparison, protocol: str, study: Study) -> Iterator[Contrast]:
    """Yield both contrasts on each data set.

    Args:
        found: the training.
        still: the networks as they were initialised.
        protocol: name of the protocol of both.
        study: where the margins are.
    """
    for cell, curves in curves_of(found, still, protocol):
        yield from contrasts_in(cell, curves, study)


def contrasts_in(cell: Cell, curves: np.ndarray, study: Study) -> Iterator[Contrast]:
    """Yield both contrasts on one data set; `curves` is (trials, epochs + 1)."""
    score, greater = cell.primary.name, cell.primary.greater_is_better
    trend = rank_correlation(curves, np.broadcast_to(np.arange(curves.shape[1]), curves.shape))
    improved, gradual = f"{score} at the end minus the start", f"rank correlation of {score} and epoch"
    yield cell.contrast(improved, cell.losses, gain(curves), "better", study.margin(score), greater)
    yield cell.contrast(gradual, cell.losses, trend, "better", None, greater)


def curves_of(found: Comparison, still: Comparison, protocol: str) -> Iterator[tuple[Cell, np.ndarray]]:
    """Yield the trials of each data set with their validation curves, (trials, epochs + 1), from epoch 0."""
    start = pd.Series(still.raw_curves[:, 0], [still.trials.dataset, still.trials.seed])
    for cell in cells_of(protocol, found.trials):
        yield cell, np.column_stack([start[cell.dataset][cell.trials.seed], found.raw_curves[cell.trials.index]])


def gain(curves: np.ndarray) -> np.ndarray:
    """Return the mean of the last tenth of each curve, (trials, epochs), minus its first value: (trials,).

    Example:
        >>> gain(np.array([[0.5, 0.7, 0.9]])).round(6)
        array([0.4])
    """
    tenth = max(1, curves.shape[1] // 10)
    return np.asarray(curves[:, -tenth:].mean(axis=1) - curves[:, 0])
