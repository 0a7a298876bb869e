"""The losses that a document recommends, against every other loss that there is for the task."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim, grouped
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, under_each
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import obstacle
from lossbench.data import Dataset, load_dataset
from lossbench.errors import BadValue, UnknownName
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
    outliers: tuple[float, ...] = (0.0,),
) -> Design:
    """Compare the best of the recommended losses with every other loss of the task, all corrected together.

    Reproduced where it is not worse by more than the margin, contradicted where another is better. Which of
    several is the best is chosen by the score on validation, under each protocol, so the test part that decides
    has not been looked at. Losses that are another one by another name are left out.

    arms: the recommended losses; on each data set those that serve its task and targets, in all their readings.
    score: on test; the data set's primary score without any.
    outliers: contaminated shares of the training part.
    """
    loaded = [load_dataset(spec) for spec in datasets]
    check_recommended(arms, loaded, score, study)
    trainings = []
    for task, mine in grouped(loaded, lambda dataset: dataset.task).items():
        named = recommended(arms, task, study)
        made = partial(contrasts_of, named=named, scores=score, study=study)
        axes = {
            "datasets": [one.name for one in mine],
            "losses": list(dict.fromkeys((*named, *distinct_losses(task)))),
        }
        trainings += under_each(study, made, **axes, outliers=list(outliers))
    return Design(trainings)


def check_recommended(
    arms: tuple[str, ...], datasets: list[Dataset], score: tuple[str, ...], study: Study
) -> None:
    """Refuse recommendations that do not exist, or none of which is for a data set.

    Raises:
        UsageError: a loss or score that does not exist, or a data set that none of the losses fits.
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
    """Return every loss of a task that is not another one by another name."""
    return [record.name for record in losses_of(task) if record.placebo is None]


def contrasts_of(cell: Cell, named: tuple[str, ...], scores: tuple[str, ...], study: Study) -> Iterator[Contrast]:
    """Yield the contrasts of the best of the named losses with every other; without scores, by the primary one."""
    able = [loss for loss in named if loss in cell.losses]  # a relative error is undefined where targets are zero
    others = [loss for loss in cell.losses if loss not in named]
    for at in map(cell.at, cell.shares):
        best = chosen(at, able)
        note = f"{best} was the best of {', '.join(able)} on validation" if len(able) > 1 else ""
        for name, loss in product(scores or (cell.primary.name,), others):
            yield at.compared(name, (best, loss), "not worse", study, note)


def chosen(cell: Cell, able: list[str]) -> str:
    """Return which of some losses has the best primary score on validation, averaged over the seeds."""
    sign = 1 if cell.primary.greater_is_better else -1
    means = {loss: sign * cell.of("validation_score", loss).mean() for loss in able}
    return max(means, key=lambda loss: means[loss] if np.isfinite(means[loss]) else -np.inf)
