"""What the tests share that take minutes; see CONTRIBUTING.md for how they are run."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from cli.conftest import COMMAND, PLAIN, Outcome, cache, hashed, inside

__all__ = ["cache", "hashed", "inside"]

WANTED = ("compare", "-d", "iris,moons", "-l", "ce,mse", "-m", "linear,mlp:4", "--seeds", "2", "--epochs", "3")


def start(cwd: Path, cache: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start a command as the leader of its own group of processes."""
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache)} | variables
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=environment, text=True, start_new_session=True, **pipes
    )


def ended(process: subprocess.Popen[str]) -> Outcome:
    """Wait for the end of a process."""
    out, err = process.communicate(timeout=300)
    assert "Traceback" not in err
    return Outcome(process.returncode, out, err)


class Undisturbed(NamedTuple):
    """A run that nothing disturbed: the bytes of its trials, and how long it took."""

    trials: bytes
    seconds: float


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Give a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    began = time.monotonic()
    outcome = ended(start(folder, folder, *WANTED, "--jobs", "2", "-o", "out"))
    assert outcome.code == 0
    return Undisturbed((folder / "out" / "trials.csv").read_bytes(), time.monotonic() - began)


@pytest.fixture
def repeated(inside: Callable[..., Outcome], tmp_path: Path) -> Callable[..., bytes]:
    """Give the same command again, in this process, as the bytes of its trials; nothing unfinished is left."""

    def again(folder: str = "out") -> bytes:
        assert inside(*WANTED, "--jobs", "1", "-o", folder, "--quiet").code == 0
        assert not list((tmp_path / folder).glob(".*"))
        return (tmp_path / folder / "trials.csv").read_bytes()

    return again
