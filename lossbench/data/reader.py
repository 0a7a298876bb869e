"""Reading a user's CSV or Parquet file: its cells under usable column names, or one clear error."""

from __future__ import annotations

import os.path
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lossbench.data.cells import Cells
from lossbench.data.files.csv_file import read_csv
from lossbench.data.files.fetched import fetch
from lossbench.data.files.npz_file import read_npz
from lossbench.data.files.parquet_file import by_type, read_parquet
from lossbench.data.files.shipped import SOURCE, ship
from lossbench.data.readings import is_number
from lossbench.data.table_spec import TableSpec, is_fetched, written
from lossbench.errors import DataError, UnknownName
from lossbench.looks import alike
from lossbench.remark import Remark, Topic
from lossbench.visible import visible


def read_cells(stated: TableSpec) -> Cells:
    """Read a file by its suffix, a table that scikit-learn has fetched, or one of lossbench-data.

    Columns without a name (row numbers that another program wrote, a comma at the end of every line) are left out.

    Args:
        stated: the file, `.csv`, `.tsv` or `.txt` (names in its first line), `.parquet` or `.npz`, and
            what is known about it.

    Raises:
        DataError: missing, of another kind, empty, not text, malformed, or without usable column names.

    Example:
        >>> from pathlib import Path
        >>> read_cells(TableSpec("", Path("nowhere/sales.csv")))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lossbench.errors.DataError: no file .../nowhere/sales.csv; check the path
    """
    path = stated.path
    if is_fetched(str(path)):
        return _read_fetched(stated)
    if os.path.isdir(path):  # no exception where a path is too long, or may not be read
        raise DataError(f"{path.absolute()} is a folder; name a file in it, as file.csv:target=column")
    if not os.path.isfile(path):
        raise DataError(f"no file {path.absolute()}; check the path")
    if path.suffix.lower() not in _READERS:
        raise DataError(f"{path}: only .csv, .tsv, .txt, .parquet and .npz files are read; {_way_in(path)}")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; a table has column names and rows")
    try:
        return _READERS[path.suffix.lower()](stated)
    except (OSError, ValueError, NotImplementedError) as problem:
        raise DataError(
            f"{path}: the file cannot be read ({_one_line(problem)}); repair it or save it again"
        ) from None


def _read_csv(stated: TableSpec) -> Cells:
    file = read_csv(stated.path, stated.separator)
    cells = Cells(stated.path, {}, file.lines, "line", file.separator, file.notes)
    _check_names(cells, file.names)
    counted = [str(i) for i in range(len(file.names))]  # how pandas names the columns of a plain array
    if all(is_number(name) for name in file.names if name) and file.names != counted:
        raise cells.error("there are no column names: line 1 holds numbers; put a line of names above it")
    return _chosen(cells, stated, file.names, file.columns)


def _read_parquet(stated: TableSpec) -> Cells:
    return frame_cells(stated, read_parquet(stated.path))


def frame_cells(stated: TableSpec, frame: pd.DataFrame) -> Cells:
    """Return the columns of a frame, each by its type; its index is left out.

    Raises:
        DataError: without usable column names or without rows, or a column that holds other objects.
    """
    names = [visible(str(name).strip()) for name in frame.columns]
    cells = Cells(stated.path, {}, np.arange(1, len(frame) + 1), "row")
    _check_names(cells, names)
    cells = _chosen(cells, stated, names, [frame.iloc[:, i] for i in range(len(names))])
    read = {name: by_type(cells, name) for name in cells.columns}
    notes = (note for _, about in read.values() for note in about)
    return replace(
        cells, columns={name: column for name, (column, _) in read.items()}, notes=(*cells.notes, *notes)
    )


def _read_npz(stated: TableSpec) -> Cells:
    arrays = read_npz(stated.path)
    return replace(frame_cells(stated, arrays.frame), image_shape=arrays.image_shape)


def _read_fetched(stated: TableSpec) -> Cells:
    name, topic, read = str(stated.path), Topic.FETCHED, fetch
    if name.partition(":")[0] == SOURCE:
        topic, read = Topic.SHIPPED, ship
    found = read(name)
    cells = frame_cells(stated, found.frame)
    notes = (topic(version=found.version), *cells.notes)
    return replace(cells, notes=notes, targets=found.targets, version=found.version, group=found.group)


_READERS = dict.fromkeys((".csv", ".tsv", ".txt"), _read_csv) | {".parquet": _read_parquet, ".npz": _read_npz}
_PACKED = {".gz": "gunzip", ".bz2": "bunzip2", ".xz": "unxz", ".zst": "unzstd", ".zip": "unzip"}
_TEXTS = (".tab", ".dat", ".data", ".asc", ".psv", ".ssv", "")


def _way_in(path: Path) -> str:
    """Say how a file of another suffix becomes one that is read."""
    suffix = path.suffix.lower()
    if suffix in _PACKED:
        return f"unpack it with {_PACKED[suffix]}"
    if suffix in _TEXTS:
        return "if it is text with a line of names, name it FILE.csv"
    return "save the table as one of them"


def _check_names(cells: Cells, names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise cells.error(f"{names.count(twice[0])} columns are named '{twice[0]}'; give each its own name")
    if not len(cells.places):
        raise cells.error("there are column names but no rows; add rows")


def _chosen(cells: Cells, stated: TableSpec, names: list[str], columns: list[Any]) -> Cells:
    """Leave out the columns that have no name, and those that the user drops."""
    for name in stated.drop:
        if name not in names:
            known = [written(column) for column in names if column]
            where = f"{cells.path} (to name another data set, repeat -d)"
            raise UnknownName("column to drop", name, known, where)
    notes: list[Remark] = [
        Topic.NAMES_ALIKE(names=same, codes=codes) for same, codes in alike(filter(None, names))
    ]
    nameless = tuple(place for place, name in enumerate(names, start=1) if not name)
    notes += [Topic.NAMELESS_COLUMNS(places=nameless)] if nameless else []
    notes += [Topic.DROPPED(columns=stated.drop)] if stated.drop else []
    kept = {name: column for name, column in zip(names, columns, strict=True) if name not in ("", *stated.drop)}
    return replace(cells, columns=kept, notes=(*cells.notes, *notes))


def _one_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0].rstrip(".") if str(problem).strip() else type(problem).__name__
