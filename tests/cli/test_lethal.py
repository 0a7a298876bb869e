"""A user's code that ends the process that runs it: by a crash, which no exception tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import BRIEF, PLAIN, ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is copied")

LETHAL = """
import ctypes
import os

import torch


def crash(raw, target):
    ctypes.string_at(0)


def guard(raw, target):
    value = (raw - target).square().mean()
    if value.detach() > 1e6:
        os.kill(os.getpid(), 9)
    return value


def score(y_true, y_pred):
    os.abort()


class Net(torch.nn.Linear):
    def forward(self, features):
        os.abort()
"""


THREE = (("crash", "-l"), ("Net", "-m"), ("score:@label=mine", "--score"))


def test_what_crashes_when_it_is_tried_is_refused(tmp_path: Path, cache: Path) -> None:
    """A loss, a model and a score: one line that names it and what became of it, before anything is trained.

    Three commands that one process gives, as a command's own.
    """
    (tmp_path / "own.py").write_text(LETHAL)
    commands = [["compare", "-d", "diabetes", option, f"own.py:{name}", *BRIEF] for name, option in THREE]
    program = f"""
from lossbench.apart import own_process
from lossbench.cli import run
own_process()
print([run(command) for command in {commands}])
"""
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[2, 2, 2]\n"
    for line, (name, _) in zip(done.stderr.splitlines(), THREE, strict=True):
        assert f"'own.py:{name}' ended the process that ran it, by signal" in line
    assert not (tmp_path / "results").exists()


def test_a_check_says_of_a_crash_what_it_says_of_a_failure(lossbench: Callable, tmp_path: Path) -> None:
    """No task fits, and the exit code is that of a failed check."""
    (tmp_path / "own.py").write_text(LETHAL)
    outcome = lossbench("check-loss", "own.py:crash")
    assert outcome.code == 4
    assert "ended the process that ran it, by signal 11" in " ".join(outcome.out.split())


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_crashes_in_training_fails_and_the_others_finish(
    lossbench: Callable, tmp_path: Path, jobs: str
) -> None:
    """As where a loss raises: its trainings failed, for a reason; the files are there, and the exit code is 4."""
    (tmp_path / "own.py").write_text(LETHAL)
    losses = "mse,own.py:guard"
    outcome = lossbench("compare", "-d", "diabetes", "-l", losses, *BRIEF, "--jobs", jobs, "--lr", "99", "-o", "o")
    assert outcome.code == 4, outcome.err
    assert "own.py:guard on diabetes ended the process that ran it, by signal 9" in " ".join(outcome.out.split())
    rows = (tmp_path / "o" / "trials.csv").read_text().splitlines()[1:]
    assert [",failed," in row for row in rows].count(True) == 2
    assert all(("own.py:guard" in row) == (",failed," in row) for row in rows)
