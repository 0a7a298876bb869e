"""Arguments of the Python functions: one value or several, by position or by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lossbench.errors import BadValue

if TYPE_CHECKING:
    from lossbench.data import Dataset

Texts = str | Iterable[str]
Numbers = float | Iterable[float]


def as_list(value: Any) -> list[Any] | None:
    """Return one value or several as a list, and None as None."""
    if value is None:
        return None
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]


def given_once(name: str, first: Any, named: Any) -> Any:
    """Return an argument that may be given by position or by name.

    Raises:
        BadValue: it is given both ways.
    """
    if first is not None and named is not None:
        raise BadValue(f"{name} are given twice, by position and by name; leave one out")
    return named if first is None else first


def model_names(models: Any) -> list[str] | None:
    """Return the names of networks, which may be given as classes or functions; None for none.

    Raises:
        BadValue: one is neither, or two have the same name.
    """
    several = as_list(models)
    if several is None or all(isinstance(one, str) for one in several):
        return several
    from lossbench.training.module.locate import name_of

    names = [name_of(one) for one in several]
    if twice := next((name for number, name in enumerate(names) if name in names[:number]), None):
        raise BadValue(f"models: two of them are called '{twice}'; give them different names")
    return names


def model_name(model: Any) -> str | None:
    """Return the name of a network, which may be given as a class or a function; None for none.

    Raises:
        BadValue: it is neither, or there are several.
    """
    names = model_names(model)
    if names is None:
        return None
    if len(names) != 1:
        raise BadValue(f"model: a choice trains one network, and {len(names)} are given; give one")
    return names[0]


def is_specs(value: Any) -> bool:
    """Say whether an argument is one or several specs of data sets, rather than a table."""
    several = isinstance(value, list | tuple | set) and all(isinstance(item, str) for item in value)
    return isinstance(value, str) or several


def tables_of(X: Any, y: Any, data: Mapping[str, Any] | None, task: str | None, weight: Any) -> dict[str, Dataset]:
    """Return the data sets that are given as arrays or frames, by their specs."""
    if weight is not None and X is None:
        raise BadValue("weight is given without X and y; for another table state it in the spec: :weight=COLUMN")
    if X is None and y is None and task is None and (data is None or len(data) == 0):
        return {}
    from lossbench.data.given import given_tables

    return given_tables(X, y, {} if data is None else data, task, weight)
