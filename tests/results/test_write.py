"""Files appear whole or not at all, and hold the numbers to the last bit."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from stats.synthetic import read_trials, table

from lossbench.errors import OutputError
from lossbench.results.cell import to_cell
from lossbench.results.write import (
    UNFINISHED_SUFFIX,
    csv_text,
    json_text,
    prepare_file,
    prepare_folder,
    summary_csv,
    summary_json,
    trials_csv,
    write_folder,
    write_text,
)
from lossbench.run.state import Gap
from lossbench.schema import COLUMNS, METRICS, ON_REQUEST, SUMMARY, USUAL
from lossbench.stats.findings import Findings

# One seed that gets there, one that does not, one that diverges, and a loss that diverges throughout.
SCORES = {
    "bce": np.array([[0.9, 0.9, 0.1], [0.5, 0.5, 0.5], [np.nan, np.nan, np.nan]]),
    "mse": np.full((3, 3), np.nan),
}


def to_cell_is_plain(text: str) -> bool:
    """Say whether a text stands in its cell as it is."""
    return to_cell(text) == text


def cells(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV as texts."""
    return list(csv.DictReader(io.StringIO(text)))


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    """Every character survives, newlines are not translated, and nothing is left beside the file."""
    text = 'R² ≥ 0,\r\n"x"\n'
    write_text(tmp_path / "a.csv", text)
    assert (tmp_path / "a.csv").read_bytes() == text.encode("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@given(
    st.lists(
        st.tuples(
            st.floats() | st.sampled_from([0.0, -0.0]),
            st.none() | st.integers(-3, 3),
            st.none() | st.booleans(),
            st.none() | st.text(st.characters(categories=["L", "Nd", "Po"])).filter(to_cell_is_plain),
        ),
        max_size=8,
    )
)
def test_cells_are_those_that_pandas_writes(rows: list[tuple[object, ...]]) -> None:
    """Zeros of both signs, infinities, quotes and commas too; what is undefined is empty."""
    kinds = {"number": "float64", "count": "Int64", "truth": "boolean", "text": "string"}
    frame = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    for each in (frame, frame.astype(object)):
        assert csv_text(each) == each.to_csv(index=False, lineterminator="\n")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """A shorter text leaves nothing of a longer one."""
    write_text(tmp_path / "a.csv", "long " * 1000)
    write_text(tmp_path / "a.csv", "short")
    assert (tmp_path / "a.csv").read_text() == "short"


def test_a_link_is_followed(tmp_path: Path) -> None:
    """What the link points to is written, and the link stays one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "a.csv")
    prepare_file(tmp_path / "link.csv")
    write_text(tmp_path / "link.csv", "new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real" / "a.csv").read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe with a name")
def test_a_pipe_or_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """Whoever reads from a pipe gets the text; afterwards it is a pipe still."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    prepare_file(pipe)
    write_text(pipe, "new")
    assert os.read(reader, 100) == b"new"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    """Others may read the results, as far as the user's umask allows."""
    write_text(tmp_path / "a.csv", "")
    (tmp_path / "b.csv").touch()
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "b.csv").stat().st_mode


@pytest.mark.parametrize("step", ["replace", "fdopen", "chmod"])
def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Wherever a write fails, the old file stays, no temporary one is left, and the error says which file."""
    target = tmp_path / "a.csv"
    target.write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OutputError, match=r"a\.csv': No space left on device; free some space, or name"):
        write_text(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_an_interrupt_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a write goes through, and leaves nothing half-written."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a.csv", "new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    """A folder that is there, or not yet, ends up there and empty."""
    for _ in range(2):
        prepare_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A file in the way is an error that names the folder and what to do."""
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=f"'{folder}'.*name another folder"):
            prepare_folder(folder)


def test_a_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    """Writing a table over a folder is refused before training; a new file in a new folder is fine."""
    with pytest.raises(OutputError, match="it is a folder"):
        prepare_file(tmp_path)
    prepare_file(tmp_path / "new" / "a.csv")
    assert not (tmp_path / "new" / "a.csv").exists()


@settings(max_examples=25, deadline=None)
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_read_back_as_the_same_numbers(values: list[float]) -> None:
    """A float's text is the shortest that gives back its bits."""
    assert [float(row["x"]) for row in cells(csv_text(pd.DataFrame({"x": values})))] == values


def test_lines_end_in_a_newline_alone() -> None:
    """One line a row and one for the heading, the last one ended too, whatever the system's custom."""
    text = csv_text(pd.DataFrame({"x": [1.5, np.nan], "y": ["a", "b, c"]}))
    assert text == 'x,y\n1.5,a\n,"b, c"\n'


def test_a_missed_target_is_censored_and_an_unknown_one_empty() -> None:
    """Three things are told apart: reached (a number), missed (">20") and no target at all (empty)."""
    trials = table(SCORES, shares=(0.0, 0.1, 0.2))
    trials.loc[trials.seed == 1, "converged"] = pd.NA
    rows = cells(trials_csv(trials))
    found = {
        (row["loss"], row["seed"]): row["epochs_to_target"] for row in rows if row["outlier_fraction"] == "0.0"
    }
    assert found["bce", "0"] == "6"
    assert found["bce", "1"] == ""
    assert found["bce", "2"] == found["mse", "0"] == ">20"


def test_trials_read_back() -> None:
    """`trials.csv` holds the trials to the last bit, in the columns of the design."""
    trials = table(SCORES)
    text = trials_csv(trials)
    assert text.splitlines()[0] == ",".join(name for name in COLUMNS if name not in (*ON_REQUEST, *USUAL))
    assert_frame_equal(read_trials(text), trials, check_dtype=False, check_exact=True)


def test_no_cell_of_the_trials_says_nan() -> None:
    """What is undefined is an empty cell, also where a training diverged, or has no target to reach."""
    trials = table(SCORES)
    trials.loc[:3, "converged"] = pd.NA
    texts = {
        cell.lower() for row in cells(trials_csv(trials)) for name, cell in row.items() if name != "outlier_kind"
    }
    assert not texts & {"nan", "<na>", "none", "nat", "inf"}
    assert "" in texts


def test_writing_changes_no_frame() -> None:
    """Censored cells are made for the file; the frame keeps its numbers."""
    trials = table(SCORES)
    summary = Findings(trials).summary
    before = trials.copy(), summary.copy()
    trials_csv(trials), summary_csv(summary), summary_json(summary, ())
    assert_frame_equal(trials, before[0])
    assert_frame_equal(summary, before[1])


def test_no_file_speaks_of_infinity() -> None:
    """A median beyond the run is ">20" epochs or a share ">0.5" in the CSV, and never a number that it is not."""
    summary = Findings(table(SCORES)).summary
    assert np.isinf(summary.epochs_to_target_median).all()
    bce, mse = cells(summary_csv(summary))
    assert bce["epochs_to_target_median"] == mse["epochs_to_target_median"] == ">20"
    assert mse["epochs_to_plateau_median"] == ">20"
    assert bce["breakdown_median"] not in ("", "inf")
    assert mse["breakdown_median"] == mse["mean"] == ""
    absent = {f"{name}{end}" for name in ON_REQUEST if name in METRICS for end in ("", "_low", "_high", "_n")}
    assert "dice" in absent  # a score that this task has not
    absent |= USUAL.keys()
    assert tuple(bce) == tuple(name for name in SUMMARY if name not in absent)
    assert not {"inf", "nan", "NaN", "<NA>", "None"} & {*bce.values(), *mse.values()}


def test_a_share_never_reached_is_censored_at_the_largest() -> None:
    """A breakdown beyond every share that was tried stands as more than the largest one."""
    (row,) = cells(summary_csv(Findings(table({"bce": np.full((3, 3), 0.9)})).summary))
    assert row["breakdown_median"] == ">0.5"


def test_a_breakdown_keeps_all_its_figures() -> None:
    """A share that is no whole number is written to the last bit, as every other float of the file."""
    scores = {"bce": np.array([[1.0, 0.9, 0.3]])}
    summary = Findings(table(scores)).summary
    (row,) = cells(summary_csv(summary))
    assert float(row["breakdown_median"]) == summary.breakdown_median[0]


def test_json_is_standard_and_says_what_the_frame_says() -> None:
    """Undefined is null, beyond the run is a text, all else is the frame's own value."""
    summary = Findings(table(SCORES)).summary
    bce, mse = json.loads(summary_json(summary, ()), parse_constant=pytest.fail)["summary"]
    assert tuple(bce) == (*(name for name in SUMMARY if name not in USUAL), "partial")
    assert bce["mean"] == summary["mean"][0]
    assert (mse["mean"], bce["verdict"], mse["n"], mse["diverged"]) == (None, None, 0, 3)
    assert bce["epochs_to_target_median"] == ">20"
    assert bce["tied_with_best"] is bool(summary.tied_with_best[0])


def test_json_names_the_seeds_that_are_left_out() -> None:
    """Each row has those of its own data set; where there are none, it is whole."""
    summary = pd.concat(
        [Findings(table(SCORES, dataset=name)).summary for name in ("moons", "iris")], ignore_index=True
    )
    rows = json.loads(summary_json(summary, [Gap("iris", (3, 5), 7)]))["summary"]
    assert [(row["dataset"], row["partial"]) for row in rows] == [("moons", [])] * 2 + [("iris", [3, 5])] * 2


def test_json_ends_in_a_newline_and_keeps_letters() -> None:
    """JSON for people too: indented, in UTF-8, with a last newline."""
    assert json_text({"score": "R²"}) == '{\n  "score": "R²"\n}\n'


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    """The next run removes its unfinished files, and neither those of a run that is there nor anybody else's."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".trials.csv.{ended.pid}-a1b2c3d4{UNFINISHED_SUFFIX}"
    others = [
        tmp_path / name
        for name in (
            f".trials.csv.{os.getpid()}-a1b2c3d4{UNFINISHED_SUFFIX}",
            ".trials.csv.swp",
            UNFINISHED_SUFFIX,
        )
    ]
    for path in (left, *others):
        path.touch()
    write_folder(tmp_path, {"a.csv": "x"})
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "a.csv"])
