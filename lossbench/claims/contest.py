"""The contest: one arm against another, or against many, by a score, with a direction claimed.

Every comparison is paired by seed, on the corrected variance of Nadeau and Bengio; p values are corrected by Holm
over all comparisons that are made for the claim, whatever protocol or data set they are of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence, Word
from lossbench.claims.protocols import Protocol
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.config import make_settings
from lossbench.data import Dataset, check_kind, load_dataset
from lossbench.errors import BadValue, LossDoesNotFit, UnknownName, UsageError
from lossbench.experiment import check_fit
from lossbench.losses.registry import core_losses, losses_of
from lossbench.measures.scores import MEASURES, primary_score
from lossbench.stats.paired import PairedTest, holm, paired_test, verdict
from lossbench.task import Task
from lossbench.training.network import parse_model

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.api import Comparison

CONSTANT = "constant"
"""An arm that is no loss: the best constant answer, from a predictor that has learned nothing else."""

Direction = Literal["better", "worse", "equal", "not worse"]


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


@dataclass(frozen=True)
class Match:
    """One paired comparison, before it is judged.

    Args:
        line: everything that the evidence says but the verdict.
        test: of the first arm minus the second.
        score: by which they are compared.
        diverged: whether trainings of either arm did.
    """

    line: Evidence
    test: PairedTest
    score: str
    diverged: bool


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
    """Return what a contest sets beside data sets and losses, as fields of `lossbench.config.Settings`."""
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
        if name not in MEASURES:
            raise UnknownName("score", name, MEASURES)
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
        if dataset.task not in MEASURES[score].tasks:
            return BadValue(
                f"'{dataset.name}' is a {dataset.task} data set, which has no {score}; name another score"
            )
        if CONSTANT in arms and score != own:
            return BadValue(f"a constant answer is scored by {own} on '{dataset.name}'; write score = \"{own}\"")
    try:
        for arm in arms:
            for loss in readings(arm, dataset.task, study):
                if loss != CONSTANT:
                    check_fit(loss, dataset)
    except LossDoesNotFit as error:
        return error
    return None


def readings(arm: str, task: Task, study: Study) -> tuple[str, ...]:
    """Return the losses of a task that an arm may stand for: "mse" is three on two classes.

    Raises:
        LossDoesNotFit: none of them serves the task.
    """
    names = study.terms.readings.get(arm, ())
    serving = tuple(name for name in names if name in losses_by_name(task))
    return serving or (arm,)


def losses_by_name(task: Task) -> set[str]:
    """Return the names of the losses of a task."""
    return {record.name for record in losses_of(task)}


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
    matches = [
        match
        for bout in bouts(study, arms, score, datasets)
        for protocol in study.protocols
        for match in fight(claim, study, bout, protocol, score, axes)
    ]
    adjusted = holm(np.array([match.test.p_value for match in matches]))
    return [judge(match, p, direction, study) for match, p in zip(matches, adjusted.tolist(), strict=True)]


def fight(
    claim: Claim, study: Study, bout: Bout, protocol: Protocol, scores: tuple[str, ...], axes: Mapping[str, Any]
) -> Iterator[Match]:
    """Train a bout under a protocol and yield its comparisons."""
    losses = {bout.task: bout.losses}
    comparison = study.compare(protocol.name, bout.task, datasets=list(bout.datasets), losses=losses, **axes)
    for _, cell in comparison.trials.groupby(["dataset", "outlier_fraction"], sort=False):
        dataset = cell.dataset.iloc[0]
        trained = {CONSTANT, *cell.loss}  # a rival that the claim does not name may not fit the data
        for score, first, other in product(scores, bout.first, bout.others):
            if {first, other} <= trained and first != other:
                about = Evidence(
                    "inconclusive", what=measured(score, cell), protocol=protocol.name, dataset=dataset
                )
                yield meet(
                    claim, bout, cell, score, (first, other), noted(about, cell, (first, other), comparison)
                )


def measured(score: str, cell: pd.DataFrame) -> str:
    """Name what is measured: the score, and how the training part was contaminated.

    Args:
        score: its name.
        cell: trials of one data set and contaminated share.
    """
    about = cell.iloc[0]
    return (
        f"{score} with {about.outlier_fraction:.0%} {about.outlier_kind} outliers"
        if about.outlier_fraction
        else score
    )


def noted(line: Evidence, cell: pd.DataFrame, pair: tuple[str, str], comparison: Comparison) -> Evidence:
    """Add what a reader must know of the trainings: which diverged, and at which rates, where they are tuned."""
    notes = []
    for loss in pair:
        mine = cell[cell.loss == loss]
        if gone := int((mine.status == "diverged").sum()):
            notes.append(f"{loss} diverged {gone} of {len(mine)} times")
        if comparison.tuning is not None and len(mine):
            notes.append(f"{loss} at rate {mine.lr.iloc[0]:g}")
    return replace(line, note=", ".join(notes))


def meet(claim: Claim, bout: Bout, cell: pd.DataFrame, score: str, pair: tuple[str, str], line: Evidence) -> Match:
    """Compare two arms by a score, paired by seed."""
    first, other = (by_seed(cell, arm, score) for arm in pair)
    test = paired_test(
        (first - other).to_numpy(dtype=np.float64), cell.test_rows.iloc[0] / cell.train_rows.iloc[0]
    )
    told = [claim.reported.get(f"{bout.arms[arm]} {score}") for arm in pair]
    found = replace(
        line,
        case=f"{pair[0]} against {pair[1]}",
        reported=float(told[0]) - float(told[1]) if told[0] and told[1] else None,
        measured=number(test.interval.mean),
        low=number(test.interval.low),
        high=number(test.interval.high),
        n=int(test.interval.n),
    )
    return Match(found, test, score, bool((cell[cell.loss.isin(pair)].status == "diverged").any()))


def by_seed(cell: pd.DataFrame, arm: str, score: str) -> pd.Series[Any]:
    """Return a score of an arm for each seed."""
    constant = arm == CONSTANT
    mine = cell[cell.loss == (cell.loss.iloc[0] if constant else arm)]
    return mine.set_index("seed")["constant_score" if constant else score]


def number(value: Any) -> float | None:
    """Return a plain number, None where it is undefined."""
    return None if np.isnan(value) else float(value)


def judge(match: Match, adjusted_p: float, direction: Direction, study: Study) -> Evidence:
    """Return the evidence with its verdict. A comparison in which trainings diverged decides nothing."""
    line = replace(match.line, p_value=number(adjusted_p))
    if not match.line.n:
        return replace(line, verdict="not testable", note=line.note or f"{match.score} is undefined for an arm")
    return line if match.diverged else replace(line, verdict=word_for(match, adjusted_p, direction, study))


def word_for(match: Match, adjusted_p: float, direction: Direction, study: Study) -> Word:
    """Return what a comparison says of a claimed direction; see `lossbench.stats.paired.verdict`.

    better, worse: reproduced where the first arm is so, contradicted where it is the opposite.
    equal: reproduced where the interval lies inside the margin, contradicted where either is better.
    not worse: reproduced where the interval lies above minus the margin, contradicted where the first is worse.
    """
    margin, greater = study.terms.margins.get(match.score), MEASURES[match.score].greater_is_better
    found = str(verdict(match.test.interval, adjusted_p, margin, greater))
    low, high = float(match.test.interval.low), float(match.test.interval.high)
    least, most = (low, high) if greater else (-high, -low)
    if direction in ("equal", "not worse"):
        held = margin is not None and least > -margin and (direction == "not worse" or most < margin)
        against = ("worse",) if direction == "not worse" else ("better", "worse")
        for_it = held or (direction == "not worse" and found == "better")
        return "reproduced" if for_it else "contradicted" if found in against else "inconclusive"
    opposite = "worse" if direction == "better" else "better"
    words: dict[str, Word] = {direction: "reproduced", opposite: "contradicted", "equivalent": "equivalent"}
    return words.get(found, "inconclusive")
