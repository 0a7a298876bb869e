"""What the cells of a user's table mean: each column becomes numbers or texts, and a note says what was assumed.

A CSV file holds nothing but texts, so what a column is follows from all its values together, and the decimal sign
from all columns. Nothing is decided value by value: a column is numbers as a whole, or the value that is none is
named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lossbench.data.cells import Cells, UserTable
from lossbench.data.readings import (
    COMMA,
    DATES,
    NUMBERS,
    POINT,
    THOUSANDS,
    Reading,
    beside,
    floats,
    tidied,
)
from lossbench.data.table_spec import TableSpec, written
from lossbench.errors import DataError
from lossbench.remark import Remark, Topic

MOST_CODES = 20  # a column with more distinct values than this that is mostly numbers was meant to be numbers
EXACT = 2**53  # from here on float64 does not hold every whole number

MOST_NAMED = 3  # values that a message lists

# What programs write for a missing value (pandas' own list); in a target of texts it is data.
WORDS = (
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
# What people and spreadsheets write for it besides, in any case; only among numbers or dates.
MARKS = (
    "?", "-", "--", "---", "–", "—", ".", "..", "...", "*", "na", "n.a.", "n.a", "n/a", "nan", "nil", "none",
    "null", "missing", "unknown", "#n/a", "#value!", "#div/0!", "#ref!", "#num!", "#null!", "#name?",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Column:
    """A column of texts in the course of being understood.

    Args:
        name: of the column.
        cells: the table it is of, for messages.
        is_target: whether it is to be predicted.
        texts: (rows,) without blanks around them, None where missing for certain.
        known: the same, None too where a text may stand for a missing value.
        plain: the numbers (rows,) that `known` is as it stands; None where it is not.
        bare: the same as `known`, without units and gaps between thousands.
        unit: what all numbers have beside them; None where it differs.
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
        """Return the readings that understand every text."""
        if self.known.null_count == len(self.known):
            return []
        return [reading for reading in readings if reading.fits(self.bare).all()]

    def first(self, where: np.ndarray) -> tuple[str, str]:
        """Return the first of the texts chosen, and its place."""
        row = int(np.flatnonzero(where)[0])
        return self.texts[row].as_py(), self.cells.place(row)

    @property
    def doubtful(self) -> np.ndarray:
        """Which texts may stand for a missing value (rows,)."""
        return np.asarray(pc.and_(pc.is_null(self.known), pc.is_valid(self.texts)))


Meaning = tuple[np.ndarray, list[Remark]]
"""The values of a column (rows,), float64 or object with None where missing, and what is to be said of them."""


def understood(cells: Cells, stated: TableSpec) -> UserTable:
    """Make numbers and texts of the cells.

    Args:
        cells: of the file.
        stated: which is the target, and what the user said about the file.

    Returns:
        The table, with notes on all that was not read as it stands.

    Raises:
        DataError: a column that is neither numbers nor texts as a whole; it names the value and its place.
    """
    _check_missing(cells, stated)
    typed = {name: values for name, values in cells.columns.items() if isinstance(values, np.ndarray)}
    columns = [_column(cells, stated, name, values) for name, values in cells.columns.items() if name not in typed]
    grouping = [column for column in columns if column.name == stated.group]
    decimal = stated.decimal or _decimal([column for column in columns if column not in grouping], cells.separator)
    meanings: dict[str, Meaning] = {name: (values, []) for name, values in typed.items()}
    meanings |= {column.name: _meaning(column, stated, decimal) for column in columns if column not in grouping}
    meanings |= {column.name: (column.known.to_numpy(zero_copy_only=False), []) for column in grouping}
    frame = pd.DataFrame(
        {name: _without_numbers(meanings[name][0], stated) for name in cells.columns}, cells.places
    )
    said = [remark for name in cells.columns for remark in meanings[name][1]]
    return UserTable(stated.path, stated, frame, cells.unit, (*cells.notes, *_joined(said)))


def _check_missing(cells: Cells, stated: TableSpec) -> None:
    """Refuse a text for missing values that stands nowhere: it was meant for something else."""
    for text in stated.missing:
        number = _number(text)
        for values in cells.columns.values():
            if isinstance(values, np.ndarray):
                found = number is not None and bool((values == number).any())
            else:
                found = pc.any(pc.equal(pc.utf8_trim_whitespace(values), text)).as_py()
            if found:
                break
        else:
            raise cells.error(
                f"na={written(text)} stands in no cell; correct it or leave it out (to name another data set, "
                "repeat -d)"
            )


def _column(cells: Cells, stated: TableSpec, name: str, values: Any) -> Column:
    texts = pc.utf8_trim_whitespace(values)
    texts = _without(texts, ["", *stated.missing])
    is_target = name == stated.target
    known = _without(texts, WORDS)
    if not is_target:
        known = pc.if_else(pc.is_in(pc.utf8_lower(known), value_set=pa.array(MARKS, texts.type)), None, known)
    plain = _plain(known)
    bare, unit = tidied(known) if plain is None else (known, "")
    return Column(name, cells, is_target, texts, known, plain, bare, unit)


def _without(texts: Any, missing: Sequence[str]) -> Any:
    return pc.if_else(pc.is_in(texts, value_set=pa.array(missing, texts.type)), None, texts)


def _plain(texts: Any) -> np.ndarray | None:
    try:
        return floats(texts)
    except ValueError:
        return None


def _decimal(columns: Sequence[Column], separator: str) -> str | None:
    """Return the decimal sign that some column shows; None where none does."""
    shown = [column.fitting(NUMBERS) for column in columns if column.plain is None]
    if [COMMA] in shown:
        return ","
    if any(THOUSANDS in readings and COMMA not in readings for readings in shown):
        return "."
    return "," if separator == ";" and any(shown) else None


def _meaning(column: Column, stated: TableSpec, decimal: str | None) -> Meaning:
    """Return what a column holds: numbers, dates, or texts."""
    for_classes = column.is_target and stated.task in ("binary", "multiclass")
    reading = None if for_classes and column.plain is None else _number_reading(column, stated, decimal)
    if reading and (meaning := _as_numbers(column, reading, stated)):
        return meaning
    if (dates := column.fitting(DATES)) and not for_classes:
        return _as_dates(column, dates)
    return _as_texts(column, for_classes, stated)


def _number_reading(column: Column, stated: TableSpec, decimal: str | None) -> Reading | None:
    """Return the reading by which all of a column is numbers."""
    if column.plain is not None and decimal != ",":
        return POINT if column.known.null_count < len(column.known) else None
    order = (COMMA, POINT, THOUSANDS) if decimal == "," else (POINT, THOUSANDS, COMMA)
    return next((reading for reading in order if reading in column.fitting(_allowed(stated))), None)


def _allowed(stated: TableSpec) -> tuple[Reading, ...]:
    return {None: NUMBERS, ".": (POINT, THOUSANDS), ",": (COMMA, POINT)}[stated.decimal]


def _as_numbers(column: Column, reading: Reading, stated: TableSpec) -> Meaning | None:
    values = column.plain if reading == POINT and column.plain is not None else reading.read(column.bare)
    taken = column.doubtful
    if taken.any() and len(np.unique(values[~np.isnan(values)])) < 2:
        return None  # a mark beside one number is one of two categories
    notes = list(_taken(column, taken))
    if column.plain is None or (reading != POINT and not np.array_equal(column.plain, values, equal_nan=True)):
        notes.append(_foreign(column, reading, values, stated))
    if (values == np.round(values)).all():
        notes += [*_zeros_lost(column), *_digits_lost(column, values)]
    return values, notes


def _taken(column: Column, taken: np.ndarray) -> Iterator[Remark]:
    if taken.any():
        counts = pc.value_counts(column.texts.filter(pa.array(taken))).to_pylist()
        texts = tuple((count["values"], count["counts"]) for count in counts)
        yield Topic.TAKEN_AS_MISSING(column=column.name, texts=texts, place=column.first(taken)[1])


def _foreign(column: Column, reading: Reading, values: np.ndarray, stated: TableSpec) -> Remark:
    """Say how numbers were read that are not written as numbers are here; and what else they could be."""
    point = np.asarray(pc.fill_null(pc.match_substring_regex(column.known, f"^(?:{POINT.pattern})$"), True))
    strange = ~point if not point.all() else np.asarray(pc.fill_null(pc.match_substring(column.known, "."), False))
    row = int(np.flatnonzero(strange)[0])
    both = {COMMA, THOUSANDS} if "," in column.bare[row].as_py() else {COMMA, POINT}
    doubtful = both <= set(column.fitting(NUMBERS)) and not column.bare[row].as_py().isdecimal()
    otherwise = ("decimal=." if reading == COMMA else "decimal=,") if doubtful and not stated.decimal else ""
    return Topic.FOREIGN_NUMBERS(
        columns=(column.name,),
        unit=column.unit,
        reading=reading.kind,
        otherwise=otherwise,
        text=column.texts[row].as_py(),
        number=float(values[row]),
    )


def _zeros_lost(column: Column) -> Iterator[Remark]:
    zeros = np.asarray(pc.fill_null(pc.match_substring_regex(column.bare, "^0[0-9]"), False))
    if zeros.any():
        text, place = column.first(zeros)
        yield Topic.ZEROS_LOST(column=column.name, text=text, place=place)


def _digits_lost(column: Column, values: np.ndarray) -> Iterator[Remark]:
    large = np.flatnonzero((np.abs(values) > EXACT) & np.isfinite(values))
    for row in large:
        text = column.bare[int(row)].as_py()
        if text.lstrip("+-").isdecimal() and int(text) != int(values[row]):
            yield Topic.DIGITS_LOST(column=column.name, text=text, place=column.cells.place(int(row)))
            return


def _as_dates(column: Column, readings: Sequence[Reading]) -> Meaning:
    meanings = [reading.read(column.bare) for reading in readings]
    if not np.array_equal(meanings[0], meanings[-1], equal_nan=True):
        text, place = column.first(meanings[0] != meanings[-1])
        raise column.cells.error(
            f"column '{column.name}' holds dates such as '{text}' ({place}), whose day and month cannot be told "
            f"apart; write the year first, as 2024-12-31, or leave the column out with drop={written(column.name)}"
        )
    wrong = np.isnan(meanings[0]) & np.asarray(pc.is_valid(column.known))
    if wrong.any():
        raise _refusal(column, wrong, "dates")
    first = int(np.floor(np.nanmin(meanings[0])))
    drop = "" if column.is_target else written(column.name)
    note = Topic.DATES(column=column.name, first=str(np.datetime64(first, "D")), drop=drop)
    return meanings[0] - first, [*_taken(column, column.doubtful), note]


def _exceptions(column: Column, stated: TableSpec) -> tuple[str, np.ndarray] | None:
    """Return which values are no numbers, or dates, where most of a column are; None where not most are."""
    valid = np.asarray(pc.is_valid(column.known))
    kinds = {"numbers": _allowed(stated), "dates": DATES}
    strange = {kind: min((valid & ~r.fits(column.bare) for r in kinds[kind]), key=np.sum) for kind in kinds}
    kind = min(kinds, key=lambda kind: int(strange[kind].sum()))
    return (kind, strange[kind]) if 0 < strange[kind].sum() <= valid.sum() / 2 else None


def _refusal(column: Column, strange: np.ndarray, kind: str) -> DataError:
    text, place = column.first(strange)
    more = f" and {strange.sum() - 1} more" if strange.sum() > 1 else ""
    different = column.texts.filter(pa.array(strange)).unique().to_pylist()
    missing = f"na={','.join(map(written, different))}"
    if column.is_target:
        ways = f", or add {missing}, which leaves the rows out" if len(different) <= MOST_NAMED else ""
        return column.cells.error(
            f"target '{column.name}' holds {kind} except '{text}' ({place}){more}; correct it{ways}"
        )
    ways = f", add {missing}, which takes it as missing," if len(different) <= MOST_NAMED else ","
    return column.cells.error(
        f"column '{column.name}' holds {kind} except '{text}' ({place}){more}; correct it{ways} or add "
        f"drop={written(column.name)}, which leaves the column out"
    )


def _check_numbers(column: Column, stated: TableSpec) -> None:
    """Refuse numbers that cannot be read: of several units, or with a decimal sign that is not as stated."""
    way = f"add drop={written(column.name)}, which leaves the column out"
    if column.unit is None:
        units = beside(column.known)
        first, other = (column.first(np.asarray(pc.equal(units, unit))) for unit in units.unique()[:2])
        raise column.cells.error(
            f"column '{column.name}' holds numbers with different units, such as '{first[0]}' ({first[1]}) and "
            f"'{other[0]}' ({other[1]}); write them in one unit, or {way}"
        )
    if stated.decimal and column.fitting(NUMBERS):
        text, place = column.first(np.asarray(pc.is_valid(column.known)))
        raise column.cells.error(
            f"column '{column.name}' holds numbers such as '{text}' ({place}), which decimal={stated.decimal} "
            f"does not read; leave decimal= out, or {way}"
        )


def _as_texts(column: Column, for_classes: bool, stated: TableSpec) -> Meaning:
    notes: list[Remark] = []
    few = pc.count_distinct(column.texts).as_py() <= MOST_CODES
    if not for_classes and (exceptions := _exceptions(column, stated)):
        kind, strange = exceptions
        if not few or (column.is_target and stated.task == "regression"):
            raise _refusal(column, strange, kind)
        text, place = column.first(strange)
        notes.append(Topic.TEXT_BY_EXCEPTION(column=column.name, kind=kind, text=text, place=place))
    elif not few and not for_classes:
        _check_numbers(column, stated)
    texts = _without(column.texts, WORDS)
    doubtful = np.asarray(pc.and_(pc.is_null(texts), pc.is_valid(column.texts)))
    if column.is_target and doubtful.any():
        texts = column.texts
        word, place = column.first(doubtful)
        notes.append(Topic.WORD_AS_CLASS(column=column.name, text=word, place=place))
    elif doubtful.any():
        notes += _taken(column, doubtful)
    notes += _blanks_cut(column)
    texts, spelled = _spelled_alike(column, texts)
    notes += spelled
    if few:
        notes += _cases(column, texts.unique().to_pylist())
    return np.array(texts.to_pylist(), dtype=object), notes


def _cases(column: Column, texts: Sequence[str | None]) -> Iterator[Remark]:
    """Say which texts differ in nothing but case; whether they mean the same, only the user knows."""
    alike: dict[str, list[str]] = {}
    for text in texts:
        alike.setdefault((text or "").casefold(), []).append(text or "")
    for spellings in alike.values():
        if len(spellings) > 1:
            yield Topic.CASES_DIFFER(column=column.name, texts=tuple(spellings))


def _blanks_cut(column: Column) -> Iterator[Remark]:
    as_written = column.cells.columns[column.name]
    cut = pc.fill_null(
        pc.and_(pc.is_valid(column.texts), pc.not_equal(as_written, pc.utf8_trim_whitespace(as_written))), False
    )
    if pc.any(cut).as_py():
        text = as_written.filter(cut)[0].as_py()
        yield Topic.BLANKS_CUT(columns=(column.name,), text=text, left=text.strip())


def _spelled_alike(column: Column, texts: Any) -> tuple[Any, list[Remark]]:
    """Write true and false in one way; `pandas` and Parquet write True and False."""
    lower = pc.utf8_lower(texts)
    if not set(lower.unique().to_pylist()) <= {"true", "false", None}:
        return texts, []
    alike = pc.utf8_capitalize(lower)
    changed = [text for text in texts.unique().to_pylist() if text not in ("True", "False", None)]
    return alike, [Topic.TRUTH_SPELLED(columns=(column.name,), texts=tuple(changed))] if changed else []


def _without_numbers(values: np.ndarray, stated: TableSpec) -> np.ndarray:
    """Take the numbers that the user said stand for a missing value from a column of numbers."""
    if values.dtype != np.float64:
        return values
    missing = [number for number in map(_number, stated.missing) if number is not None]
    return np.where(np.isin(values, missing), np.nan, values) if missing else values


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _joined(remarks: Sequence[Remark]) -> list[Remark]:
    """Say once what holds of several columns."""
    joined: dict[object, Remark] = {}
    for number, remark in enumerate(remarks):
        facts = remark.facts
        alike = tuple(facts.get(name) for name in ("reading", "unit", "otherwise"))
        key = (remark.topic, alike) if "columns" in facts else number
        first = joined.setdefault(key, remark)
        if first is not remark:
            joined[key] = first.topic(**{**first.facts, "columns": (*first.facts["columns"], *facts["columns"])})
    return list(joined.values())
