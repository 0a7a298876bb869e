"""Whether training improves a model, and whether it does so gradually."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.claims.trained.rank_correlation import rank_correlation
from lossbench.data import load_dataset
from lossbench.losses.registry import core_losses
from lossbench.plan.settings import make_settings
from lossbench.task import Task

STILL = 1e-30  # a rate at which a step rounds to nothing: the network stays as it was initialised
NO_TRAINING: dict[str, Any] = {"lr": [STILL], "tune": False, "epochs": 1}


def check_learning_curve(claim: Claim, study: Study, *, datasets: tuple[str, ...]) -> None:
    """Refuse data sets that cannot be used.

    Raises:
        UsageError: one that does not exist.
    """
    from lossbench.plan.experiment import plan

    for task in tasks_of(datasets):
        plan(make_settings(**axes_of(task, datasets), seeds=1))


def tasks_of(datasets: tuple[str, ...]) -> list[Task]:
    """Return the tasks of data sets, each once."""
    return list(dict.fromkeys(load_dataset(spec).task for spec in datasets))


def axes_of(task: Task, datasets: tuple[str, ...]) -> dict[str, Any]:
    """Return what is trained on the data sets of a task: its reference loss."""
    mine = [spec for spec in datasets if load_dataset(spec).task == task]
    return {"datasets": mine, "losses": {task: [core_losses(task)[0]]}}


@experiment("learning_curve", check=check_learning_curve)
def learning_curve(claim: Claim, study: Study, *, datasets: tuple[str, ...]) -> list[Evidence]:
    """Follow the validation score of the reference loss of each task over the epochs.

    Improved: the mean of the last tenth of the epochs is better than the network as it was initialised.
    Gradually: the rank correlation of score and epoch is above zero, from before the first epoch on. Both are
    taken seed by seed.
    """
    return judge_all(
        [
            match
            for task in tasks_of(datasets)
            for protocol in study.protocols
            for cell, curves in curves_under(protocol.name, task, datasets, study)
            for match in matches_of(cell, curves, study)
        ]
    )


def curves_under(
    protocol: str, task: Task, datasets: tuple[str, ...], study: Study
) -> Iterator[tuple[Cell, np.ndarray]]:
    """Train under a protocol and yield the trials of each data set with their validation curves, from epoch 0."""
    axes = axes_of(task, datasets)
    found, still = study.compare(protocol, task, **axes), study.compare(protocol, task, **axes, **NO_TRAINING)
    start = pd.Series(still.raw_curves[:, 0], [still.trials.dataset, still.trials.seed])
    for dataset, trials in found.trials.groupby("dataset", sort=False):
        curves = np.column_stack([start[dataset][trials.seed], found.raw_curves[trials.index]])
        yield Cell(protocol, trials), curves


def matches_of(cell: Cell, curves: np.ndarray, study: Study) -> Iterator[Match]:
    """Yield both comparisons on one data set under one protocol."""
    score, greater = cell.primary.name, cell.primary.greater_is_better
    margin = study.terms.margins.get(score)
    trend = rank_correlation(curves, np.broadcast_to(np.arange(curves.shape[1]), curves.shape))
    yield cell.match(f"{score} at the end minus the start", cell.losses, gain(curves), "better", margin, greater)
    yield cell.match(f"rank correlation of {score} and epoch", cell.losses, trend, "better", None, greater)


def gain(curves: np.ndarray) -> np.ndarray:
    """Return the mean of the last tenth of each curve minus its first value, (trials,).

    Example:
        >>> gain(np.array([[0.5, 0.7, 0.9]])).round(6)
        array([0.4])
    """
    tenth = max(1, curves.shape[1] // 10)
    return np.asarray(curves[:, -tenth:].mean(axis=1) - curves[:, 0])
