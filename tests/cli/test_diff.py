from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stats.runs import clean, moved

from lossbench.report.diff import COLUMNS, LEGEND
from lossbench.results.write import trials_csv
from lossbench.schema import USUAL

BEFORE = clean({"bce": np.linspace(0.5, 0.7, 8), "mse": np.linspace(0.6, 0.9, 8), "mae": np.full(8, 0.5)})
AFTER = moved(moved(BEFORE, "accuracy", np.linspace(-0.11, -0.09, 8), "bce"), "f1", 0.25, "mae")


@pytest.fixture
def runs(tmp_path: Path) -> tuple[str, str]:
    """Give two finished runs, a folder and a file."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "trials.csv").write_text(trials_csv(BEFORE))
    (tmp_path / "new.csv").write_text(trials_csv(AFTER))
    return "old", "new.csv"


def test_a_diff_of_a_folder_and_a_file(inside: Callable, runs: tuple[str, str]) -> None:
    """The line that moved, the legend and the tally; what got worse is no error."""
    outcome = inside("diff", *runs)
    assert (outcome.code, outcome.err) == (0, "")
    (line,) = (line for line in outcome.out.splitlines() if line.strip().startswith("-  bce"))
    assert line.split() == ["-", "bce", "0.6000", "0.5000", "-0.1000", "±0.0059", *line.split()[6:]]
    said = " ".join(outcome.out.split())
    assert all(" ".join(line.split()) in said for line in LEGEND)
    assert all(len(line) <= 80 and line == line.rstrip() for line in outcome.out.splitlines())
    assert "3 lines: 1 worse (-), 2 the same (=)\n" in outcome.out


def test_the_other_direction(inside: Callable, runs: tuple[str, str]) -> None:
    """Exchanged, the same line got better."""
    assert "3 lines: 1 better (+), 2 the same (=)\n" in inside("diff", *reversed(runs)).out


def test_another_score(inside: Callable, runs: tuple[str, str]) -> None:
    """--score compares what it names."""
    outcome = inside("diff", *runs, "--score", "f1")
    assert "moons (binary): F1" in outcome.out
    assert "+  mae" in outcome.out
    assert "bce" not in outcome.out


def test_every_format_says_the_same(inside: Callable, runs: tuple[str, str]) -> None:
    """CSV and JSON have every line; Markdown and the table those that moved."""
    frame = pd.read_csv(StringIO(inside("diff", *runs, "--format", "csv").out))
    rows = json.loads(inside("diff", *runs, "--format", "json").out)
    assert list(frame.columns) == list(rows[0]) == [name for name in COLUMNS if name not in USUAL]
    assert frame["mark"].tolist() == [row["mark"] for row in rows] == ["-", "=", "="]
    text = inside("diff", *runs, "--format", "markdown").out
    assert "| - | bce | 0.6000 | 0.5000 | -0.1000 ±0.0059 |" in text
    assert "3 lines: 1 worse (-), 2 the same (=)" in text


@pytest.mark.parametrize("width", [60, 70, 80])
def test_no_row_breaks_in_a_narrow_terminal(
    inside: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Columns leave the table, the mark, the loss and the change last, and those that left are named below it."""
    before = clean({"smooth_l1:beta=0.5": np.linspace(0.5, 0.7, 8), "huber:delta=1.35": np.linspace(0.6, 0.9, 8)})
    after = moved(moved(before, "accuracy", 0.25, "smooth_l1:beta=0.5"), "accuracy", 0.125, "huber:delta=1.35")
    (tmp_path / "old.csv").write_text(trials_csv(before))
    (tmp_path / "new.csv").write_text(trials_csv(after[after.seed > 0]))  # each line has a note
    monkeypatch.setenv("COLUMNS", str(width))
    lines = inside("diff", "old.csv", "new.csv").out.splitlines()
    first = next(place for place, line in enumerate(lines) if "───" in line) + 1
    assert [line.split()[:2] for line in lines[first : first + 2]] == [
        ["+", name] for name in before.loss.unique()
    ]
    assert not lines[first + 2]
    assert all(len(line) <= width for line in lines)
    gone = [line for line in lines if line.startswith("Not shown for want of room:")]
    assert width == 80 or "note" in gone[0]


def test_a_run_that_was_changed_is_warned_about(inside: Callable, runs: tuple[str, str], tmp_path: Path) -> None:
    """A file that is not the one of its manifest is compared, with a warning apart from the output."""
    (tmp_path / "old" / "manifest.json").write_text('{"schema": 1, "trials": 99, "sha256": {"trials.csv": "0"}}')
    outcome = inside("diff", *runs, "--format", "json")
    assert outcome.code == 0
    assert (
        outcome.err
        == "warning  old/trials.csv is not as the run wrote it (99 trials): changed since, or cut short\n"
    )
    assert json.loads(outcome.out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no file nowhere; name a trials.csv, or the folder of a run"),
        (["new.csv", "--score", "acuracy"], "unknown score 'acuracy'; did you mean 'accuracy'?"),
        (["new.csv", "--score", "r2"], "no data set of either run has the score r2"),
        (["broken.csv"], "broken.csv line 1: not the columns of a trials.csv"),
        (["new.csv", "--format", "junit"], "'junit' is not one of"),
        ([], "Missing argument 'B'"),
    ],
)
def test_a_mistake_is_refused(
    refusal: Callable, runs: tuple[str, str], tmp_path: Path, arguments: list, words: str
) -> None:
    """One line with what is wrong, and exit code 2."""
    (tmp_path / "broken.csv").write_text("a,b\n1,2\n")
    assert words in refusal("diff", runs[0], *arguments)
