"""The cells of a row as they are stored: floats as eight bytes each, all others as JSON, and no pickle.

Most cells are floats or empty. A whole store has only a few patterns of floats and empty cells, so each pattern is
stored once, as a layout, and a row stores its values only. Before the third format of the store all cells were one
JSON array, in the order of their names; such rows are still read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple

from lossbench.schema import TRIALS
from lossbench.store.key import NEEDED, Row
from lossbench.visible import hides

LAYOUTS = 1024  # layouts kept in memory

TYPES = {"text": (), "number": (float, int), "whole": (int,), "count": (int,), "truth": (bool,)}
PLAIN = frozenset({float, NoneType})  # types of cells that need no further check
LARGEST = 2**53
"""The Python types of each kind of column, and the largest whole number that a float holds exactly."""

_written = json.JSONEncoder(separators=(",", ":")).encode


def write(row: Row, columns: tuple[str, ...]) -> tuple[str, bytes]:
    """Return the layout and the stored cells of a row of these columns."""
    layout, numbers, others, pack = _laid_out(columns, tuple(map(type, row.values())))
    return layout, pack(*numbers(row)) + _written(others(row)).encode()  # packing keeps NaN and infinity


def read(layout: str, cells: str | bytes) -> Row:
    """Return the row of a layout and stored cells, equal to the last bit.

    Raises:
        ValueError: it is no row, or a cell does not fit its column.
    """
    try:
        return _read(layout, cells) if isinstance(cells, bytes) else _read_older(layout, cells)
    except (TypeError, RecursionError, struct.error) as error:
        raise ValueError(f"no row: {error}") from None


Take = Callable[[Row], tuple[Any, ...]]


@lru_cache(LAYOUTS)
def _laid_out(names: tuple[str, ...], types: tuple[type, ...]) -> tuple[str, Take, Take, Callable[..., bytes]]:
    """Return the layout of such rows, and functions that take their floats, their other cells, and pack floats."""
    kinds = dict(zip(names, types, strict=True))
    numbers, empty = (sorted(name for name in names if kinds[name] is kind) for kind in (float, NoneType))
    others = sorted({*names}.difference(numbers, empty))
    layout, floats = _written([numbers, others, empty]), struct.Struct(f"<{len(numbers)}d")
    return layout, _take(numbers), _take(others), floats.pack


def _take(names: list[str]) -> Take:
    return itemgetter(*names) if len(names) > 1 else lambda row: tuple(row[name] for name in names)


class _Layout(NamedTuple):
    names: tuple[str, ...]
    others: tuple[frozenset[type], ...]
    floats: struct.Struct
    empty: tuple[None, ...]


@lru_cache(LAYOUTS)
def _layout(text: str) -> _Layout:
    """Parse a layout, and check that its columns may hold floats, or be empty, as it says."""
    numbers, others, empty = json.loads(text)
    names = _checked((*numbers, *others, *empty))
    nothing = (None,) * len(empty)
    _check(numbers, (0.0,) * len(numbers), map(_types, numbers))
    _check(empty, nothing, map(_types, empty))
    return _Layout(names, tuple(map(_types, others)), struct.Struct(f"<{len(numbers)}d"), nothing)


def _read(layout: str, cells: bytes) -> Row:
    names, types, floats, empty = _layout(layout)
    numbers, others = floats.unpack_from(cells), json.loads(cells[floats.size :].decode("ascii"))
    row = dict(zip(names, (*numbers, *others, *empty), strict=True))
    _check(names[len(numbers) :], others, types)
    return row


def _read_older(layout: str, cells: str) -> Row:
    names, found = _names(layout), json.loads(cells)
    row = dict(zip(names, found, strict=True))
    _check(names, found, _types_of(layout))
    return row


@lru_cache(LAYOUTS)
def _names(layout: str) -> tuple[str, ...]:
    return _checked(tuple(json.loads(layout)))  # cached, so that all rows share the same strings


@lru_cache(LAYOUTS)
def _types_of(layout: str) -> tuple[frozenset[type], ...]:
    return tuple(map(_types, _names(layout)))


def _checked(names: tuple[str, ...]) -> tuple[str, ...]:
    absent = [name for name in NEEDED if name not in names]
    if absent or len({*names}) < len(names):
        raise ValueError(f"no {', '.join(absent)}" if absent else "a column twice")
    return names


@cache
def _types(name: str) -> frozenset[type]:
    """Return the types that a cell of a column may have; all types for an unknown column."""
    column = TRIALS.get(name)
    if column is None:
        return frozenset({str, int, float, bool, NoneType})
    kinds = (str,) if column.kind == "text" else TYPES[column.kind]
    return frozenset(kinds) | ({NoneType} if column.empty else set())


def _check(names: Iterable[str], cells: Iterable[Any], types: Iterable[frozenset[type]]) -> None:
    """Raise ValueError at a cell that does not fit its column; there may be more names than cells."""
    for name, cell, kinds in zip(names, cells, types, strict=False):
        kind = type(cell)  # most cells are plain; a call of _fits for each would double the time
        if kind not in kinds or (kind not in PLAIN and not _fits(name, cell)):
            raise ValueError(f"{name} is {cell!r:.50}")


def _fits(name: str, cell: Any) -> bool:
    """Say whether a cell, whose type is right, has a value that its column allows."""
    column = TRIALS.get(name)
    if column is None:
        return True
    if isinstance(cell, str):
        return not hides(cell) and column.admits(cell)
    return type(cell) is not int or abs(cell) <= LARGEST
