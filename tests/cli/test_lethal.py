"""A user's code that ends the process that runs it: by a crash, which no exception tells."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import BRIEF, Outcome, in_a_row

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
from lossbench import apart
from lossbench.losses.custom import rehearse
from lossbench.run import packs

apart.GRACE, rehearse.TRIAL, packs.LIMIT = 0.5, 2, 1
"""
"""A process with less patience."""

NAMED = (("own.py:crash", "-l"), ("own.py:Net", "-m"), ("own.py:score:@label=mine", "--score"))
"""What crashes when it is tried, by the option that names it: each kind of a user's code."""

READ = (
    ("os.abort()", "-l", "file0.py:f"),
    ("os.abort()", "-m", "file1:f"),
    ("sys.exit(0)", "--score", "file2.py:f@label=mine"),
    ("raise KeyboardInterrupt", "-l", "file3:f"),
)
"""What ends the process as it is read: as a file and as a module, for a loss, a model and a score."""

BATCHES = (("Wide", "by signal 6"), ("Picky", "raised ValueError: too many"))
"""What fails of a whole batch of rows alone: it ends the process, or it raises."""

CHECKS = ("own.py:crash", "own.py:double")


def compared(option: str, name: str) -> list[str]:
    """Return a brief comparison of what is named."""
    return ["compare", "-d", "diabetes", option, name, *BRIEF]


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory, hashed: Path) -> tuple[Path, dict[str, Outcome]]:
    """Give the folder in which one process was given all of these, and what became of each by what it names."""
    folder, cache = tmp_path_factory.mktemp("lethal"), tmp_path_factory.mktemp("cache")
    shutil.copy(hashed, cache)
    (folder / "own.py").write_text(LETHAL)
    for fault, _, name in READ:
        (folder / f"{name[:5]}.py").write_text(f"import os, sys\n{fault}\n")
    commands = {name: compared(option, name) for name, option in NAMED}
    commands |= {name: compared(option, name) for _, option, name in READ}
    commands |= {name: compared("-m", f"own.py:{name}") for name, _ in BATCHES}
    commands |= {f"check {name}": ["check-loss", name, "--task", "regression"] for name in CHECKS}
    commands["trained"] = [*compared("-l", "mse,own.py:guard"), "--lr", "99", "--jobs", "1", "-o", "o"]
    outcomes = in_a_row(list(commands.values()), folder, cache)
    return folder, dict(zip(commands, outcomes, strict=True))


def refused(met: tuple[Path, dict[str, Outcome]], name: str) -> str:
    """Return the one line by which what is named was refused, before anything was trained."""
    folder, outcomes = met
    outcome = outcomes[name]
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1), outcome.err
    assert not (folder / "results").exists()
    return outcome.err


@pytest.mark.parametrize("name", [name for name, _ in NAMED])
def test_what_crashes_when_it_is_tried_is_refused(met: tuple, name: str) -> None:
    """A loss, a model and a score: one line that names it and what became of it, before anything is trained."""
    assert f"'{name}' ended the process that ran it, by signal" in refused(met, name)


@pytest.mark.parametrize(("fault", "name"), [(fault, name) for fault, _, name in READ])
def test_a_file_that_ends_the_process_as_it_is_read_is_refused(met: tuple, fault: str, name: str) -> None:
    """As a file or as a module, for a loss, a model or a score: one line that names it."""
    said = refused(met, name)
    assert ("ended the process that ran it, by signal" in said) == fault.startswith("os")
    assert name[:5] in said


@pytest.mark.parametrize(("name", "said"), BATCHES)
def test_a_network_that_fails_of_a_whole_batch_is_refused(met: tuple, name: str, said: str) -> None:
    """Where it raises, and where it ends the process: one line, before anything is trained."""
    line = refused(met, name)
    assert said in line
    assert "called with 32 rows" in line


def test_a_check_says_of_a_crash_what_it_says_of_a_failure(met: tuple) -> None:
    """No task fits, and the exit code is that of a failed check."""
    outcome = met[1]["check own.py:crash"]
    assert outcome.code == 4
    assert "ended the process that ran it, by signal 11" in " ".join(outcome.out.split())


def test_a_crash_in_double_precision_is_checked_in_single(met: tuple) -> None:
    """As of code that reads the memory of a tensor: one check fails, and the others are done."""
    outcome = met[1]["check own.py:double"]
    assert outcome.code == 4
    assert "1 failed (dtype)" in outcome.out


def test_what_crashes_in_training_fails_and_the_others_finish(met: tuple) -> None:
    """As where a loss raises: its trainings failed, for a reason; the files are there, and the exit code is 4.

    So it is in two processes: `test_what_lies_about_spoils_nothing`.
    """
    folder, outcomes = met
    outcome = outcomes["trained"]
    assert outcome.code == 4, outcome.err
    assert "own.py:guard on diabetes ended the process that ran it, by signal 9" in " ".join(outcome.out.split())
    rows = (folder / "o" / "trials.csv").read_text().splitlines()[1:]
    assert [",failed," in row for row in rows].count(True) == 2
    assert all(("own.py:guard" in row) == (",failed," in row) for row in rows)


def test_a_loop_within_a_library_ends_with_its_process(tmp_path: Path, cache: Path) -> None:
    """In its trial the loss is refused; in training it fails, the others finish, in their order."""
    (tmp_path / "own.py").write_text(LETHAL)
    usual = ["compare", "-d", "diabetes", *BRIEF, "--lr", "99", "-o", "o", "--quiet", "-l"]
    commands = [[*usual, f"mse,own.py:{name},mae"] for name in ("stuck", "stuck_far_out")]
    tried, trained = in_a_row(commands, tmp_path, cache, before=HASTY)
    assert tried.code == 2
    assert "'own.py:stuck' does not come to an end: no result after 2 s; let it end" in tried.err
    assert trained.code == 4, trained.err
    rows = [row.split(",") for row in (tmp_path / "o" / "trials.csv").read_text().splitlines()[1:]]
    assert [row[3] for row in rows] == [*["mse"] * 2, *["own.py:stuck_far_out"] * 2, *["mae"] * 2]
    assert ["failed" in row for row in rows] == [False, False, True, True, False, False]


def test_a_thread_that_never_ends_keeps_no_command(lossbench: Callable, tmp_path: Path) -> None:
    """The command ends when its work is done."""
    thread = "threading.Thread(target=threading.Event().wait).start()"
    loss = "def f(raw, target): return (raw - target).square().mean()"
    (tmp_path / "own.py").write_text(f"import threading\n{thread}\n{loss}\n")
    assert lossbench("losses", "own.py:f", "--format", "json").code == 0


def test_what_kills_the_command_spoils_nothing(lossbench: Callable, inside: Callable, tmp_path: Path) -> None:
    """That is not held back; but what the store holds is sound, and later runs have the bytes of any other."""
    (tmp_path / "own.py").write_text(
        "import os, signal\n"
        "def f(raw, target):\n"
        "    if len(raw) == 32:\n"
        "        os.kill(os.getppid(), signal.SIGKILL)\n"
        "    return (raw - target).square().mean()\n"
    )
    wanted = ("compare", "-d", "diabetes", "-l", "mse", *BRIEF, "--quiet")
    assert inside(*wanted, "-o", "before").code == 0
    assert lossbench("compare", "-d", "diabetes", "-l", "mse,own.py:f", *BRIEF, "--quiet", "-o", "o").code == -9
    assert inside(*wanted, "-o", "o").code == 0
    assert (tmp_path / "o" / "trials.csv").read_bytes() == (tmp_path / "before" / "trials.csv").read_bytes()
