"""Whether training improves a model, and whether it does so gradually."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.match import Match, judge_all
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.config import make_settings
from lossbench.data import load_dataset
from lossbench.losses.registry import core_losses


def check_learning_curve(claim: Claim, study: Study, *, datasets: tuple[str, ...]) -> None:
    """Refuse data sets that cannot be used.

    Raises:
        UsageError: one that does not exist.
    """
    from lossbench.experiment import plan

    for spec in datasets:
        plan(make_settings(**axes_of(spec), seeds=1))


def axes_of(spec: str) -> dict[str, Any]:
    """Return what is trained on a data set: the reference loss of its task."""
    task = load_dataset(spec).task
    return {"datasets": [spec], "losses": {task: [core_losses(task)[0]]}}


@experiment("learning_curve", check=check_learning_curve)
def learning_curve(claim: Claim, study: Study, *, datasets: tuple[str, ...]) -> list[Evidence]:
    """Follow the validation score of the reference loss of each task over the epochs.

    Improved: the mean of the last tenth of the epochs is better than the first epoch. Gradually: the rank
    correlation of score and epoch is above zero. Both are taken seed by seed.
    """
    return judge_all(
        [
            match
            for protocol in study.protocols
            for spec in datasets
            for match in matches(spec, protocol.name, study)
        ]
    )


def matches(spec: str, protocol: str, study: Study) -> Iterator[Match]:
    """Yield both comparisons on one data set under one protocol."""
    found = study.compare(protocol, load_dataset(spec).task, **axes_of(spec))
    cell = Cell(protocol, found.trials)
    score, greater = cell.primary.name, cell.primary.greater_is_better
    margin = study.terms.margins[score]
    gained, trend = gain(found.raw_curves), trends(found.raw_curves)
    yield cell.match(f"{score} at the end minus the start", cell.losses, gained, "better", margin, greater)
    yield cell.match(f"rank correlation of {score} and epoch", cell.losses, trend, "better", None, greater)


def gain(curves: np.ndarray) -> np.ndarray:
    """Return the mean of the last tenth of each curve minus its first value, (trials,).

    Example:
        >>> gain(np.array([[0.5, 0.7, 0.9]])).round(6)
        array([0.4])
    """
    tenth = max(1, curves.shape[1] // 10)
    return np.asarray(curves[:, -tenth:].mean(axis=1) - curves[:, 0])


def trends(curves: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each curve with the epoch, (trials,); 0 for one that never moves.

    Example:
        >>> trends(np.array([[0.1, 0.2, 0.4], [0.4, 0.2, 0.1], [0.3, 0.3, 0.3]])).round(6)
        array([ 1., -1.,  0.])
    """
    from scipy.stats import rankdata

    ranks = rankdata(curves, axis=1, nan_policy="propagate")
    ranks, epochs = (
        ranks - ranks.mean(axis=1, keepdims=True),
        np.arange(curves.shape[1]) - (curves.shape[1] - 1) / 2,
    )
    sizes = np.sqrt((ranks**2).sum(axis=1) * (epochs**2).sum())
    return np.asarray(ranks @ epochs / np.where(sizes == 0.0, 1.0, sizes))
