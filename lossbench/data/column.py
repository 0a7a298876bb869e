"""One column of texts, prepared for interpretation: blanks, marks for missing values and units are removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lossbench.data.cells import Cells
from lossbench.data.readings import Reading, floats, tidied
from lossbench.data.table_spec import TableSpec, written

# What programs write for a missing value (pandas' own list, and NaT); in a target of texts these are data.
WORDS = (
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "NaT", "None", "n/a", "nan", "null",
)  # fmt: skip
# What people and spreadsheets also write, in upper or lower case; only among numbers or dates.
MARKS = (
    "?", "-", "--", "---", "–", "—", ".", "..", "...", "*", "na", "n.a.", "n.a", "n/a", "nan", "nil", "none",
    "null", "missing", "unknown", "#n/a", "#value!", "#div/0!", "#ref!", "#num!", "#null!", "#name?",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Column:
    """A column of texts while it is being interpreted.

    Args:
        name: of the column.
        cells: the table it belongs to, for messages.
        is_target: whether it is to be predicted.
        texts: (rows,) stripped of blanks, None where certainly missing.
        known: as `texts`, but None also where a text may stand for a missing value.
        plain: (rows,) `known` as numbers where it parses as it stands; else None.
        bare: `known` without units and gaps between thousands.
        unit: that all numbers share, or most texts, "" for none; None where units differ.
    """

    name: str
    cells: Cells
    is_target: bool
    texts: Any = field(repr=False)
    known: Any = field(repr=False)
    plain: np.ndarray | None = field(repr=False)
    bare: Any = field(repr=False)
    unit: str | None

    def fitting(self, readings: Sequence[Reading]) -> list[Reading]:
        """Return the readings that can parse every text."""
        if self.known.null_count == len(self.known):
            return []
        return [reading for reading in readings if reading.fits(self.bare).all()]

    def first(self, where: np.ndarray) -> tuple[str, str]:
        """Return the first of the selected texts, and its place."""
        row = int(np.flatnonzero(where)[0])
        return self.texts[row].as_py(), self.cells.place(row)

    @property
    def way_without(self) -> str:
        """What the user can do if the column is unusable."""
        if self.is_target:
            return "name another target"
        return f"add drop={written(self.name)}, which leaves the column out"

    @property
    def doubtful(self) -> np.ndarray:
        """Which texts may stand for a missing value (rows,)."""
        return np.asarray(pc.and_(pc.is_null(self.known), pc.is_valid(self.texts)))


def make_column(cells: Cells, stated: TableSpec, name: str) -> Column:
    """Prepare a column of texts."""
    texts = pc.utf8_trim_whitespace(cells.columns[name])
    texts = without(texts, ["", *stated.missing])
    is_target = name == stated.target
    known = without(texts, WORDS)
    if not is_target:
        known = pc.if_else(pc.is_in(pc.utf8_lower(known), value_set=pa.array(MARKS, texts.type)), None, known)
    plain = _plain(known)
    bare, unit = tidied(known) if plain is None else (known, "")
    return Column(name, cells, is_target, texts, known, plain, bare, unit)


def without(texts: Any, missing: Sequence[str]) -> Any:
    """Return texts (a pyarrow array) with None in place of some."""
    return pc.if_else(pc.is_in(texts, value_set=pa.array(missing, texts.type)), None, texts)


def _plain(texts: Any) -> np.ndarray | None:
    try:
        return floats(texts)
    except ValueError:
        return None
