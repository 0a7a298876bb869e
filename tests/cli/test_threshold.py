"""`--threshold`: classes decided where validation says, with the link's own view beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SMALL = ("-d", "imbalanced", "-l", "bce,focal:gamma=5,hinge", "-m", "mlp:4", "--epochs", "8", "--seeds", "3")
RUN = ("compare", *SMALL, "--outliers", "0", "--score", "f1")


@pytest.fixture
def folder(inside: Callable, tmp_path: Path) -> Path:
    """Give the folder of a run with chosen thresholds."""
    assert inside(*RUN, "--threshold", "f1", "-o", "run", "--quiet").code == 0
    return tmp_path / "run"


def test_both_views_stand_side_by_side(inside: Callable, folder: Path) -> None:
    """In the terminal, in the reports, in a table of their own and in the columns of the trials."""
    printed = inside("report", "run").out
    assert "thresholds chosen by f1" in printed
    assert "at link's own" in printed
    assert "chosen on validation by f1" in " ".join(printed.split())
    assert "Class thresholds on imbalanced" in (folder / "report.html").read_text()
    trials, views = pd.read_csv(folder / "trials.csv"), pd.read_csv(folder / "thresholds.csv")
    means = trials.groupby("loss", sort=False)[["f1", "f1_at_link"]].mean()
    pd.testing.assert_series_equal(
        views.set_index("loss")["mean_at_link"], means.f1_at_link, check_names=False, rtol=1e-12
    )
    pd.testing.assert_series_equal(views.set_index("loss")["mean"], means.f1, check_names=False, rtol=1e-12)
    assert views.threshold_probability.isna().equals(views.loss == "hinge")


def test_the_manifest_has_it_and_a_report_makes_it_again(inside: Callable, tmp_path: Path) -> None:
    """On a table, from `trials.csv` and `rows.npz`, to the byte; the verdicts of both views are over rows."""
    brief = ("-l", "bce,hinge", "-m", "mlp:4", "--epochs", "3", "--seeds", "2", "--outliers", "0", "--quiet")
    assert inside("compare", "-d", "breast_cancer", *brief, "--threshold", "f1", "-o", "run").code == 0
    folder = tmp_path / "run"
    assert {"f1", "f1_at_link"} <= set(np.load(folder / "rows.npz").files)
    assert json.loads((folder / "manifest.json").read_text())["config"]["threshold"] == "f1"
    assert inside("report", "run", "-o", "again").code == 0
    for name in ("trials.csv", "summary.csv", "thresholds.csv", "rows.npz"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_config_asks_for_it_too(inside: Callable, folder: Path, tmp_path: Path) -> None:
    """The key of the config is the word of the option."""
    (tmp_path / "mine.toml").write_text('threshold = "f1"\n')
    assert inside(*RUN, "-c", "mine.toml", "-o", "other", "--quiet").code == 0
    assert (tmp_path / "other" / "trials.csv").read_bytes() == (folder / "trials.csv").read_bytes()


def test_without_it_the_files_are_as_ever(inside: Callable, tmp_path: Path) -> None:
    """No column and no file more."""
    assert inside(*RUN, "-o", "plain", "--quiet").code == 0
    assert "threshold" not in (tmp_path / "plain" / "trials.csv").read_text().partition("\n")[0]
    assert not (tmp_path / "plain" / "thresholds.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-d", "imbalanced", "--threshold", "recall"), "unknown score that a threshold is chosen by 'recall'"),
        (("-d", "imbalanced", "--threshold", "0.3"), "Known: accuracy, f1, balanced_accuracy, matthews_corrcoef"),
        (("-d", "iris", "--threshold", "f1"), "no data set of this run is binary"),
    ],
)
def test_what_cannot_be_chosen_is_refused(inside: Callable, arguments: tuple[str, ...], said: str) -> None:
    """Before anything is trained, with what there is."""
    refused = inside("compare", *arguments)
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err


def test_runs_that_decide_apart_are_not_compared(inside: Callable, folder: Path) -> None:
    """By a score that counts classes; another is compared as ever. So for a gate."""
    assert inside(*RUN, "--csv", "plain.csv", "--quiet").code == 0
    refused = inside("diff", "plain.csv", "run")
    assert (refused.code, refused.out) == (2, "")
    assert "chosen by the links in one run and by f1 in the other" in refused.err
    assert inside("diff", "plain.csv", "run", "--score", "roc_auc").code == 0
    gate = ("--baseline", "plain.csv", "--fail-on")
    assert inside(*RUN, "--threshold", "f1", *gate, "f1:-0.5", "--quiet").code == 2
    assert inside(*RUN, "--threshold", "f1", *gate, "roc_auc:-0.5", "--quiet").code == 0
