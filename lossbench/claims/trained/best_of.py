"""The losses that a document recommends, against every other loss that there is for the task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells
from lossbench.claims.trained.contest import measured, obstacle, readings
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.data import load_dataset
from lossbench.errors import BadValue, UnknownName
from lossbench.losses.registry import losses_of, names
from lossbench.schema import METRICS
from lossbench.task import Task


def check_best_of(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    score: tuple[str, ...] = (),
    outliers: tuple[float, ...] = (0.0,),
) -> None:
    """Refuse what cannot be trained.

    Raises:
        UsageError: a loss, data set or score that does not exist, or a data set that none of the losses is for.
    """
    for arm in arms:
        if arm not in names():
            raise UnknownName("loss", arm, names())
    for dataset in map(load_dataset, datasets):
        named = recommended(arms, dataset.task, study)
        if not named:
            raise BadValue(f"none of {', '.join(arms)} is for '{dataset.name}', a {dataset.task} data set")
        first, *others = (obstacle(dataset, (loss,), score, study) for loss in named)
        if first is not None and None not in others:
            raise first


@experiment("best_of", check=check_best_of)
def best_of(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    score: tuple[str, ...] = (),
    outliers: tuple[float, ...] = (0.0,),
) -> list[Evidence]:
    """Compare the best of the recommended losses with every other loss of the task, all corrected together.

    Reproduced where it is not worse by more than the margin, contradicted where another is better. Which of
    several is the best is chosen by the score on validation, under each protocol, so the test part that decides
    has not been looked at. Losses that are another one by another name are left out.

    arms: the recommended losses; on each data set those that serve its task and targets, in all their readings.
    score: on test; the data set's primary score without any.
    outliers: contaminated shares of the training part.
    """
    tasks = {load_dataset(spec).task: None for spec in datasets}
    return judge_all(
        [
            match
            for task in tasks
            for whole in cells(study, task, **axes_of(arms, task, datasets, outliers, study))
            for share in whole.shares
            for match in matches_of(whole.at(share), recommended(arms, task, study), score, study)
        ]
    )


def recommended(arms: tuple[str, ...], task: Task, study: Study) -> tuple[str, ...]:
    """Return the readings of the arms that serve a task."""
    known = {name for record in losses_of(task) for name in (record.name, *record.aliases)}
    return tuple(loss for arm in arms if arm in known for loss in readings(arm, task, study))


def axes_of(
    arms: tuple[str, ...], task: Task, datasets: tuple[str, ...], outliers: tuple[float, ...], study: Study
) -> dict[str, Any]:
    """Return what is trained on the data sets of a task, as fields of `lossbench.plan.settings.Settings`."""
    named = recommended(arms, task, study)
    rest = [record.name for record in losses_of(task) if record.name not in named and record.placebo is None]
    mine = [spec for spec in datasets if load_dataset(spec).task == task]
    return {"datasets": mine, "losses": {task: [*named, *rest]}, "outliers": list(outliers)}


def matches_of(cell: Cell, named: tuple[str, ...], score: tuple[str, ...], study: Study) -> Iterator[Match]:
    """Yield the comparisons of the best of the recommended losses with every other loss.

    Args:
        cell: trials at one contaminated share.
        named: the recommended losses.
        score: by which they are compared; the primary score without any.
        study: where the margins are.
    """
    able = [loss for loss in named if loss in cell.losses]  # a relative error is undefined where targets are zero
    best = chosen(cell, able)
    others = [loss for loss in cell.losses if loss not in named]
    for name in score or (cell.primary.name,):
        for loss in others:
            yield cell.match(
                measured(cell, name),
                (best, loss),
                cell.of(name, best) - cell.of(name, loss),
                "not worse",
                study.terms.margins.get(name),
                METRICS[name].greater_is_better,
                note=f"{best} was the best of {', '.join(able)} on validation" if len(able) > 1 else "",
            )


def chosen(cell: Cell, able: list[str]) -> str:
    """Return which of some losses has the best primary score on validation, averaged over the seeds."""
    sign = 1 if cell.primary.greater_is_better else -1
    means = {loss: sign * cell.of("validation_score", loss).mean() for loss in able}
    return max(means, key=lambda loss: means[loss] if np.isfinite(means[loss]) else -np.inf)
