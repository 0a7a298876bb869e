"""Registering a loss that is made in Python under a name, by which it runs beside the built-in ones."""

from __future__ import annotations

import inspect
import pickle
import re
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from lossbench.errors import BadValue, LossFailed
from lossbench.lazy import torch
from lossbench.losses.composed.scaled import SCALED
from lossbench.losses.custom.candidate import Candidate, check_callable, remember
from lossbench.losses.custom.locate import is_file
from lossbench.losses.custom.source import code_of, digest, file_of, in_one_line
from lossbench.losses.registry import served
from lossbench.task import Task
from lossbench.visible import hides


def register_loss(
    name: str,
    criterion: Any = None,
    *,
    task: Task | None = None,
    convention: str | None = None,
    gets: str | None = None,
    target: str | None = None,
    link: str | None = None,
) -> Any:
    """Give a custom loss a name, by which it then runs beside the built-in ones.

    See `lossbench.losses.custom.conventions` for what may be a loss and what may be stated about it.

    Args:
        name: such as "my_loss"; a name given before now means this loss.
        criterion: a function, a class or an instance; None to decorate one.
        task: the only task that it is for.
        convention: "raw" or "pair".
        gets: "raw" or "probability".
        target: "values", "index" or "onehot".
        link: how raw outputs become predictions.

    Returns:
        The criterion as it was given; where none was, a decorator.

    Raises:
        BadValue: a name that cannot be used.
        LossFailed: a criterion that cannot be called, or whose state cannot be hashed.

    Example:
        >>> import torch
        >>> @register_loss("cubic", task="regression")
        ... def cubic(raw, target):
        ...     return (target - raw).abs().pow(3).mean(-1)
        >>> from lossbench import get_loss
        >>> get_loss("cubic", "regression")(torch.tensor([[2.0]]), torch.tensor([0.0]))
        tensor([8.])
    """
    check_name(name)
    if criterion is None:
        return partial(register_loss, name, task=task, convention=convention, gets=gets, target=target, link=link)
    check_callable(criterion, name)
    said = {"task": task, "convention": convention, "gets": gets, "target": target, "link": link}
    stated = {key: value for key, value in said.items() if value is not None}
    code = digest(code_of(criterion), _state(criterion, name))
    file = file_of(criterion)
    origin = f"registered in Python{f', {Path(file).name}' if file else ''}"
    remember(Candidate(name, criterion, file, origin, code, stated))
    return criterion


def check_name(name: str) -> None:
    """Refuse a name or a label that could be taken for something else.

    Raises:
        BadValue: saying what is wrong with it.
    """
    if (
        not isinstance(name, str)
        or not re.fullmatch(r"[^\s:,=@](?:[^:,=@]*[^\s:,=@])?", name)
        or hides(name)
        or is_file(name)
    ):
        raise BadValue(
            f"{name!r} cannot be the name of a loss: give a text without any of : , = @ and without .py at the end"
        )
    if served(name) or name == SCALED:
        raise BadValue(f"'{name}' is the name of a built-in loss; choose another")


def _state(criterion: Any, name: str) -> bytes:
    """Return the state of a function or an instance besides its code."""
    written = BytesIO()
    try:
        _Pickler(written).dump(_carried(criterion))
    except Exception as error:
        raise LossFailed(
            f"loss '{name}' carries what cannot be written down ({in_one_line(error)}), so that one run could not "
            "be told from another; put it into a file and name it my_losses.py:NAME"
        ) from error
    return written.getvalue()


def _carried(criterion: Any) -> Any:
    if isinstance(criterion, partial):
        return criterion.func, criterion.args, criterion.keywords
    if inspect.isfunction(criterion):
        return [cell.cell_contents for cell in criterion.__closure__ or ()]
    return None if inspect.isclass(criterion) or inspect.isroutine(criterion) else vars(criterion)


class _Pickler(pickle.Pickler):
    """Writes tensors by their values: torch's own pickles hold addresses, which differ from run to run."""

    def reducer_override(self, item: Any) -> Any:
        return (tuple, (item.tolist(),)) if torch.is_tensor(item) else NotImplemented
