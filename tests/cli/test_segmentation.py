"""The task segmentation from the command line: compared, decided in two ways, explained; what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

SMALL = (
    "-d",
    "discs:images=20",
    "-m",
    "mlp:4",
    "--epochs",
    "3",
    "--seeds",
    "2",
    "--outliers",
    "0",
    "--batch-size",
    "4",
)

OWN = '''
import torch

class SoftDice(torch.nn.Module):
    """One minus the soft Dice coefficient of images (batch, 1, height, width)."""

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__()
        self.smooth = smooth

    def forward(self, prediction, target):
        assert prediction.shape == target.shape and prediction.ndim == 4
        p, dims = prediction.sigmoid(), (1, 2, 3)
        hits = 2 * (p * target).sum(dims) + self.smooth
        return (1 - hits / (p.sum(dims) + target.sum(dims) + self.smooth)).mean()
'''


def test_without_a_loss_the_core_losses_run_and_both_decisions_are_shown(inside: Callable, tmp_path: Path) -> None:
    """At one half and where validation says, in the columns, the tables and the report."""
    found = inside("compare", *SMALL, "--threshold", "dice", "-o", "run")
    assert found.code == 0
    assert "thresholds chosen by dice" in found.out
    trials = pd.read_csv(tmp_path / "run" / "trials.csv")
    assert list(dict.fromkeys(trials.loss)) == ["bce", "mse", "focal", "dice", "bce_dice", "lovasz"]
    assert trials[["dice", "iou", "accuracy", "dice_at_link", "iou_at_link", "threshold"]].notna().all(axis=None)
    assert (trials.task == "segmentation").all()
    assert set(trials.sampling) == {"redrawn"}
    assert inside("report", "run", "-o", "again").code == 0
    for name in ("trials.csv", "summary.csv", "thresholds.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_loss_of_the_user_s_own_is_handed_images(inside: Callable, tmp_path: Path) -> None:
    """In the style of other libraries: what it is worth is what the built-in loss is worth."""
    (tmp_path / "mine.py").write_text(OWN)
    losses = ("-l", "dice,bce", "-l", "mine.py:SoftDice", "-l", "torch.nn:BCEWithLogitsLoss")
    assert inside("compare", *SMALL, *losses, "-o", "run", "--quiet").code == 0
    scores = pd.read_csv(tmp_path / "run" / "trials.csv").pivot_table("train_loss", "seed", "loss")
    for own, theirs in (("mine.py:SoftDice", "dice"), ("torch.nn:BCEWithLogitsLoss", "bce")):
        assert scores[own].to_numpy() == pytest.approx(scores[theirs].to_numpy(), rel=1e-3)
    assert inside("check-loss", "mine.py:SoftDice", "--task", "segmentation", "--quiet").code == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("-d", "discs:foreground=0.7"), "foreground"),
        (("-d", "discs:empty=0.9999:images=10"), "has an object"),
        (("-d", "discs", "-l", "lovasz,hinge"), "hinge"),
        (("-d", "moons", "-l", "lovasz"), "lovasz"),
        (("-d", "discs", "--threshold", "f1"), "no data set of this run is binary"),
        (("-d", "moons", "--threshold", "dice"), "no data set of this run is segmentation"),
        (("-d", "discs", "--score", "f1"), "segmentation score"),
        (("-d", "discs", "--outliers", "0.1", "--outlier-kind", "feature"), "no 'feature' contamination"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_message(
    inside: Callable, command: tuple[str, ...], said: str
) -> None:
    """Exit code 2, before anything is trained: a loss, score, threshold or share that is not of this task."""
    found = inside("compare", *command)
    assert found.code == 2
    assert said in " ".join(found.err.split())
