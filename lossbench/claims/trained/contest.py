"""The contest: one arm against another, or against many, by a score, with a direction claimed.

Every comparison is paired by seed, on the corrected variance of Nadeau and Bengio; p values are corrected by Holm
over all comparisons that are made for the claim, whatever protocol or data set they are of. Where the document
reports a score of both arms, the size of its difference is compared too: reproduced where the measured one is the
same within the margin, contradicted where it is another beyond doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells
from lossbench.claims.trained.contrast import Direction, Match, judge_all
from lossbench.data import Dataset, check_kind, load_dataset
from lossbench.errors import BadValue, LossDoesNotFit, UnknownName, UsageError
from lossbench.losses.registry import core_losses, losses_of
from lossbench.metrics.scores import primary_score
from lossbench.plan.experiment import check_fit
from lossbench.plan.settings import make_settings
from lossbench.schema import METRICS
from lossbench.task import Task
from lossbench.training.network import parse_model

CONSTANT = "constant"
"""An arm that is no loss: the best constant answer, from a predictor that has learned nothing else."""


@dataclass(frozen=True)
class Bout:
    """The two sides of a contest on the data sets of one task.

    Args:
        task: of the data sets.
        datasets: their specs.
        first: the readings of the first arm.
        others: the readings of the other arms.
        arms: which arm of the claim each of them is a reading of.
    """

    task: Task
    datasets: tuple[str, ...]
    first: tuple[str, ...]
    others: tuple[str, ...]
    arms: Mapping[str, str]

    @property
    def losses(self) -> list[str]:
        """What is trained."""
        return [loss for loss in dict.fromkeys((*self.first, *self.others)) if loss != CONSTANT]


def check_contest(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    score: tuple[str, ...],
    direction: Direction,
    datasets: tuple[str, ...] = (),
    **axes: Any,
) -> None:
    """Refuse a contest that cannot be carried out.

    Raises:
        UsageError: a loss, data set, score or setting that does not exist, does not fit or is out of range.
    """
    settings = make_settings(**axes_of(**axes))
    for model in settings.models:
        parse_model(model)
    for bout in bouts(study, arms, score, datasets):
        if settings.outlier_kind != "auto":
            check_kind(settings.outlier_kind, bout.task)


def axes_of(outliers: tuple[float, ...] = (0.0,), outlier_kind: str = "auto", model: str = "") -> dict[str, Any]:
    """Return what a contest sets beside data sets and losses, as fields of `lossbench.plan.settings.Settings`."""
    axes: dict[str, Any] = {"outliers": list(outliers), "outlier_kind": outlier_kind}
    return axes | ({"models": [model]} if model else {})


def bouts(
    study: Study, arms: tuple[str, ...], score: tuple[str, ...], datasets: tuple[str, ...] = ()
) -> list[Bout]:
    """Match the arms with data sets, one bout a task.

    Raises:
        UsageError: a loss, data set or score that does not exist or does not fit.
    """
    for name in score:
        if name not in METRICS:
            raise UnknownName("score", name, METRICS)
    loaded = [load_dataset(spec) for spec in datasets or make_settings().datasets]
    obstacles = [obstacle(dataset, arms, score, study) for dataset in loaded]
    for error in obstacles:
        # Data sets that the claim names must fit; where it names none, those that do are taken.
        if error is not None and (datasets or all(obstacles)):
            raise error
    fitting = [dataset for dataset, error in zip(loaded, obstacles, strict=True) if error is None]
    tasks = dict.fromkeys(dataset.task for dataset in fitting)
    return [make_bout(arms, task, [d.name for d in fitting if d.task == task], study) for task in tasks]


def obstacle(dataset: Dataset, arms: tuple[str, ...], scores: tuple[str, ...], study: Study) -> UsageError | None:
    """Return why a contest cannot be held on a data set; None where it can.

    Raises:
        UnknownName: a loss that does not exist.
    """
    own = dataset.score or primary_score(dataset.task)
    for score in scores:
        if dataset.task not in METRICS[score].tasks:
            return BadValue(
                f"'{dataset.name}' is a {dataset.task} data set, which has no {score}; name another score"
            )
        if CONSTANT in arms and score != own:
            return BadValue(f"a constant answer is scored by {own} on '{dataset.name}'; write score = \"{own}\"")
    try:
        for arm in arms:
            for loss in readings(arm, dataset.task, study):
                if loss != CONSTANT:
                    check_fit(loss, dataset, study.seeds)
    except LossDoesNotFit as error:
        return error
    return None


def readings(arm: str, task: Task, study: Study) -> tuple[str, ...]:
    """Return the losses of a task that an arm may stand for: "mse" is three on two classes."""
    known = {record.name for record in losses_of(task)}
    return tuple(name for name in study.terms.readings.get(arm, ()) if name in known) or (arm,)


def make_bout(arms: tuple[str, ...], task: Task, datasets: list[str], study: Study) -> Bout:
    """Return the two sides on the data sets of one task; one arm alone meets every other core loss."""
    first, *named = arms
    mine = readings(first, task, study)
    rest = named or [loss for loss in core_losses(task) if loss not in mine]
    others = {loss: arm for arm in rest for loss in (readings(arm, task, study) if named else (arm,))}
    return Bout(task, tuple(datasets), mine, tuple(others), others | dict.fromkeys(mine, first))


@experiment("contest", check=check_contest)
def contest(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    score: tuple[str, ...],
    direction: Direction,
    datasets: tuple[str, ...] = (),
    outliers: tuple[float, ...] = (0.0,),
    outlier_kind: str = "auto",
    model: str = "",
) -> list[Evidence]:
    """Train the arms under every protocol and compare them by the paired test, data set by data set.

    arms: the first against each of the others; one alone, against every other core loss of the task. An arm that
    may stand for several losses ("mse" on classes) is tried in all its readings. "constant" is the best constant
    answer.
    direction: the first arm is better, worse, equal (within the margin) or not worse (by more than the margin).
    datasets: without any, those of the default experiment that the arms and the score fit.
    outliers: contaminated shares of the training part.
    """
    axes = axes_of(outliers, outlier_kind, model)
    return judge_all(
        [
            match
            for bout in bouts(study, arms, score, datasets)
            for cell in met(study, bout, axes)
            for match in matches_of(cell, bout, claim, study, score, direction)
        ]
    )


def met(study: Study, bout: Bout, axes: Mapping[str, Any]) -> Iterator[Cell]:
    """Train a bout under every protocol and yield the trials of each data set at each contaminated share."""
    losses = {bout.task: bout.losses}
    for cell in cells(study, bout.task, datasets=list(bout.datasets), losses=losses, **axes):
        yield from map(cell.at, cell.shares)


def pairs_of(cell: Cell, bout: Bout) -> list[tuple[str, str]]:
    """Return who meets whom: each reading of the first arm, and each other loss that was trained."""
    trained = {CONSTANT, *cell.losses}  # a rival that the claim does not name may not fit the data
    pairs = product(bout.first, bout.others)
    return [(first, other) for first, other in pairs if first != other and {first, other} <= trained]


def matches_of(
    cell: Cell, bout: Bout, claim: Claim, study: Study, scores: tuple[str, ...], direction: Direction
) -> Iterator[Match]:
    """Yield the comparisons of two losses, and where the document reports both scores, that of their difference.

    Args:
        cell: trials at one contaminated share.
        bout: who meets whom.
        claim: has the reported scores.
        study: has the margins.
        scores: by which they are compared.
        direction: what is claimed of the first arm.
    """
    for score, pair in product(scores, pairs_of(cell, bout)):
        first, other = (values_of(cell, loss, score) for loss in pair)
        match = cell.match(
            measured(cell, score),
            pair,
            first - other,
            direction,
            study.terms.margins.get(score),
            METRICS[score].greater_is_better,
            note=rates_of(cell, pair) if study.terms.protocols[cell.protocol].tune else "",
        )
        yield match
        told = [claim.reported.get(f"{bout.arms[loss]} {score}") for loss in pair]
        if all(told):
            yield sized(match, *map(float, filter(None, told)))


def values_of(cell: Cell, loss: str, score: str) -> np.ndarray:
    """Return the score of a loss, or of the constant answer, for each seed."""
    return cell.of("constant_score", cell.losses[0]) if loss == CONSTANT else cell.of(score, loss)


def measured(cell: Cell, score: str) -> str:
    """Name what is measured at one contaminated share: the score, and how the training part was contaminated."""
    (share,) = cell.shares
    return f"{score} with {share:.0%} {cell.trials.outlier_kind.iloc[0]} outliers" if share else score


def rates_of(cell: Cell, pair: tuple[str, str]) -> str:
    """Name the rate of each loss."""
    return ", ".join(f"{loss} at rate {cell.of('lr', loss)[0]:g}" for loss in pair if loss != CONSTANT)


def sized(match: Match, first: float, other: float) -> Match:
    """Return the comparison of a difference with the reported one."""
    claimed = first - other
    line = replace(match.line, what=f"size of the difference in {match.line.what}", reported=claimed)
    return replace(match, line=line, claimed=claimed, direction="equal")
