"""Arguments that may be one or several, or stand in one of two places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lossbench.errors import BadValue

if TYPE_CHECKING:
    from lossbench.data import Dataset

Texts = str | Iterable[str]
Numbers = float | Iterable[float]


def listed(value: Any) -> list[Any] | None:
    """Return one value or several as a list, and None as None."""
    if value is None:
        return None
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]


def both(name: str, first: Any, named: Any) -> Any:
    """Return an argument that may stand in one of two places.

    Raises:
        BadValue: it stands in both.
    """
    if first is not None and named is not None:
        raise BadValue(f"{name} are given twice, by place and by name; leave one out")
    return named if first is None else first


def named_models(models: Any) -> list[str] | None:
    """Return the names of networks, of which some may be classes or functions; None for none.

    Raises:
        BadValue: something else, or two of one name.
    """
    several = listed(models)
    if several is None or all(isinstance(one, str) for one in several):
        return several
    from lossbench.training.module.locate import name_of

    names = [name_of(one) for one in several]
    if twice := next((name for number, name in enumerate(names) if name in names[:number]), None):
        raise BadValue(f"models: two of them are called '{twice}'; give them different names")
    return names


def one_model(model: Any) -> str | None:
    """Return the name of a network, which may be a class or a function; None for none.

    Raises:
        BadValue: something else, or several.
    """
    names = named_models(model)
    if names is None:
        return None
    if len(names) != 1:
        raise BadValue(f"model: a choice is of one network, and here are {len(names)}; give one")
    return names[0]


def is_specs(value: Any) -> bool:
    """Say whether what stands first is specs of data sets, and no table."""
    several = isinstance(value, list | tuple | set) and all(isinstance(item, str) for item in value)
    return isinstance(value, str) or several


def tables_of(
    X: Any, y: Any, data: Mapping[str, Any] | None, task: str | None, weight: Any = None
) -> dict[str, Dataset]:
    """Return the data sets that are given as arrays or frames, by their specs."""
    if weight is not None and X is None:
        raise BadValue("weight is given without X and y; of another table the spec says it, as :weight=COLUMN")
    if X is None and y is None and task is None and (data is None or len(data) == 0):
        return {}
    from lossbench.data.given import given_tables

    return given_tables(X, y, {} if data is None else data, task, weight)
