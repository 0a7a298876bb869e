"""`--schedule`: how the rate moves, how gradients are clipped and when a training ends, as an axis of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

LONG = "cosine:warmup=2:clip=1:patience=3"
SMALL = ("-d", "moons", "-l", "bce,mse", "-m", "mlp:4", "--epochs", "12", "--seeds", "2", "--outliers", "0")
RUN = ("compare", *SMALL)


def test_schedules_are_told_apart_everywhere(inside: Callable, tmp_path: Path) -> None:
    """In the tables, the files, the methods, a report made again and a comparison of runs, never as one."""
    assert inside(*RUN, "--lr", "0.1", "--schedule", f"constant,{LONG}", "-o", "both", "--quiet").code == 0
    both = tmp_path / "both"
    trials, summary = pd.read_csv(both / "trials.csv"), pd.read_csv(both / "summary.csv")
    assert set(trials.schedule) == set(summary.schedule) == {"constant", LONG}
    assert summary.n.tolist() == [2] * 4
    early = trials[trials.schedule == LONG]
    assert trials.epochs_trained.notna().equals(trials.schedule == LONG)
    assert early.epochs_trained.min() < 12
    assert (early.epochs_trained <= early.best_epoch + 3).all()
    curves = pd.read_csv(both / "curves.csv")
    assert len(curves[curves.schedule == LONG]) == len(curves[curves.schedule == "constant"]) == 2 * 12
    again = inside("report", "both", "-o", "again").out
    assert f"schedule {LONG}" in " ".join(again.split())
    assert "epochs trained: bce" in " ".join(again.split())
    for name in ("trials.csv", "summary.csv", "comparisons.csv", "curves.csv"):
        assert (both / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    methods = " ".join(inside("report", "both", "--methods").out.split())
    assert "falls along half a cosine" in methods
    assert "3 epochs without a gain on validation" in methods

    assert inside(*RUN, "--lr", "0.1", "-o", "plain", "--quiet").code == 0
    header = (tmp_path / "plain" / "trials.csv").read_text().split("\n")[0]
    assert "schedule" not in header
    assert "epochs_trained" not in header
    plain = pd.read_csv(tmp_path / "plain" / "trials.csv")
    usual = trials[trials.schedule == "constant"].drop(columns=["schedule", "epochs_trained"])
    pd.testing.assert_frame_equal(plain, usual.reset_index(drop=True))
    assert "2 only in B (>)" in inside("diff", "plain", "both").out


def test_a_config_and_python_ask_for_it_too(inside: Callable, tmp_path: Path) -> None:
    """By the word of the option; a dry run names it."""
    (tmp_path / "mine.toml").write_text('schedule = ["step:step_size=4"]\n')
    assert "12 epochs, schedules step:step_size=4" in inside(*RUN, "-c", "mine.toml", "--dry-run").out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--schedule", "linear"), "unknown schedule 'linear'"),
        (("--schedule", "constant:clip=-1"), "clip=-1 is out of range"),
        (("--schedule", "cosine:warmup=12"), "warms up for 12 epochs, and a training has 12"),
        (("--schedule", "constant:clip=1", "--optimizer", "es"), "clips gradients, but es uses none"),
    ],
)
def test_what_makes_no_sense_is_refused(inside: Callable, options: tuple[str, ...], says: str) -> None:
    """Before training, with what to do next."""
    done = inside(*RUN, *options)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
