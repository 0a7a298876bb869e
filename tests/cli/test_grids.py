"""`-l huber:delta=0.1..10`: a parameter chosen like a rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

GRID = "huber:delta=0.1|1|10"
RUN = ("compare", "-d", "diabetes,friedman1", "-l", f"mse,{GRID}", "--lr", "0.003,0.03", "--seeds", "2")
BRIEF = ("-m", "mlp:4", "--epochs", "3", "--outliers", "0", "--quiet")


@pytest.fixture
def folder(inside: Callable, tmp_path: Path) -> Path:
    """Give the folder of a run that tunes a parameter."""
    assert inside(*RUN, *BRIEF, "-o", "run").code == 0
    return tmp_path / "run"


def test_the_path_is_in_tuning_csv_and_one_value_is_chosen(folder: Path) -> None:
    """Each value at each rate; of every loss the same number of settings, and one chosen, the best of all."""
    tuning = pd.read_csv(folder / "tuning.csv")
    arms = tuning.groupby(["dataset", tuning.grid.fillna(tuning.loss)])
    assert arms.size().eq(6).all()
    assert arms.chosen.sum().eq(1).all()
    best = tuning.loc[arms["mean"].idxmax()]
    assert best.chosen.all()
    pd.testing.assert_series_equal(
        best.parameter_at_edge, best.grid.notna() & (best.loss != "huber:delta=1"), check_names=False
    )


def test_the_tables_have_the_value_and_ranks_the_grid(folder: Path) -> None:
    """At its own setting a loss is called by the value that was chosen; at one rate for all by the middle one."""
    summary, tuning = (pd.read_csv(folder / f"{name}.csv") for name in ("summary", "tuning"))
    own = summary[summary["view"] == "tuned"]
    assert set(zip(own.dataset, own.loss, own.lr, strict=True)) == set(
        tuning.loc[tuning.chosen, ["dataset", "loss", "lr"]].itertuples(index=False, name=None)
    )
    fixed = summary[summary["view"] == "fixed"]
    assert set(fixed.loss) == {"mse", "huber:delta=1"}
    assert set(fixed.lr) == {0.003, 0.03}
    ranks, views = pd.read_csv(folder / "ranks.csv"), pd.read_csv(folder / "views.csv")
    assert set(ranks.loss[ranks["view"] == "tuned"]) == {"mse", GRID}
    assert len(views) == 2 * 2 * 2
    trials = pd.read_csv(folder / "trials.csv")
    assert set(trials.grid.dropna()) == {GRID}
    assert "threshold" not in trials


def test_a_report_makes_it_again(inside: Callable, folder: Path, tmp_path: Path) -> None:
    """To the byte, the page with the path of the parameter too."""
    printed = inside("report", "run", "-o", "again").out
    assert f"settings tried: mse 6, {GRID} 6" in " ".join(printed.split())
    for name in ("trials.csv", "summary.csv", "ranks.csv", "views.csv", "tuning.csv"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    (folder / "report.html").unlink()
    assert inside("report", "run", "-o", "page").code == 0
    assert "huber: delta" in (tmp_path / "page" / "report.html").read_text()


def test_the_plan_counts_a_grid_as_one_loss(inside: Callable) -> None:
    """Its values are named, and there is one comparison."""
    said = inside(*RUN, "--outliers", "0", "--dry-run").out
    assert f"0.03, {GRID}: seeds 2-3, clean" in said
    assert "1 comparison with the first loss" in said


def test_a_value_out_of_range_is_refused(inside: Callable) -> None:
    """Before anything is trained."""
    refused = inside("compare", "-d", "diabetes", "-l", "mse,huber:delta=0..1", "--lr", "0.01,0.1")
    assert (refused.code, refused.out) == (2, "")
    assert "delta=0 is out of range" in refused.err
