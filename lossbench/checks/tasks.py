"""Which tasks a loss fits, and why not the others."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Mapping

from lossbench.errors import BadValue, LossDoesNotFit, LossFailed, UnknownName, WrongTask
from lossbench.grouped import grouped
from lossbench.losses import Loss, get_loss
from lossbench.losses.composed.grammar import is_sum
from lossbench.losses.composed.scaled import is_scaled, split_scaled
from lossbench.losses.custom.conventions import split_loss
from lossbench.losses.custom.locate import locate
from lossbench.losses.registry import served
from lossbench.task import TASKS, VALUED, Task

PREDICTED: Mapping[Task, str] = {
    "regression": "numbers",
    "binary": "two classes",
    "multiclass": "many classes",
    "multilabel": "labels",
    "segmentation": "masks",
    "distribution": "samples",
    "anomaly": "rows to be given back",
    "embedding": "embeddings",
}
"""What each task predicts, in words."""


def not_among(tasks: Collection[Task], task: Task) -> str:
    """Say why a loss of the catalogue that serves some tasks does not fit another.

    Example:
        >>> not_among(["regression"], "binary"), not_among(["binary", "multilabel"], "multiclass")
        ('numbers only', 'no multiclass form')
    """
    if len(tasks) == 1:
        return f"{PREDICTED[next(iter(tasks))]} only"
    return "classes only" if task in VALUED else f"no {task} form"


class Misfit(str):
    """Why a loss does not fit a task; `wanted` are the statements that it names, with which the loss would."""

    wanted: tuple[str, ...] = ()


def fits(spec: str, tasks: Iterable[Task] = TASKS, until: float = math.inf) -> dict[Task, Loss | str]:
    """Return the loss on each task that it fits, and the reason for each that it does not.

    Args:
        spec: as the user wrote it.
        tasks: the tasks to try.
        until: the time, by `time.monotonic`, after which no further task is tried.

    Raises:
        UsageError: there is no such loss, or its parameters are wrong on every task.

    Example:
        >>> fits("huber")["binary"]
        'numbers only'
    """
    name = _name(spec)
    if name and not (is_sum(name) or served(name)):
        locate(name)  # refuses a name, a file or an object that does not exist
    asked = tuple(tasks)
    found: dict[Task, Loss | str] = {}
    wrong: list[Exception] = []
    for task in asked:
        if time.monotonic() > until and any(isinstance(loss, Loss) for loss in found.values()):
            found[task] = "not tried, since other tasks took too long: name it by --task"
            continue
        try:
            found[task] = get_loss(spec, task)
        except (LossDoesNotFit, LossFailed) as error:
            found[task] = _reason(spec, task, error, whole=len(asked) == 1)
        except (UnknownName, BadValue) as error:  # the parameter may exist on another task
            found[task] = str(error)
            wrong.append(error)
    if wrong and not any(isinstance(loss, Loss) for loss in found.values()):
        raise wrong[0]
    return found


def _name(spec: str) -> str:
    """Return the name of a loss; for a scaled loss that of the inner loss, empty if none is named."""
    while is_scaled(spec):
        spec = split_scaled(spec)[1]
    return split_loss(spec)[0] if spec else ""


def _reason(spec: str, task: Task, error: Exception, whole: bool) -> str:
    """Return the message of an error without the parts that the table's heading already has.

    The advice of an error depends on the task, so it is reported only if a single task was asked for.
    """
    tasks = served(_name(spec))
    if tasks and task not in tasks:
        return not_among(tasks, task)
    if not isinstance(error, WrongTask):
        return str(error)
    if not (whole and error.more):
        return error.fault
    found = Misfit(f"{error.fault}. {error.more}")
    found.wanted = error.wanted
    return found


def in_words(unfit: Mapping[Task, str]) -> str:
    """Write why a loss does not fit some tasks, grouped by reason.

    Example:
        >>> in_words({"binary": "numbers only", "multiclass": "numbers only"})
        'binary, multiclass: numbers only'
    """
    by_reason = grouped(unfit, unfit.__getitem__)
    return "; ".join(f"{', '.join(tasks)}: {reason}" for reason, tasks in by_reason.items())
