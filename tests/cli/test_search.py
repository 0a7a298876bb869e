"""`--tune budget=N --sampler`: a search with a stated budget, and how verdicts move with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

SMALL = ("-d", "diabetes", "-l", "mse,mae,huber:delta=0.1..10", "-m", "linear", "--epochs", "3", "--seeds", "2")
SEARCH = ("--outliers", "0", "--lr", "0.001,0.3", "--tune", "budget=12", "--sampler", "sobol")


def test_a_verdict_is_told_for_every_budget(inside: Callable, tmp_path: Path) -> None:
    """In a table of its own and in the report, and made again; what all settings show is what the summary says."""
    done = inside("compare", *SMALL, *SEARCH, "-o", "run")
    assert done.code == 0
    said = " ".join(done.out.split())
    assert "settings tried: mse 12, mae 12, huber:delta=0.1..10 12" in said
    assert "search diabetes: against mse, with the best of the first 4, 8, 12 settings: mae" in said
    folder = tmp_path / "run"
    budget, summary = pd.read_csv(folder / "budget.csv"), pd.read_csv(folder / "summary.csv")
    tuning = pd.read_csv(folder / "tuning.csv")
    assert budget.settings.tolist() == [4] * 3 + [8] * 3 + [12] * 3
    last, shown = budget[budget.settings == 12], summary[summary["view"] == "tuned"]
    assert last["mean"].tolist() == shown["mean"].tolist()
    assert last.value.tolist() == shown.loss.tolist()
    assert not last.moved.any()
    for (size, loss), rows in budget.groupby(["settings", "loss"]):
        mine = tuning[tuning.grid.fillna(tuning.loss).eq(loss) & (tuning.search_place <= size)]
        chosen = mine[(mine.lr == rows.lr.item()) & (mine.loss == rows.value.item())]
        assert chosen["mean"].item() == mine["mean"].max()
    fixed = summary[summary["view"] == "fixed"]
    assert set(fixed.lr) == {0.0173}
    assert inside("report", "run", "-o", "again").code == 0
    for name in ("budget.csv", "summary.csv", "trials.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
