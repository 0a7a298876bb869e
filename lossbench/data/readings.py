r"""The ways in which a text can be a number or a date.

A reading has a pattern of the texts that it can parse. Where a text fits two, as "1,234" does, the whole column
and the table decide: `lossbench.data.columns`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_EXPONENT = r"(?:[eE][+-]?\d+)?"
_POINT = rf"[+-]?(?:\d+\.?\d*|\.\d+){_EXPONENT}|[+-]?(?i:inf|infinity)"
_COMMA = rf"[+-]?(?:\d+,?\d*|,\d+){_EXPONENT}|[+-]?[1-9]\d{{0,2}}(?:\.\d{{3}})+(?:,\d+)?|[+-]?(?i:inf|infinity)"
_THOUSANDS = rf"{_POINT}|[+-]?[1-9]\d{{0,2}}(?:,\d{{2,3}})*,\d{{3}}(?:\.\d*)?"  # 12,34,567 too, as in India

_GAPS = r"[ '’_\x{a0}\x{202f}\x{2007}\x{2009}]"  # separators of thousands, besides comma and point
_GROUPED = rf"^[+-]?[1-9]\d{{0,2}}(?:{_GAPS}\d{{3}})+(?:[.,]\d*)?$"
_MONEY = r"(?:USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|BRL|(?:US|AU|CA|NZ|HK|[ACRS])?\$|[€£¥₹])"
_UNIT = (
    rf"^(?P<before>{_MONEY}?)\s*(?P<number>[+-]?[\d.,](?:[\d.,]|{_GAPS})*(?:[eE][+-]?\d+)?)"
    r"\s*(?P<after>[^\d,<>=~+*?!#-]*)$"
)
_FORMS = (
    (r"^'([^']+)'$", r"\1"),  # '5', as some programs quote
    (r"(\d[.,])(?:--?|—)([^\d-]*)$", r"\100\2"),  # 5,- without cents, as prices are written
    (rf"^([+-])\s*({_MONEY})\s*", r"\2\1"),  # -$5, as spreadsheets write it
    (rf"^\(({_MONEY}?)\s*(\d[^()]*)\)$", r"\1-\2"),  # (5), as accounts write what is below zero
    (r"^(\d(?:[\d.,]*\d)?)-$", r"-\1"),  # 5-, likewise
    (r"^([+-]?[\d.,]+)[dD]([+-]?\d+)$", r"\1e\2"),  # 3.4D-01, as Fortran writes a double
    (r"^([+-]?[\d.,]+)\s*[x×*·]\s*10(?:\^|\*\*)([+-]?\d+)$", r"\1e\2"),  # 3.4x10^-1
)
"""Other forms of a number, each with the usual one."""

NEARLY = 0.9  # of the texts of a column, for the others to be odd ones

_MARKS = str.maketrans({"−": "-", "–": "-", "‒": "-", "٫": ".", "·": ".", "٬": ","})


@dataclass(frozen=True)
class Reading:
    """One way to read texts.

    Args:
        kind: its name, such as "comma": the decimal sign is a comma.
        pattern: of the texts that it can parse, in the grammar of RE2.
        read: turns texts that fit (a pyarrow array, None where missing) into numbers (rows,), NaN where missing.
    """

    kind: str
    pattern: str = field(repr=False)
    read: Callable[[Any], np.ndarray] = field(repr=False, compare=False)

    def fits(self, texts: Any) -> np.ndarray:
        """Say which texts fit (rows,); missing ones do."""
        return np.asarray(pc.fill_null(pc.match_substring_regex(texts, f"^(?:{self.pattern})$"), True))


def floats(texts: Any) -> np.ndarray:
    """Read numbers with a decimal point, to the last bit.

    Raises:
        ValueError: some text is no such number.

    Example:
        >>> floats(pa.array(["1.5", None])).tolist()
        [1.5, nan]
    """
    return np.asarray(pc.fill_null(pc.cast(texts, pa.float64()), np.nan))


def number(text: str) -> float | None:
    """Read one text as a number; None where it is none.

    Example:
        >>> number("1e-3"), number("a1")
        (0.001, None)
    """
    try:
        return float(text)
    except ValueError:
        return None


def is_number(text: str) -> bool:
    """Say whether the name of a column is a number, and so rather a value."""
    return number(text) is not None


def _with_comma(texts: Any) -> np.ndarray:
    return floats(pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", "."))


def tidied(texts: Any) -> tuple[Any, str | None]:
    """Strip numbers of gaps between thousands, and of a unit that all of them have, or most texts.

    Args:
        texts: a pyarrow array, None where missing.

    Returns:
        The texts, and the unit: empty where there is none, None where several stand beside numbers.

    Example:
        >>> texts, unit = tidied(pa.array(["1 200 kg", "950 kg"]))
        >>> texts.to_pylist(), unit
        (['1200', '950'], 'kg')
        >>> tidied(pa.array(9 * ["5 kg"] + ["few"]))[0].to_pylist()[8:]
        ['5', 'few']
    """
    texts = _in_ascii(texts)
    for form, usual in _FORMS:
        texts = pc.replace_substring_regex(texts, form, usual)
    parts = pc.extract_regex(texts, _UNIT)
    units = _units(parts)
    if parts.null_count > texts.null_count:
        unit = _usual(units, texts)
    elif pc.count_distinct(units).as_py() > 1:
        return _ungrouped(texts), None
    else:
        unit = "".join(pc.drop_null(units).unique().to_pylist())
    bare = pc.utf8_trim_whitespace(pc.struct_field(parts, "number"))
    return _ungrouped(pc.if_else(pc.fill_null(pc.equal(units, unit), False), bare, texts)), unit


def _usual(units: Any, texts: Any) -> str:
    """Return the unit of more than half of the texts, "" where there is none; of codes, as 12A, of nearly all."""
    known = len(texts) - texts.null_count
    if 2 * (len(units) - units.null_count) <= known:
        return ""
    found = max(pc.value_counts(pc.drop_null(units)).to_pylist(), key=lambda found: found["counts"])
    unit, share = str(found["values"]), found["counts"] / known
    code = unit.isalpha() and pc.any(pc.match_substring_regex(texts, rf"\d{unit}$")).as_py()
    return unit if share >= NEARLY or (share > 0.5 and not code) else ""


def _in_ascii(texts: Any) -> Any:
    """Write digits and signs of other scripts in ASCII; a dash is a minus only before a digit."""
    foreign = pc.and_(pc.invert(pc.string_is_ascii(texts)), pc.match_substring_regex(texts, r"^[^\pL]*\pN"))
    if not pc.any(foreign).as_py():
        return texts
    known = {
        text: "".join(map(_digit, text.translate(_MARKS))) for text in texts.filter(foreign).unique().to_pylist()
    }
    return pa.array([known.get(text, text) for text in texts.to_pylist()], texts.type)


def _digit(sign: str) -> str:
    """Return a decimal digit of any script in ASCII, and any other character as it is."""
    return str(unicodedata.digit(sign)) if not sign.isascii() and sign.isdecimal() else sign


def beside(texts: Any) -> Any:
    """Return the text around each number, such as its unit (a pyarrow array, None where missing).

    Example:
        >>> beside(pa.array(["12 kg", "€3", "5"])).to_pylist()
        ['kg', '€', '']
    """
    return _units(pc.extract_regex(texts, _UNIT))


def _units(parts: Any) -> Any:
    before, after = pc.struct_field(parts, "before"), pc.struct_field(parts, "after")
    return pc.binary_join_element_wise(before, after, pa.scalar("", before.type))


def _ungrouped(texts: Any) -> Any:
    return pc.if_else(
        pc.match_substring_regex(texts, _GROUPED), pc.replace_substring_regex(texts, _GAPS, ""), texts
    )


def _days(*forms: str) -> Callable[[Any], np.ndarray]:
    """Return what reads dates in any of some forms, the first that fits each."""

    def read(texts: Any) -> np.ndarray:
        encoded = pc.dictionary_encode(texts)
        written = pd.Series(encoded.dictionary.to_pylist(), dtype=object)
        days = np.full(len(written) + 1, np.nan)  # the last is that of what is missing
        for form in forms:
            left = np.flatnonzero(np.isnan(days[:-1]))
            dates = pd.to_datetime(written[left], format=form, utc=True, errors="coerce")
            days[left] = days_since(dates, EPOCH)
        return np.asarray(days[np.asarray(pc.fill_null(encoded.indices, -1))])

    return read


def days_since(dates: pd.Series[pd.Timestamp], first: pd.Timestamp) -> np.ndarray:
    """Return dates as numbers of days (rows,), NaN where missing.

    Example:
        >>> days_since(pd.Series(pd.to_datetime(["1970-01-02T12"], utc=True)), EPOCH).tolist()
        [1.5]
    """
    return np.asarray((dates - first) / pd.Timedelta(days=1), dtype=np.float64)


EXACT = 2**53
"""From here on float64 does not hold every whole number."""

EPOCH = pd.Timestamp("1970-01-01", tz="UTC")

POINT = Reading("point", _POINT, floats)
THOUSANDS = Reading("thousands", _THOUSANDS, lambda texts: floats(pc.replace_substring(texts, ",", "")))
COMMA = Reading("comma", _COMMA, _with_comma)

_DAY, _MONTH, _CLOCK = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"\d{1,2}:\d{2}"
_SHORT = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_NAME = rf"(?i:{_SHORT}|January|February|March|April|June|July|August|September|October|November|December)"
_ZONE = r"(?:Z|[+-]\d{2}:?\d{2})?"
_ISO = rf"\d{{4}}-{_MONTH}(?:-{_DAY}(?:[T ]{_CLOCK}(?::\d{{2}}(?:\.\d+)?)?{_ZONE})?)?"
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def _date(kind: str, pattern: str, *forms: str) -> Reading:
    """Return the reading of dates in some forms, with a time of day behind them or without."""
    pattern += rf"(?: {_CLOCK}(?::\d{{2}})?(?i: [AP]M)?)?"
    return Reading(kind, pattern, _days(*(form + clock for form in forms for clock in _CLOCKS)))


_SPAN = r"(?P<days>-?\d+) days?,?(?: \+?(?P<hours>\d{1,2}):(?P<minutes>\d{2}):(?P<seconds>\d{2}(?:\.\d+)?))?"
_PARTS = {"days": 1.0, "hours": 24.0, "minutes": 1440.0, "seconds": 86400.0}


def _spans(texts: Any) -> np.ndarray:
    """Return durations in days (rows,), NaN where missing."""
    parts = pc.extract_regex(texts, f"^{_SPAN}$")
    found = [floats(pc.replace_substring_regex(pc.struct_field(parts, name), "^$", "0")) for name in _PARTS]
    return np.asarray(np.sum([part / whole for part, whole in zip(found, _PARTS.values(), strict=True)], axis=0))


NUMBERS = (POINT, THOUSANDS, COMMA)
DURATIONS = (Reading("duration", _SPAN, _spans),)
DATES = (
    Reading("iso", _ISO, _days("ISO8601")),
    _date("day/month/year", rf"{_DAY}/{_MONTH}/\d{{4}}", "%d/%m/%Y"),
    _date("month/day/year", rf"{_MONTH}/{_DAY}/\d{{4}}", "%m/%d/%Y"),
    _date("day-month-year", rf"{_DAY}-{_MONTH}-\d{{4}}", "%d-%m-%Y"),
    _date("month-day-year", rf"{_MONTH}-{_DAY}-\d{{4}}", "%m-%d-%Y"),
    _date("year/month/day", rf"\d{{4}}/{_MONTH}/{_DAY}", "%Y/%m/%d"),
    _date("year.month.day", rf"\d{{4}}\.{_MONTH}\.{_DAY}", "%Y.%m.%d"),
    _date("day.month.year", rf"{_DAY}\.{_MONTH}\.\d{{4}}", "%d.%m.%Y"),
    _date("day name year", rf"{_DAY} {_NAME} \d{{4}}", "%d %b %Y", "%d %B %Y"),
    _date("day-name-year", rf"{_DAY}-{_NAME}-\d{{4}}", "%d-%b-%Y", "%d-%B-%Y"),
    _date("daynameyear", rf"{_DAY}{_NAME}\d{{4}}", "%d%b%Y", "%d%B%Y"),
    _date("name day, year", rf"{_NAME} {_DAY}, \d{{4}}", "%b %d, %Y", "%B %d, %Y"),
    _date("name day year", rf"{_NAME} {_DAY} \d{{4}}", "%b %d %Y", "%B %d %Y"),
    _date("name year", rf"{_NAME} \d{{4}}", "%b %Y", "%B %Y"),
)
_TWO, _YEAR = r"\d{1,2}", r"(?:1[89]|20|21)\d{2}"
_MONTH_WORD = rf"\b(?:{_NAME}|(?i:Sept))\b"
LIKE_A_DATE = "|".join(
    (
        *(rf"{_TWO}{mark}{_TWO}{mark}\d{{2}}(?:\d{{2}})?" for mark in ("/", "-", r"\.")),
        rf"{_YEAR}[-/.]{_TWO}[-/.]{_TWO}",
        rf"(?:0?[1-9]|1[0-2])[-/]{_YEAR}|{_YEAR}/(?:0?[1-9]|1[0-2])|{_YEAR}[01]\d[0-3]\dT\d{{4}}(?:\d{{2}})?Z?",
        rf"{_YEAR} ?[年년] ?{_TWO} ?[月월].*",
        rf"{_YEAR}[- ]?(?i:W)\d{{2}}(?:-?\d)?|{_YEAR}[- ]?(?i:Q|H)[1-4]|(?i:Q|H)[1-4][-/ ]?{_YEAR}",
        rf"\D*{_MONTH_WORD}.*\d.*|.*\d.*{_MONTH_WORD}.*|{_TWO}{_NAME}\d{{2}}",
        rf"{_TWO}\.? \pL+\.? {_YEAR}",
    )
)
"""Texts that look like dates, whether they are read as such or not; a time of day may stand behind."""
