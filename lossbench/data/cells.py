"""The cells of a user's file, before they are interpreted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lossbench.errors import DataError
from lossbench.remark import Remark

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.data.table_spec import TableSpec

LARGEST = 1e150
"""The square of a larger number may overflow when a column is standardised."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The columns of a file before they are interpreted, and where each row comes from.

    Args:
        path: the file, as the user gave it.
        columns: by name, the texts of a CSV file (a pyarrow array), or the values of a Parquet file (a series).
        places: (rows,) the number of the line where each row begins, or of the row.
        unit: what `places` counts, "line" or "row".
        separator: between the values of a CSV file.
        notes: what was done to read it.
        targets: the columns to predict, as the source of the table declares them.
        version: of a fetched table; empty for a file.
        group: the column that groups rows, as the source declares it; None where it declares none.
        image_shape: of a row as an image, (height, width) or (channels, height, width); None where rows are no
            images.
    """

    path: Path
    columns: dict[str, Any] = field(repr=False)
    places: np.ndarray = field(repr=False)
    unit: str
    separator: str = ","
    notes: tuple[Remark, ...] = ()
    targets: tuple[str, ...] = ()
    version: str = ""
    group: str | None = None
    image_shape: tuple[int, ...] | None = None

    def error(self, message: str) -> DataError:
        """Return an error that names the file."""
        return DataError(f"{self.path}: {message}")

    def place(self, row: int) -> str:
        """Name a row so that the user finds it.

        Example:
            >>> Cells(Path("a.csv"), {}, np.array([2, 4]), "line").place(1)
            'line 4'
        """
        return f"{self.unit} {self.places[row]}"


@dataclass(frozen=True, eq=False)
class UserTable:
    """A frame of numbers (float64) and texts (object), and where it came from.

    Args:
        path: the file, as the user gave it.
        stated: what the user's spec says about it.
        frame: its content; the index is the line of the file, or the row.
        unit: what the index counts, "line" or "row".
        notes: what was done to it.
        days: by the columns that hold days, the texts of all rows: dates or durations, as they are written.
    """

    path: Path
    stated: TableSpec
    frame: pd.DataFrame = field(repr=False)
    unit: str
    notes: tuple[Remark, ...]
    days: pd.DataFrame = field(repr=False)

    def days_as_written(self) -> dict[str, dict[float, str]]:
        """Return, of each column of days, the text of each number of days."""
        texts = self.days.loc[self.frame.index]
        held = [str(name) for name in texts if name in self.frame]
        return {name: dict(zip(self.frame[name], texts[name], strict=True)) for name in held}

    def error(self, message: str) -> DataError:
        """Return an error that names the file."""
        return DataError(f"{self.path}: {message}")

    def place(self, index: int) -> str:
        """Name a row, by its index in the frame, so that the user finds it."""
        return f"{self.unit} {index}"
