"""Texts that part rows, and may mean the same, do not do so in silence: as groups, classes or categories."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.own.tables import ROWS, load, said
from lossbench.looks import looks

TWINS = {
    "case": ("p3", "P3"),
    "the form of a number": ("7", "7.0"),
    "zeros in front": ("7", "007"),
    "quotation marks": ("yes", "'yes'"),
    "a full stop": (">50K", ">50K."),
    "a dash": ("a-b", "a‐b"),
    "another dash": ("a-b", "a‑b"),
    "a longer dash": ("a-b", "a–b"),
    "an apostrophe": ("O'Neil", "O’Neil"),
}


@pytest.mark.parametrize("kind", TWINS)
def test_two_spellings_of_a_group_are_told(tmp_path: Path, kind: str) -> None:
    """One patient under two names can be on both sides of a split."""
    one, other = TWINS[kind]
    groups = [(one, other, f"q{i // 6}")[i % 3] for i in range(ROWS)]
    assert f"'{one}', '{other}' of 'g'" in said(load(tmp_path, ":group=g", g=groups))


def test_many_groups_of_two_spellings_are_told_in_one_line(tmp_path: Path) -> None:
    """The first is shown, and the others are counted."""
    notes = said(load(tmp_path, ":group=g", g=[f"{'pP'[i % 2]}{i % 30 // 2}" for i in range(ROWS)]))
    assert "'p0', 'P0' of 'g' may mean the same, and stay apart, as do 14 more; write them in one way" in notes
    assert notes.count("of 'g' may") == 1


def test_groups_that_differ_are_told_nothing(tmp_path: Path) -> None:
    """Numbers, words and both."""
    for names in (range(30), [f"p{i}" for i in range(30)], [f"{i}-{i % 7}" for i in range(30)]):
        notes = said(load(tmp_path, ":group=g", g=[*names, *names]))
        assert "of 'g'" not in notes.replace("feature, makes", "")


@pytest.mark.parametrize("mark", ["?", "NA", "-"])
def test_a_mark_for_no_group_is_named(tmp_path: Path, mark: str) -> None:
    """Each such row is a group of its own, and the note has the mark and its line."""
    groups = [mark if i in (3, 9) else f"p{i // 4}" for i in range(ROWS)]
    notes = said(load(tmp_path, ":group=g", g=groups))
    assert f"taken as missing in 'g': '{mark}' 2, first in line 5" in notes
    assert "rows without 'g': 2" in notes


@pytest.mark.parametrize("kind", ["quotation marks", "a full stop", "a dash", "another dash", "an apostrophe"])
@pytest.mark.parametrize("place", ["x", "y"])
def test_two_spellings_of_a_class_or_a_category_are_told(tmp_path: Path, kind: str, place: str) -> None:
    """They stay apart, and it is said."""
    one, other = TWINS[kind]
    column = [(one, other, "else", "else")[i % 4] for i in range(ROWS)]
    data = load(tmp_path, **{place: column})
    assert len(data.classes if place == "y" else data.feature_names[:-1]) == 3
    assert f"'{one}', '{other}' of '{place}'" in said(data)


def test_words_that_differ_are_told_nothing(tmp_path: Path) -> None:
    """Comparisons, ranges and abbreviations."""
    column = ["<=50K", ">50K", "St.", "a - b"] * (ROWS // 4)
    assert "apart" not in said(load(tmp_path, y=column))
    assert "apart" not in said(load(tmp_path, y=["a", ".", "..", "'"] * (ROWS // 4)))


def test_dashes_and_apostrophes_look_alike() -> None:
    """Whichever of them a program puts in."""
    assert len({looks(f"a{dash}b") for dash in "-‐‑‒–−"}) == 1
    assert len({looks(f"O{mark}Neil") for mark in "'’‘ʼ"}) == 1
