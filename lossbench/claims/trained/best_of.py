"""The losses that a document recommends, against all other losses for the task."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.design import Design, Found, as_sensitivity, by_score
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import obstacle
from lossbench.data import Dataset, load_dataset
from lossbench.data.contamination import Kind, kinds_of
from lossbench.errors import BadValue, UnknownName
from lossbench.grouped import grouped
from lossbench.losses.registry import losses_of, names
from lossbench.task import Task


@experiment("best_of")
def best_of(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    score: tuple[str, ...] = (),
    outliers: tuple[float, ...] = (),
    kinds: tuple[Kind, ...] = (),
) -> Design:
    """Compare the best of the recommended losses with the best of all other losses of the task.

    Reproduced if it is not worse by more than the margin, contradicted if its rival is better by more. Both are
    chosen by the validation score, under each protocol, so the test part that decides is not used for the choice.
    All other rivals are shown. Losses that equal another one are left out.

    arms: the recommended losses; on each data set those that serve its task and targets, in all their readings.
    score: the test score; without one, the data set's primary score.
    outliers: contaminated shares of the training part, in addition to a clean one.
    kinds: kinds of contamination; on each data set those that its task knows.
    """
    loaded = [load_dataset(spec) for spec in datasets]
    check_recommended(arms, loaded, score, study)
    trainings = []
    for task, mine in grouped(loaded, lambda dataset: dataset.task).items():
        named = recommended(arms, task, study)
        made = partial(contrasts_of, named, study=study)
        axes: dict[str, Any] = {
            "datasets": [one.name for one in mine],
            "losses": list(dict.fromkeys((*named, *distinct_losses(task)))),
        }
        trainings += by_score(study, made, score, **axes)
        for kind in kinds:
            if kind in kinds_of(task):
                trainings += by_score(study, made, score, **axes, outliers=list(outliers), outlier_kind=kind)
    return Design(trainings)


def check_recommended(
    arms: tuple[str, ...], datasets: list[Dataset], score: tuple[str, ...], study: Study
) -> None:
    """Refuse recommended losses that do not exist, and data sets that none of them fits.

    Raises:
        UsageError: a loss or score does not exist, or none of the losses fits a data set.
    """
    for arm in arms:
        if arm not in names():
            raise UnknownName("loss", arm, names())
    for dataset in datasets:
        named = recommended(arms, dataset.task, study)
        if not named:
            raise BadValue(f"none of {', '.join(arms)} is for '{dataset.name}', a {dataset.task} data set")
        first, *others = (obstacle(dataset, (loss,), score, study) for loss in named)
        if first is not None and None not in others:
            raise first


def recommended(arms: tuple[str, ...], task: Task, study: Study) -> tuple[str, ...]:
    """Return the readings of the arms that serve a task."""
    known = {name for record in losses_of(task) for name in (record.name, *record.aliases)}
    return tuple(loss for arm in arms if arm in known for loss in study.readings(arm, task))


def distinct_losses(task: Task) -> list[str]:
    """Return every loss of a task that a gradient can train and that does not equal another one."""
    return [record.name for record in losses_of(task) if record.placebo is None and not record.flat]


def contrasts_of(named: tuple[str, ...], cell: Cell, score: str, study: Study) -> Iterator[Found]:
    """Yield the contrasts of the best of the named losses with the best of the others, and with each other one."""
    able = [loss for loss in named if loss in cell.losses]  # some may not fit: mape is undefined at zero targets
    others = [loss for loss in cell.losses if loss not in named]
    for at in map(cell.at, cell.shares):
        best, rival = best_on_validation(at, able), best_on_validation(at, others)
        picked = f"{best} was the best of {', '.join(able)} on validation" if len(able) > 1 else ""
        for loss in others:
            note = f"{loss} was the best of {len(others)} rivals on validation" if loss == rival else ""
            made = at.compared(score, (best, loss), "not worse", study, "; ".join(filter(None, [picked, note])))
            yield made if loss == rival else as_sensitivity(made)


def best_on_validation(cell: Cell, able: list[str]) -> str:
    """Return the loss with the best primary score on validation, averaged over the seeds."""
    means = {loss: cell.primary.sign * cell.of("validation_score", loss).mean() for loss in able}
    return max(means, key=lambda loss: means[loss] if np.isfinite(means[loss]) else -np.inf)
