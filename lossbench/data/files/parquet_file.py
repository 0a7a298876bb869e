"""Reading a Parquet file, or a frame: each column by its type, as numbers, dates or texts."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import infer_dtype

from lossbench.data.cells import Cells
from lossbench.data.files.csv_file import TEXT
from lossbench.data.readings import EXACT
from lossbench.data.table_spec import written
from lossbench.remark import Remark, Topic

_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
_TEXTS = ("string", "boolean", "categorical", "empty")
_SEVERAL = ("mixed", "mixed-integer")
_DATES = ("datetime64", "datetime", "date")
_DURATIONS = ("timedelta64", "timedelta")


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file; an index with a name is a column like any other."""
    frame = pd.read_parquet(path)
    named = [name for name in frame.index.names if name is not None]
    return frame.reset_index(level=named).reset_index(drop=True) if named else frame.reset_index(drop=True)


def by_type(cells: Cells, name: str) -> tuple[Any, tuple[Remark, ...]]:
    """Return the content of a column of a Parquet file, or of a frame, and notes on it.

    Args:
        cells: the table, its columns as pandas reads them.
        name: of the column.

    Returns:
        Numbers (rows,) float64, or texts (a pyarrow array; dates as 2024-12-31); and the notes.

    Raises:
        DataError: neither numbers nor dates nor texts.
    """
    values = cells.columns[name]
    kind = infer_dtype(values, skipna=True)
    if kind in _NUMBERS and not _loses_digits(values, kind):
        return values.to_numpy(dtype=np.float64, na_value=np.nan), ()
    if kind in _DURATIONS:
        days = pd.to_timedelta(values).to_numpy() / np.timedelta64(1, "D")
        return days, (Topic.DURATIONS(column=name),)
    if kind in _DATES:
        values = pd.to_datetime(values, utc=True).map(pd.Timestamp.isoformat, na_action="ignore")
    elif kind not in (*_NUMBERS, *_TEXTS) and not _is_written(values, kind):
        raise cells.error(
            f"column '{name}' holds {_told(values, kind)} values, which are neither numbers nor dates nor texts; "
            f"leave it out with drop={written(name)}, or turn it into numbers"
        )
    try:
        plain = values.astype(object)
    except pa.ArrowException:
        raise cells.error(
            f"column '{name}' holds a text that is not UTF-8; write the file anew, or leave the column out with "
            f"drop={written(name)}"
        ) from None
    return pa.array(plain.map(str, na_action="ignore"), TEXT, from_pandas=True), ()


def _loses_digits(values: pd.Series[Any], kind: str) -> bool:
    """Say whether exact numbers (rows,) are too large for a float, so that they are read as texts, with a note."""
    return kind in ("integer", "decimal") and bool((values.dropna().map(int).map(abs) > EXACT).any())


def _told(values: pd.Series[Any], kind: str) -> str:
    """Name the type of values (rows,); lists and the like, which pandas calls mixed, by the first value."""
    return {"ndarray": "list", "list": "list", "dict": "struct"}.get(type(values.dropna().iloc[0]).__name__, kind)


def _is_written(values: pd.Series[Any], kind: str) -> bool:
    """Say whether values of several types (rows,) are all numbers or texts, so that a CSV file could hold them."""
    return kind in _SEVERAL and all(isinstance(value, str | Real | Decimal) for value in values.dropna())
