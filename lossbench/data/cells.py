"""What stands in a user's file, cell by cell, before anything is made of it."""

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


@dataclass(frozen=True, eq=False)
class Cells:
    """The columns of a file as they stand, and where they stand.

    Args:
        path: the file, as the user gave it.
        columns: by name, the texts of a CSV file (a pyarrow array), or the values of a Parquet file (a series).
        places: (rows,) the number of the line in which a row begins, or of the row.
        unit: what `places` counts, "line" or "row".
        separator: what stands between the values of a CSV file.
        notes: what was done to read it.
        targets: the columns that are to be predicted, as the source of the table has it.
        version: of a table that was fetched, what it is; empty for a file.
        group: the column whose rows of one value belong together, as the source has it; None where it has none.
        image_shape: of a row as an image, (height, width) or (channels, height, width); None where it is none.
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
        stated: what the user said about it.
        frame: its content; the index is the line of the file, or the row.
        unit: what the index counts, "line" or "row".
        notes: what was done to it.
    """

    path: Path
    stated: TableSpec
    frame: pd.DataFrame = field(repr=False)
    unit: str
    notes: tuple[Remark, ...] = ()

    def error(self, message: str) -> DataError:
        """Return an error that names the file."""
        return DataError(f"{self.path}: {message}")

    def place(self, index: int) -> str:
        """Name a row, by its index in the frame, so that the user finds it."""
        return f"{self.unit} {index}"
