"""`lossbench trend`: what moved over runs, in words first, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stats.runs import clean

from lossbench.report.trend import COLUMNS
from lossbench.results.write import trials_csv
from lossbench.schema import USUAL

SPREAD = np.linspace(-0.02, 0.03, 10)
FELL = "mse on moons fell by 0.0995 [0.0983, 0.1007] in accuracy between 2026-11-04 and 2026-11-05"


@cache
def trials_of(mean: float) -> tuple[pd.DataFrame, str]:
    """Return the trials of two losses, the second of which has this mean accuracy, and their file; made once."""
    trials = clean({"bce": 0.8 + SPREAD, "mse": mean + SPREAD * (2 - mean)})
    return trials, trials_csv(trials)


def night(folder: Path, mean: float, date: str, verdict: str = "") -> None:
    """Write a run of two losses, the second of which has this mean accuracy."""
    folder.mkdir()
    trials, text = trials_of(mean)
    (folder / "trials.csv").write_text(text)
    (folder / "manifest.json").write_text(
        json.dumps({"schema": 1, "trials": len(trials), "sha256": {}, "date": date})
    )
    if verdict:
        first = trials[trials.loss == "mse"].iloc[[0]]
        first.assign(verdict=verdict).to_csv(folder / "summary.csv", index=False)


@pytest.fixture
def nights(tmp_path: Path) -> list[str]:
    """Give six runs, named against their order, the last two of which are worse."""
    for number in range(6):
        mean, verdict = (0.9, "inconclusive") if number < 4 else (0.8, "worse")
        night(tmp_path / f"n{6 - number}", mean, f"2026-11-0{number + 1} 03:00:00+00:00", verdict)
    return [f"n{number}" for number in range(1, 7)]


def test_a_sentence_says_what_fell_and_when(inside: Callable, nights: list[str]) -> None:
    """The runs are put in the order of their dates; what moved comes first, then the table, with the verdicts."""
    outcome = inside("trend", *nights)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("1 of 2 series moved in 6 runs, 2026-11-01 to 2026-11-06, 1 to the worse.")
    assert FELL in " ".join(outcome.out.split())
    (line,) = (line for line in outcome.out.splitlines() if " mse " in line and "████▁▁" in line)
    assert line.split()[:2] == ["-", "mse"]
    assert "~ → -" in line


def test_where_nothing_moved_it_says_so(inside: Callable, nights: list[str]) -> None:
    """Equal numbers are no test; a single run is no error, since the first night is one."""
    said = inside("trend", *nights[2:]).out
    assert said.startswith("Nothing moved in 4 runs, 2026-11-01 to 2026-11-04: every number of 2 series is")
    assert inside("trend", nights[0]).out == "There is one run, of 2026-11-06: nothing could move yet.\n\n"


@pytest.mark.parametrize("width", [60, 70, 80, 100])
def test_it_fits_the_terminal(
    inside: Callable, nights: list[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Columns drop out, and no line is wider; which ones are gone is said."""
    monkeypatch.setenv("COLUMNS", str(width))
    assert max(map(len, inside("trend", *nights).out.splitlines())) <= width


def test_every_format_says_the_same(inside: Callable, nights: list[str]) -> None:
    """CSV and JSON have every series, but for what is as usual in all; Markdown what moved."""
    frame = pd.read_csv(StringIO(inside("trend", *nights, "--format", "csv").out))
    rows = json.loads(inside("trend", *nights, "--format", "json").out)
    assert list(frame.columns) == list(rows[0]) == [name for name in COLUMNS if name not in USUAL]
    assert frame["mark"].tolist() == [row["mark"] for row in rows] == ["=", "-"]
    assert rows[1]["since_date"] == "2026-11-05"
    assert FELL in inside("trend", *nights, "--format", "markdown").out


def test_the_page_draws_every_loss(inside: Callable, nights: list[str], tmp_path: Path) -> None:
    """The same sentence, a line a loss, the change ringed, and nothing from elsewhere."""
    assert inside("trend", *nights, "--html", "trend.html").code == 0
    page = (tmp_path / "trend.html").read_text(encoding="utf-8")
    assert FELL in page
    assert page.count('class="chosen') == 1
    assert all(f'data-n="{loss}"' in page for loss in ("bce", "mse"))
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument 'DIR...'"),
        (["nowhere"], "no file nowhere; name a trials.csv, or the folder of a run"),
        (["n1", "n2", "n1"], "n1 is named twice; name each run once"),
        (["n1", "bare"], "bare/manifest.json: no date, by which the runs are sorted"),
        (["n1", "odd"], "odd/manifest.json: date is no time but 'yesterday'; restore it, or remove it"),
        (["n1", "--score", "acuracy"], "unknown score 'acuracy'; did you mean 'accuracy'?"),
        (["n1", "--score", "r2"], "no data set of these runs has the score r2; name another with --score"),
        (["n1", "--html", "n1"], "cannot write 'n1': it is a folder"),
        (["n1", "short"], "short/summary.csv line 1: no column dataset"),
    ],
)
def test_a_mistake_is_refused(
    refusal: Callable, nights: list[str], tmp_path: Path, arguments: list[str], words: str
) -> None:
    """One line with what is wrong, and exit code 2."""
    for name, date in (("bare", "2026-01-01"), ("odd", "yesterday"), ("short", "2026-01-02")):
        night(tmp_path / name, 0.9, date)
    (tmp_path / "bare" / "manifest.json").unlink()
    (tmp_path / "short" / "summary.csv").write_text("loss\nmse\n")
    assert words in refusal("trend", *arguments)


def test_a_shell_completes_it(inside: Callable) -> None:
    """The root help names it."""
    assert "trend" in inside("--help").out
