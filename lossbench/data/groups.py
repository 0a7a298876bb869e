"""Rows of a user's table that a split keeps in one part: those of one group, and equal rows.

A network that has seen a row in training, or another of the same patient, knows what it is tested on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from lossbench.data.cells import UserTable
from lossbench.data.fold import STRATIFIABLE
from lossbench.data.split import SHARES
from lossbench.remark import Remark, Topic

FEWEST = 3  # groups, one for each part of a split
SEVERAL = 10  # with fewer groups, few splits are possible, and none near the shares that are wanted
DIFFERENT = 10  # distinct rows: a table with fewer has coarse columns, and could not be split by them
BEYOND_CHANCE = 10.0  # a multiple of the pairs of equal rows that coarse columns make by chance


class Together(NamedTuple):
    """What a split keeps together.

    Args:
        groups: (rows,) int64, the number of each row's group; None where every row stands for itself.
        notes: on the groups.
    """

    groups: np.ndarray | None
    notes: tuple[Remark, ...]


def rows_together(columns: Sequence[np.ndarray], target: np.ndarray, given: np.ndarray | None) -> Together:
    """Return the groups of a table: those given, and equal rows; groups that share equal rows are one.

    Args:
        columns: (rows, width) each, the features made of each column of the table.
        target: (rows,) class indices, or (rows, 1) values.
        given: (rows,) int64, the number of each row's group, counted from 0; None where the user names no groups.
    """
    found, topic = repeats([_coded(block) for block in columns]), Topic.EQUAL_ROWS
    if found.several == 0:
        return Together(given, ())
    by_chance = Together(given, (Topic.EQUAL_BY_CHANCE(rows=found.several),))
    if found.chance:
        found, topic = in_the_target_too(found, numbered(target.reshape(-1))), Topic.EQUAL_THROUGHOUT
    whole = found.number if given is None else joined(given, found.number)
    if found.chance or whole.max() + 1 < FEWEST:
        return by_chance
    notes = [topic(rows=found.several, different=int(np.sum(np.bincount(found.number) > 1)))]
    if given is not None and whole.max() < given.max():
        notes.append(Topic.JOINED_GROUPS(groups=int(given.max()) + 1, left=int(whole.max()) + 1))
    return Together(whole, tuple(notes))


def _coded(block: np.ndarray) -> np.ndarray:
    """Return a code for the value of each row (rows,), from numbers (rows, 1) or from one-hot categories."""
    return numbered(block[:, 0]) if block.shape[1] == 1 else block.argmax(axis=1)


def groups_of(table: UserTable, name: str) -> np.ndarray:
    """Return the number of each row's group by a column, (rows,); a row without a value is its own group.

    Raises:
        DataError: it makes fewer than three groups.
    """
    known = pd.factorize(table.frame[name])[0]
    numbers = numbered(np.where(known < 0, len(known) + np.arange(len(known)), known))
    count = int(numbers.max()) + 1
    if count < FEWEST:
        raise table.error(
            f"group={name} makes {count} group{'s' * (count > 1)}; training, validation and test part need one "
            "each, and a comparison many more: name another column, or leave group= out"
        )
    return numbers


def notes_on_groups(table: UserTable, name: str, groups: np.ndarray) -> Iterator[Remark]:
    """Yield notes on the groups (rows,) that a column makes."""
    size = np.bincount(groups)
    missing = int(table.frame[name].isna().sum())
    if missing:
        yield Topic.NO_GROUP(column=name, rows=missing)
    if len(size) == len(groups):
        yield Topic.LONE_ROWS(column=name)
        return
    yield Topic.GROUPS(column=name, groups=len(size), smallest=int(size.min()), largest=int(size.max()))
    if len(size) < SEVERAL:
        yield Topic.FEW_GROUPS(groups=len(size))
    alone = np.count_nonzero(size == size.max()) == 1  # of two, one may be tested
    if alone and size.max() > SHARES[-1] * len(groups) + 1:
        first = int((groups == size.argmax()).argmax())
        yield Topic.LARGE_GROUP(column=name, name=str(table.frame[name].iloc[first]), rows=int(size.max()))


def check_classes_of_groups(
    table: UserTable, name: str, groups: np.ndarray, classes: Sequence[str], target: np.ndarray
) -> Iterator[Remark]:
    """Yield a note on classes in so few groups that some part of a split may be without them.

    Raises:
        DataError: a class that only one group has: it cannot be both learnt and tested.
    """
    having = np.bincount(np.unique(np.stack([groups, target]), axis=1)[1], minlength=len(classes))
    for label, count in zip(classes, having.tolist(), strict=True):
        if count == 1:
            raise table.error(
                f"class '{label}' has rows in one group of '{name}' only, so it cannot be both learnt and tested; "
                "merge or remove the class, or leave group= out"
            )
        if count < STRATIFIABLE:
            yield Topic.CLASS_IN_FEW_GROUPS(name=label, groups=count)


class Repeats(NamedTuple):
    """The rows that occur more than once.

    Args:
        number: (rows,) int, the same for equal rows, counted from 0.
        several: how many rows have a duplicate.
        chance: whether columns with so few values would make as many duplicates by chance.
    """

    number: np.ndarray
    several: int
    chance: bool


def repeats(columns: Sequence[np.ndarray]) -> Repeats:
    """Find rows with equal features, whatever their targets: the network has seen such a row all the same.

    Where columns have few values, unrelated rows are equal, and keeping them together would leave nothing to test
    on. So where fewer than half of the rows are distinct, equal ones count only if there are many more pairs of
    them than independent columns would make, n (n - 1) / 2 Π P(two different rows agree in it).

    Example:
        >>> size, town = np.arange(40) // 2, np.arange(40) // 2 * 7 % 20
        >>> found = repeats([size, town])
        >>> found.several, found.chance, found.number.max()
        (40, False, np.int64(19))
    """
    rows = len(columns[0])
    number = np.zeros(rows, dtype=np.int64)
    for column in columns:
        number = numbered(number * (int(column.max()) + 1) + column)
    times = np.bincount(number)
    first = np.unique(number, return_index=True)[1]
    agreeing = float(np.prod([_agreeing(column[first]) for column in columns]))
    coarse = len(columns) == 1 or _pairs(times) <= BEYOND_CHANCE * agreeing * rows * (rows - 1) / 2
    chance = len(times) < DIFFERENT or (len(times) < rows / 2 and coarse)
    return Repeats(number, int(times[times > 1].sum()), chance)


def in_the_target_too(found: Repeats, target: np.ndarray) -> Repeats:
    """Find equal rows whose targets are equal too, more often than by chance.

    Example:
        >>> size, price = np.arange(40) // 4, np.arange(40) // 2
        >>> in_the_target_too(Repeats(size, 40, True), price).chance
        False
    """
    number = numbered(found.number * (int(target.max()) + 1) + target)
    times = np.bincount(number)
    agreeing = _agreeing(target[np.unique(number, return_index=True)[1]])
    chance = _pairs(times) <= BEYOND_CHANCE * agreeing * _pairs(np.bincount(found.number))
    return Repeats(number, int(times[times > 1].sum()), chance)


def _agreeing(values: np.ndarray) -> float:
    """Return the share of pairs of rows that agree in a column with these values (rows,)."""
    return _pairs(np.bincount(values)) / (len(values) * (len(values) - 1) / 2)


def _pairs(times: np.ndarray) -> float:
    """Return the number of equal pairs among values that occur so many times (values,)."""
    return float((times * (times - 1.0) / 2.0).sum())


def numbered(values: np.ndarray) -> np.ndarray:
    """Number values (rows,) of any kind from 0, in the order of their first appearance.

    A missing value is a value like others.

    Example:
        >>> numbered(np.array([7, 5, 7])).tolist()
        [0, 1, 0]
    """
    return np.asarray(pd.factorize(values, use_na_sentinel=False)[0], dtype=np.int64)


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Merge two groupings, (rows,) each: rows that share a group of either share one of the result.

    Example:
        >>> joined(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist()
        [0, 0, 0, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    width = int(first.max()) + 1
    size = width + int(second.max()) + 1
    meetings = coo_array((np.ones(len(first)), (first, width + second)), shape=(size, size))
    return numbered(connected_components(meetings, directed=False)[1][first])
