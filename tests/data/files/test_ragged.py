"""Lines of values that do not go with the line of names: the wrong line is named, and the way out works."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from lossbench.data import Dataset, load_dataset
from lossbench.errors import DataError

ROWS = 40
RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(ROWS, 3)).round(3).astype(str).tolist()


def read(folder: Path, lines: list[str], spec: str = "") -> Dataset:
    """Load lines as a table with the target y."""
    path = folder / "own.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_dataset(f"{path}:target=y{spec}")


def written(mark: str, more: str = "", quoted: bool = False) -> list[str]:
    """Write a line of names and lines of values; a quotation mark sends them through the other parser."""
    names = ['"a"', '"b"', '"y"'] if quoted else ["a", "b", "y"]
    return [mark.join(names), *(mark.join(row) + more for row in VALUES)]


TITLES = {
    "one line": ["Monthly report"],
    "two lines": ["Monthly report", "made on Monday"],
    "cells beside it": ["Monthly report{0}{0}"],
    "cells beside it, and an empty line": ["Monthly report{0}{0}", "{0}{0}"],
    "two cells": ["Monthly report{0}2024"],
    "a number": ["Report{0}2024{0}{0}{0}"],
}


TAB = "\t"
NO_NAMES = r"line 1 \('Monthly report.*no line of names, as it seems.*put # before it"


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("mark", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_title_above_the_names_is_no_line_of_names(tmp_path: Path, title: str, mark: str, quoted: bool) -> None:
    """It is line 1 that is wrong, not the first row; with # before the title the table is read."""
    above = [line.format(mark) for line in TITLES[title]]
    if title == "a number":  # wider than the table: nothing tells a title from names
        with pytest.raises(DataError, match="but the lines from 2 on have 3 values each"):
            read(tmp_path, above + written(mark, quoted=quoted))
        return
    hidden = quoted and mark != "," and mark not in above[0]  # the marks of quotation come first, then the title
    with pytest.raises(DataError, match="what stands between the values" if hidden else NO_NAMES):
        read(tmp_path, above + written(mark, quoted=quoted))
    with pytest.raises(DataError, match=NO_NAMES):
        read(tmp_path, above + written(mark, quoted=quoted), f":sep={'tab' if mark == TAB else mark}")
    heeded = read(tmp_path, [f"#{line}" for line in above] + written(mark, quoted=quoted))
    assert heeded.digest == read(tmp_path, written(mark, quoted=quoted)).digest


@pytest.mark.parametrize("mark", [",", ";"])
def test_names_of_rows_without_a_name_are_seen_in_all_lines(tmp_path: Path, mark: str) -> None:
    """As R writes them; the message says what to put into line 1, and that does."""
    names, *rows = written(mark)
    named = [f"r{place}{mark}{row}" for place, row in enumerate(rows)]
    with pytest.raises(DataError, match=re.escape(f"from 2 on have 4 values each, with {mark} between")) as caught:
        read(tmp_path, [names, *named])
    assert f"write a name for these too, as row{mark}a" in str(caught.value)
    assert read(tmp_path, [f"row{mark}{names}", *named]).digest == read(tmp_path, written(mark)).digest


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_mark_at_the_end_of_all_lines_but_the_names_is_seen(tmp_path: Path, mark: str) -> None:
    """With one behind the names the column has none, and is left out."""
    names, *rows = written(mark, more=mark)
    with pytest.raises(DataError, match=f"the last of them empty; put {mark} at the end of line 1 too"):
        read(tmp_path, [names, *rows])
    assert read(tmp_path, [names + mark, *rows]).digest == read(tmp_path, written(mark)).digest


def test_names_and_values_with_other_marks_between_them(tmp_path: Path) -> None:
    """The message names both lines, and the mark of the values."""
    with pytest.raises(DataError, match=r"line 1 has 3 names, but the lines from 2 on have 1 value each.*;"):
        read(tmp_path, ["a,b,y", *written(";")[1:]])


@pytest.mark.parametrize("place", [0, 1, 20, ROWS - 1])
@pytest.mark.parametrize("change", ["{},7", "{},7,8", "1"])
def test_a_single_wrong_line_is_named(tmp_path: Path, place: int, change: str) -> None:
    """Wherever it stands, the last and the first too."""
    lines = written(",")
    lines[1 + place] = change.format(lines[1 + place])
    count = lines[1 + place].count(",") + 1
    with pytest.raises(DataError, match=f"line {2 + place} has {count} value.*; correct the line"):
        read(tmp_path, lines)


def test_a_column_that_another_program_left_without_a_name_is_no_title(tmp_path: Path) -> None:
    """One of four, as the row numbers of pandas, is left out as before."""
    names, *rows = written(",")
    numbered = [f",{names}", *(f"{place},{row}" for place, row in enumerate(rows))]
    assert read(tmp_path, numbered).digest == read(tmp_path, written(",")).digest


def test_blanks_between_names_in_quotes_are_seen(tmp_path: Path) -> None:
    """As R writes a table by itself; the message names the separator."""
    with pytest.raises(DataError, match="line 1 has blanks between its names; write sep=space"):
        read(tmp_path, written(" ", quoted=True))
    assert read(tmp_path, written(" ", quoted=True), ":sep=space").rows == ROWS


@pytest.mark.parametrize("title", ["; made by Monday", ";; made by Monday", "; a; b", "| made", "\tmade"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_title_that_begins_with_a_mark_is_named(tmp_path: Path, title: str, quoted: bool) -> None:
    """`;` begins a comment elsewhere; the line of the names is the next."""
    with pytest.raises(
        DataError, match=r"line 1 \(.*no line of names, as it seems, but line 2; .*put # before it"
    ):
        read(tmp_path, [title, *written(",", quoted=quoted)])
    assert read(tmp_path, [f"# {title}", *written(",", quoted=quoted)]).rows == ROWS
