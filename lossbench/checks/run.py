"""Run every check on one loss, on each task that it fits."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch

from lossbench.apart import Ended, Unending, apart
from lossbench.checks import Observation
from lossbench.checks.batches import check_batches
from lossbench.checks.case import Case, TimeIsUp, in_its_precision
from lossbench.checks.elicits import check_elicits
from lossbench.checks.facts import check_facts
from lossbench.checks.kinks import check_kinks
from lossbench.checks.learns import leads_to_targets
from lossbench.checks.numerics import check_finite, check_precision, check_slopes
from lossbench.checks.remedy import check_learns, helpful_statements
from lossbench.checks.scale import check_cost, check_plateaus, check_saturation, check_scale
from lossbench.checks.shape import (
    check_batch,
    check_broadcasting,
    check_dtype,
    check_history,
    check_inputs,
    check_order,
    check_reduction,
    check_shape,
)
from lossbench.checks.tasks import Misfit, fits
from lossbench.errors import LossFailed
from lossbench.losses import Loss
from lossbench.losses.custom.contain import contained, meddles
from lossbench.losses.custom.record import USUAL
from lossbench.task import TASKS, Task
from lossbench.training.thread import one_thread

CHECKS: Mapping[str, Callable[[Case], Observation]] = {
    "learns": check_learns,
    "elicits": check_elicits,
    "batches": check_batches,
    "gradient": check_slopes,
    "kinks": check_kinks,
    "finite": check_finite,
    "precision": check_precision,
    "shape": check_shape,
    "dtype": check_dtype,
    "reduction": check_reduction,
    "order": check_order,
    "batch": check_batch,
    "inputs": check_inputs,
    "history": check_history,
    "broadcasting": check_broadcasting,
    "facts": check_facts,
    "scale": check_scale,
    "saturation": check_saturation,
    "plateaus": check_plateaus,
    "cost": check_cost,
}
"""The checks in the order in which they run and are reported: the most important ones first."""

OF_OUTPUTS = ("elicits", "kinks", "facts", "scale", "saturation", "plateaus")
"""The checks on the raw outputs of a single row; they do not suit an embedding loss, which compares rows."""

NEEDED = ("learns", "open")
"""The check, and its grade, that counts as a failure: without that check nothing is known of a loss."""

LIMIT = 10.0
"""The seconds that all checks of a loss may take, on all tasks together; each check may take half of the rest."""

TRIALS = 4.0
"""The seconds after which a loss is tried on no further task."""


@dataclass(frozen=True)
class Report:
    """The results of all checks on a loss.

    Args:
        spec: the loss as the user named it.
        unfit: the reason for each task that it does not fit.
        observations: the name and the observation of each check, for each task that it fits.
    """

    spec: str
    unfit: Mapping[Task, str]
    observations: Mapping[Task, tuple[tuple[str, Observation], ...]]

    @property
    def failed(self) -> bool:
        """Whether it fits no task, a check failed, or there was no time to check that it leads to the targets."""
        found = [pair for mine in self.observations.values() for pair in mine]
        return not found or any(seen.grade == "fail" or (name, seen.grade) == NEEDED for name, seen in found)


ENOUGH = 0.5
"""Seconds in which any check of an ordinary loss ends; with less time, a check that did not end means nothing."""

SLACK = 1.0
"""Further seconds for a call that is running when a check gives up."""

Watch = Callable[[str], None]
"""Called with what is being checked."""


def check_loss(spec: str, tasks: Iterable[Task] = TASKS, watch: Watch = lambda doing: None) -> Report:
    """Do every check on a loss, on each task that it fits.

    Args:
        spec: such as "huber:delta=1.35" or "my_losses.py:my_loss".
        tasks: the tasks to try.
        watch: called with the task and the name of each check before it runs.

    Raises:
        UsageError: there is no such loss.

    Example:
        >>> report = check_loss("huber:delta=1.35")
        >>> report.failed, report.unfit["binary"]
        (False, 'numbers only')
        >>> dict(report.observations["regression"])["plateaus"].grade
        'pass'
    """
    end = time.monotonic() + LIMIT
    found = fits(spec, tasks, end - LIMIT + TRIALS)
    losses = {task: loss for task, loss in found.items() if isinstance(loss, Loss)}
    unfit = {task: loss for task, loss in found.items() if isinstance(loss, str)}
    astray = _not_leading_to_targets(losses.values(), end, watch) if len(losses) > 1 else {}
    if len(astray) < len(losses):
        losses = {task: loss for task, loss in losses.items() if task not in astray}
        unfit = {task: {**unfit, **astray}[task] for task in found if task not in losses}
    if not losses:
        named = {task: reason.wanted for task, reason in unfit.items() if isinstance(reason, Misfit)}
        unfit = {task: f"{why}{_advice(spec, task, named.get(task, ()))}" for task, why in unfit.items()}
    seconds = (end - time.monotonic()) / max(1, len(losses))
    return Report(spec, unfit, {task: observations_of(loss, seconds, watch) for task, loss in losses.items()})


def _not_leading_to_targets(losses: Iterable[Loss], end: float, watch: Watch) -> dict[Task, str]:
    """Return the tasks on which custom losses do not lead to the targets, with the reasons."""
    with one_thread(), warnings.catch_warnings(action="ignore"):
        astray = {}
        for loss in losses:
            if not loss.record.code:
                continue
            watch(f"{loss.task}: learns")
            seen = _run_check(leads_to_targets, _case(loss), (end - time.monotonic()) / 4)
            if seen.grade == "fail":
                astray[loss.task] = str(seen.saw)
    return astray


def _advice(spec: str, task: Task, named: tuple[str, ...]) -> str:
    """Return the statement with which a loss would lead to the targets of a task, unless it is named already."""
    try:
        ways = apart(partial(_ways, spec, task), LIMIT / 2, SLACK)
    except Ended:
        ways = []
    return f". It is right with {ways[0]}" if ways and ways[0] not in named else ""


def _ways(spec: str, task: Task) -> list[str]:
    with contained():
        return [said for said, _ in helpful_statements(spec, task, 1)]


def _case(loss: Loss) -> Case:
    if loss.task == "embedding" and not loss.record.headless:  # with a head it is a multiclass loss
        loss = replace(loss, record=replace(loss.record, task="multiclass"))
    case = Case(loss, loss.targets or USUAL[loss.task])
    try:
        return replace(case, precision=apart(partial(_precision, case), silence=SLACK))
    except Ended:  # caused by double precision, since single precision was tried before
        return replace(case, precision=torch.float32)


def _precision(case: Case) -> torch.dtype:
    with contained():
        return in_its_precision(case).precision


def observations_of(
    loss: Loss, seconds: float = LIMIT, watch: Watch = lambda doing: None
) -> tuple[tuple[str, Observation], ...]:
    """Return the name and the observation of each check on a loss, then the notes of its trial call."""
    end, found = time.monotonic() + seconds, {}
    # torch's warnings were noted at the trial call, see `LossRecord.notes`.
    with one_thread(), warnings.catch_warnings(action="ignore"):
        case = _case(loss)
        for name, check in checks_of(loss).items():
            watch(f"{loss.task}: {name}")
            found[name] = _run_check(check, case, (end - time.monotonic()) / 2)
    return (*found.items(), *(("trial", Observation("note", note)) for note in loss.record.notes))


def checks_of(loss: Loss) -> Mapping[str, Callable[[Case], Observation]]:
    """Return the checks that make sense for a loss.

    Example:
        >>> from lossbench import get_loss
        >>> "elicits" in checks_of(get_loss("huber")), "elicits" in checks_of(get_loss("triplet"))
        (True, False)
    """
    left_out = OF_OUTPUTS if loss.record.headless else ()
    return {name: check for name, check in CHECKS.items() if name not in left_out}


def _run_check(check: Callable[[Case], Observation], case: Case, seconds: float) -> Observation:
    """Return the observation of a check, run in a fork for a custom loss; "open" if it took too long."""
    work = partial(_contained, check, case, seconds)
    try:
        return apart(work, seconds + min(SLACK, seconds / 2)) if case.loss.record.code else work()
    except Unending:
        return _given_up(seconds)
    except Ended as error:
        return Observation("fail", f"it {error}")


def _contained(check: Callable[[Case], Observation], case: Case, seconds: float) -> Observation:
    """Return the observation of a check; a failure if the loss changed global state."""
    with contained() as seen:
        found = _observed(check, case, seconds)
    return Observation("fail", f"it {meddles(seen.altered)}") if seen.altered else found


def _observed(check: Callable[[Case], Observation], case: Case, seconds: float) -> Observation:
    """Return the observation of a check; a failure if the loss raised an error; open if it took too long."""
    try:
        return check(replace(case, until=time.monotonic() + seconds))
    except TimeIsUp:
        return _given_up(seconds)
    except (LossFailed, RuntimeError, IndexError) as error:
        return Observation("fail", " ".join(str(error).split()) or type(error).__name__)


def _given_up(seconds: float) -> Observation:
    if seconds < ENOUGH:
        return Observation("open", "not checked: the checks before it took all the time; try on an idle machine")
    return Observation("open", f"not checked: stopped after {seconds:.1f} s, the loss is too slow or does not end")
