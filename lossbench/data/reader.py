"""Reading a user's CSV or Parquet file: a frame with usable column names, or one clear error."""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from lossbench.data.exact import EXACT
from lossbench.errors import DataError
from lossbench.remark import Remark, Topic


@dataclass(frozen=True, eq=False)
class UserTable:
    """A frame and where it came from.

    Args:
        path: the file, as the user gave it.
        frame: its content; after rows are dropped the index still counts the rows of the file.
        notes: what was done to it.
    """

    path: Path
    frame: pd.DataFrame = field(repr=False)
    notes: tuple[Remark, ...] = ()

    def error(self, message: str) -> DataError:
        """Return an error that names the file."""
        return DataError(f"{self.path}: {message}")

    def place(self, index: int) -> str:
        """Name a row so that the user finds it: the line of a CSV file, whose header is line 1, or the row."""
        return f"line {index + 2}" if self.path.suffix.lower() == ".csv" else f"row {index + 1}"


def read_table(path: Path) -> UserTable:
    """Read a file by its suffix.

    Columns without a name (row numbers that another program wrote, a comma at the end of every line) are dropped.

    Args:
        path: a `.csv` file (comma-separated, UTF-8, names in line 1) or a `.parquet` file.

    Raises:
        DataError: missing, of another kind, empty, not UTF-8, malformed, or without usable column names.

    Example:
        >>> read_table(Path("nowhere/sales.csv"))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lossbench.errors.DataError: no file .../nowhere/sales.csv; check the path
    """
    if path.is_dir():
        raise DataError(f"{path.absolute()} is a folder; name a file in it, as file.csv:target=column")
    if not path.is_file():
        raise DataError(f"no file {path.absolute()}; check the path")
    if path.suffix.lower() not in _READERS:
        raise DataError(f"{path}: only .csv and .parquet files are read; save the table as one of them")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; a table has column names and rows")
    try:
        table = UserTable(path, _READERS[path.suffix.lower()](path))
    except UnicodeDecodeError as problem:
        raise DataError(f"{path}: byte {problem.start} is not UTF-8; save the file in UTF-8") from None
    except (OSError, ValueError, NotImplementedError, csv.Error) as problem:
        raise DataError(
            f"{path}: the file cannot be read ({_one_line(problem)}); repair it or save it again"
        ) from None
    _check_names(table)
    if table.frame.empty:
        raise table.error("there are column names but no rows; add rows")
    return _without_nameless(table)


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = [name.strip() for name in next(csv.reader(file), [])]
    with warnings.catch_warnings():
        # pandas cuts surplus values off and only warns.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            # Blank lines are kept, as rows without a target, so that a row keeps its line number.
            frame: pd.DataFrame = pd.read_csv(
                path,
                encoding="utf-8-sig",
                index_col=False,
                low_memory=False,
                skipinitialspace=True,
                skip_blank_lines=False,
                **EXACT,
            )
        except pd.errors.ParserWarning:
            raise ValueError(f"lines have more values than the names in line 1, {len(names)}") from None
    return frame.set_axis(names, axis="columns")


def _read_parquet(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path).reset_index(drop=True)
    return frame.set_axis([str(name) for name in frame.columns], axis="columns")


_READERS = {".csv": _read_csv, ".parquet": _read_parquet}


def _check_names(table: UserTable) -> None:
    names = [str(name) for name in table.frame.columns if name]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise table.error(f"{Counter(names)[twice[0]]} columns are named '{twice[0]}'; give each its own name")
    counted = [str(i) for i in range(len(names))]  # how pandas names the columns of a plain array
    if all(map(_is_number, names)) and names != counted:
        raise table.error("there are no column names: line 1 holds numbers; put a line of names above it")
    separator = next((mark for mark in ";\t|" if len(names) == 1 and mark in names[0]), None)
    if separator:
        raise table.error(f"line 1 has no comma but {separator!r}; save the table with commas between the columns")


def _without_nameless(table: UserTable) -> UserTable:
    named = [bool(name) for name in table.frame.columns]
    if all(named):
        return table
    places = tuple(place for place, has_name in enumerate(named, start=1) if not has_name)
    note = Topic.NAMELESS_COLUMNS(places=places)
    return UserTable(table.path, table.frame.loc[:, named], (*table.notes, note))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _one_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0].rstrip(".") if str(problem).strip() else type(problem).__name__
