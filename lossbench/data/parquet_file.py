"""Reading a Parquet file: each column by its type, as numbers, dates or texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import infer_dtype

from lossbench.data.csv_file import TEXT
from lossbench.errors import DataError

_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
_TEXTS = ("string", "boolean", "categorical", "empty")
_DATES = ("datetime64", "datetime", "date")


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file; an index with a name is a column like any other.

    Raises:
        DataError: two columns have one name.
    """
    frame = pd.read_parquet(path)
    named = [name for name in frame.index.names if name is not None]
    return frame.reset_index(level=named).reset_index(drop=True) if named else frame.reset_index(drop=True)


def by_type(values: pd.Series[Any], refuse: Callable[[str], DataError]) -> Any:
    """Return what a column of a Parquet file holds.

    Args:
        values: the column.
        refuse: makes an error of a type that is of no use.

    Returns:
        Numbers (rows,) float64; or else texts (a pyarrow array), dates among them as 2024-12-31.

    Raises:
        DataError: neither numbers nor dates nor texts.
    """
    kind = infer_dtype(values, skipna=True)
    if kind in _NUMBERS:
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind in ("timedelta64", "timedelta"):
        return pd.to_timedelta(values).to_numpy() / np.timedelta64(1, "D")
    if kind in _DATES:
        values = pd.to_datetime(values, utc=True).map(pd.Timestamp.isoformat, na_action="ignore")
    elif kind not in _TEXTS:
        raise refuse(kind)
    return pa.array(values.astype(object).map(str, na_action="ignore"), TEXT, from_pandas=True)
