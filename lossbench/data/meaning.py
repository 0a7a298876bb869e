"""What a column of texts means: numbers, dates or text, as a whole; a note says what was assumed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lossbench.data.column import MARKS, WORDS, Column, without
from lossbench.data.fold import PARTS, STRATIFIABLE
from lossbench.data.readings import (
    COMMA,
    DATES,
    DURATIONS,
    EXACT,
    LIKE_A_DATE,
    NEARLY,
    NUMBERS,
    POINT,
    THOUSANDS,
    Reading,
    beside,
)
from lossbench.data.table_spec import TableSpec, written
from lossbench.errors import DataError
from lossbench.looks import alike, spelled_apart
from lossbench.remark import Remark, Topic

MOST_CODES = 20  # a column with more distinct values than this that is mostly numbers was meant to be numbers

MOST_NAMED = 3  # how many values a message lists

FIRST = 1000  # rows that mostly tell what a whole column would

BY_THOUSANDS = {
    COMMA: "write decimal=, if a point stands between thousands",
    THOUSANDS: "write decimal=. if a comma does",
}
"""How a column is read in which both signs stand."""

_BY_POINT = r"^[+-]?(?:0|[1-9]\d{0,2}(?:\.\d{3})*)$"

TRUTHS = {"true": "True", "1": "True", "1.0": "True", "false": "False", "0": "False", "0.0": "False"}
"""What is read as True or False in a column of nothing else, in any case."""

YES, NO = ("true", "t", "yes", "y", "1", "1.0", "on"), ("false", "f", "no", "n", "0", "0.0", "off")
"""Words that may mean the same; which do, only the user knows."""


class Meaning(NamedTuple):
    """What a column holds.

    Args:
        content: (rows,) float64, or object with None where missing.
        notes: what is to be said of them.
        days: whether they are days, and stand as dates or durations in the file.
    """

    content: np.ndarray
    notes: list[Remark]
    days: bool = False


def meaning_of(column: Column, stated: TableSpec, decimal: str | None) -> Meaning:
    """Return what a column holds.

    Args:
        column: the column.
        stated: what the user said about the table.
        decimal: the decimal sign that the table shows; None where it shows none.

    Raises:
        DataError: most values are numbers or dates, but not all, or they cannot be read; it names the value.
    """
    for_classes = column.is_target and stated.task in ("binary", "multiclass")
    reading = None if for_classes and column.plain is None else _number_reading(column, stated, decimal)
    if reading and (meaning := _as_numbers(column, reading, stated, decimal)):
        return meaning
    if (dates := column.fitting(DATES)) and not for_classes:
        return _as_dates(column, dates)
    if not for_classes and (durations := column.fitting(DURATIONS)):
        notes = [*_taken(column, column.doubtful), Topic.DURATIONS(column=column.name)]
        return Meaning(durations[0].read(column.bare), notes, days=True)
    return _as_texts(column, for_classes, stated)


def _number_reading(column: Column, stated: TableSpec, decimal: str | None) -> Reading | None:
    """Return the reading that parses a whole column as numbers; None where none does."""
    if column.plain is not None and decimal != ",":
        return POINT if column.known.null_count < len(column.known) else None
    order = (COMMA, POINT, THOUSANDS) if decimal == "," else (POINT, THOUSANDS, COMMA)
    return next((reading for reading in order if reading in column.fitting(_allowed(stated))), None)


def _allowed(stated: TableSpec) -> tuple[Reading, ...]:
    return {None: NUMBERS, ".": (POINT, THOUSANDS), ",": (COMMA, POINT)}[stated.decimal]


def _as_numbers(column: Column, reading: Reading, stated: TableSpec, decimal: str | None) -> Meaning | None:
    if reading != POINT and not stated.decimal:
        _check_signs(column)
    values = column.plain if reading == POINT and column.plain is not None else reading.read(column.bare)
    taken = column.doubtful
    if taken.any() and len(np.unique(values[~np.isnan(values)])) < 2:
        return None  # one number and a mark for a missing value may be two categories
    notes = list(_taken(column, taken))
    plain = column.plain
    other = plain is None or (reading != POINT and not np.array_equal(plain, values, equal_nan=True))
    if other or (not decimal and _may_be_thousands(column)):
        notes.append(_foreign(column, reading, values, stated))
    if (np.isnan(values) | (values == np.round(values))).all():
        notes += [*_zeros_lost(column), *_digits_lost(column, values)]
    return Meaning(values, notes)


def _check_signs(column: Column) -> None:
    """Refuse numbers of which some have a decimal comma, and others one point that may be a decimal sign too.

    The fewer are odd, unless a number with both signs, or with several points, shows what a point is.
    """
    fitting = column.fitting(tuple(BY_THOUSANDS))
    comma, point = (_matching(column.bare, rf"^[+-]?\d*{sign}\d*$") for sign in (",", r"\."))
    shown = _matching(column.bare, r"\..*[.,]")
    if COMMA not in fitting or not comma.any() or not point.any() or shown.any():
        return
    odd, usual = (comma, "point") if comma.sum() < point.sum() else (point, "comma")
    raise _refusal(column, odd, f"numbers with a decimal {usual}", *map(BY_THOUSANDS.__getitem__, fitting))


def _may_be_thousands(column: Column) -> bool:
    """Say whether every point of plain numbers may stand between thousands, as in 950 and 1.750."""
    pointed = _matching(column.known, r"\.")
    return bool(pointed.any() and _matching(column.known, _BY_POINT)[np.asarray(pc.is_valid(column.known))].all())


def shows_point(column: Column) -> bool:
    """Say whether a column of numbers has a decimal point; most show it in their first rows."""
    return column.plain is not None and any(
        pc.any(pc.match_substring(texts, ".")).as_py() and not COMMA.fits(texts).all()
        for texts in (column.known[:FIRST], column.known)
    )


def _matching(texts: Any, pattern: str) -> np.ndarray:
    """Say which texts match a pattern (rows,); missing ones do not."""
    return np.asarray(pc.fill_null(pc.match_substring_regex(texts, pattern), False))


def _taken(column: Column, taken: np.ndarray) -> Iterator[Remark]:
    if taken.any():
        counts = pc.value_counts(column.texts.filter(pa.array(taken))).to_pylist()
        texts = tuple((count["values"], count["counts"]) for count in counts)
        yield Topic.TAKEN_AS_MISSING(column=column.name, texts=texts, place=column.first(taken)[1])


def _foreign(column: Column, reading: Reading, values: np.ndarray, stated: TableSpec) -> Remark:
    """Note how numbers in another notation were read, and what else they could be."""
    point = np.asarray(pc.fill_null(pc.match_substring_regex(column.known, f"^(?:{POINT.pattern})$"), True))
    pointed = _matching(column.known, r"\.")  # with a decimal comma, the numbers that are furthest from their look
    strange = pointed if point.all() or (reading == COMMA and pointed.any()) else ~point
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
        if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) and Decimal(text) != Decimal(values[row]):
            yield Topic.DIGITS_LOST(column=column.name, text=text, place=column.cells.place(int(row)))
            return


def _as_dates(column: Column, readings: Sequence[Reading]) -> Meaning:
    meanings = [reading.read(column.bare) for reading in readings]
    if not np.array_equal(meanings[0], meanings[-1], equal_nan=True):
        text, place = column.first(meanings[0] != meanings[-1])
        raise column.cells.error(
            f"column '{column.name}' holds dates such as '{text}' ({place}), whose day and month cannot be told "
            f"apart; write the year first, as 2024-12-31, or {column.way_without}"
        )
    wrong = np.isnan(meanings[0]) & np.asarray(pc.is_valid(column.known))
    if wrong.any():
        raise _refusal(column, wrong, "dates")
    first = int(np.floor(np.nanmin(meanings[0])))
    drop = "" if column.is_target else written(column.name)
    note = Topic.DATES(column=column.name, first=str(np.datetime64(first, "D")), drop=drop)
    return Meaning(meanings[0] - first, [*_taken(column, column.doubtful), note], days=True)


def _exceptions(column: Column, stated: TableSpec) -> tuple[str, np.ndarray] | None:
    """Return the odd values in a column of mostly numbers, dates or durations; None for other columns."""
    valid = np.asarray(pc.is_valid(column.known))
    kinds = {"numbers": _allowed(stated), "dates": DATES, "durations": DURATIONS}
    strange = {kind: min((valid & ~r.fits(column.bare) for r in kinds[kind]), key=np.sum) for kind in kinds}
    kind = min(kinds, key=lambda kind: int(strange[kind].sum()))
    return (kind, strange[kind]) if 0 < strange[kind].sum() <= valid.sum() / 2 else None


def _excepted(column: Column, kind: str, strange: np.ndarray, few: bool, task: str | None) -> Remark:
    """Say that a column is text for few of its values; refuse it where it was meant to be numbers or dates.

    Few different values may be codes. Of a target they are classes only where the user says so, and as many as
    the user says: one slip of the pen would else make a third class. Numbers with a unit may be names.
    """
    classes = pc.count_distinct(column.texts).as_py()
    if not few or (
        column.is_target and not column.unit and task != "multiclass" and not (task == "binary" and classes == 2)
    ):
        raise _refusal(column, strange, kind)
    text, place = column.first(strange)
    missing = _as_missing(column, strange)
    return Topic.TEXT_BY_EXCEPTION(column=column.name, kind=kind, text=text, place=place, missing=missing)


def _as_missing(column: Column, strange: np.ndarray) -> str:
    """Write what takes the texts chosen as missing; nothing where they are too many to list."""
    different = column.texts.filter(pa.array(strange)).unique().to_pylist()
    return f"na={','.join(map(written, different))}" if len(different) <= MOST_NAMED else ""


def _refusal(column: Column, strange: np.ndarray, kind: str, *others: str) -> DataError:
    text, place = column.first(strange)
    more = f" and {strange.sum() - 1} more" if strange.sum() > 1 else ""
    ways = ["correct it"]
    if missing := _as_missing(column, strange):
        ways.append(f"add {missing}, which takes it as missing")
    if not column.is_target:
        ways.append(column.way_without)
    elif _could_be_classes(column):
        ways.append("write task=multiclass, which makes it classes")
    ways += others
    what = "target" if column.is_target else "column"
    return column.cells.error(
        f"{what} '{column.name}' holds {kind} except '{text}' ({place}){more}; {', or '.join(ways)}"
    )


def _could_be_classes(column: Column) -> bool:
    """Say whether the texts of a column are few, and each has rows for all parts of a split."""
    counts = pc.struct_field(pc.value_counts(pc.drop_null(column.texts)), "counts")
    return len(counts) * STRATIFIABLE <= len(column.texts) and pc.min(counts).as_py() >= PARTS


def _check_numbers(column: Column, stated: TableSpec) -> None:
    """Refuse numbers that cannot be read: of several units, or with a decimal sign that is not as stated."""
    if column.unit is None:
        units = beside(column.known)
        first, other = (column.first(np.asarray(pc.equal(units, unit))) for unit in units.unique()[:2])
        raise column.cells.error(
            f"column '{column.name}' holds numbers with different units, such as '{first[0]}' ({first[1]}) and "
            f"'{other[0]}' ({other[1]}); write them in one unit, or {column.way_without}"
        )
    if stated.decimal and column.fitting(NUMBERS):
        text, place = column.first(np.asarray(pc.is_valid(column.known)))
        raise column.cells.error(
            f"column '{column.name}' holds numbers such as '{text}' ({place}), which decimal={stated.decimal} "
            f"does not read; leave decimal= out, or {column.way_without}"
        )


def _as_texts(column: Column, for_classes: bool, stated: TableSpec) -> Meaning:
    notes: list[Remark] = []
    few = for_classes or pc.count_distinct(column.texts).as_py() <= MOST_CODES
    exceptions = None if _is_truth(column) else _exceptions(column, stated)
    if exceptions:
        notes.append(_excepted(column, *exceptions, few, stated.task))
    elif not few:
        _check_numbers(column, stated)
    if like := _like_a_date(column):
        notes.append(_not_read(column, *like, few))
    elif not few:
        notes += _like_numbers(column)
    texts = without(column.texts, WORDS)
    doubtful = np.asarray(pc.and_(pc.is_null(texts), pc.is_valid(column.texts)))
    if column.is_target:
        texts = column.texts
    elif doubtful.any():
        notes += _taken(column, doubtful)
    if not exceptions:
        notes += _marks_kept(column, texts)
    notes += _blanks_cut(column)
    texts, spelled = _spelled_alike(column, texts)
    notes += spelled
    if few:
        notes += _spellings(column, texts.unique().to_pylist())
        notes += _truths_apart(column, texts.unique().to_pylist())
    notes += look_alike(column.name, texts)
    return Meaning(np.array(texts.to_pylist(), dtype=object), notes)


def _marks_kept(column: Column, texts: Any) -> Iterator[Remark]:
    """Say that a text that many write for a missing value is read as it stands, among texts."""
    found = pc.or_(
        pc.is_in(pc.utf8_lower(texts), value_set=pa.array(MARKS, texts.type)),
        pc.is_in(texts, value_set=pa.array(WORDS, texts.type)),
    )
    if not column.is_target:  # a sign alone; a word may be a category
        found = pc.and_(found, pc.invert(pc.match_substring_regex(texts, r"[\pL\d]")))
    marks = np.asarray(pc.fill_null(found, False))
    if marks.any():
        kind = "class" if column.is_target else "category"
        text, place = column.first(marks)
        yield Topic.MARK_KEPT(column=column.name, text=text, place=place, kind=kind)


def _like_a_date(column: Column) -> tuple[str, str] | None:
    """Return the first text that looks like a date, and its place, where nearly all do; else None."""
    pattern = rf"^(?:{LIKE_A_DATE})(?:[T ,].*)?$"
    found = np.asarray(pc.fill_null(pc.match_substring_regex(column.known, pattern), False))
    return column.first(found) if found.sum() > NEARLY * (len(found) - column.known.null_count) else None


def _not_read(column: Column, text: str, place: str, few: bool) -> Remark:
    """Say that dates in another form are categories; refuse them where they are many."""
    if not few:
        raise column.cells.error(
            f"column '{column.name}' holds what looks like dates, such as '{text}' ({place}), in a form that is "
            f"not read; write them as 2024-12-31, or {column.way_without}"
        )
    return Topic.LIKE_DATES(column=column.name, text=text, place=place)


def _like_numbers(column: Column) -> Iterator[Remark]:
    """Note that texts of only digits and signs match no supported form of a number, date or time."""
    found = np.asarray(pc.fill_null(pc.match_substring_regex(column.known, r"^\PL*\d\PL*$"), False))
    if found.sum() > NEARLY * (len(found) - column.known.null_count):
        text, place = column.first(found)
        yield Topic.LIKE_NUMBERS(column=column.name, text=text, place=place)


def _spellings(column: Column, texts: Sequence[str | None]) -> Iterator[Remark]:
    """Note which texts may be one in two spellings; only the user knows whether they mean the same."""
    for spellings in spelled_apart(text or "" for text in texts):
        by_case = len({text.casefold() for text in spellings}) == 1
        topic = Topic.CASES_DIFFER if by_case else Topic.SPELLED_APART
        yield topic(column=column.name, texts=spellings, **({} if by_case else {"more": 0}))


def names_of_groups(column: Column) -> Meaning:
    """Return the names of the groups that a column makes, as they are written."""
    notes = [*_taken(column, column.doubtful), *look_alike(column.name, column.known)]
    apart = list(spelled_apart(pc.drop_null(column.known.unique()).to_pylist()))
    if apart:
        notes.append(Topic.SPELLED_APART(column=column.name, texts=apart[0], more=len(apart) - 1))
    return Meaning(column.known.to_numpy(zero_copy_only=False), notes)


def look_alike(column: str, texts: Any) -> Iterator[Remark]:
    """Note which texts (a pyarrow array) look the same, and how they differ."""
    for same, codes in alike(pc.drop_null(texts.unique()).to_pylist()):
        yield Topic.LOOK_ALIKE(column=column, texts=same, codes=codes)


def _blanks_cut(column: Column) -> Iterator[Remark]:
    as_written = column.cells.columns[column.name]
    cut = pc.fill_null(
        pc.and_(pc.is_valid(column.texts), pc.not_equal(as_written, pc.utf8_trim_whitespace(as_written))), False
    )
    if pc.any(cut).as_py():
        text = as_written.filter(cut)[0].as_py()
        yield Topic.BLANKS_CUT(columns=(column.name,), text=text, left=text.strip())


def _is_truth(column: Column) -> bool:
    """Say whether all texts are true, false, 1 or 0, and some are no numbers."""
    found = set(pc.drop_null(pc.utf8_lower(column.known).unique()).to_pylist())
    return found <= set(TRUTHS) and bool(found & {"true", "false"})


def _spelled_alike(column: Column, texts: Any) -> tuple[Any, list[Remark]]:
    """Spell true and false in one way, as `pandas` and Parquet do; 1 and 0 beside them mean the same."""
    if not _is_truth(column):
        return texts, []
    distinct = texts.unique().to_pylist()
    meant = {text: TRUTHS.get((text or "").lower(), text) for text in distinct}
    alike = pa.array([meant[text] for text in texts.to_pylist()], texts.type)
    changed = tuple(text for text in distinct if meant[text] != text)
    return alike, [Topic.TRUTH_SPELLED(columns=(column.name,), texts=changed)] if changed else []


def _truths_apart(column: Column, texts: Sequence[str | None]) -> Iterator[Remark]:
    """Say which texts may mean the same, where all are words for yes and for no."""
    found = [text for text in texts if text is not None]
    sides = [tuple(text for text in found if text.casefold() in words) for words in (YES, NO)]
    if sum(map(len, sides)) == len(found):
        for side in sides:
            if len({text.casefold() for text in side}) > 1:
                yield Topic.SPELLED_APART(column=column.name, texts=side, more=0)
