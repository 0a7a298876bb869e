from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench.apart import Ended, Unending, apart, forked, starved
from lossbench.errors import ScoreFailed
from lossbench.losses.custom.endless import clock

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is copied")


def refuse() -> None:
    """Raise an error of lossbench's."""
    raise ScoreFailed("no score")


def kill() -> None:
    """End the process as the system does where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def leave_somebody() -> None:
    """End the process, and leave one behind that holds all that was open."""
    subprocess.Popen(["sleep", "60"], close_fds=False)
    os._exit(7)


def test_a_copy_gives_back_what_the_work_gives() -> None:
    """A result, however large, or what it raises, of the same class and text; what it changes is lost."""
    kept: list[int] = []
    assert forked(lambda: (kept.append(1), b"x" * 3_000_000)[1]) == b"x" * 3_000_000
    assert kept == []
    with pytest.raises(ScoreFailed, match="no score"):
        forked(refuse)
    with pytest.raises(RuntimeError, match="local"):  # what cannot travel
        forked(lambda: lambda: 0)


@pytest.mark.parametrize(
    ("work", "said"),
    [(kill, "by signal 9"), (leave_somebody, "exit code 7"), (_thread.interrupt_main, "by signal 2")],
)
def test_a_copy_that_ends_says_how(work: Callable, said: str) -> None:
    """By signal or exit code, even where a process of its own still holds what it had open."""
    with pytest.raises(Ended, match=said):
        forked(work)


def test_a_copy_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """And gone, whatever it does."""

    def spin() -> None:
        (tmp_path / "who").write_text(str(os.getpid()))
        sum(iter(int, 1))

    with pytest.raises(Unending):
        forked(spin, 0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "who").read_text()), 0)


def test_a_call_within_a_library_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the work may take; calls one after the other are none that does not end."""

    def spin() -> None:
        clock.enter()
        sum(iter(int, 1))  # Python is asked nothing between its steps

    def calls() -> None:
        for _ in range(20):
            clock.enter()
            time.sleep(0.1)
            clock.leave()

    monkeypatch.setattr("lossbench.apart.GRACE", 0.9)
    with pytest.raises(Unending, match="does not come to an end: no result"):
        forked(spin, silence=0.1)
    forked(calls, silence=0.1)


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this system does not say it")
def test_time_without_a_processor_is_no_time_of_a_process() -> None:
    """Of two that share one processor, each waits about as long as it runs; one that sleeps does not wait."""
    code = (
        "import os, time; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "while time.process_time() < 0.6: pass\n"
        "from lossbench.apart import starved; print(starved())"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert all(float(one.communicate()[0]) > 0.1 for one in both)
    before = time.monotonic() - starved()
    time.sleep(0.3)
    assert time.monotonic() - starved() - before > 0.29


def test_nobodys_process_is_copied_unasked() -> None:
    """Here, as in a notebook, work is done where it is asked for."""
    assert apart(os.getpid) == os.getpid()
