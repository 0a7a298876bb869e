"""Dates become days, and what is said of numbers is no longer said of these; what is said of a cell finds it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.own.tables import AGES, DAYS, ROWS, but, load, said
from lossbench.data.dataset import Dataset
from lossbench.errors import DataError
from lossbench.remark import Topic


@pytest.mark.parametrize("mark", ["0", "99", "59"])
def test_a_number_for_missing_is_no_day(tmp_path: Path, mark: str) -> None:
    """What `na=` says of one column deletes no date of another, nor a row whose target is that day."""
    plain = load(tmp_path, x=DAYS)
    marked = load(tmp_path, f":na={mark}", x=DAYS, z=but(AGES, mark))
    np.testing.assert_array_equal(marked.features[:, 0], plain.features[:, 0])
    assert np.isnan(marked.features[7, 2])
    assert load(tmp_path, f":na={mark}", y=DAYS, z=but(AGES, mark)).rows == ROWS


def test_dates_are_missing_as_they_are_written(tmp_path: Path) -> None:
    """`na=` takes the text of the cell; what pandas writes for no date is none."""
    data = load(tmp_path, f":na={DAYS[0]}", x=but(DAYS, "NaT"))
    assert np.isnan(data.features[:, 0]).nonzero()[0].tolist() == [
        0,
        *np.flatnonzero(np.array(DAYS) == DAYS[0])[1:],
        7,
    ]


ADVISED = {
    "a unit": (but([f"{a} kg" for a in AGES], "9999 kg"), 7),
    "a decimal comma": (but([f"{a},0" for a in AGES], *["-999,0"] * 3), 9),
    "per cent": (but([f"{a}%" for a in AGES], *["-999%"] * 3), 9),
    "thousands": (but([f"{a},000" for a in AGES], "9,999,999,999"), 7),
    "a date far ahead": (but(DAYS, "9999-12-31"), 7),
    "a date far behind": (but(DAYS, "1900-01-01"), 7),
    "a date in another form": (but([f"{d[8:]}.{d[5:7]}.{d[:4]}" for d in DAYS], "31.12.9999"), 7),
}


@pytest.mark.parametrize("case", ADVISED)
@pytest.mark.parametrize("place", ["x", "y"])
def test_what_a_note_says_to_add_is_taken(tmp_path: Path, case: str, place: str) -> None:
    """A number far from all others is missing with the `na=` of its note, however its cell is written."""
    column, at = ADVISED[case]
    notes = said(load(tmp_path, **{place: column}))
    advice = re.search(r"add (na=[^\n;]*)", notes)
    assert advice, notes
    heeded = load(tmp_path, f":{advice[1]}", **{place: column})
    if place == "x":
        assert np.isnan(heeded.features[at - (at == 9) * 1, 0])
        assert np.isnan(heeded.features[:, 0]).sum() == (3 if at == 9 else 1)
    else:
        assert heeded.rows == ROWS - (3 if at == 9 else 1)


@pytest.mark.parametrize(
    "names", [("1 kg", "2 kg", "3 kg"), ("1,000", "2,000", "3,000"), ("2024-01-01", "2024-01-31", "2024-02-29")]
)
@pytest.mark.parametrize("rare", [2, 4])
def test_a_rare_class_is_left_out_as_advised(tmp_path: Path, names: tuple[str, ...], rare: int) -> None:
    """However its cells are written."""
    column = [names[0]] * 28 + [names[1]] * (ROWS - 28 - rare) + [names[2]] * rare
    try:
        message = said(load(tmp_path, y=column))
    except DataError as refused:
        message = str(refused)
    advice = re.search(r'add (na=(?:"[^"]*"|[^,"]*)), which leaves', message)
    assert advice, message
    assert load(tmp_path, f":{advice[1]}", y=column).rows == ROWS - rare


def test_a_text_for_missing_that_stands_nowhere_is_refused(tmp_path: Path) -> None:
    """A number too, that no cell means; and a number of days."""
    for mark in ("x", "-7"):
        with pytest.raises(DataError, match=f"na={mark} stands in no cell"):
            load(tmp_path, f":na={mark}", x=[f"{a} kg" for a in AGES])
    with pytest.raises(DataError, match="na=0 stands in no cell"):
        load(tmp_path, ":na=0", x=DAYS, b=AGES)


def regular(step: int) -> list[str]:
    """Return dates at equal steps."""
    return pd.date_range("2023-01-01", periods=ROWS, freq=f"{step}D").strftime("%d.%m.%Y").tolist()


@pytest.mark.parametrize("step", [1, 3])
def test_regular_dates_count_no_rows(tmp_path: Path, step: int) -> None:
    """They are no identifier, and rows that differ in them are not equal."""
    halves: list[object] = [*range(30, 60), *range(30, 60)]
    data = load(tmp_path, x=regular(step), b=halves)
    topics = {note.topic for note in data.notes}
    assert Topic.DATES in topics
    assert not topics & {Topic.ROW_NUMBERS, Topic.EQUAL_ROWS}
    assert data.groups is None


def weighted(folder: Path, weights: list[object]) -> Dataset:
    """Load a table with a column of weights."""
    return load(folder, ":weight=w", w=weights)


def test_dates_weigh_nothing(tmp_path: Path) -> None:
    """A column of dates is refused as the weight; so is one of durations."""
    for cells in (DAYS, [f"{a} days 06:00:00" for a in AGES]):
        with pytest.raises(
            DataError, match=f"the weight 'w' holds dates or durations, such as '{cells[0]}'; name"
        ):
            weighted(tmp_path, list(cells))


def test_weights_are_no_larger_than_features(tmp_path: Path) -> None:
    """Beyond 1e150 sums overflow, and one row would be all."""
    with pytest.raises(DataError, match=r"the weight 'w' is beyond 1e\+150 in line 9"):
        weighted(tmp_path, but(AGES, "1e308", "1e308"))


@pytest.mark.parametrize(
    "form", ["%m/%Y", "%m-%Y", "%Y/%m", "%Y年%m月%d日", "%Y년 %m월 %d일", "%Y%m%dT000000", "%Y%m%dT0000Z"]
)
def test_more_forms_are_named_as_dates(tmp_path: Path, form: str) -> None:
    """Refused where they are many, said where they are few."""
    written = pd.date_range("2001-01-01", periods=ROWS, freq="MS").strftime(form).tolist()
    with pytest.raises(DataError, match=f"looks like dates, such as '{written[0]}'"):
        load(tmp_path, x=written)
    few = [written[i % 12] for i in range(ROWS)]
    assert f"though '{few[0]}' (line 2) looks like a date" in said(load(tmp_path, x=few))


@pytest.mark.parametrize("cells", [("3/4", "5/6"), ("3/2500", "4/2500"), ("13/2023", "14/2023"), ("3-4", "5-6")])
def test_fractions_and_ranges_are_no_dates(tmp_path: Path, cells: tuple[str, str]) -> None:
    """Two numbers with a mark between them make no month and year by themselves."""
    assert "looks like a date" not in said(load(tmp_path, x=[cells[i % 2] for i in range(ROWS)]))
