"""Every command prints by one rule; tables fit a hundred columns and lose nothing on the way."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from stats.synthetic import table

from lossbench.report.markdown import markdown
from lossbench.report.table import Table
from lossbench.report.tables import tables
from lossbench.report.terminal import (
    WIDTH,
    console,
    fitted,
    left_out_note,
    legend_lines,
    print_lines,
    print_tables,
    show,
    width_of,
)
from lossbench.report.words.legend import LEGEND, laid_out
from lossbench.stats.findings import Findings

LOSSES = ("label_smoothing:epsilon=0.05", "huber:delta=1.35", "mse")


def printed(found: list[Table], **options: object) -> str:
    """Return tables as a console of a hundred columns prints them."""
    screen = Console(file=io.StringIO(), width=WIDTH, **options)
    print_tables(screen, found)
    return screen.file.getvalue()


def wide(size: float) -> list[Table]:
    """Return a table of the widest cells: ten seeds, intervals everywhere, one divergence, long names."""
    random = np.random.default_rng(0)
    trials = table({loss: random.integers(40, 60, (10, 3)) / 64 for loss in LOSSES})
    trials = trials.assign(r2=size * trials.accuracy, mae=abs(size) * trials.f1, r2_at_best=size * trials.accuracy)
    trials = trials.assign(task="regression", score="r2", model="mlp:64,32:sigmoid", optimizer="sgd:momentum=0.95")
    trials.loc[3, ["r2", "mae", "status"]] = [np.nan, np.nan, "diverged"]
    return list(tables(Findings(trials).summary))


@pytest.mark.parametrize("size", [1.0, -1000.0, -1e9])
def test_tables_fit_and_lose_nothing(size: float) -> None:
    """No line is longer than a hundred columns; every figure stands whole; a name may go over several lines."""
    (found,) = wide(size)
    lines = printed([found]).splitlines()
    assert max(map(len, lines)) <= WIDTH
    for row in found.rows:
        assert any(all(cell in line for cell in row[2:]) for line in lines)


@pytest.mark.parametrize("forced", ["", "1"])
def test_a_console_has_a_hundred_columns(monkeypatch: pytest.MonkeyPatch, forced: str) -> None:
    """A narrow terminal breaks the lines, and loses nothing; a squeezed column would read as another number."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", forced)
    assert console().width == WIDTH


def test_the_best_rows_are_bold_where_there_is_a_terminal() -> None:
    """Bold begins in the best rows and in no other; without a terminal there are no codes at all."""
    found = Table("t", ("", "loss"), (("*", "first"), ("", "second")), best=(0,))
    lines = printed([found], force_terminal=True, color_system="standard").splitlines()
    assert all("\x1b[1m" in line for line in lines if "first" in line)
    assert not any("\x1b[1m" in line for line in lines if "second" in line)
    assert "\x1b" not in printed([found])


def test_square_brackets_are_text() -> None:
    """An interval in brackets, or a file's name, is never taken for the console's own markup."""
    found = Table("[red]x", ("", "loss", "to target"), (("", "[bold]a", "7 [3, >20]"),))
    text = printed([found])
    for piece in ("[red]x", "[bold]a", "7 [3, >20]"):
        assert piece in text
    screen = Console(file=io.StringIO(), width=WIDTH)
    print_lines(screen, ["files    /tmp/[b]x"])
    assert screen.file.getvalue() == "files    /tmp/[b]x\n"


def test_the_legend_fits() -> None:
    """How to read the tables is printed as it was laid out."""
    assert max(map(len, laid_out(LEGEND))) <= WIDTH


TABLE = Table("iris", ("loss", "n"), (("ce", "10"),))


@pytest.mark.parametrize("form", ["csv", "markdown", "anything"])
def test_an_export_is_printed_to_the_byte(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No table, legend or newline is added; a command's own Markdown goes before that of the tables."""
    show(form, [TABLE], ["n: seeds"], ["a remark"], **{form: lambda: "a,b\n"})
    assert capsys.readouterr().out == "a,b\n"


def test_markdown_is_made_of_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """Tables, legend and remarks, in this order."""
    show("markdown", [TABLE], ["n: seeds"], ["a remark"], csv=lambda: "")
    assert capsys.readouterr().out == markdown([TABLE], ["n: seeds", "a remark"])


@pytest.mark.parametrize("form", [None, "table"])
def test_a_person_gets_tables_and_words(form: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer, how to read the tables, the tables, remarks; nothing is exported that is not asked for."""
    show(form, [TABLE], ["n: seeds"], ["a remark"], ["the answer"], csv=pytest.fail)
    out = capsys.readouterr().out
    places = [out.index(part) for part in ("the answer", "n: seeds", "iris", "ce", "a remark")]
    assert places == sorted(places)


@pytest.mark.parametrize("colour", [False, True])
def test_no_line_of_a_table_ends_in_blanks(colour: bool) -> None:
    """What a cell is filled up with is not printed, nor is it beside colours."""
    found = Table(
        "t", ("loss", "said"), (("first", "a word"), ("second", "more than a word")), (0,), ("loss", "said")
    )
    text = printed([found], force_terminal=colour, color_system="standard" if colour else None)
    lines = re.sub("\x1b\\[[0-9;]*m", "", text).split("\n")
    assert [line for line in lines if line != line.rstrip()] == []
    assert any("more than a word" in line for line in lines)


@pytest.mark.parametrize("width", [60, 72, 99, 100])
def test_a_legend_fits_any_width_and_keeps_its_words(width: int) -> None:
    """From 60 columns on every line fits, and the words and their order are the same."""
    lines = legend_lines(LEGEND, width)
    assert max(map(len, lines)) <= width
    assert " ".join(lines).split() == " ".join(laid_out(LEGEND)).split()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_answer_is_as_wide_as_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its words stand in lines of the terminal's width, of a hundred columns at most."""
    monkeypatch.setenv("COLUMNS", str(width))
    said = "mse cannot be told from bce, " * 20
    show(None, [], lead=[said])
    lines = capsys.readouterr().out.splitlines()
    assert min(width, WIDTH) - len("cannot") < max(map(len, lines)) <= min(width, WIDTH)
    assert " ".join(lines).split() == said.split()


WIDE = Table("t", ("loss", "a", "b", "c"), (("mse", "0.123 ±0.010", "12345", "x" * 20),), drops=("c", "a", "b"))


@pytest.mark.parametrize(("width", "left"), [(100, "loss a b c"), (30, "loss a b"), (15, "loss b"), (3, "loss")])
def test_a_narrow_terminal_leaves_out_the_least_important_columns(width: int, left: str) -> None:
    """One after the other, until the table fits; names are never left out, and no cell is cut."""
    narrow = fitted(WIDE, width)
    assert " ".join(narrow.columns) == left
    assert narrow.rows[0][0] == "mse"
    assert width_of(narrow) <= max(width, width_of(fitted(WIDE, 0)))


def test_what_is_left_out_is_said_once() -> None:
    """And where nothing is, nothing."""
    assert left_out_note([WIDE, WIDE], [fitted(WIDE, 15)] * 2) == ["Not shown for want of room: a, c.", ""]
    assert left_out_note([WIDE], [WIDE]) == []


def test_a_column_without_a_value_goes_first_and_is_not_missed() -> None:
    """Its place in the order does not count, and nobody is told that it could not be shown."""
    table = Table("t", ("loss", "F1", "robust"), (("mse", "0.123 ±0.010", "-"),) * 2, drops=("F1", "robust"))
    narrow = fitted(table, 20)
    assert narrow.columns == ("loss", "F1")
    assert left_out_note([table], [narrow]) == []


@given(st.lists(st.text("ab ", min_size=1, max_size=60), max_size=3), st.integers(5, 30))
def test_no_line_of_prose_ends_in_blanks(lines: list[str], width: int) -> None:
    """Wherever it is wrapped; no letter is lost, and an empty line stays one."""
    screen = Console(file=io.StringIO(), width=width)
    print_lines(screen, [*lines, ""])
    shown = screen.file.getvalue().split("\n")
    assert all(line == line.rstrip() and len(line) <= width for line in shown)
    assert "".join(shown).replace(" ", "") == "".join(lines).replace(" ", "")
    assert shown[-2:] == ["", ""]
