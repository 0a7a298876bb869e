"""Odd columns of a user's table: hardly varying, giving the target away, in unusual units.

They are reported, never changed: whoever knows the table decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from lossbench.data.fold import STRATIFIABLE
from lossbench.data.table_spec import written
from lossbench.remark import Remark, Topic

HARDLY = 0.05  # share of rows: a column hardly varies if no more than these, and fewer than five, deviate
MISSED = 0.001  # share of the variance of the target's ranks that a column leaves if it gives the target away
WRONG = 0.01  # share of the errors of a constant prediction: likewise, for classes
MARKS = (1.0, 9.0, *(10.0**digits - 1 for digits in range(2, 10)), 88.0, 888.0, 8888.0, 32768.0, 2.0**31)
"""Sizes of numbers that many write for a missing value, below zero or above; those of one digit only below."""
MARK_ROWS, STEPS = 3, 10
ALONE, HELD = 2, 0.95  # so few rows that hold so much of a column's variance leave the others all but alike
EACH = 5  # rows per value of a column, so that what they have in common is no chance
USUAL = 1e-6, 1e9  # usual sizes of numbers
SEVERAL = 3  # distinct numbers, for all of them to be no dates by chance
_CALENDARS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S", 6: "%Y%m"}
_DATE_NAME = re.compile(
    r"(?:^|[^A-Za-z])(?i:datum|fecha|dob|birthday)(?:[^A-Za-z]|$)|[a-z]Date|"
    r"(?i:(?<!up)(?<!candi)(?<!man)(?<!consoli)date)s?(?:[^a-z]|$)"
)
_CLOCK_NAME = re.compile(r"(?i:stamp|(?:^|[^a-z])(?:ts|when|dt|time|datetime|epoch)(?:[^a-z]|$))|(?:_at|[a-z]At)$")
_SECONDS = 9e8, 2.2e9
"""Since 1970, of the dates that most tables hold: 1998 to 2039."""


def oddities(
    blocks: Mapping[str, np.ndarray],
    name: str,
    target: np.ndarray,
    groups: np.ndarray | None,
    days: Mapping[str, Mapping[float, str]],
) -> Iterator[Remark]:
    """Yield what is odd about the columns and the target of a table.

    Args:
        blocks: by column, its features (rows, width): its numbers, or ones and zeros for its categories.
        name: of the target.
        target: (rows,) class indices, or (rows, 1) values.
        groups: (rows,) the number of each row's group, None where every row stands for itself. A column that is
            the same in all rows of a group identifies the group, so only the first row of each group counts.
        days: by the columns that hold days, what stands in the file for each number of days.
    """
    numbers = {column: block[:, 0] for column, block in blocks.items() if block.shape[1] == 1}
    numbers |= {name: target[:, 0]} if target.ndim == 2 else {}
    known = {column: values[~np.isnan(values)] for column, values in numbers.items()}
    for column, values in known.items():
        texts = days.get(column, {})
        found = [*_hardly_varying(column, values, texts), *_missing_marks(column, values, texts)]
        yield from found or _far_alone(column, values, texts)
        if _are_dates(column, values):
            drop = "" if column == name else written(column)
            yield Topic.NUMBERS_AS_DATES(column=column, number=_said(values[0], texts), drop=drop)
    sizes = {column: float(np.median(np.abs(values[values != 0.0]))) for column, values in known.items()}
    far = tuple((column, size) for column, size in sizes.items() if not USUAL[0] <= size < USUAL[1])
    if far:
        yield Topic.FAR_OFF_UNITS(sizes=far)
    first = np.arange(len(target)) if groups is None else np.unique(groups, return_index=True)[1]
    for column, block in blocks.items():
        if gives_away(block[first], target[first]):
            yield Topic.GIVES_AWAY(column=column, target=name, drop=written(column))


def _hardly_varying(column: str, values: np.ndarray, texts: Mapping[float, str]) -> Iterator[Remark]:
    distinct, counts = np.unique(values, return_counts=True)
    others = len(values) - int(counts.max())
    if others < STRATIFIABLE and others <= HARDLY * len(values):
        usual = float(distinct[counts.argmax()])
        yield Topic.HARDLY_VARYING(column=column, value=texts.get(usual, usual), others=others, rows=len(values))


def _missing_marks(column: str, values: np.ndarray, texts: Mapping[float, str]) -> Iterator[Remark]:
    """Yield the smallest and the largest number of a column (n,) if it looks like a mark for a missing value.

    It must be one of `MARKS` in several rows. A negative one is a mark if no other number is negative and the gap
    above it is ten usual steps; any is a mark if its gap is wider than the range of the rest.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < MARK_ROWS + 1:
        return
    for mark, count, rest in ((distinct[0], counts[0], distinct[1:]), (distinct[-1], counts[-1], distinct[:-1])):
        gap = min(abs(rest[0] - mark), abs(rest[-1] - mark))
        alone = mark < 0.0 <= rest[0] and gap >= STEPS * np.median(np.diff(rest)) and count >= MARK_ROWS
        far = gap > np.ptp(rest) * (1 if count >= MARK_ROWS else MARK_ROWS)
        if abs(mark) in MARKS and not 0.0 < mark < 10.0 and (alone or far):
            yield Topic.MISSING_MARK(column=column, mark=_said(mark, texts), rows=int(count))


def _said(number: float, texts: Mapping[float, str]) -> str:
    """Write a number so that na= finds it, one of days as its text."""
    if number in texts:
        return written(texts[number])
    return np.format_float_positional(number, trim="-") if abs(number) < 1e19 else repr(float(number))


def _far_alone(column: str, values: np.ndarray, texts: Mapping[float, str]) -> Iterator[Remark]:
    """Yield the one or two numbers of a column (n,) that hold nearly all of its variance."""
    order = np.argsort(-np.abs(values - np.median(values)), kind="stable")
    for rows in range(1, ALONE + 1):
        rest = values[order[rows:]]
        if len(np.unique(rest)) > SEVERAL and rest.var() <= (1.0 - HELD) * values.var():
            far = tuple(dict.fromkeys(_said(value, texts) for value in values[order[:rows]]))
            yield Topic.FAR_ALONE(column=column, numbers=far, rows=rows)
            return


def _are_dates(column: str, values: np.ndarray) -> bool:
    """Say whether numbers (n,) look like dates: a calendar's digits, milliseconds, or large under such a name.

    Example:
        >>> days = np.array([20230523.0, 20231024.0, 20240229.0])
        >>> _are_dates("x", days), _are_dates("x", days + 2), _are_dates("sale_date", days / 500)
        (True, False, True)
    """
    least, most = float(values.min()), float(values.max())
    named, whole = bool(_DATE_NAME.search(column)), bool((values == np.round(values)).all())
    if len(np.unique(values)) < SEVERAL or least < 1000.0 or (whole and most <= 2200.0):  # years are numbers
        return False
    first, last = _SECONDS
    if whole and any(first * unit <= least and most < last * unit for unit in (1e3, 1e6, 1e9)):
        return True
    if named or _CLOCK_NAME.search(column):
        return most < last and (named or least >= first)
    return whole and _of_a_calendar(values)


def _of_a_calendar(values: np.ndarray) -> bool:
    """Say whether whole numbers (n,) are years, months and days in a row of digits."""
    digits = pd.Series(pd.unique(values)).map("{:.0f}".format)
    form, years = _CALENDARS.get(len(digits[0])), digits.str[:4]
    if form is None or (digits.str.len() != len(digits[0])).any() or not years.between("1700", "2200").all():
        return False
    if form == "%Y%m" and (len(digits) < 3 * SEVERAL or (years == years[0]).all()):  # shorter, so more by chance
        return False
    return bool(pd.to_datetime(digits, format=form, errors="coerce").notna().all())


def gives_away(block: np.ndarray, target: np.ndarray) -> bool:
    """Say whether a column alone nearly determines the target: by its order, values, or missing ones.

    Numbers and a quantity: the ranks of both agree, R² > 0.999. Numbers and classes: each class is one range of
    the numbers. Few values, or missing ones, and any target: rows with one value have one target. A target with
    fewer than five rows outside its most frequent value is never given away: it may match by chance.

    Args:
        block: (rows, width), its numbers, or ones and zeros for its categories.
        target: (rows,) class indices, or (rows, 1) values.

    Example:
        >>> size = np.arange(40.0)
        >>> gives_away(size[:, None], np.exp(size)[:, None]), gives_away(size[:, None], np.arange(40) % 2)
        (True, False)
    """
    plain = target.reshape(-1)
    if len(plain) - np.unique(plain, return_counts=True)[1].max() < STRATIFIABLE:
        return False
    if block.shape[1] > 1:
        return _by_value(block.argmax(axis=1), target)
    values = block[:, 0]
    missing = np.isnan(values)
    if missing.any() and _by_value(missing, target):
        return True
    return _by_value(values, target) or (_in_order(values[~missing], target[~missing]) and not missing.any())


def _by_value(values: np.ndarray, target: np.ndarray) -> bool:
    """Say whether rows with the same value (rows,) have the same target; too many values say nothing."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    if not 1 < len(distinct) <= len(values) / EACH:
        return False
    if target.ndim == 1:
        return _right(_counts(codes, target), 0)
    ranks = _ranks(target[:, 0])
    mean = np.bincount(codes, ranks) / np.bincount(codes)
    return bool(np.square(ranks - mean[codes]).sum() <= MISSED * np.square(ranks - ranks.mean()).sum())


def _in_order(values: np.ndarray, target: np.ndarray) -> bool:
    """Say whether the order of numbers (rows,) is that of the target, or sorts the classes."""
    if target.ndim == 2:
        ranks = _ranks(values), _ranks(target[:, 0])
        # Of each group only the first row is used, and these may all be equal, as the first year of each firm.
        return min(map(np.ptp, ranks)) > 0 and bool(np.corrcoef(*ranks)[0, 1] ** 2 >= 1.0 - MISSED)
    counts = _counts(np.unique(values, return_inverse=True)[1], target)
    stretches = 1 + np.count_nonzero(np.diff(counts.argmax(axis=1)))
    return _right(counts, int(stretches - np.count_nonzero(counts.sum(axis=0))))


def _counts(codes: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Count the rows of each value and class, (values, classes), from the codes (rows,) of each row's."""
    shape = int(codes.max()) + 1, int(target.max()) + 1
    return np.bincount(codes * shape[1] + target, minlength=shape[0] * shape[1]).reshape(shape)


def _right(counts: np.ndarray, more: int) -> bool:
    """Say whether nearly all rows have the most frequent class of their value; `more` rows are wrong besides."""
    wrong = counts.sum() - counts.max(axis=1).sum() + more
    return bool(wrong <= WRONG * (counts.sum() - counts.sum(axis=0).max()))


def _ranks(values: np.ndarray) -> np.ndarray:
    return pd.Series(values).rank().to_numpy()
