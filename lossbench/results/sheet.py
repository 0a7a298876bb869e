"""A CSV file that lossbench wrote, as cells with their line numbers, which error messages name."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lossbench.errors import DataError
from lossbench.results.cell import from_cell
from lossbench.schema import TRIALS, Column

LARGEST = 1e150  # the square of a larger number may overflow


def _whole(cell: str) -> int:
    return int(np.int64(int(cell.removesuffix(".0"))))  # as programs write it beside empty cells


def _checked(read: Callable[[str], Any], is_valid: Callable[[Any], bool]) -> Callable[[str], Any]:
    def checked(cell: str) -> Any:
        value = read(cell)
        if not is_valid(value):
            raise ValueError
        return value

    return checked


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "text": ("a text", _checked(from_cell, bool)),
    "number": (f"a number below {LARGEST:g}", _checked(float, lambda number: abs(number) < LARGEST)),
    "whole": ("a whole number", _whole),
    "count": ("a whole number above zero", _checked(_whole, lambda number: number > 0)),
    "truth": ("True or False", lambda cell: bool(("False", "True").index(cell))),
}


def reader(column: Column) -> tuple[str, Callable[[str], Any]]:
    """Return what the cells of a column are, for messages, and what reads one or raises ValueError."""
    if column.choices:
        return f"a {column.name}: {', '.join(column.choices)}", _checked(str, column.admits)
    if column.group == "setting" and column.kind == "number":
        return "a number", _checked(float, math.isfinite)  # as it was given to the run
    return _READERS[column.kind]


READERS = {name: reader(column) for name, column in TRIALS.items()}
"""For each column of `trials.csv`: what its cells are, for messages, and the function that reads one."""


@dataclass(frozen=True)
class Sheet:
    """The cells of a file, as texts.

    Args:
        path: the file, for messages.
        lines: the line where each row begins; the header is line 1.
        cells: by column.
        ended: whether the last line ends with a newline; otherwise the file is cut short.
    """

    path: Path
    lines: list[int]
    cells: dict[str, tuple[str, ...]]
    ended: bool = True

    def error(self, row: int, message: str) -> DataError:
        """Return an error that names file and line."""
        return DataError(f"{self.path} line {self.lines[row]}: {message}")


def read_sheet(path: Path, check_header: Callable[[Path, list[str]], None]) -> Sheet:
    """Read the cells of a file and check its lines against the header.

    Args:
        path: the file.
        check_header: refuses wrong names in line 1; gets none for an empty file.

    Raises:
        DataError: the file cannot be read or is no CSV, or a line has more or fewer cells than the header.
    """
    text = file_text(path)
    records = list(_records(path, text))
    header, rows = (records[0][1], records[1:]) if records else ([], [])
    check_header(path, header)
    check_widths(path, len(header), rows)
    columns = list(zip(*(row for _, row in rows), strict=True)) or [()] * len(header)
    cells = dict(zip(header, columns, strict=True))
    return Sheet(path, [line for line, _ in rows], cells, text.endswith("\n"))


def file_text(path: Path) -> str:
    """Return the text of a file."""
    try:
        return path.read_text(encoding="utf-8-sig")  # some programs write a byte order mark
    except UnicodeDecodeError as problem:
        raise DataError(f"{path}: byte {problem.start} is not UTF-8; name a file that lossbench wrote") from None
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}; check its path and permissions") from None


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    rows, line = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for record in rows:
            yield line, record
            line = rows.line_num + 1
    except csv.Error as problem:
        raise DataError(f"{path} line {line}: no CSV ({problem}); restore the whole file") from None


def check_widths(path: Path, width: int, rows: list[tuple[int, list[str]]]) -> None:
    """Refuse lines with more or fewer cells than there are columns."""
    for line, row in rows:
        if len(row) != width:
            cut = "; the file is cut short there" if line == rows[-1][0] else ""
            raise DataError(
                f"{path} line {line}: {len(row)} cells under {width} columns{cut}; restore the whole file"
            )


def refuse_incomplete(sheet: Sheet, what: str) -> None:
    """Refuse a file that is cut short, or has no rows; `what` names them in the message."""
    if not sheet.ended:
        last = [1, *sheet.lines][-1]
        raise DataError(
            f"{sheet.path} line {last}: no newline at its end, the file is cut short; restore the whole file"
        )
    if not sheet.lines:
        raise DataError(f"{sheet.path} line 1: no {what} below the names of the columns; run the comparison again")


def read_column(sheet: Sheet, column: Column, cells: tuple[str, ...]) -> list[Any]:
    """Return the values of one column, None where undefined."""
    wanted, read = reader(column)
    values: dict[str, Any] = {"": None} if column.empty else {}
    for cell in dict.fromkeys(cells):  # most cells occur in many rows
        try:
            values[cell] = values[cell] if cell in values else read(cell)
        except (ValueError, OverflowError):
            due = f"neither {wanted} nor empty" if column.empty else f"not {wanted}"
            message = f"column {column.name}: '{cell}' is {due}; restore the file"
            raise sheet.error(cells.index(cell), message) from None
    return [values[cell] for cell in cells]
