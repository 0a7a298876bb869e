"""A table that a program hands over is the table that a file of it would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import Dataset, load_dataset, make_fold
from lossbench.data.given import given_table, given_tables
from lossbench.errors import UsageError
from lossbench.report.words.remark import words

ROWS = 40
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(ROWS, 3))
Y = X[:, 0] + RANDOM.normal(size=ROWS)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=Y)


def column(rows: int) -> st.SearchStrategy[list[Any]]:
    """Draw a column of some type, as a frame may hold it, with gaps."""
    kinds: list[st.SearchStrategy[Any]] = [
        st.floats(-1e100, 1e100),
        st.integers(-100, 100),
        st.integers(2**53, 2**60),
        st.sampled_from(["u", "v", "w ", "true", "12 kg", "3,5", "7"]),
        st.booleans(),
        st.dates().map(lambda day: pd.Timestamp(day).floor("D") if 1800 < day.year < 2200 else pd.Timestamp(0)),
        st.sampled_from(["x", 1, 2.5]),
    ]
    gappy = [st.lists(st.none() | kind, min_size=rows, max_size=rows) for kind in kinds]
    whole = [st.lists(kind, min_size=rows, max_size=rows) for kind in kinds]
    return st.one_of(*gappy, *whole)


def outcome(load: Any) -> tuple[Any, ...]:
    """Return all that a table becomes, or why it is refused, places apart: a file has lines, a frame has rows."""
    try:
        found: Dataset = load()
    except UsageError as error:
        return (type(error),)
    said = [words(note).partition(" (line ")[0].partition(" (row ")[0] for note in found.notes]
    said = [note.partition(", first in ")[0] for note in said]
    return found.digest, found.task, found.classes, found.feature_names, found.stream, said


@settings(max_examples=25)
@given(st.lists(column(12), min_size=1, max_size=4), st.sampled_from(["y", "z"]))
def test_a_frame_is_what_its_file_would_be(
    tmp_path_factory: pytest.TempPathFactory, columns: list[list[Any]], target: str
) -> None:
    """Of the same table as CSV and as a frame, hash, task, classes, features, splits and notes are the same."""
    frame = pd.DataFrame({f"c{place}": values for place, values in enumerate(columns)})
    frame = frame.assign(z=columns[0], y=np.arange(12) / 7)
    path = tmp_path_factory.mktemp("given") / "own.csv"
    frame.to_csv(path, index=False)
    spec = f"own.csv:target={target}"
    assert outcome(lambda: given_table(spec, frame)) == outcome(lambda: load_dataset(f"{path.parent}/{spec}"))


@pytest.mark.parametrize(
    ("features", "target", "names"),
    [
        (X, Y, ("x0", "x1", "x2")),
        (X.tolist(), Y.tolist(), ("x0", "x1", "x2")),
        (torch.tensor(X), torch.tensor(Y), ("x0", "x1", "x2")),
        (X, Y[:, None], ("x0", "x1", "x2")),
        (FRAME.drop(columns="y"), FRAME.y, ("a", "b", "c")),
        (FRAME.drop(columns="y"), FRAME[["y"]], ("a", "b", "c")),
        (FRAME.drop(columns="y"), Y, ("a", "b", "c")),
        (FRAME, "y", ("a", "b", "c")),
        (FRAME[["y", "c", "a", "b"]][["a", "y", "b", "c"]], "y", ("a", "b", "c")),
    ],
    ids=range(9),
)
def test_arrays_and_frames_mean_the_same(features: Any, target: Any, names: tuple[str, ...]) -> None:
    """However features and target are handed over, the data are the same, to the last bit; only names differ."""
    found = given_table("mine", features, target)
    assert found.digest == given_table("mine", X, Y).digest
    assert (found.name, found.task, found.feature_names) == ("mine", "regression", names)


def test_a_column_may_be_called_as_a_target_without_a_name() -> None:
    """The coordinates x and y are features; the target then is called otherwise."""
    found = given_table("mine", FRAME.rename(columns={"a": "x"}), np.arange(ROWS) / 3)
    assert (found.feature_names, found.classes) == (("x", "b", "c", "y"), ("target",))


def test_the_index_is_no_feature() -> None:
    """A frame has the same data under any index, with a name or without."""
    odd = FRAME.set_index(pd.Index(np.arange(ROWS)[::-1], name="id"))
    assert given_table("mine", odd, "y").digest == given_table("mine", FRAME, "y").digest


def test_a_name_may_say_what_a_spec_says() -> None:
    """Groups, columns to drop and marks for missing values are stated as for a file."""
    visits = FRAME.assign(patient=np.arange(ROWS) // 4, d="drop")
    spec = "visits:target=y:drop=d:group=patient"
    found = given_table(spec, visits)
    assert found.feature_names == ("a", "b", "c")
    assert found.groups is not None
    fold = make_fold(found, 0)
    assert not set(found.groups[fold.train.rows]) & set(found.groups[fold.test.rows])


def test_the_task_is_stated_once_for_all_that_do_not_say_it() -> None:
    """`task` holds where the name has none."""
    tables = {"one": (X, Y > 0), "two:task=binary": (X, Y > 0)}
    found = given_tables(None, None, tables, "multiclass")
    assert [one.task for one in found.values()] == ["multiclass", "binary"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no target": ({"X": X}, "X is given without y"),
    "no features": ({"y": Y}, "y is given without X"),
    "fewer targets": ({"X": X, "y": Y[:5]}, "X has 40 rows and y 5"),
    "two targets": ({"X": X, "y": np.c_[Y, Y]}, r"y is of type ndarray and of shape \(40, 2\)"),
    "one feature, flat": ({"X": X[:, 0], "y": Y}, r"as X.reshape\(-1, 1\)"),
    "a dict": ({"X": {"a": [1]}, "y": Y}, "X is of type dict"),
    "columns twice": ({"X": FRAME[["a", "a"]], "y": Y}, "2 columns are named 'a'"),
    "objects": ({"X": FRAME.assign(o=[[1]] * ROWS), "y": "y"}, "column 'o' holds list values"),
    "complex numbers": ({"X": X, "y": Y * 1j}, "'y' holds complex values"),
    "no such column": ({"X": FRAME, "y": "z"}, "unknown target column 'z'"),
    "a name twice": ({"X": FRAME, "y": FRAME.y}, "'y' is a column of X and the name of y"),
    "other rows": ({"X": FRAME[["a"]], "y": FRAME.y[::-1]}, "labelled differently, first '0' and '39' in row 1"),
    "no values": ({"X": X, "y": Y * np.nan}, "target 'y' is missing in every row"),
    "no rows": ({"X": X[:0], "y": Y[:0]}, "no rows"),
    "infinity": ({"X": np.where(X > 2, np.inf, X), "y": Y}, "is infinite, or beyond"),
    "a task": ({"X": X, "y": Y, "task": "binry"}, "unknown task 'binry'; did you mean 'binary'"),
    "too many classes": ({"X": X, "y": Y, "task": "binary"}, "40 classes in 40 rows"),
    "a known name": ({"data": {"iris": (X, Y)}}, "'iris' is a data set of the catalogue"),
    "a frame for data": ({"data": FRAME}, "data is of type DataFrame; give tables by name"),
    "no name": ({"data": {"": (X, Y)}}, "has no name"),
    "a number for a name": ({"data": {3: (X, Y)}}, "give tables by name"),
    "a list for a pair": ({"data": {"m": [X, Y]}}, "m: this is of type list and no table"),
    "a frame without target": ({"data": {"m": FRAME}}, "name the column to predict, as m:target=y"),
    "a task alone": ({"task": "binary"}, "task=binary is of tables"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_in_one_line(case: str) -> None:
    """Each refusal says what is wrong and what to do."""
    given, said = REFUSED[case]
    with pytest.raises(UsageError, match=said) as caught:
        given_tables(**{"X": None, "y": None, "data": {}, "task": None} | given)
    assert "\n" not in str(caught.value)


def test_missing_targets_are_said(tmp_path: Path) -> None:
    """A row without target goes, as in a file, and a note counts them."""
    gappy = FRAME.assign(y=FRAME.y.mask(FRAME.index < 3))
    found = given_table("mine", gappy, "y")
    assert found.rows == ROWS - 3
    assert "rows dropped because 'y' is missing: 3" in [words(note) for note in found.notes]
