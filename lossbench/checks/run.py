"""Every check on one loss, on each task that it fits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lossbench.checks import Observation
from lossbench.checks.case import Case
from lossbench.checks.elicits import check_elicits
from lossbench.checks.facts import check_facts
from lossbench.checks.kinks import check_kinks
from lossbench.checks.numerics import check_finite, check_precision, check_slopes
from lossbench.checks.scale import check_cost, check_plateaus, check_saturation, check_scale
from lossbench.checks.shape import (
    check_batch,
    check_broadcasting,
    check_dtype,
    check_inputs,
    check_order,
    check_reduction,
    check_shape,
)
from lossbench.checks.tasks import fits
from lossbench.errors import LossFailed
from lossbench.losses import Loss
from lossbench.losses.custom.record import USUAL
from lossbench.task import TASKS, Task
from lossbench.training.thread import one_thread

CHECKS: Mapping[str, Callable[[Case], Observation]] = {
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
    "broadcasting": check_broadcasting,
    "facts": check_facts,
    "scale": check_scale,
    "saturation": check_saturation,
    "plateaus": check_plateaus,
    "elicits": check_elicits,
    "cost": check_cost,
}
"""In the order in which they are reported."""


@dataclass(frozen=True)
class Report:
    """The results of all checks on a loss.

    Args:
        spec: the loss as the user named it.
        unfit: for each task that it does not fit, the reason.
        observations: for each task that it fits, the name and the observation of each check.
    """

    spec: str
    unfit: Mapping[Task, str]
    observations: Mapping[Task, tuple[tuple[str, Observation], ...]]

    @property
    def failed(self) -> bool:
        """Whether it fits no task, or a check failed."""
        grades = [found.grade for mine in self.observations.values() for _, found in mine]
        return "fail" in grades or not grades


def check_loss(spec: str, tasks: Iterable[Task] = TASKS) -> Report:
    """Do every check on a loss, on each task that it fits.

    Args:
        spec: such as "huber:delta=1.35" or "my_losses.py:my_loss".
        tasks: those to try.

    Raises:
        UsageError: there is no such loss.

    Example:
        >>> report = check_loss("huber:delta=1.35")
        >>> report.failed, report.unfit["binary"]
        (False, 'numbers only')
        >>> dict(report.observations["regression"])["plateaus"].grade
        'pass'
    """
    found = fits(spec, tasks)
    unfit = {task: loss for task, loss in found.items() if isinstance(loss, str)}
    return Report(spec, unfit, {task: checked(loss) for task, loss in found.items() if isinstance(loss, Loss)})


def checked(loss: Loss) -> tuple[tuple[str, Observation], ...]:
    """Return the name and the observation of each check on a loss, then the notes of its dry call."""
    case = Case(loss, loss.targets or USUAL[loss.task])
    # torch's warnings were noted at the dry call, see `LossRecord.notes`.
    with one_thread(), warnings.catch_warnings(action="ignore"):
        found = tuple((name, _carried_out(check, case)) for name, check in CHECKS.items())
    return (*found, *(("trial", Observation("note", note)) for note in loss.record.notes))


def _carried_out(check: Callable[[Case], Observation], case: Case) -> Observation:
    """Return the observation of a check; a failure if the loss raised an error."""
    try:
        return check(case)
    except (LossFailed, RuntimeError, IndexError) as error:
        return Observation("fail", " ".join(str(error).split()) or type(error).__name__)
