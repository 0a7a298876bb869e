"""Two ways to give a command: as a user does, in a process of its own, and faster, in this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lossbench.cli import SINGLE_THREADED, run
from lossbench.run.provenance import program

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "lossbench")
DECORATION = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
OURS = (*DECORATION, *SINGLE_THREADED)  # the latter set for these tests: a command has to set them itself
PLAIN = {key: value for key, value in os.environ.items() if key not in OURS} | {"TERM": "xterm-256color"}

BRIEF = ("--seeds", "2", "--epochs", "2", "--outliers", "0")
"""The options of a run that is over at once."""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def shell(command: str, cwd: Path, cache: Path) -> Outcome:
    """Give a command line to a shell; its first `lossbench` is the command."""
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    line = command.replace("lossbench", " ".join(COMMAND), 1)
    done = subprocess.run(["bash", "-c", line], cwd=cwd, env=environment, capture_output=True, check=False)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


IN_A_ROW = """
import os
import sys

from lossbench.apart import allow_forks
from lossbench.cli import run

allow_forks()
for command in {commands}:
    code = run(command)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.write(stream.fileno(), b"\\0%d\\0" % code)
"""


def in_a_row(commands: Sequence[Sequence[str]], cwd: Path, cache: Path, before: str = "") -> list[Outcome]:
    """Give several commands to one new process, which is a command's own: its libraries are imported once.

    Args:
        commands: the arguments of each.
        cwd: the current folder.
        cache: where the store is.
        before: Python that the process runs first.
    """
    program = before + IN_A_ROW.format(commands=[list(command) for command in commands])
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, env=environment, capture_output=True, check=True
    )
    out, err = (re.split(r"\0(\d+)\0", text.decode()) for text in (done.stdout, done.stderr))
    return [Outcome(int(code), *said) for code, *said in zip(out[1::2], out[::2], err[::2], strict=False)]


@pytest.fixture(scope="session")
def hashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file in which a command finds the hash of the program, as where it ran before."""
    folder = tmp_path_factory.mktemp("hashed")
    with pytest.MonkeyPatch.context() as here:
        here.setenv("LOSSBENCH_CACHE", str(folder))
        program.cache_clear()
        program()
    (file,) = folder.iterdir()
    return file


@pytest.fixture(autouse=True)
def cache(hashed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a store of finished trials of its own, without any."""
    folder = tmp_path.with_name(f"{tmp_path.name}-cache")
    folder.mkdir()
    shutil.copy(hashed, folder)
    monkeypatch.setenv("LOSSBENCH_CACHE", str(folder))
    return folder


@pytest.fixture
def lossbench(tmp_path: Path, cache: Path) -> Callable[..., Outcome]:
    """Give a command in a process of its own, in an empty folder."""

    def call(*arguments: str) -> Outcome:
        environment = PLAIN | {"LOSSBENCH_CACHE": str(cache)}
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Give a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in DECORATION:
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(list(arguments))
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def refusal(inside: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Give a command that must be refused: one line, exit code 2, nothing trained or written; return the line."""

    def train(*_: object, **__: object) -> None:
        raise AssertionError("something was trained")

    def call(*arguments: str) -> str:
        monkeypatch.setattr("lossbench.results.comparison.execute", train)
        before = sorted(tmp_path.rglob("*"))
        outcome = inside(*arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("lossbench: error: ")
        assert outcome.err.count("\n") == 1
        assert sorted(tmp_path.rglob("*")) == before
        return outcome.err

    return call


@pytest.fixture
def sales(tmp_path: Path) -> pd.DataFrame:
    """A table of forty rows with a quantity, a number and a word, also there as `sales.csv`."""
    random = np.random.default_rng(0)
    size = random.normal(size=40)
    price = 3 + size + random.normal(scale=0.3, size=40).clip(-0.6, 0.6)
    frame = pd.DataFrame({"size": size, "town": ["Ulm", "Bern"] * 20, "price": price.clip(0.5)})
    frame.to_csv(tmp_path / "sales.csv", index=False)
    return frame
