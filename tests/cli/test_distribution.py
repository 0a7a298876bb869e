"""The task distribution from the command line: compared, explained, checked; what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

SMALL = ("-m", "mlp:4", "--epochs", "3", "--seeds", "2", "--outliers", "0")

OWN = '''
import torch

class Moments(torch.nn.Module):
    """How far mean and spread of one sample (batch, targets) are from those of another."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, prediction, target):
        means = (prediction.mean(0) - target.mean(0)).square().sum()
        return means + self.weight * (prediction.std(0) - target.std(0)).square().sum()
'''


def test_without_a_loss_the_core_losses_run_and_all_scores_are_there(inside: Callable, tmp_path: Path) -> None:
    """In the columns, the tables and the report; modes only where a law has some."""
    found = inside("compare", "-d", "mixture:rows=100,crescents:rows=100", *SMALL, "-o", "run")
    assert found.code == 0
    assert "transport" in found.out
    trials = pd.read_csv(tmp_path / "run" / "trials.csv")
    assert list(dict.fromkeys(trials.loss)) == ["wasserstein", "energy", "mmd", "sinkhorn", "kl_histogram", "mse"]
    assert trials[["transport", "sliced_transport", "energy_distance", "transport_at_best"]].notna().all(axis=None)
    assert (trials.mode_coverage.notna() == trials.dataset.str.startswith("mixture")).all()
    assert set(trials.sampling) == {"redrawn"}
    assert inside("report", "run", "-o", "again").code == 0
    for name in ("trials.csv", "summary.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_run_of_other_tasks_has_none_of_its_columns(inside: Callable, tmp_path: Path) -> None:
    """A file without samples is as it was before there were any."""
    assert inside("compare", "-d", "iris", "-l", "ce", *SMALL, "-o", "run", "--quiet").code == 0
    assert not {"transport", "mode_coverage"} & set(pd.read_csv(tmp_path / "run" / "trials.csv"))


def test_a_loss_of_the_user_s_own_gets_whole_samples(inside: Callable, tmp_path: Path) -> None:
    """In the style of other libraries, a module of prediction and target, it runs and passes the checks."""
    (tmp_path / "mine.py").write_text(OWN)
    command = ("compare", "-d", "eight_gaussians:rows=100", "-l", "wasserstein,mine.py:Moments:weight=2", *SMALL)
    assert inside(*command, "-o", "run", "--quiet").code == 0
    trials = pd.read_csv(tmp_path / "run" / "trials.csv")
    assert (trials.status == "ok").all()
    assert trials.transport.notna().all()


@pytest.mark.parametrize("task", ["distribution"])
def test_a_new_loss_begins_with_one_that_passes(inside: Callable, task: str) -> None:
    """`lossbench new loss` knows the task."""
    assert inside("new", "loss", "mine", "--task", task).code == 0
    assert inside("check-loss", "mine.py:mine", "--task", task, "--quiet").code == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("-d", "moons", "-l", "wasserstein"), "serves distribution"),
        (("-d", "mixture", "-l", "huber"), "serves regression"),
        (("-d", "mixture", "-l", "mmd:bandwidth=0"), "bandwidth=0 is out of range"),
        (("-d", "mixture", "-l", "sinkhorn:epsilon=-1"), "epsilon=-1 is out of range"),
        (("-d", "mixture", "--batch-size", "1"), "batches of 1 leave a batch of one"),
        (("-d", "mixture", "--batch-size", "23"), "batches of 23 leave a batch of one of 300 training rows"),
        (("-d", "mixture:start=-1"), "start=-1 is out of range"),
        (("-d", "mixture", "--score", "r2"), "distribution score"),
        (("-d", "crescents", "--score", "mode_coverage"), "has no modes"),
        (("-d", "mixture", "--outliers", "0.1", "--outlier-kind", "feature"), "no 'feature' contamination"),
        (("-d", "mixture", "--threshold", "f1"), "no data set of this run is binary"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_message(
    inside: Callable, command: tuple[str, ...], said: str
) -> None:
    """Exit code 2, before anything is trained."""
    found = inside("compare", *command)
    assert found.code == 2
    assert said in " ".join(found.err.split())
