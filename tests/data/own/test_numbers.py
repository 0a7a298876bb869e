"""Numbers are what they mean in every notation; where a notation leaves two numbers, it is said, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data.own.tables import AGES, ROWS, B, but, load, said
from lossbench.errors import DataError
from lossbench.remark import Topic

NO_CENTS = {
    "German": "{0},-",
    "with a dash": "{0},–",
    "with a long dash": "{0},—",
    "with two": "{0},--",
    "with the currency before": "€ {0},-",
    "with the currency behind": "{0},- €",
}


@pytest.mark.parametrize("form", NO_CENTS)
@pytest.mark.parametrize("place", ["x", "y"])
def test_a_dash_for_no_cents_is_no_minus(tmp_path: Path, form: str, place: str) -> None:
    """`57,-` is 57, alone and beside `70,50`, of a feature and of the quantity to predict."""
    plain = NO_CENTS[form]
    for cents in ("-", "50"):
        other = re.sub("[-–—]+", cents, plain) if cents == "50" else plain
        data = load(tmp_path, **{place: [(plain, other)[a % 2].format(a) for a in AGES]})
        found = data.features[:, 0] if place == "x" else data.target[:, 0]
        assert found.tolist() == [a + (0.5 if cents == "50" and a % 2 else 0.0) for a in AGES]


def test_a_dash_behind_a_point_is_no_minus(tmp_path: Path) -> None:
    """As the Swiss write it, with their mark between thousands."""
    data = load(tmp_path, x=[f"{a}'500.-" if a % 2 else f"{a}.50" for a in AGES])
    assert data.features[:, 0].tolist() == [a * 1000.0 + 500 if a % 2 else a + 0.5 for a in AGES]
    assert load(tmp_path, x=[f"{a}.5-" for a in AGES]).features[:, 0].tolist() == [-a - 0.5 for a in AGES]


def thousands(number: int) -> str:
    """Write a number with points between thousands."""
    return f"{number:,}".replace(",", ".")


@pytest.mark.parametrize("sep", [",", ";"])
@pytest.mark.parametrize("place", ["b", "y"])
def test_points_that_may_stand_between_thousands_are_told(tmp_path: Path, sep: str, place: str) -> None:
    """Where nothing in the table shows a decimal point; what the note says to add reads them as thousands."""
    prices = [a * 25 for a in AGES]
    columns = {"b": AGES, "y": AGES} | {place: map(thousands, prices)}
    first = next(thousands(price) for price in prices if price >= 1000)
    data = load(tmp_path, sep=sep, **columns)
    assert f"numbers of '{place}' such as '{first}' are read as {float(first):g}; with decimal=, a comma" in said(
        data
    )
    columns |= {place: map(thousands, prices)}
    heeded = load(tmp_path, ":decimal=,", sep=sep, **columns)
    found = heeded.features[:, 1] if place == "b" else heeded.target[:, 0]
    assert found.tolist() == prices
    columns |= {place: map(thousands, prices)}
    assert "are read as" not in said(load(tmp_path, ":decimal=.", sep=sep, **columns))


@pytest.mark.parametrize("other", ["0.125", "12.5", "1.2345", "1234.567", "1.5e3"])
def test_a_decimal_point_anywhere_settles_the_points(tmp_path: Path, other: str) -> None:
    """One number that no point between thousands makes is enough, in this column or in another."""
    eighths = [f"{a}.125" for a in AGES]
    for columns in ({"x": but(eighths, other)}, {"x": eighths, "z": but(AGES, other)}):
        assert "are read as" not in said(load(tmp_path, b=None, y=AGES, **columns))


@pytest.mark.parametrize("place", ["x", "y"])
@pytest.mark.parametrize(
    ("usual", "odd"),
    [("{0}.990", "5,3"), ("{0}.990", "5,300"), ("{0},3", "5.990"), ("{0}.99", "5,3"), ("{0}.990", "1.234,5")],
)
def test_a_slip_of_one_decimal_sign_moves_no_other_number(
    tmp_path: Path, place: str, usual: str, odd: str
) -> None:
    """The odd one is refused with its line, and the sign that makes sense of both is offered where one does."""
    column = but([usual.format(a) for a in AGES], odd)
    if odd == "1.234,5":  # which shows that the points stand between thousands
        data = load(tmp_path, **{place: column})
        assert (data.features if place == "x" else data.target).max() >= 18_990
        return
    with pytest.raises(DataError, match=rf"'{place}' holds numbers.* except '{odd}' \(line 9\)") as caught:
        load(tmp_path, **{place: column})
    way = f'"{odd}"' if "," in odd else odd
    assert f"add na={way}" in str(caught.value)
    data = load(tmp_path, f":na={way}", **{place: column})
    rest = data.features[:, 0] if place == "x" else data.target[:, 0]
    assert np.nanmax(rest) < 80
    if usual != "{0}.99":
        assert "write decimal=," in str(caught.value)
        both = load(tmp_path, ":decimal=,", **{place: column})
        assert place == "y" or "," not in odd or 5.3 in both.features[:, 0]


def test_a_slip_in_one_column_moves_no_other(tmp_path: Path) -> None:
    """A decimal comma here makes no thousands of what stands there, where a decimal point stands somewhere."""
    data = load(tmp_path, x=but(AGES, "12,5"), b=[f"{a}.125" if a % 2 else a for a in AGES], y=but(B, "5.99"))
    assert data.features[7].tolist() == [12.5, AGES[7] + 0.125 * (AGES[7] % 2)]
    assert data.features[:, 1].max() < 80


def test_an_example_is_of_what_it_is_said_of(tmp_path: Path) -> None:
    """A column whose points stand between thousands is not shown by a decimal comma of another."""
    data = load(tmp_path, sep=";", x=[f"{a},5" for a in AGES], b=map(thousands, (a * 25 for a in AGES)), y=AGES)
    assert f"numbers of 'x' such as '{AGES[0]},5' are read as {AGES[0]}.5" in said(data)
    assert "numbers of 'b' such as '1.750' are read as 1750; with decimal=. a point" in said(data)


UNITS: dict[str, tuple[Callable[[int], str], str]] = {
    "kg": (lambda a: f"{a} kg", "n.d."),
    "letters behind": (lambda a: f"{a}kg", "n.d."),
    "per cent": (lambda a: f"{a}%", "<5%"),
    "a currency": (lambda a: f"${a}", "$ -"),
    "a currency and cents": (lambda a: f"${a}.50", "n.a!"),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("place", ["x", "y"])
def test_a_text_among_numbers_with_a_unit_is_refused(tmp_path: Path, unit: str, place: str) -> None:
    """As it is among plain numbers; na= takes it as missing, and the rest are the numbers."""
    write, odd = UNITS[unit]
    column = but(map(write, AGES), odd)
    with pytest.raises(DataError, match=re.escape(f"'{place}' holds numbers except '{odd}' (line 9)")):
        load(tmp_path, **{place: column})
    data = load(tmp_path, f":na={odd}", **{place: column})
    if place == "x":
        assert np.isnan(data.features[:, 0]).nonzero()[0].tolist() == [7]
    else:
        assert (data.task, data.rows) == ("regression", ROWS - 1)


@pytest.mark.parametrize("cell", ["{0} kg", "{0}%", "€{0}"])
def test_many_texts_among_numbers_with_a_unit_are_refused(tmp_path: Path, cell: str) -> None:
    """As many as a third are odd ones."""
    with pytest.raises(DataError, match=r"'x' holds numbers except 'n.d.' \(line 2\) and 19 more"):
        load(tmp_path, x=[cell.format(a) if i % 3 else "n.d." for i, a in enumerate(AGES)])


def test_codes_and_addresses_are_no_numbers_with_a_unit(tmp_path: Path) -> None:
    """A letter behind a number is mostly a code's, and each street has its name."""
    codes = load(tmp_path, x=[f"{100 + i}A" if i % 3 else f"B{i}" for i in range(ROWS)])
    assert Topic.IDENTIFIER in {note.topic for note in codes.notes}
    streets = [f"{a} {('Main', 'High')[i % 2]} Street" if i % 3 else "Old Mill" for i, a in enumerate(AGES)]
    assert "x=Old Mill" in load(tmp_path, x=streets).feature_names


def test_few_numbers_with_a_unit_and_a_word_stay_categories_and_classes(tmp_path: Path) -> None:
    """Few texts may be codes; a note says what would make them numbers."""
    codes = [("2 D", "3 D", "other")[i % 3] for i in range(ROWS)]
    data = load(tmp_path, x=codes)
    assert data.feature_names[:3] == ("x=2 D", "x=3 D", "x=other")
    assert "'other' (line 4) is not among numbers; na=other" in said(data)
    assert load(tmp_path, y=codes).classes == ("2 D", "3 D", "other")


@pytest.mark.parametrize("place", ["x", "y"])
def test_numbers_in_single_quotes_are_numbers(tmp_path: Path, place: str) -> None:
    """And dates are dates; words keep the marks, which may belong to them."""
    data = load(tmp_path, **{place: [f"'{a}.5'" for a in AGES]})
    assert (data.features[:, 0] if place == "x" else data.target[:, 0]).tolist() == [a + 0.5 for a in AGES]
    assert f"such as ''{AGES[0]}.5'' are read as {AGES[0]}.5" in said(data)
    words = load(tmp_path, x=[("'a'", "'b'")[a % 2] for a in AGES])
    assert words.feature_names[:2] == ("x='a'", "x='b'")


DURATIONS = {
    "pandas": ("{0} days 06:00:00", 0.25),
    "a fraction": ("{0} days 00:00:00.864000", 1e-5),
    "below zero": ("-{0} days +18:00:00", 0.75),
    "Python": ("{0} days, 6:00:00", 0.25),
    "longer than pandas holds": ("{0}00000 days 06:00:00", 0.25),
}


@pytest.mark.parametrize("form", DURATIONS)
@pytest.mark.parametrize("place", ["x", "y"])
def test_durations_are_days(tmp_path: Path, form: str, place: str) -> None:
    """As pandas and Python write them, and as those of a Parquet file are read; na= is about numbers alone."""
    text, rest = DURATIONS[form]
    column = but((text.format(a) for a in AGES), "1 day 00:00:00", "NaT")
    days = [float(text.format(a).split()[0]) + rest for a in AGES]
    days[7] = 1.0
    data = load(tmp_path, **{place: column})
    assert data.notes[0].topic is Topic.TAKEN_AS_MISSING
    assert Topic.DURATIONS in {note.topic for note in data.notes}
    found = data.features[:, 0] if place == "x" else data.target[:, 0]
    np.testing.assert_allclose(found[found == found], [*days[:8], *days[9:]], rtol=1e-12)


def test_what_is_no_duration_among_durations_is_refused(tmp_path: Path) -> None:
    """With its line."""
    with pytest.raises(DataError, match=r"durations except '4:00:00' \(line 9\)"):
        load(tmp_path, x=but((f"{a} days 06:00:00" for a in AGES), "4:00:00"))
