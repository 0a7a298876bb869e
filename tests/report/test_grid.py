from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lossbench.report import terminal
from lossbench.report.grid import Column, grid, labelled, shortened

words = st.text("ab1., ", min_size=1, max_size=30).map(str.strip)
prose = st.lists(
    st.sampled_from(["a", "gap", "of", "0.25", "names", "1000,", "very-long-word", "µ²", "損失"]), max_size=12
).map(" ".join)
COUNT = 3


def columns(cells=words):
    """Return columns of three rows: names, which are never cut, and prose that may be."""
    names = st.builds(
        Column, words, st.lists(cells, min_size=COUNT, max_size=COUNT), st.booleans(), st.integers(0, 3)
    )
    texts = st.builds(Column, words, st.lists(prose, min_size=COUNT, max_size=COUNT), least=st.integers(8, 20))
    return st.lists(names | texts, min_size=1, max_size=5)


@given(columns(), st.integers(60, 120), st.integers(0, 4))
def test_a_table_fits_its_width(columns, width, indent):
    """No line is longer, none ends in blanks, and there is one a row and one for the headings."""
    lines = grid(columns, width, indent)
    assert all(cell_len(line) <= width and line == line.rstrip() for line in lines)
    assert len(lines) in (0, COUNT + 1)
    assert all(not line or line.startswith(" " * indent) for line in lines)


@given(columns(), st.integers(60, 120))
def test_what_is_wider_shows_no_less(columns, width):
    """A column that fits a width fits every larger one."""

    def shown(at):
        return [column for column in columns if any(column.heading in line for line in grid(columns, at)[:1])]

    assert len(shown(width)) <= len(shown(width + 20))


@given(st.lists(st.sampled_from(["bce", "0.25", "breast_cancer"]), min_size=3, max_size=3), st.integers(60, 100))
def test_names_and_figures_are_whole_or_not_there(cells, width):
    """A column that drops out takes all its cells along."""
    names, more = Column("name", cells), Column("more", [f"{cell}!" * 9 for cell in cells], drop=1)
    text = "\n".join(grid([names, more], width))
    assert all(cell in text for cell in cells)
    assert all(cell in text for cell in more.cells) or "!" not in text


def test_columns_drop_out_in_their_order():
    """The highest first; those without a number stay."""
    made = [Column(str(drop), ["x" * 20], drop=drop) for drop in (0, 1, 2)]
    assert [grid(made, width)[0].split() for width in (70, 50, 30)] == [["0", "1", "2"], ["0", "1"], ["0"]]


def test_an_empty_column_is_left_out():
    """Nothing stands under its heading."""
    assert grid([Column("a", ["1"]), Column("b", [""])], 60) == ["a", "1"]
    assert grid([Column("b", [""])], 60) == []


@given(prose, st.integers(1, 40))
def test_a_text_is_shortened_between_its_words(text, width):
    """It fits; what is left begins the text, and no number is cut."""
    said = shortened(text, width)
    assert cell_len(said) <= max(width, 1)
    if said != text:
        head = said.removesuffix("…")
        assert text.startswith(head)
        assert not (re.search(r"\d$", head) and re.match(r"[\d.]+\d", text[len(head) :]))


@pytest.mark.parametrize("width", [60, 80, 100])
@given(prose)
def test_a_text_beside_its_name_is_whole(width, text):
    """All its words, in their order, in lines that fit."""
    lines = labelled("answer", text, width, 4)
    assert " ".join(" ".join(lines).split()) == " ".join(["answer", *text.split()] if text else [])
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize(("told", "width"), [("150", 150), ("20", 60), ("", 80), ("wide", 80)])
def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch, told: str, width: int) -> None:
    """What COLUMNS says wins; it is never less than 60, and 80 where nobody says anything."""
    monkeypatch.setenv("COLUMNS", told)
    monkeypatch.setattr("os.get_terminal_size", lambda descriptor: (_ for _ in ()).throw(OSError))
    assert terminal.terminal_width() == width


def test_a_terminal_is_asked_for_its_width(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The one that standard output goes to."""
    monkeypatch.delenv("COLUMNS", raising=False)
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setattr("os.get_terminal_size", lambda number: os.terminal_size((number + 200, 40)))
        assert terminal.terminal_width() == out.fileno() + 200
