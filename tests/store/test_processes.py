"""Other processes and the store: they are killed, write at the same time, or meet a full disk."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench.store import Store

from .cases import block, holds
from .writer import SIZE

ENDLESS = 10**6


def start(path: Path, first: int, last: int, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Start a process that stores seeds from first to last, block by block."""
    return subprocess.Popen(
        [sys.executable, "-m", "store.writer", str(path), str(first), str(last)],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def stored(process: subprocess.Popen[str]) -> tuple[list[int], str]:
    """Wait for a process to end; return the seeds that it reported as stored, and its error output."""
    out, err = process.communicate(timeout=60)
    starts = [int(line) for line in out.splitlines() if line != "ready"]
    return [seed for start in starts for seed in range(start, start + SIZE)], err


@pytest.mark.parametrize("draw", [random.Random(0), random.Random(1)], ids=["0", "1"])
def test_a_process_that_is_killed_leaves_whole_blocks(tmp_path: Path, draw: random.Random) -> None:
    """At any moment, even while the store is made, everything reported as stored is there exactly once."""
    path, done = tmp_path / "trials.sqlite", 0
    for _ in range(5):
        process = start(path, 0, ENDLESS)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0, 0.04))
        process.kill()
        said, _ = stored(process)
        assert said == list(range(done, done + len(said)))
        with Store(path) as store:
            # The last block may have been stored and the process killed before it could say so.
            assert len(store) - done - len(said) in (0, SIZE)
            done = len(store)
            assert holds(store, block(range(done)))


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Neither their own blocks nor those that they share."""
    path = tmp_path / "trials.sqlite"
    processes = [start(path, first, first + 200) for first in (0, 100, 200)]
    said = {seed for process in processes for seed in stored(process)[0]}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert said == set(range(400))
    with Store(path) as store:
        assert holds(store, block(range(400)))


def test_a_disk_that_fills_up_keeps_what_was_stored(tmp_path: Path) -> None:
    """A write that the system refuses ends in one message; the blocks before it are there, whole."""
    resource = pytest.importorskip("resource")
    path, limit = tmp_path / "trials.sqlite", 300_000
    process = start(path, 0, ENDLESS, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    said, message = stored(process)
    assert (process.returncode, message.count("\n")) == (1, 1)
    assert "what it holds is kept" in message
    with Store(path) as store:
        assert holds(store, block(said))
