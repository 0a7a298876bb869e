"""A run is killed at any moment: when it is repeated, it ends as one that nothing disturbed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.test_interrupt import alive, wait_until

from .conftest import WANTED, Undisturbed, ended, start

pytestmark = pytest.mark.endurance

MOMENTS = 20


@pytest.mark.parametrize("moment", range(MOMENTS))
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_a_run_that_is_killed_ends_the_same(
    undisturbed: Undisturbed,
    repeated: Callable[..., bytes],
    tmp_path: Path,
    cache: Path,
    how: signal.Signals,
    moment: int,
) -> None:
    """With two processes, of which only the first is killed; no process stays, and no half of a file."""
    process = start(tmp_path, cache, *WANTED, "--jobs", "2", "-o", "out")
    time.sleep(undisturbed.seconds * (moment + 0.5) / MOMENTS)
    os.kill(process.pid, how)
    process.communicate(timeout=60)
    assert wait_until(lambda: not alive(process.pid), seconds=30)
    assert repeated() == undisturbed.trials


@pytest.mark.parametrize("count", [2, 4])
def test_runs_at_once_on_one_store(
    undisturbed: Undisturbed, repeated: Callable[..., bytes], tmp_path: Path, cache: Path, count: int
) -> None:
    """All end well, with the same bytes, also where they write into one folder."""
    folders = [f"out{number // 2}" for number in range(count)]
    started = [start(tmp_path, cache, *WANTED, "--jobs", "2", "-o", folder, "--quiet") for folder in folders]
    for process in started:
        outcome = ended(process)
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    for folder in set(folders):
        assert (tmp_path / folder / "trials.csv").read_bytes() == undisturbed.trials
        assert repeated(folder) == undisturbed.trials
