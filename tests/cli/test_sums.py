"""Sums with losses of the user's own, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from .conftest import BRIEF

MINE = """
import torch


def mine(prediction, target):
    return torch.nn.functional.softplus(-(2 * target - 1) * prediction)


def raises(prediction, target):
    raise ValueError("not today")


calls = []


def late(prediction, target):
    calls.append(1)
    return torch.nn.functional.softplus(-(2 * target - 1) * prediction) * (1 if len(calls) < 60 else 2)
"""


@pytest.fixture(autouse=True)
def written(tmp_path: Path) -> None:
    """Write losses of the user's own into a file in the current folder."""
    (tmp_path / "my_losses.py").write_text(MINE)


def test_a_loss_of_ones_own_has_its_share_and_its_weight_is_tuned(inside: Callable, tmp_path: Path) -> None:
    """This one is bce by another road: it leads as its weight does; a rerun trains nothing."""
    tuned = "sum:bce+w*my_losses.py:mine:w=1|3"
    command = ("compare", "-d", "moons", "-l", f"bce,{tuned}", "--lr", "0.003,0.03", *BRIEF, "-o", "run")
    done = inside(*command)
    assert done.code == 0, done.err
    parts = pd.read_csv(tmp_path / "run" / "parts.csv")
    for weight in (1, 3):
        mine = parts[
            (parts.loss == f"sum:bce+w*my_losses.py:mine:w={weight}") & (parts.part == "my_losses.py:mine")
        ]
        assert len(mine)
        assert mine["mean"].tolist() == pytest.approx([weight / (1 + weight)] * len(mine), abs=1e-5)
    assert set(pd.read_csv(tmp_path / "run" / "tuning.csv").grid.dropna()) == {tuned}
    assert "taken from earlier runs" in " ".join(inside(*command).out.split())


def test_checks_look_at_a_sum(inside: Callable) -> None:
    """As at a loss of the user's own; and say which part does not fit."""
    done = inside("check-loss", "sum:bce+0.5*my_losses.py:mine", "--task", "binary")
    assert done.code == 0
    assert "it seems convex" in done.out
    refused = inside("check-loss", "sum:huber+my_losses.py:mine", "--task", "binary")
    assert "of 'huber' in it: it serves regression" in " ".join(refused.out.split())


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("sum:bce+my_losses.py:raises", "of 'my_losses.py:raises' in it: it raised ValueError: not today"),
        ("sum:bce+my_losses.py:none", "'sum:bce+my_losses.py:none': my_losses.py: unknown loss 'none'"),
        ("sum:bce+none.py:mine", "'sum:bce+none.py:mine': no file"),
        ("sum:hinge+my_losses.py:mine", "hinge has margin, my_losses.py:mine has sigmoid"),
        ("sum:bce+(my_losses.py:mine:a=1)", "unknown parameter 'a'"),
    ],
)
def test_a_part_that_cannot_be_is_named_before_training(inside: Callable, spec: str, said: str) -> None:
    """One message, exit code 2."""
    done = inside("compare", "-d", "moons", "-l", f"bce,{spec}", *BRIEF)
    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert not done.out


def test_a_part_that_keeps_a_state_fails_its_trainings(inside: Callable) -> None:
    """The other losses finish."""
    done = inside(
        "compare", "-d", "moons", "-l", "bce,sum:bce+my_losses.py:late", *BRIEF, "-o", "run", "--no-cache"
    )
    assert done.code == 4
    assert "has my_losses.py:late in it, which gives" in " ".join(done.out.split())
