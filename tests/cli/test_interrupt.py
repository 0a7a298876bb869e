"""A reader that goes away and a user that presses Ctrl-C: the command ends at once, quietly and cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from .conftest import COMMAND, PLAIN

MANY_ROWS = ("--seeds", "100", "--epochs", "1", "--outliers", "0", "--quiet", "--csv", "-")
PIPE = 65_536  # bytes that a pipe holds
LONG = ("-d", "breast_cancer,moons", "-m", "mlp:32", "--seeds", "40", "--epochs", "2000")


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """Start a command as the leader of its own group of processes."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=PLAIN | {"LOSSBENCH_CACHE": os.environ["LOSSBENCH_CACHE"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # What runs these tests in the background may have had Ctrl-C ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("arguments", [["--help"], ["datasets"]], ids=" ".join)
def test_a_reader_that_is_gone(tmp_path: Path, arguments: list[str]) -> None:
    """Writing to a closed pipe ends the command with 0 and without a word, whether click writes or rich does."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [*COMMAND, *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=PLAIN, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr.decode().strip()) == (0, "")


def test_a_reader_that_leaves_early(inside: Callable, tmp_path: Path) -> None:
    """`| head -1` on a table too large for the pipe: the first line comes, and no complaint.

    The trials are in the store already, where this process has put them.
    """
    command = ("compare", "-d", "moons:rows=50", "-l", "bce,brier", *MANY_ROWS)
    assert len(inside(*command).out) > PIPE
    process = start(*command, cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("dataset,task,model,loss,")
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), complaint.strip()) == (0, "")


def alive(group: int) -> list[int]:
    """Return the processes of a group that still run; one that is over and not yet buried does not."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state, _, its_group = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it ended while we were looking
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(name))
    return found


def wait_until(condition: object, seconds: float = 60) -> bool:
    """Wait for a condition; say whether it came true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_while_training(tmp_path: Path, jobs: int) -> None:
    """Exit code 130, one message, no file and no half of one, and no process left."""
    process = start("compare", *LONG, "--jobs", str(jobs), "-o", "out", "--csv", "trials.csv", cwd=tmp_path)
    # The folder is made just before the training starts. A terminal's Ctrl-C reaches every process of the group.
    assert wait_until(lambda: (tmp_path / "out").exists() and len(alive(process.pid)) >= (1 if jobs == 1 else 3))
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == "lossbench: interrupted; finished trainings are in the store and are not trained again"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert wait_until(lambda: not alive(process.pid), seconds=15)


def test_ctrl_c_leaves_the_data_sets_that_are_done(tmp_path: Path) -> None:
    """An A/A test that is interrupted reports the data sets that it has finished, on the way out."""
    small = (
        "aa",
        "-d",
        "moons:rows=50,digits",
        "--seeds",
        "2",
        "--comparisons",
        "2",
        "--arms",
        "2",
        "--jobs",
        "1",
    )
    process = start(*small, "--epochs", "6000", "--csv", "rates.csv", cwd=tmp_path)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("moons:rows=50: 8 trainings done")
    time.sleep(3)  # to judge them
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err.strip()[:23]) == (130, "lossbench: interrupted;")
    for text in (out, (tmp_path / "rates.csv").read_text()):
        assert "moons" in text
        assert "digits" not in text
