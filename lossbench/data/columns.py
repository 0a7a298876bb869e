"""What the cells of a user's table mean: each column becomes numbers or texts, and a note says what was assumed.

A CSV file holds nothing but texts, so what a column is follows from all its values together, and the decimal sign
from all columns. Nothing is decided value by value: either the whole column is numbers, or the first value that is
not is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from lossbench.data.cells import Cells, UserTable
from lossbench.data.column import Column, make_column
from lossbench.data.meaning import Meaning, look_alike, meaning_of
from lossbench.data.readings import COMMA, NUMBERS, THOUSANDS, number
from lossbench.data.table_spec import TableSpec, written
from lossbench.remark import Remark


def understood(cells: Cells, stated: TableSpec) -> UserTable:
    """Interpret cells as columns of numbers or texts.

    Raises:
        DataError: a column that is neither numbers nor texts as a whole; it names the value and its place.
    """
    _check_missing(cells, stated)
    numbers = {name: values for name, values in cells.columns.items() if isinstance(values, np.ndarray)}
    columns = [make_column(cells, stated, name) for name in cells.columns if name not in numbers]
    grouping = [column for column in columns if column.name == stated.group]
    understandable = [column for column in columns if column not in grouping]
    decimal = stated.decimal or _decimal(understandable, cells.separator)
    meanings: dict[str, Meaning] = {name: (values, []) for name, values in numbers.items()}
    meanings |= {column.name: meaning_of(column, stated, decimal) for column in understandable}
    for column in grouping:
        meanings[column.name] = (
            column.known.to_numpy(zero_copy_only=False),
            [*look_alike(column.name, column.known)],
        )
    frame = pd.DataFrame(
        {name: _without_numbers(meanings[name][0], stated) for name in cells.columns}, cells.places
    )
    said = [remark for name in cells.columns for remark in meanings[name][1]]
    return UserTable(stated.path, stated, frame, cells.unit, (*cells.notes, *_joined(said)))


def _check_missing(cells: Cells, stated: TableSpec) -> None:
    """Refuse a text for missing values that occurs in no cell: it must be a mistake."""
    for text in stated.missing:
        wanted = number(text)
        for values in cells.columns.values():
            if isinstance(values, np.ndarray):
                found = wanted is not None and bool((values == wanted).any())
            else:
                trimmed = pc.utf8_trim_whitespace(values)
                found = pc.any(pc.equal(trimmed, text)).as_py() or (wanted is not None and _has(trimmed, wanted))
            if found:
                break
        else:
            raise cells.error(
                f"na={written(text)} stands in no cell; correct it or leave it out (to name another data set, "
                "repeat -d)"
            )


def _has(texts: Any, wanted: float) -> bool:
    """Say whether a number occurs in another form, such as -999.0 for -999."""
    return any(number(text) == wanted for text in pc.drop_null(texts.unique()).to_pylist())


def _decimal(columns: Sequence[Column], separator: str) -> str | None:
    """Return the decimal sign that some column shows; None where none does."""
    shown = [column.fitting(NUMBERS) for column in columns if column.plain is None]
    if [COMMA] in shown:
        return ","
    if any(THOUSANDS in readings and COMMA not in readings for readings in shown):
        return "."
    return "," if separator == ";" and any(shown) else None


def _without_numbers(values: np.ndarray, stated: TableSpec) -> np.ndarray:
    """Turn the numbers that the user declared as missing into NaN; leave texts unchanged."""
    if values.dtype != np.float64:
        return values
    missing = [value for value in map(number, stated.missing) if value is not None]
    return np.where(np.isin(values, missing), np.nan, values) if missing else values


def _joined(remarks: Sequence[Remark]) -> list[Remark]:
    """Merge remarks that say the same about several columns."""
    joined: dict[object, Remark] = {}
    for place, remark in enumerate(remarks):
        facts = remark.facts
        alike = tuple(facts.get(name) for name in ("reading", "unit", "otherwise"))
        key = (remark.topic, alike) if "columns" in facts else place
        first = joined.setdefault(key, remark)
        if first is not remark:
            joined[key] = first.topic(**{**first.facts, "columns": (*first.facts["columns"], *facts["columns"])})
    return list(joined.values())
