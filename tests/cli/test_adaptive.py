"""`--tune budget=N --sampler tpe`: settings that are proposed, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("optuna", reason="needs pip install -e '.[optuna]'")

SMALL = ("-d", "diabetes", "-l", "mse,mae,huber:delta=0.1..10", "-m", "linear", "--epochs", "3", "--seeds", "2")
SEARCH = ("--outliers", "0", "--lr", "0.001,0.3", "--tune", "budget=20", "--sampler", "tpe")


def test_a_search_is_told_as_any_other_and_made_again(inside: Callable, tmp_path: Path) -> None:
    """Its path, its budget, what intervals do not hold; the same command: the same bytes, and no training."""
    done = inside("compare", *SMALL, *SEARCH, "-o", "run")
    assert done.code == 0
    said = " ".join(done.out.split())
    assert "settings tried: mse 20, mae 20, huber:delta=0.1..10 20" in said
    assert "with the best of the first 4, 8, 16, 20 settings: mae" in said
    assert "TPE proposed the settings by their scores on the tuning seeds: intervals hold what other seeds" in said
    again = inside("compare", *SMALL, *SEARCH, "-o", "run2")
    assert "all 240 trainings are taken from earlier runs" in " ".join(again.out.split())
    anew = inside("compare", *SMALL, *SEARCH, "-o", "run3", "--no-cache")
    assert "taken from earlier runs" not in anew.out
    made = inside("report", "run", "-o", "run4")
    assert "TPE proposed the settings" in " ".join(made.out.split())
    for name in ("budget.csv", "summary.csv", "trials.csv", "tuning.csv"):
        for other in ("run2", "run3", "run4"):
            assert (tmp_path / other / name).read_bytes() == (tmp_path / "run" / name).read_bytes()
    tuning = pd.read_csv(tmp_path / "run" / "tuning.csv")
    for _, rows in tuning.groupby(tuning.grid.fillna(tuning.loss)):
        assert sorted(rows.search_place) == list(range(1, 21))
        assert rows.loc[rows.chosen, "mean"].item() == rows["mean"].max()
    deltas = [float(one.partition("=")[2]) for one in tuning.loc[tuning.grid.notna(), "loss"]]
    assert deltas == sorted(deltas)
    assert "optuna" in json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))["versions"]


def test_a_plan_says_how_much_and_not_what(inside: Callable) -> None:
    """How many trainings there are is known, and the settings are not; no shard can know those of another."""
    done = inside("compare", *SMALL, *SEARCH, "--dry-run")
    assert "120 trainings to choose among rates from 0.001 to 0.3, as they are proposed" in " ".join(
        done.out.split()
    )
    refused = inside("compare", *SMALL, *SEARCH, "--shard", "1/2", "-o", "part")
    assert refused.code == 2
    assert "leave --shard out, or search by --sampler sobol" in " ".join(refused.err.split())
