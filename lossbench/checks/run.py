"""Every check on one loss, on each task that it fits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lossbench.checks.batch import check_batch, check_order
from lossbench.checks.case import Case
from lossbench.checks.elicits import check_elicits
from lossbench.checks.facts import check_facts
from lossbench.checks.finding import Finding
from lossbench.checks.finite import check_finite, check_precision
from lossbench.checks.inputs import check_broadcasting, check_inputs
from lossbench.checks.kinks import check_kinks
from lossbench.checks.saturation import check_plateaus, check_saturation
from lossbench.checks.scale import check_cost, check_scale
from lossbench.checks.shape import check_dtype, check_reduction, check_shape
from lossbench.checks.slopes import check_slopes
from lossbench.checks.tasks import fits
from lossbench.errors import LossFailed
from lossbench.losses import Loss
from lossbench.losses.custom.record import USUAL
from lossbench.task import TASKS, Task
from lossbench.training.thread import one_thread

CHECKS: Mapping[str, Callable[[Case], Finding]] = {
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
"""In the order in which they are told."""


@dataclass(frozen=True)
class Report:
    """What the checks saw of a loss.

    Args:
        spec: the loss as the user named it.
        unfit: why it does not fit a task, for each that it does not.
        findings: of each task that it fits, the name and the finding of each check.
    """

    spec: str
    unfit: Mapping[Task, str]
    findings: Mapping[Task, tuple[tuple[str, Finding], ...]]

    @property
    def failed(self) -> bool:
        """Whether it fits no task, or a check failed."""
        verdicts = [found.verdict for mine in self.findings.values() for _, found in mine]
        return "fail" in verdicts or not verdicts


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
        >>> dict(report.findings["regression"])["plateaus"].verdict
        'pass'
    """
    found = fits(spec, tasks)
    unfit = {task: loss for task, loss in found.items() if isinstance(loss, str)}
    return Report(spec, unfit, {task: checked(loss) for task, loss in found.items() if isinstance(loss, Loss)})


def checked(loss: Loss) -> tuple[tuple[str, Finding], ...]:
    """Return the name and the finding of each check on a loss, then what the trial of it had to say."""
    case = Case(loss, loss.targets or USUAL[loss.task])
    # What torch warns of has been told when the loss was tried, see `LossRecord.notes`.
    with one_thread(), warnings.catch_warnings(action="ignore"):
        found = tuple((name, _carried_out(check, case)) for name, check in CHECKS.items())
    return (*found, *(("trial", Finding("note", note)) for note in loss.record.notes))


def _carried_out(check: Callable[[Case], Finding], case: Case) -> Finding:
    """Return what a check found; that the loss raised, where it did."""
    try:
        return check(case)
    except (LossFailed, RuntimeError, IndexError) as error:
        return Finding("fail", " ".join(str(error).split()) or type(error).__name__)
