"""Full disks, jumping clocks, poor terminals, streams that fail: one message or none, and the same numbers."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.conftest import COMMAND, PLAIN, Outcome, shell

from .conftest import WANTED, Undisturbed, ended, start

pytestmark = pytest.mark.endurance

QUICK = (
    ["--help"],
    ["--version"],
    ["losses"],
    ["losses", "huber"],
    ["losses", "--matrix", "--format", "csv"],
    ["datasets"],
    ["datasets", "iris"],
    ["check-loss", "mse", "--task", "regression"],
    ["claims", "B2"],
    ["diff", "out", "out"],
    ["report", "out"],
    ["report", "out", "--format", "json"],
    ["cache", "info"],
    ["cache", "export", "-"],
    ["aa", "-d", "iris", "--seeds", "2", "--comparisons", "2", "--arms", "2", "--epochs", "2", "--csv", "-"],
    [*WANTED, "-o", "out"],
    [*WANTED, "--csv", "-", "--quiet"],
    [*WANTED, "--dry-run"],
)
"""Every command but `bench`, which takes a minute."""


@contextmanager
def disk(place: Path, size: str) -> Iterator[None]:
    """Make a small disk at a place."""
    place.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], check=False)
    if made.returncode:
        pytest.skip("only root can make a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("size", ["4k", "16k", "64k", "128k"])
@pytest.mark.parametrize("place", ["store", "out", "tmp"])
def test_a_full_disk(
    undisturbed: Undisturbed, repeated: Callable[..., bytes], tmp_path: Path, cache: Path, place: str, size: str
) -> None:
    """Of the store, the results, temporary files: 0 or 2, at most one error; with room again, the same bytes."""
    where = {"store": cache, "out": tmp_path / "out", "tmp": tmp_path / "tmp"}[place]
    with disk(where, size):
        variables = {"TMPDIR": str(where)} if place == "tmp" else {}
        outcome = ended(start(tmp_path, cache, *WANTED, "--jobs", "2", "-o", "out", **variables))
        assert outcome.code in (0, 2)
        assert outcome.err.count("error: ") == (outcome.code == 2)
    assert repeated() == undisturbed.trials


@pytest.mark.parametrize("clock", ["+5y x0.1", "-3y x1", "@1970-01-02 00:00:00", "@2105-01-01 00:00:00", "x-50"])
def test_a_clock_that_jumps(undisturbed: Undisturbed, tmp_path: Path, cache: Path, clock: str) -> None:
    """Far ahead, far back, slow, or running backwards: the numbers do not know what time it is."""
    found = importlib.util.find_spec("libfaketime")
    library = next(Path(str(found.origin)).parent.rglob("libfaketime.so*"), None) if found else None
    if library is None:
        pytest.skip("needs libfaketime: pip install libfaketime")
    variables = {"LD_PRELOAD": str(library), "FAKETIME": clock, "DONT_FAKE_MONOTONIC": "1"}
    outcome = ended(start(tmp_path, cache, *WANTED, "--jobs", "2", "-o", "out", **variables))
    assert outcome.code == 0
    assert (tmp_path / "out" / "trials.csv").read_bytes() == undisturbed.trials
    assert ended(start(tmp_path, cache, "cache", "info", **variables)).code == 0


@pytest.mark.parametrize("arguments", QUICK, ids=" ".join)
def test_streams_that_fail(
    inside: Callable[..., Outcome], tmp_path: Path, cache: Path, arguments: list[str]
) -> None:
    """Full or closed: exit code 2, one error. A reader that left, or a log that fails: the code of the command."""
    assert inside(*WANTED, "-o", "out", "--quiet").code == 0
    for streams, code, errors in (
        (">/dev/full", 2, 1),
        (">&-", 2, 1),
        (">/dev/full 2>/dev/full", 2, 0),
        (">&- 2>&- <&-", 2, 0),
        ("2>/dev/full", 0, 0),
        ("2>&-", 0, 0),
        ("> >(true)", 0, 0),
    ):
        outcome = shell(f"exec lossbench {' '.join(arguments)} {streams}", tmp_path, cache)
        assert (outcome.code, outcome.err.count("error: ")) == (code, errors), (streams, outcome.err)
        assert "Traceback" not in outcome.err


@pytest.mark.parametrize("arguments", QUICK, ids=" ".join)
def test_a_poor_terminal(
    inside: Callable[..., Outcome], tmp_path: Path, cache: Path, arguments: list[str]
) -> None:
    """Twenty columns, no locale, ASCII: all is said all the same."""
    assert inside(*WANTED, "-o", "out", "--quiet").code == 0
    poor = {
        "LANG": "C",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "COLUMNS": "20",
        "TERM": "dumb",
    }
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache)} | poor
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 20, 0, 0))
    process = subprocess.Popen([*COMMAND, *arguments], cwd=tmp_path, env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    assert process.wait() == 0
    assert shown
    assert b"Traceback" not in shown


def read(terminal: int) -> bytes:
    """Return what is shown on a terminal next; nothing at the end."""
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody has the terminal open any more
        return b""
