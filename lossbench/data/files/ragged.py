"""What is wrong with a CSV file whose lines of values do not go with its line of names, in one clear error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from lossbench.data.readings import is_number
from lossbench.errors import DataError
from lossbench.visible import visible

SEPARATORS = ";\t|"  # tried in this order where line 1 has no comma
AGREE = 0.9  # of the lines below the names: if so many have as many values, it is the names that are wrong
TITLE = "take out all that stands above the names, or put # before it"

Record = tuple[int, list[str]]
"""The line in which a record begins, and its values."""


def shown(separator: str) -> str:
    r"""Write a separator as a spec takes it.

    Example:
        >>> shown("\t"), shown(";")
        ('tab', ';')
    """
    return {"\t": "tab", " ": "space"}.get(separator, separator)


def ragged(
    path: Path, names: Sequence[str], top: int, separator: str, wrong: Sequence[Record], right: int
) -> DataError:
    """Return the error for a line with more or fewer values than there are names.

    Args:
        path: the file.
        names: of the columns.
        top: the line of the names.
        separator: what stands between the values.
        wrong: the records from the first on that has another number of values.
        right: how many records above it have as many as names.
    """
    line, record = wrong[0]
    usual, rows = Counter(len(values) for _, values in wrong).most_common(1)[0]
    if usual != len(names) and rows > right and 1 < rows >= AGREE * len(wrong):
        return DataError(f"{path}: {_wrong_names(names, top, separator, wrong, usual)}")
    return DataError(
        f"{path}: line {line} has {_counted(len(record), 'value')}, but line {top} has "
        f"{_counted(len(names), 'name')}, with {shown(separator)} between them; correct the line"
        f"{_other_mark(names, record)}"
    )


def _wrong_names(names: Sequence[str], top: int, separator: str, wrong: Sequence[Record], usual: int) -> str:
    """Say what is wrong with a line of names where all lines below have another number of values."""
    line, record = next(found for found in wrong if len(found[1]) == usual)
    below = [values for _, values in wrong if len(values) == usual and values is not record]
    if usual > len(names) and _are_names(record) and not all(map(_are_names, below)):
        return f"line {top} ('{' '.join(names)}') is no line of names, as it seems, but line {line}; {TITLE}"
    each = (
        f"line {top} has {_counted(len(names), 'name')}, but the lines from {line} on have "
        f"{_counted(usual, 'value')} each, with {shown(separator)} between them"
    )
    if usual == len(names) + 1 and not any(values[-1] for values in below):
        return f"{each}, the last of them empty; put {shown(separator)} at the end of line {top} too"
    if usual == len(names) + 1:
        return f"{each}; if they begin with names of rows, write a name for these too, as row{separator}{names[0]}"
    return f"{each}; correct line {top}{_other_mark(names, record)}"


def _are_names(values: Sequence[str]) -> bool:
    return all(value and not is_number(value) for value in values)


def _other_mark(names: Sequence[str], record: Sequence[str]) -> str:
    others = [mark for mark in f",{SEPARATORS}" if mark in "".join(record)]
    both = [mark for mark in others if mark in "".join(names)]
    if both:
        return f", or if {shown(both[0])} stands between the values, write sep={shown(both[0])}"
    if others and len(record) == 1:
        return f": write one mark between all names and values, {shown(others[0])} or that of the names"
    return ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def check_title(path: Path, first: str, below: str, top: int) -> None:
    """Refuse a title that begins with a mark, as a comment does elsewhere, above lines with another separator.

    Args:
        path: the file.
        first: the line that is read as that of the names.
        below: the next line.
        top: the number of the first.

    Raises:
        DataError: it names both lines.
    """
    mark = first[:1]
    if mark in SEPARATORS and mark not in below and any(other in below for other in f",{SEPARATORS}"):
        title = visible(first.strip())
        raise DataError(
            f"{path}: line {top} ('{title}') is no line of names, as it seems, but line {top + 1}; {TITLE}"
        )


def check_names(path: Path, names: Sequence[str], columns: Sequence[Any], places: np.ndarray, top: int) -> None:
    """Refuse a title that is read as the line of names, with empty cells beside it or below it another separator.

    Args:
        path: the file.
        names: of the columns.
        columns: the texts of each (pyarrow arrays).
        places: (rows,) the line of each row.
        top: the line of the names.

    Raises:
        DataError: it names the line, and that of the names where it can be told.
    """
    nameless = [column for name, column in zip(names, columns, strict=True) if not name.strip()]
    filled = [column for column in nameless if pc.any(pc.not_equal(column, "")).as_py()]
    if len(nameless) > len(names) / 2 and filled:
        title = " ".join(filter(None, names))
        raise DataError(
            f"{path}: line {top} ('{title}') names {len(names) - len(nameless)} of {len(names)} columns, and is "
            f"no line of names, as it seems; {TITLE}"
        )
    for mark in f",{SEPARATORS}" if len(names) == 1 and not set(f",{SEPARATORS}") & set(names[0]) else "":
        counts = np.asarray(pc.count_substring(columns[0], mark))
        if len(counts) > 1 and counts[-1] > 0 and np.mean(counts == counts[-1]) >= AGREE:
            line = places[int(np.argmax(counts == counts[-1]))]
            raise DataError(
                f"{path}: line {top} ('{names[0]}') is no line of names, as it seems, but line {line}, with "
                f"{shown(mark)} between the values; {TITLE}"
            )
