"""Arguments that may be one or several, or stand in one of two places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lossbench.errors import BadValue

if TYPE_CHECKING:
    pass

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
