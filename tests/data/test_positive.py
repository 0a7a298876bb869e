"""Of two classes, F1, precision and recall speak of one: the second in sorted order, or the one stated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lossbench.data import load_dataset
from lossbench.errors import DataError, UnknownName
from lossbench.report.words.remark import words

ROWS = 40


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Give a table of two classes, `bad` in every fourth row, and of a quantity."""
    lines = [f"{i * 1.7 % 5},{'bad' if i % 4 == 0 else 'good'},{i * 0.37}" for i in range(ROWS)]
    path = tmp_path / "credit.csv"
    path.write_text("\n".join(["income,risk,debt", *lines]) + "\n")
    return str(path)


def test_the_stated_class_is_positive(table: str) -> None:
    """`positive=bad` turns the two classes round and nothing else; `positive=good` says what holds anyway."""
    usual, same, other = (
        load_dataset(f"{table}:target=risk{said}") for said in ("", ":positive=good", ":positive=bad")
    )
    assert (usual.classes, same.classes, other.classes) == (("bad", "good"), ("bad", "good"), ("good", "bad"))
    np.testing.assert_array_equal(other.target, 1 - usual.target)
    np.testing.assert_array_equal(other.features, usual.features)
    assert usual.digest == same.digest != other.digest


def test_a_note_says_which_class_is_positive_and_how_to_say_otherwise(table: str) -> None:
    """The note of each can be followed, and leads to the other."""
    for said, positive, way in (("", "good", "positive=bad"), (":positive=bad", "bad", "positive=good")):
        notes = [words(note) for note in load_dataset(f"{table}:target=risk{said}").notes]
        assert any(f"'{positive}' is the positive class" in note and way in note for note in notes)


def test_a_positive_class_that_is_none_is_refused(table: str) -> None:
    """A class that the target lacks, with those it has; a target that is no pair of classes, with what to do."""
    with pytest.raises(UnknownName, match=r"unknown class 'Bad'.*bad, good"):
        load_dataset(f"{table}:target=risk:positive=Bad")
    for target in ("debt", "risk:task=multiclass"):
        with pytest.raises(DataError, match=r"positive=bad names one of two classes.*leave it out"):
            load_dataset(f"{table}:target={target}:positive=bad")
