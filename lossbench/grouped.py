"""Grouping by a key whose groups need not be adjacent, as `itertools.groupby` wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Key = TypeVar("Key")


def grouped(items: Iterable[Item], by: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Group items by a key, in the order in which the keys first occur.

    Example:
        >>> grouped(["one", "three", "two"], len)
        {3: ['one', 'two'], 5: ['three']}
    """
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(by(item), []).append(item)
    return groups
