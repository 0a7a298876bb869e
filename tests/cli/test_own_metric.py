"""`--score metrics.py:mine`, as a user gives it: the functions of docs/own-metric.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "own-metric.md").read_text(encoding="utf-8")
BRIEF = ("-m", "mlp:4", "--seeds", "2", "--epochs", "3", "--outliers", "0", "--quiet")
RUN = ("compare", "-d", "breast_cancer", "-l", "bce,mse", *BRIEF, "--score", "metrics.py:profit")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the file of the page."""
    (code,) = re.findall(r"```python\n# metrics\.py\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "metrics.py"
    path.write_text(code, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("dataset", "score", "column"),
    [
        ("breast_cancer", "metrics.py:profit", "profit:higher"),
        ("diabetes", "metrics.py:late:tau=0.9:lower", "late:tau=0.9:lower"),
        ("imbalanced", "metrics.py:squared:@of=probability:lower", "squared:lower"),
        ("imbalanced", "sklearn.metrics:fbeta_score:beta=2", "fbeta_score:beta=2:higher"),
    ],
)
def test_the_metrics_of_the_page_judge(
    inside: Callable, file: Path, tmp_path: Path, dataset: str, score: str, column: str
) -> None:
    """Each has its column, and verdicts are of it; `squared` is the built-in Brier score."""
    assert f"--score {score}" in PAGE
    losses = ("-l", "mse,mae") if dataset == "diabetes" else ("-l", "bce,mse")
    outcome = inside(
        "compare", "-d", dataset, *losses, *BRIEF, "--score", score, "-o", "run", "--margin", f"{column}=1"
    )
    assert outcome.code == 0, outcome.err
    trials, summary = pd.read_csv(tmp_path / "run" / "trials.csv"), pd.read_csv(tmp_path / "run" / "summary.csv")
    assert set(trials.score) == set(summary.score) == {column}
    assert trials[column].notna().all()
    np.testing.assert_allclose(summary["mean"], trials.groupby("loss", sort=False)[column].mean())
    assert summary.verdict.dropna().isin(["equivalent", "better", "worse", "inconclusive"]).all()
    if column == "squared:lower":
        np.testing.assert_allclose(trials[column], trials.brier)


def test_a_run_is_read_where_its_metric_is_not(inside: Callable, file: Path, tmp_path: Path) -> None:
    """Reports, comparisons and the gate need no function; the files are made again to the byte."""
    assert inside(*RUN, "-o", "run").code == 0
    file.unlink()
    assert inside("report", "run", "-o", "again").code == 0
    for name in ("trials.csv", "summary.csv", "comparisons.csv", "rows.npz"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert "profit:higher" in inside("report", "run").out
    assert "2 the same (=)" in inside("diff", "run", "again", "--score", "profit:higher").out
    assert inside("trend", "run", "again", "--score", "profit:higher").code == 0


def test_the_gate_holds_it(inside: Callable, file: Path, tmp_path: Path) -> None:
    """By its name, in its direction; other code of it is not compared."""
    assert inside(*RUN, "-o", "run").code == 0
    gate = ("--baseline", "run/trials.csv", "--fail-on", "profit:higher:-0.1", "-o", "other")
    assert inside(*RUN, *gate).code == 0
    assert "a rule tolerates a fall" in inside(*RUN, *gate[:-3], "profit:higher:+0.1", "-o", "other").err
    file.write_text(file.read_text().replace("10 *", "20 *"))
    assert inside(*RUN, *gate).code == 3


def test_shards_of_such_a_run_merge(inside: Callable, file: Path, tmp_path: Path) -> None:
    """They are what one run would have written."""
    assert inside(*RUN, "-o", "run").code == 0
    for part in ("1/2", "2/2"):
        assert inside(*RUN, "--shard", part, "-o", f"part{part[0]}").code == 0
    assert inside("merge", "part1", "part2", "-o", "whole").code == 0
    assert (tmp_path / "run" / "trials.csv").read_bytes() == (tmp_path / "whole" / "trials.csv").read_bytes()
    file.write_text(file.read_text() + "\n# changed\n")
    assert "the code of the score on breast_cancer" in inside("merge", "part1", "part2", "-o", "whole").err


def test_a_config_names_it_and_costs(inside: Callable, file: Path, tmp_path: Path) -> None:
    """As the options do."""
    assert inside(*RUN, "-o", "run").code == 0
    (tmp_path / "mine.toml").write_text('score = "metrics.py:profit"\n')
    assert inside(*RUN[:-2], "-c", "mine.toml", "-o", "other").code == 0
    assert (tmp_path / "run" / "trials.csv").read_bytes() == (tmp_path / "other" / "trials.csv").read_bytes()
    (tmp_path / "costs.toml").write_text('score = "cost"\ncosts = [[0, 1], [10, 0]]\n')
    assert inside(*RUN[:-2], "-c", "costs.toml", "-o", "by_config").code == 0
    assert inside(*RUN[:-2], "--score", "cost", "--costs", "0,1;10,0", "-o", "by_option").code == 0
    both = [(tmp_path / name / "trials.csv").read_bytes() for name in ("by_config", "by_option")]
    assert both[0] == both[1]
    assert b"cost:lower" in both[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--score", "metrix.py:profit"), "did you mean metrics.py?"),
        (("--score", "metrics.py:proft"), "did you mean 'profit'?"),
        (("--score", "metrics.py:late"), "say which way is the better"),
        (("--score", "metrics.py:profit", "--margin", "other:lower=1"), "of what is judged: profit:higher"),
        (("--score", "cost"), "give --costs"),
        (("--costs", "0,1;1,0"), "add --score cost"),
        (("--score", "cost", "--costs", "0,1;1"), "has not as many numbers in each row as rows"),
        (("--score", "cost", "--costs", "0,1;-1,0"), "a cost is a number of at least zero"),
        (("--score", "cost", "--costs", "0,x;1,0"), "is not a matrix of numbers"),
        (("--score", "cost", "--costs", "0,1,1;1,0,1;1,1,0"), "has 2 classes"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    refusal: Callable, file: Path, options: tuple[str, ...], words: str
) -> None:
    """Before anything is trained."""
    assert words in refusal("compare", "-d", "moons", "-l", "bce,mse", *BRIEF, *options)
