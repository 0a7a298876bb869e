from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stats.runs import clean

from lossbench.report.answer.run import lead
from lossbench.report.words.english import wrapped
from lossbench.results.write import trials_csv
from lossbench.stats.findings import Findings

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
TRIALS = clean({"bce": np.linspace(0.5, 0.7, 8), "mse": np.linspace(0.6, 0.9, 8), "mae": np.full(8, 0.5)})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Give the folder of a finished run, of which the trials are left."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "trials.csv").write_text(trials_csv(TRIALS))
    return tmp_path / "run"


def test_a_report_is_printed_and_nothing_written(inside: Callable, run: Path) -> None:
    """The tables of the run, and what cannot be made again; the folder is left as it is."""
    for place in ("run", "run/trials.csv"):
        outcome = inside("report", place)
        assert (outcome.code, outcome.err) == (0, "")
        assert "moons (binary): mlp:4, adam lr 0.01" in outcome.out
        assert "absent   curves.csv: " in outcome.out
        assert "report.html" not in outcome.out
    assert [path.name for path in run.iterdir()] == ["trials.csv"]


@pytest.mark.parametrize("form", ["csv", "json", "junit"])
def test_a_format_for_programs_passes_no_warning_over(inside: Callable, run: Path, form: str) -> None:
    """On standard error it says that the trials were changed after the run; standard output is the report's."""
    shutil.copy(REFERENCE / "manifest.json", run)  # any run's will do: its hash is of another file
    outcome = inside("report", "run", "--format", form)
    assert "run/trials.csv is not as the run wrote it" in " ".join(outcome.err.split())
    assert "as the run wrote" not in outcome.out


def test_files_are_made_again_where_told(inside: Callable, run: Path, tmp_path: Path) -> None:
    """With -o the trials and all that follows from them lie there."""
    outcome = inside("report", "run", "-o", "deep/er")
    assert outcome.code == 0
    assert outcome.out.splitlines()[-1].startswith("open     deep/er/report.html")
    written = sorted(path.name for path in (tmp_path / "deep" / "er").iterdir())
    made = ["comparisons.csv", "profiles.csv", "ranks.csv", "report.html", "report.md", "summary.csv"]
    assert written == [*made, "trials.csv"]
    assert (tmp_path / "deep" / "er" / "trials.csv").read_bytes() == (run / "trials.csv").read_bytes()


def test_every_format_says_the_same(inside: Callable, run: Path) -> None:
    """CSV, JSON, Markdown, JUnit's XML and the table hold the same verdicts."""
    shown = {form: inside("report", "run", "--format", form).out for form in ("csv", "json", "markdown", "junit")}
    verdicts = Findings(TRIALS).summary.set_index("loss").verdict.drop("bce").to_dict()
    table = pd.read_csv(StringIO(shown["csv"])).set_index("loss").verdict
    assert table.drop("bce").to_dict() == verdicts
    assert {row["loss"]: row["verdict"] for row in json.loads(shown["json"])["summary"][1:]} == verdicts
    tests = ET.fromstring(shown["junit"]).iter("testcase")
    found = {
        test.get("name").split()[0]: test.find("properties/property[@name='verdict']").get("value")
        for test in tests
    }
    assert found == verdicts
    assert "<summary>moons (binary)" in shown["markdown"]


def test_the_first_screen_says_which_losses_can_be_told_apart(
    inside: Callable, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is first, then how to read the tables, then they; JSON and JUnit have it word for word."""
    monkeypatch.setenv("COLUMNS", "80")
    first = lead(Findings(TRIALS).answer)
    shown = inside("report", "run").out
    assert shown.startswith("\n".join([*wrapped(first, 80), "", "abc "]))
    assert shown.index("abc ") < shown.index("moons (binary)")
    said = json.loads(inside("report", "run", "--format", "json").out)
    assert [said["answer"], *(one["answer"] for one in said["tables"])] == first
    assert first[1] in inside("report", "run", "--format", "junit").out


def test_a_mixture_of_runs_is_refused(refusal: Callable, run: Path) -> None:
    """Losses that were trained on other data are not compared: the line is named, and nothing is written."""
    mixed = TRIALS.assign(data_hash=["other" if loss == "mae" else "d0" for loss in TRIALS.loss])
    (run / "trials.csv").write_text(trials_csv(mixed))
    assert "run/trials.csv line 18: contradicts line 2: another data_hash" in refusal("report", "run", "-o", "out")


def test_a_folder_without_trials_is_refused(refusal: Callable) -> None:
    """The message names the file that was looked for."""
    assert "no file trials.csv; name a trials.csv" in refusal("report", ".")


def test_latex_is_printed(inside: Callable, run: Path) -> None:
    """With --latex the tables, with --methods the paragraph and its BibTeX, and with both the paragraph first."""
    tables, paragraph = inside("report", "run", "--latex"), inside("report", "run", "--methods")
    both = inside("report", "run", "--latex", "--methods")
    assert {one.code for one in (tables, paragraph, both)} == {0}
    assert both.out == paragraph.out + tables.out
    assert tables.out.count(r"\begin{tabular}") == 1
    assert "% absent   curves.csv: " in tables.out
    assert "@misc{holm1979simple," in paragraph.out
    assert [path.name for path in run.iterdir()] == ["trials.csv"]


def test_figures_are_written(inside: Callable, run: Path, tmp_path: Path) -> None:
    """With --figures they lie in the folder in three formats, and standard output stays free."""
    outcome = inside("report", "run", "--figures", "fig")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.splitlines()[-1] == "figures in fig: moons-forest"
    assert sorted(path.name for path in (tmp_path / "fig").iterdir()) == [
        f"moons-forest.{form}" for form in ("pdf", "png", "svg")
    ]


def test_latex_and_a_format_are_refused_together(refusal: Callable, run: Path) -> None:
    """One thing is printed."""
    assert "leave one out" in refusal("report", "run", "--latex", "--format", "csv")
    assert "--methods prints LaTeX" in refusal("report", "run", "--methods", "--format", "table")
