"""The catalogue: all losses, and finding a record by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from lossbench.errors import BadValue, LossDoesNotFit, UnknownName, WrongTask
from lossbench.losses.composed.grammar import is_sum, terms_of
from lossbench.losses.composed.record import fault_of, sum_records
from lossbench.losses.record import LossRecord, docstring
from lossbench.task import TASKS, Task

if TYPE_CHECKING:
    import pandas as pd

Function = TypeVar("Function", bound=Callable[..., Any])

_RECORDS: list[LossRecord] = []
_OWN: dict[Callable[..., Any], str] = {}  # the docstrings of functions before their records are added


def register(**fields: Any) -> Callable[[Function], Function]:
    """Return a decorator that enters a function into the catalogue under its own name.

    The function is unchanged, except that its docstring is extended by the record. A function that serves several
    tasks is decorated once for each.

    Args:
        **fields: the fields of `LossRecord`, without `name` and `fn`.

    Example:
        >>> from lossbench.losses import regression
        >>> [record.name for record in catalogue() if record.fn is regression.huber]
        ['huber']
    """

    def enter(function: Function) -> Function:
        _RECORDS.append(LossRecord(name=function.__name__, fn=function, **fields))
        catalogue.cache_clear()
        own = _OWN.setdefault(function, function.__doc__ or "")
        function.__doc__ = docstring(own, [record for record in _RECORDS if record.fn is function])
        return function

    return enter


def register_per_label(
    *, labels: Mapping[str, Any] | None = None, **fields: Any
) -> Callable[[Function], Function]:
    """Return a decorator that enters a loss of one yes-or-no target, and its sum over several labels.

    Args:
        labels: the fields in which the sum differs, besides its formula.
        **fields: those of the loss of one target.

    Example:
        >>> find("hinge", "multilabel").formula
        'Σ over labels of max(0, 1 - s z), with s = 2y - 1'
    """
    summed = {**fields, "formula": f"Σ over labels of {fields['formula']}", **(labels or {})}

    def enter(function: Function) -> Function:
        one = register(task="binary", encoding="values", **fields)
        return register(task="multilabel", encoding="values", **summed)(one(function))

    return enter


@cache
def catalogue() -> tuple[LossRecord, ...]:
    """Return the record of every loss on every task, ordered by task, the reference loss of each task first.

    Example:
        >>> [record.name for record in catalogue() if record.task == "regression" and record.core]
        ['mse', 'mae', 'huber', 'log_cosh', 'pinball', 'mape']
    """
    return tuple(sorted(_RECORDS, key=lambda record: TASKS.index(record.task)))


def core_losses(task: Task) -> tuple[str, ...]:
    """Return the names of the losses of a task that are compared when none is named, the reference loss first.

    Raises:
        UnknownName: there is no such task.

    Example:
        >>> core_losses("multilabel")
        ('bce', 'mse', 'focal', 'ce')
    """
    return tuple(record.name for record in losses_of(task) if record.core)


def losses_of(task: Task) -> tuple[LossRecord, ...]:
    """Return the record of every loss of a task, the reference loss first.

    Raises:
        UnknownName: there is no such task.

    Example:
        >>> [record.name for record in losses_of("multilabel") if record.link == "softmax"]
        ['ce']
    """
    check_task(task)
    return tuple(record for record in catalogue() if record.task == task)


def find(name: str, task: Task | None = None) -> LossRecord:
    """Return the record of a loss by its name or an alias of it.

    Args:
        name: such as "huber", without parameters.
        task: needed where the name serves several tasks.

    Raises:
        UnknownName: there is no such loss, or no such task.
        LossDoesNotFit: the loss does not serve the task.
        BadValue: the name serves several tasks and none is stated.

    Example:
        >>> find("brier", "binary").name
        'mse'
    """
    if task is not None:
        check_task(task)
    serving = served(name)
    if is_sum(name) and (task or not serving) and task not in serving:
        raise _unfit_sum(name, task)
    if not serving:
        raise UnknownName("loss", name, names())
    if task is None and len(serving) == 1:
        return next(iter(serving.values()))
    if task is None:
        raise BadValue(f"loss '{name}' serves several tasks ({', '.join(serving)}); state one of them as the task")
    if task not in serving:
        fitting = ", ".join(record.name for record in losses_of(task))
        raise WrongTask(f"'{name}'", task, f"it serves {', '.join(serving)}", f"Losses for {task}: {fitting}")
    return serving[task]


def served(name: str) -> dict[Task, LossRecord]:
    """Return the record for each task that a name, an alias or a sum serves; empty for a custom loss.

    Example:
        >>> list(served("ce")), served("my_losses.py:my_loss")
        (['binary', 'multiclass', 'multilabel', 'embedding'], {})
    """
    if is_sum(name):
        return _sums(name)
    return {record.task: record for record in catalogue() if name in (record.name, *record.aliases)}


def all_known(name: str) -> bool:
    """Say whether all losses of a sum are bare names of the catalogue.

    Example:
        >>> all_known("sum:bce+dice"), all_known("sum:bce+my_losses.py:mine")
        (True, False)
    """
    return all(served(term.loss) for term in terms_of(name))


@cache
def _sums(name: str) -> dict[Task, LossRecord]:
    return sum_records(name, served)


def _unfit_sum(name: str, task: Task | None) -> LossDoesNotFit:
    """Return the error that says why a sum does not run on a task, or on any."""
    if task is not None:
        return WrongTask(f"'{name}'", task, fault_of(name, task, served))
    return LossDoesNotFit(
        f"loss '{name}' fits no task: no task has all of its losses, with outputs that mean the same"
    )


def check_task(task: str) -> None:
    """Refuse a task that does not exist.

    Raises:
        UnknownName: there is no such task; it names the nearest.
    """
    if task not in TASKS:
        raise UnknownName("task", task, TASKS)


def names() -> list[str]:
    """Return every name and alias of the catalogue, each once, in catalogue order."""
    return list(dict.fromkeys(name for record in catalogue() for name in (record.name, *record.aliases)))


def as_frame() -> pd.DataFrame:
    """Return the catalogue as a data frame, one row a loss and task.

    Example:
        >>> import lossbench
        >>> found = lossbench.losses()
        >>> found[found.core & (found.task == "multilabel")].loss.tolist()
        ['bce', 'mse', 'focal', 'ce']
    """
    import pandas as pd

    rows = [
        {
            "loss": record.name,
            "task": record.task,
            "core": record.core,
            "parameters": ", ".join(f"{one.name}={one.default:g}" for one in record.parameters),
            "link": record.link,
            "formula": record.formula,
            "placebo_of": record.placebo or "",
            "source": record.source,
        }
        for record in catalogue()
    ]
    return pd.DataFrame(rows)
