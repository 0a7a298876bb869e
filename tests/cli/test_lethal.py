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


def stuck(raw, target):
    sum(iter(int, 1))


def stuck_far_out(raw, target):
    value = (raw - target).square().mean()
    if value.detach() > 1e6:
        sum(iter(int, 1))
    return value


class Wide(torch.nn.Linear):
    def forward(self, features):
        if len(features) > 20:
            os.abort()
        return super().forward(features)


class Picky(torch.nn.Linear):
    def forward(self, features):
        if len(features) > 20:
            raise ValueError("too many")
        return super().forward(features)


def double(raw, target):
    if raw.dtype == torch.float64:
        os.abort()
    return (raw - target).square().mean()
"""

HASTY = """
import subprocess
import sys

from lossbench import apart, cli
from lossbench.losses.custom import rehearse
from lossbench.run import packs

apart.GRACE, rehearse.TRIAL, packs.LIMIT = 1, 3, 3
sys.argv[0] = "lossbench"
cli.main()
"""
"""The command, with less patience."""


THREE = (("crash", "-l"), ("Net", "-m"), ("score:@label=mine", "--score"))


def test_what_crashes_when_it_is_tried_is_refused(tmp_path: Path, cache: Path) -> None:
    """A loss, a model and a score: one line that names it and what became of it, before anything is trained.

    Three commands that one process gives, as a command's own.
    """
    (tmp_path / "own.py").write_text(LETHAL)
    commands = [["compare", "-d", "diabetes", option, f"own.py:{name}", *BRIEF] for name, option in THREE]
    program = f"""
from lossbench.apart import allow_forks
from lossbench.cli import run
allow_forks()
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


@pytest.mark.parametrize(
    ("fault", "option", "name"),
    [
        ("os.abort()", "-l", "own.py:f"),
        ("os.abort()", "-m", "own:f"),
        ("sys.exit(0)", "--score", "own.py:f@label=mine"),
        ("raise KeyboardInterrupt", "-l", "own:f"),
    ],
)
def test_a_file_that_ends_the_process_as_it_is_read_is_refused(
    lossbench: Callable, tmp_path: Path, fault: str, option: str, name: str
) -> None:
    """As a file or as a module, for a loss, a model or a score: one line that names it."""
    (tmp_path / "own.py").write_text(f"import os, sys\n{fault}\n")
    outcome = lossbench("compare", "-d", "diabetes", option, name, *BRIEF)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1), outcome.err
    assert ("ended the process that ran it, by signal" in outcome.err) == fault.startswith("os")
    assert "own" in outcome.err
    assert not (tmp_path / "results").exists()


def test_a_network_that_fails_of_a_whole_batch_is_refused(lossbench: Callable, tmp_path: Path) -> None:
    """Where it raises, and where it ends the process: one line, before anything is trained."""
    (tmp_path / "own.py").write_text(LETHAL)
    for name, said in (("Wide", "by signal 6"), ("Picky", "raised ValueError: too many")):
        outcome = lossbench("compare", "-d", "diabetes", "-m", f"own.py:{name}", *BRIEF)
        assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert said in outcome.err
        assert "called with 32 rows" in outcome.err


def test_a_crash_in_double_precision_is_checked_in_single(lossbench: Callable, tmp_path: Path) -> None:
    """As of code that reads the memory of a tensor: one check fails, and the others are done."""
    (tmp_path / "own.py").write_text(LETHAL)
    outcome = lossbench("check-loss", "own.py:double", "--task", "regression")
    assert outcome.code == 4
    assert "1 failed (dtype)" in outcome.out


@pytest.mark.parametrize("name", ["stuck", "stuck_far_out"])
def test_a_loop_within_a_library_ends_with_its_process(tmp_path: Path, cache: Path, name: str) -> None:
    """In its trial the loss is refused; in training it fails, the others finish, in their order."""
    (tmp_path / "own.py").write_text(LETHAL)
    wanted = ["-d", "diabetes", "-l", f"mse,own.py:{name},mae", *BRIEF, "--lr", "99", "-o", "o", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", HASTY, "compare", *wanted],
        cwd=tmp_path,
        env=PLAIN | {"LOSSBENCH_CACHE": str(cache)},
        capture_output=True,
        check=False,
    )
    if name == "stuck":
        assert done.returncode == 2
        assert b"'own.py:stuck' does not come to an end: no result after 3 s; let it end" in done.stderr
        return
    assert done.returncode == 4, done.stderr
    rows = (tmp_path / "o" / "trials.csv").read_text().splitlines()[1:]
    assert [row.split(",")[3] for row in rows] == ["mse", "mse", f"own.py:{name}", f"own.py:{name}", "mae", "mae"]
    assert [",failed," in row for row in rows] == [False, False, True, True, False, False]


def test_a_thread_that_never_ends_keeps_no_command(lossbench: Callable, tmp_path: Path) -> None:
    """The command ends when its work is done."""
    thread = "threading.Thread(target=threading.Event().wait).start()"
    loss = "def f(raw, target): return (raw - target).square().mean()"
    (tmp_path / "own.py").write_text(f"import threading\n{thread}\n{loss}\n")
    assert lossbench("compare", "-d", "diabetes", "-l", "own.py:f", *BRIEF, "--quiet").code == 0


def test_what_kills_the_command_spoils_nothing(lossbench: Callable, tmp_path: Path) -> None:
    """That is not held back; but what the store holds is sound, and later runs have the bytes of any other."""
    (tmp_path / "own.py").write_text(
        "import os, signal\n"
        "def f(raw, target):\n"
        "    if len(raw) == 32:\n"
        "        os.kill(os.getppid(), signal.SIGKILL)\n"
        "    return (raw - target).square().mean()\n"
    )
    wanted = ("compare", "-d", "diabetes", "-l", "mse", *BRIEF, "--quiet")
    assert lossbench(*wanted, "-o", "before").code == 0
    assert lossbench("compare", "-d", "diabetes", "-l", "mse,own.py:f", *BRIEF, "--quiet", "-o", "o").code == -9
    assert lossbench(*wanted, "-o", "o").code == 0
    assert (tmp_path / "o" / "trials.csv").read_bytes() == (tmp_path / "before" / "trials.csv").read_bytes()
