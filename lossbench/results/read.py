"""Reading `trials.csv` back as the table that it was written from, or refusing it with the line that is wrong.

What is read is what was written: `trials_csv(read_trials(path))` is the file, byte for byte. All that is
refused is refused by a DataError, which names the file, the first line that is wrong, and what to do.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lossbench.errors import DataError
from lossbench.remark import Remark, Topic
from lossbench.schema import COLUMNS, DTYPES, SCHEMA, TRIAL, TRIALS, Column

MANIFEST = "manifest.json"
CENSORED = ">"


def _whole(cell: str) -> int:
    return int(np.int64(int(cell.removesuffix(".0"))))  # as programs write whole numbers beside empty cells


def _holding(read: Callable[[str], Any], holds: Callable[[Any], bool]) -> Callable[[str], Any]:
    def checked(cell: str) -> Any:
        value = read(cell)
        if not holds(value):
            raise ValueError
        return value

    return checked


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "text": ("a text", _holding(str, bool)),
    "number": ("a number", _holding(float, math.isfinite)),
    "whole": ("a whole number", _whole),
    "count": ("a whole number above zero", _holding(_whole, lambda number: number > 0)),
    "truth": ("True or False", lambda cell: bool(("False", "True").index(cell))),
}


def _reader(column: Column) -> tuple[str, Callable[[str], Any]]:
    if column.choices:
        return f"a {column.name}: {', '.join(column.choices)}", _holding(str, column.choices.__contains__)
    return _READERS[column.kind]


READERS = {name: _reader(column) for name, column in TRIALS.items()}
"""What the cells of each column are, for messages, and what reads one, or raises ValueError or OverflowError."""


@dataclass(frozen=True)
class Sheet:
    """The cells of a file, as texts.

    Args:
        path: the file, for messages.
        lines: the number of the line where each row begins; the header is line 1.
        cells: the cells of each column, by its name.
    """

    path: Path
    lines: list[int]
    cells: dict[str, tuple[str, ...]]

    def error(self, row: int, message: str) -> DataError:
        """Return an error that names file and line."""
        return DataError(f"{self.path} line {self.lines[row]}: {message}")


def read_trials(place: Path, one_run: bool = False) -> pd.DataFrame:
    """Read the trials of a finished run.

    Args:
        place: the file, or the folder that has it as `trials.csv`. A `manifest.json` beside it says of which
            version it is.
        one_run: whether losses are to be compared with each other: then rows of different runs are refused, which
            agree in what fixes the data, the split or the weights, and not in these.

    Returns:
        One row a trial, with the columns and types of `Comparison.trials`.

    Raises:
        DataError: no such file; one of a newer or an older version; one that is cut short, has a value of the
            wrong type, holds a trial twice, or contradicts itself. The message has the line.

    Example:
        >>> read_trials(Path("nowhere"))
        Traceback (most recent call last):
        lossbench.errors.DataError: no file nowhere; name a trials.csv, or the folder of a run
    """
    path = find_trials(place)
    read_manifest(path.parent)
    sheet = read_sheet(path)
    refuse_unjudged(sheet)
    trials = typed(sheet)
    refuse_twice(sheet, trials)
    if one_run:
        refuse_mixture(sheet, trials)
    return trials


def read_baseline(place: Path, first: bool = False) -> pd.DataFrame | None:
    """Read the trials of a baseline; None for a first run, which has none yet.

    Raises:
        DataError: there is none, and this is no first run; or as `read_trials`.
    """
    path = trials_path(place)
    if path.exists():
        return read_trials(place)
    if first:
        return None
    raise DataError(
        f"no baseline at {path}; give the path of a trials.csv, or --baseline-if-exists for the first run, which "
        "has none yet"
    )


def trials_path(place: Path) -> Path:
    """Return where the trials are, if they are: the file itself, or `trials.csv` in a folder."""
    return place / "trials.csv" if place.is_dir() else place


def find_trials(place: Path) -> Path:
    """Return the path of the trials."""
    path = trials_path(place)
    if not path.exists():
        raise DataError(f"no file {path}; name a trials.csv, or the folder of a run")
    return path


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of the run in a folder, None where there is none."""
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise DataError(f"{path} cannot be read ({problem}); restore it, or remove it") from None
    if not isinstance(found, dict) or not isinstance(found.get("schema"), int):
        return None  # another program's
    if found["schema"] > SCHEMA:
        raise DataError(
            f"{path}: schema {found['schema']} is of a newer lossbench, this one reads up to {SCHEMA}; update it"
        )
    return found


def altered(place: Path) -> Iterator[Remark]:
    """Yield a remark where the trials are not those that the run beside them wrote.

    A file that is cut between two lines is well-formed; only the manifest can tell.
    """
    path = find_trials(place)
    found = read_manifest(path.parent) or {}
    recorded = found.get("sha256", {}).get(path.name)
    if recorded and recorded != hashlib.sha256(path.read_bytes()).hexdigest():
        yield Topic.ALTERED(path=path, trials=found["trials"])


def read_sheet(path: Path) -> Sheet:
    """Read the cells of a file and hold its lines to the header."""
    text = _content(path)
    records = list(_records(path, text))
    if not records:
        raise DataError(f"{path}: the file is empty; run the comparison again")
    (_, header), *rows = records
    check_header(path, header)
    check_widths(path, len(header), rows)
    last = records[-1][0]
    if not text.endswith("\n"):
        raise DataError(
            f"{path} line {last}: no newline at its end, the file is cut short; restore the whole file"
        )
    if not rows:
        raise DataError(f"{path} line 1: no trials below the names of the columns; run the comparison again")
    columns = zip(*(row for _, row in rows), strict=True)
    return Sheet(path, [line for line, _ in rows], dict(zip(header, columns, strict=True)))


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # some programs begin a file with a mark
    except UnicodeDecodeError as problem:
        raise DataError(f"{path}: byte {problem.start} is not UTF-8; name a file that lossbench wrote") from None
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}; check its permissions") from None


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for record in reader:
            yield line, record
            line = reader.line_num + 1
    except csv.Error as problem:
        raise DataError(f"{path} line {line}: no CSV ({problem}); restore the whole file") from None


def check_header(path: Path, header: list[str]) -> None:
    """Refuse other columns than those of `trials.csv`; their order is free, and optional ones may be missing."""
    place = f"{path} line 1"
    if not set(COLUMNS) & set(header):
        raise DataError(f"{place}: not the columns of a trials.csv; name one, or the folder of a run")
    missing = [name for name, column in TRIALS.items() if not column.optional and name not in header]
    if missing:
        raise DataError(
            f"{place}: no column {', '.join(missing)}; the file is of an older lossbench: run the comparison again"
        )
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise DataError(
            f"{place}: unknown column {', '.join(unknown)}; the file is of a newer lossbench, update it, or not "
            "lossbench's alone, remove the column"
        )
    if len(header) > len(set(header)):
        raise DataError(f"{place}: a column is there twice; remove one of them")


def check_widths(path: Path, width: int, rows: list[tuple[int, list[str]]]) -> None:
    """Refuse lines with more or fewer cells than there are columns."""
    for line, row in rows:
        if len(row) != width:
            cut = "; the file is cut short there" if line == rows[-1][0] else ""
            raise DataError(
                f"{path} line {line}: {len(row)} cells under {width} columns{cut}; restore the whole file"
            )


def typed(sheet: Sheet) -> pd.DataFrame:
    """Return the cells as values, every column with its type; a column that the file lacks is undefined."""
    absent = {name: ("",) * len(sheet.lines) for name in COLUMNS if name not in sheet.cells}
    times = tuple(cell if not cell.startswith(CENSORED) else "" for cell in sheet.cells["epochs_to_target"])
    cells = sheet.cells | absent | {"epochs_to_target": times}
    trials = pd.DataFrame({name: read_column(sheet, name, cells[name]) for name in COLUMNS}).astype(DTYPES)
    refuse_times(sheet, trials)
    return trials


def refuse_unjudged(sheet: Sheet) -> None:
    """Refuse rows that are judged by a score that the file has no column for."""
    for row, score in enumerate(sheet.cells["score"]):
        if score in COLUMNS and score not in sheet.cells:
            raise sheet.error(row, f"the score is {score}, and there is no column {score}; restore the file")


def read_column(sheet: Sheet, name: str, cells: tuple[str, ...]) -> list[Any]:
    """Return the values of one column, None for what is undefined."""
    (wanted, read), optional, values = READERS[name], TRIALS[name].empty, []
    for row, cell in enumerate(cells):
        try:
            values.append(None if optional and not cell else read(cell))
        except (ValueError, OverflowError):
            due = f"neither {wanted} nor empty" if optional else f"not {wanted}"
            raise sheet.error(row, f"column {name}: '{cell}' is {due}; restore the file") from None
    return values


def refuse_times(sheet: Sheet, trials: pd.DataFrame) -> None:
    """Refuse a time to the target that does not agree with `converged` and `epochs`."""
    for row, (cell, converged, epochs) in enumerate(
        zip(sheet.cells["epochs_to_target"], trials.converged, trials.epochs, strict=True)
    ):
        if pd.isna(converged):
            agrees, wanted = cell == "", "an empty cell"
        elif converged:
            agrees, wanted = cell != "" and not cell.startswith(CENSORED), "a number"
        else:
            wanted = f"{CENSORED}{epochs:g}"
            agrees = cell == wanted
        if not agrees:
            stands = "empty" if pd.isna(converged) else converged
            raise sheet.error(
                row, f"epochs_to_target is '{cell}' where converged is {stands}: {wanted} is due; restore the file"
            )


def refuse_twice(sheet: Sheet, trials: pd.DataFrame) -> None:
    """Refuse a trial that is there twice, with the same numbers or with others."""
    again = trials.duplicated(list(TRIAL)).to_numpy()
    if not again.any():
        return
    row = int(again.argmax())
    first = int((trials[list(TRIAL)] == trials.loc[row, list(TRIAL)]).all(axis="columns").to_numpy().argmax())
    there = f"line {sheet.lines[first]}"
    for name, cells in sheet.cells.items():
        if cells[row] != cells[first]:
            raise sheet.error(
                row,
                f"contradicts {there}: the same trial with {name} '{cells[row]}' here and '{cells[first]}' there; "
                "keep the row that is right",
            )
    raise sheet.error(row, f"repeats {there}; remove one of the two")


def refuse_mixture(sheet: Sheet, trials: pd.DataFrame) -> None:
    """Refuse rows whose data, split, weights, order or loss differ where they must not."""
    for name, column in TRIALS.items():
        if not column.same_for:
            continue
        keys = [trials[key] for key in column.same_for]
        firsts = trials.index.to_series().groupby(keys).transform("first").to_numpy()
        found = trials[name].to_numpy()
        differs = found != found[firsts]
        if differs.any():
            row = int(differs.argmax())
            raise sheet.error(
                row,
                f"contradicts line {sheet.lines[firsts[row]]}: another {name} for the same "
                f"{', '.join(column.same_for)}; these rows are of different runs: keep one run's",
            )
