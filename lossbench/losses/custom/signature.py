"""What the signature of a user's function or class says: its inputs, and the parameters that a spec may set."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

import numpy as np

from lossbench.errors import BadValue, UnknownName
from lossbench.lazy import torch

Form = Literal["raw", "pair"]
"""How a loss is called, see `lossbench.losses.custom.conventions`."""


def recognise(criterion: Any) -> Form:
    """Say whether a loss follows lossbench's signature, by the names of its first two parameters.

    Example:
        >>> recognise(lambda raw, target: 0), recognise(lambda prediction, target: 0)
        ('raw', 'pair')
    """
    return "raw" if first_names(criterion) == ["raw", "target"] else "pair"


def first_names(criterion: Any) -> list[str]:
    """Return the names of the two parameters that receive prediction and target.

    Example:
        >>> first_names(torch.nn.MSELoss)
        ['input', 'target']
    """
    names = [p.name for p in signature(called(criterion)) if p.kind in BY_POSITION]
    return names[inspect.isclass(criterion) :][:2]


BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def called(criterion: Any) -> Any:
    """Return the function that is called with prediction and target; for a module, its `forward`."""
    if inspect.isclass(criterion):
        return getattr(criterion, "forward", None) or criterion.__call__
    return getattr(criterion, "forward", criterion)


def signature(function: Any) -> list[inspect.Parameter]:
    """Return the parameters of a function; none where it has no signature, as some written in C."""
    try:
        return list(inspect.signature(function).parameters.values())
    except ValueError:
        return []


def parameters_of(criterion: Any) -> dict[str, inspect.Parameter]:
    """Return the parameters that a spec may set: a constructor's, or a function's after prediction and target.

    Example:
        >>> list(parameters_of(lambda prediction, target, alpha=2.0: 0))
        ['alpha']
    """
    if inspect.isclass(criterion):
        inherited = criterion.__init__ is torch.nn.Module.__init__  # its (*args, **kwargs) accept nothing
        return {} if inherited else {p.name: p for p in signature(criterion)}
    declared = signature(called(criterion))
    leading = [p for p in declared if p.kind in BY_POSITION][:2]
    return {p.name: p for p in declared if p not in leading}


def read_arguments(
    spec: str, given: Mapping[str, str], declared: Mapping[str, inspect.Parameter]
) -> dict[str, Any]:
    """Read the parameters of a spec as the types that the object's signature wants.

    Numbers, true, false, none, lists of numbers in brackets, and texts where the default is no number.

    Raises:
        UnknownName: a parameter that the object does not have.
        BadValue: a value of the wrong form, or a parameter without default that is not given.

    Example:
        >>> declared = parameters_of(lambda prediction, target, alpha=2.0, reduction="mean": 0)
        >>> read_arguments("f", {"alpha": "3", "reduction": "sum"}, declared)
        {'alpha': 3.0, 'reduction': 'sum'}
    """
    kinds = {p.kind for p in declared.values()}
    named = {name: p for name, p in declared.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    for key in given:
        if key not in named and inspect.Parameter.VAR_KEYWORD not in kinds:
            known = list(named) or ["none, it takes no parameters"]
            raise UnknownName("parameter", key, known, where=f"'{spec}'")
    for key, parameter in named.items():
        if parameter.default is parameter.empty and key not in given:
            raise BadValue(f"'{spec}' needs a value for {key}; write {spec}:{key}=VALUE")
    order = [*named, *(key for key in given if key not in named)]
    read = {
        key: _value(f"'{spec}': {key}={given[key]}", given[key], getattr(named.get(key), "default", None))
        for key in order
        if key in given
    }
    return {key: _as_floats(value) if _of_floats(named.get(key)) else value for key, value in read.items()}


def _of_floats(parameter: inspect.Parameter | None) -> bool:
    """Say whether a list given to a parameter is one of floats: by its annotation, or by its default."""
    if parameter is None:
        return False
    default = parameter.default
    listed = isinstance(default, list | tuple) and np.asarray(default, dtype=object).size > 0
    held = np.asarray(default, dtype=object).ravel() if listed else ()
    return "float" in str(parameter.annotation) or any(isinstance(one, float) for one in held)


def _as_floats(value: Any) -> Any:
    """Return a list of numbers, or of such lists, with floats for whole numbers; anything else as it is."""
    return (
        [_as_floats(one) if isinstance(one, list) else float(one) for one in value]
        if isinstance(value, list)
        else value
    )


_WORDS = {"true": True, "false": False, "none": None}


def _value(where: str, text: str, default: object) -> Any:
    """Read one value; the default says what is wanted."""
    if isinstance(default, str):
        return text
    if text.lower() in _WORDS and not is_number(default):
        return _WORDS[text.lower()]
    if text.strip().startswith("["):
        return _list(where, text)
    if isinstance(default, bool):
        raise BadValue(f"{where} is neither true nor false; give one of them")
    value = _number(text, whole=not isinstance(default, float))
    if value is None and is_number(default):
        raise BadValue(f"{where} is not a finite number; give one")
    return text if value is None else value


def _list(where: str, text: str) -> list[Any]:
    """Read a list of numbers, or of such lists."""
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        if np.isfinite(np.array(value, dtype=float)).all():
            return list(value)
    raise BadValue(f"{where} is no list of numbers; write one as [1,2,3]")


def is_tensor(parameter: inspect.Parameter | None) -> bool:
    """Say whether a list given to a parameter is meant as a tensor: unless its default or annotation says list.

    Example:
        >>> sizes = parameters_of(lambda prediction, target, weight=None, sizes=(1, 2): 0)
        >>> is_tensor(sizes["weight"]), is_tensor(sizes["sizes"])
        (True, False)
    """
    if parameter is None:
        return True
    said = str(parameter.annotation).lower()
    plain = any(kind in said for kind in ("list", "tuple", "sequence", "iterable")) and "tensor" not in said
    return not plain and not isinstance(parameter.default, list | tuple)


def _number(text: str, whole: bool) -> float | None:
    """Return a finite number, an integer where it is written so and `whole` allows; None for any other text."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if whole and re.fullmatch(r"\s*[+-]?\d+\s*", text) else value


def is_number(value: object) -> bool:
    """Say whether a value is a plain number; a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
