"""What the cells of a user's table mean: each column becomes numbers or texts, and a note says what was assumed.

A CSV file holds nothing but texts, so what a column is follows from all its values together, and the decimal sign
from all columns. Nothing is decided value by value: either the whole column is numbers, or the first value that is
not is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from lossbench.data.cells import Cells, UserTable
from lossbench.data.column import Column, make_column
from lossbench.data.meaning import Meaning, meaning_of, names_of_groups, shows_point
from lossbench.data.readings import COMMA, NUMBERS, THOUSANDS, number
from lossbench.data.table_spec import TableSpec, written
from lossbench.remark import Remark


def understood(cells: Cells, stated: TableSpec) -> UserTable:
    """Interpret cells as columns of numbers or texts.

    Args:
        cells: of the file.
        stated: which is the target, and what the user said about the file.

    Returns:
        The table, with notes on everything that was not read literally.

    Raises:
        DataError: a column that is neither numbers nor texts as a whole; it names the value and its place.
    """
    absent = [text for text in stated.missing if not _stands(cells, text)]
    _check_missing(cells, [text for text in absent if number(text) is None])
    numbers = {name: values for name, values in cells.columns.items() if isinstance(values, np.ndarray)}
    columns = [make_column(cells, stated, name) for name in cells.columns if name not in numbers]
    decimal = stated.decimal or _decimal([c for c in columns if c.name != stated.group], cells.separator)
    meanings = {name: Meaning(values, []) for name, values in numbers.items()}
    for column in columns:
        grouping = column.name == stated.group
        meanings[column.name] = names_of_groups(column) if grouping else meaning_of(column, stated, decimal)
    _check_missing(cells, [text for text in absent if not _is_meant(meanings, number(text))])
    frame = pd.DataFrame({name: _without_numbers(meanings[name], stated) for name in cells.columns}, cells.places)
    days = {column.name: column.texts.to_pylist() for column in columns if meanings[column.name].days}
    said = [remark for name in cells.columns for remark in meanings[name].notes]
    notes = (*cells.notes, *_joined(said))
    return UserTable(stated.path, stated, frame, cells.unit, notes, pd.DataFrame(days, cells.places, dtype=object))


def _check_missing(cells: Cells, absent: Sequence[str]) -> None:
    """Refuse a text for missing values that occurs in no cell: it must be a mistake."""
    if absent:
        raise cells.error(
            f"na={written(absent[0])} stands in no cell; correct it or leave it out (to name another data set, "
            "repeat -d)"
        )


def _stands(cells: Cells, text: str) -> bool:
    """Say whether a text stands in a cell, or the number that it is."""
    wanted = number(text)
    for values in cells.columns.values():
        if isinstance(values, np.ndarray):
            found = wanted is not None and bool((values == wanted).any())
        else:
            trimmed = pc.utf8_trim_whitespace(values)
            found = pc.any(pc.equal(trimmed, text)).as_py() or (wanted is not None and _has(trimmed, wanted))
        if found:
            return True
    return False


def _is_meant(meanings: Mapping[str, Meaning], wanted: float | None) -> bool:
    """Say whether some cell means a number, as `9999 kg` does 9999; one of days stands for a date."""
    numbers = (
        found.content for found in meanings.values() if not found.days and found.content.dtype == np.float64
    )
    return any(bool((values == wanted).any()) for values in numbers)


def _has(texts: Any, wanted: float) -> bool:
    """Say whether a number occurs in another form, such as -999.0 for -999."""
    return any(number(text) == wanted for text in pc.drop_null(texts.unique()).to_pylist())


def _decimal(columns: Sequence[Column], separator: str) -> str | None:
    """Return the decimal sign that some column shows; None where none does. Between two signs it is the point.

    A column that can only be read with a comma is so in any case, and others keep their numbers.
    """
    shown = [column.fitting(NUMBERS) for column in columns if column.plain is None]
    pointed = any(map(shows_point, columns))
    if [COMMA] in shown and not pointed:
        return ","
    if pointed or any(THOUSANDS in readings and COMMA not in readings for readings in shown):
        return "."
    return "," if separator == ";" and any(shown) else None


def _without_numbers(meaning: Meaning, stated: TableSpec) -> np.ndarray:
    """Turn the numbers that the user declared as missing into NaN; leave texts unchanged, and dates."""
    values = meaning.content
    if values.dtype != np.float64 or meaning.days:
        return values
    missing = [value for value in map(number, stated.missing) if value is not None]
    return np.where(np.isin(values, missing), np.nan, values) if missing else values


def _joined(remarks: Sequence[Remark]) -> list[Remark]:
    """Merge remarks that say the same about several columns."""
    joined: dict[object, Remark] = {}
    for place, remark in enumerate(remarks):
        facts = remark.facts
        signs = frozenset(facts["text"]) & {",", "."} if "reading" in facts else None
        alike = (signs, *(facts.get(name) for name in ("reading", "unit", "otherwise")))
        key = (remark.topic, alike) if "columns" in facts else place
        first = joined.setdefault(key, remark)
        if first is not remark:
            joined[key] = first.topic(**{**first.facts, "columns": (*first.facts["columns"], *facts["columns"])})
    return list(joined.values())
