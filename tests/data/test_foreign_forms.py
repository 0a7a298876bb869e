"""Numbers, texts and marks that are not written as they are read here: a note says what becomes of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.data.dataset import Dataset
from lossbench.data.table import load_table
from lossbench.looks import alike, looks
from lossbench.remark import Topic
from lossbench.visible import hides

ROWS = 60
RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(scale=1000, size=ROWS).round(2)
LARGE = RANDOM.integers(1000, 900_000, ROWS).astype(float)
TARGET = RANDOM.normal(size=ROWS).round(3)


def table(folder: Path, columns: Mapping[str, Sequence[object]], more: str = "") -> Dataset:
    """Write a table beside a quantity y, and load it."""
    rows = zip(*columns.values(), TARGET, strict=True)
    lines = [";".join([*columns, "y"]), *(";".join(map(str, row)) for row in rows)]
    (folder / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    return load_table(f"{folder / 'table.csv'}:target=y:sep=;{more}")


def facts(data: Dataset, topic: Topic) -> list[Mapping[str, object]]:
    """Return the facts of all notes on a topic."""
    return [note.facts for note in data.notes if note.topic is topic]


def digits(first: str) -> Callable[[float], str]:
    """Write a number in the digits of another script."""
    return lambda x: "".join(chr(ord(first) + int(c)) if c.isdigit() else c for c in f"{x:.2f}")


FORMS: Mapping[str, Callable[[float], str]] = {
    "Fortran's double": lambda x: f"{x:.5E}".replace("E", "D"),
    "a power of ten": lambda x: f"{x / 100:.4f}×10^2",
    "a dash for a minus": lambda x: f"{x:.2f}".replace("-", "–"),
    "in brackets below zero": lambda x: f"({-x:.2f})" if x < 0 else f"{x:.2f}",
    "the minus behind": lambda x: f"{-x:.2f}-" if x < 0 else f"{x:.2f}",
    "wide digits": digits("０"),
    "Arabic digits": digits("٠"),
    "an Arabic sign": lambda x: f"{x:.2f}".replace(".", "٫"),
}
GAPS = {
    "underscore": "_",
    "apostrophe": "'",
    "figure": "\u2007",
    "thin": "\u2009",
    "narrow": "\u202f",
    "fixed": "\xa0",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_means_one_number_is_read_as_it(tmp_path: Path, form: str) -> None:
    """The column is the numbers, to their last digit, and a note shows one as it stands."""
    data = table(tmp_path, {"x": [FORMS[form](value) for value in VALUES]})
    assert np.allclose(data.features[:, 0], VALUES, rtol=1e-12, atol=0)
    assert len(facts(data, Topic.FOREIGN_NUMBERS)) == 1


@pytest.mark.parametrize("gap", GAPS)
def test_whatever_stands_between_thousands_is_no_part_of_a_number(tmp_path: Path, gap: str) -> None:
    """Nor of its fraction."""
    data = table(tmp_path, {"x": [f"{value:,.0f}".replace(",", GAPS[gap]) for value in LARGE]})
    assert data.features[:, 0].tolist() == LARGE.tolist()


@pytest.mark.parametrize("currency", ["US$ ", "CHF ", "EUR ", "€", "-$", "R$"])
def test_a_currency_before_a_number_is_a_unit(tmp_path: Path, currency: str) -> None:
    """Any of those that many write, with its sign; letters of another kind make an identifier."""
    data = table(tmp_path, {"x": [f"{currency}{value:.2f}" for value in LARGE]})
    assert np.abs(data.features[:, 0]).tolist() == LARGE.tolist()
    data = table(tmp_path, {"x": [f"P{value:.0f}" for value in LARGE], "z": VALUES})
    assert facts(data, Topic.IDENTIFIER)


@pytest.mark.parametrize("form", ["{0}:{1:02d}", "~{0}{1}", "{0}/{1}", "{0}{1}±1", "{0}-{1}-{0}"])
def test_texts_of_digits_that_are_no_number_here_are_said_to_be_text(tmp_path: Path, form: str) -> None:
    """Whether they then make categories or an identifier."""
    cells = [form.format(row % 12, row) for row in range(ROWS)]
    data = table(tmp_path, {"x": cells, "z": VALUES})
    assert [fact["text"] for fact in facts(data, Topic.LIKE_NUMBERS)] == cells[:1]


def test_names_with_digits_are_not(tmp_path: Path) -> None:
    """A text with letters is a name; few texts are categories, whatever they are."""
    for cells in ([f"P{row}" for row in range(ROWS)], [f"{row % 3}-{row % 3 + 1}" for row in range(ROWS)]):
        assert not facts(table(tmp_path, {"x": cells, "z": VALUES}), Topic.LIKE_NUMBERS)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_looks_like_itself_however_it_is_composed(text: str) -> None:
    """In one character or two, with what is not seen, with blanks of any width."""
    composed, apart = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert looks(composed) == looks(apart) == looks(text)
    assert looks(text.replace(" ", "\u00a0")) == looks(text)
    assert {same for same, _ in alike({composed, apart})} <= {(composed, apart), (apart, composed)}


@pytest.mark.parametrize("other", ["Cafe\u0301", "Caf\u00e9\u200b", "C\u0430f\u00e9"])
def test_texts_that_look_alike_are_told_wherever_they_part_rows(tmp_path: Path, other: str) -> None:
    """As classes, categories, groups or columns: they stay apart, and a note says by which characters."""
    word = "Caf\u00e9"
    cells = [(word, other, "Bar")[row % 3] for row in range(ROWS)]
    groups = [f"{cell}{row % 12 // 3}" for row, cell in enumerate(cells)]
    for data in (
        table(tmp_path, {"x": VALUES, "c": cells}),
        table(tmp_path, {"x": VALUES, "g": groups}, ":group=g"),
    ):
        assert facts(data, Topic.LOOK_ALIKE)
        assert all("U+" in str(fact["codes"]) for fact in facts(data, Topic.LOOK_ALIKE))
    lines = (f"{row},{cell}\n" for row, cell in enumerate(cells))
    (tmp_path / "c.csv").write_text("x,c\n" + "".join(lines), encoding="utf-8")
    classes = load_table(f"{tmp_path / 'c.csv'}:target=c")
    assert len(classes.classes) == 3
    assert facts(classes, Topic.LOOK_ALIKE)
    named = facts(table(tmp_path, {word: VALUES, other: LARGE}), Topic.NAMES_ALIKE)
    assert bool(named) != hides(other)  # which is written out in a name


@pytest.mark.parametrize("mark", [-999, -9999, 9999, -99, 999999, -1, -9])
def test_a_number_far_off_that_many_write_for_a_missing_one_is_told(tmp_path: Path, mark: int) -> None:
    """In whole numbers, or with a point behind; and what the note says to add takes it as missing."""
    ages = RANDOM.integers(18, 90, ROWS)
    ages[::10] = mark
    for cells in (ages, ages.astype(float)):
        (fact,) = facts(table(tmp_path, {"age": cells}), Topic.MISSING_MARK)
        assert (fact["mark"], fact["rows"]) == (str(mark), ROWS // 10)
        heeded = table(tmp_path, {"age": cells}, f":na={fact['mark']}")
        assert np.isnan(heeded.features[:, 0]).tolist() == (ages == mark).tolist()


@pytest.mark.parametrize("values", [[-1, 0, 1], [-1, 1], [-1, 0, 1, 2, 3], [1, 2, 3, 9], [90, 95, 99]])
def test_codes_counts_and_ends_of_scales_are_not(tmp_path: Path, values: list[int]) -> None:
    """What lies among the others, or no further from them than they lie apart, is a number."""
    data = table(tmp_path, {"x": [values[row % len(values)] for row in range(ROWS)]})
    assert not facts(data, Topic.MISSING_MARK)
