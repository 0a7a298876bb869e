"""A hostile environment: other people's files, streams that fail, no home, little room: one message, or none."""

from __future__ import annotations

import errno
import math
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench.cli import run
from lossbench.cli.process.refused import FOLDER
from lossbench.cli.process.refused import system_refusal as refusal_of

from .conftest import BRIEF, PLAIN, ROOT, Outcome, shell


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="prints to a device that is always full")
@pytest.mark.parametrize(
    ("command", "code", "errors"),
    [
        ("lossbench --help > /dev/full", 2, 1),
        ("lossbench losses > /dev/full", 2, 1),
        ("lossbench cache info >&-", 2, 1),
        ("lossbench --version > /dev/full 2> /dev/full", 2, 0),
        ("lossbench --version 2>&-", 0, 0),
        ("lossbench nothing 2> /dev/full", 2, 0),
        ("lossbench nothing <&- >&- 2>&-", 2, 0),
    ],
)
def test_streams_that_fail(tmp_path: Path, cache: Path, command: str, code: int, errors: int) -> None:
    """Standard output that is full or closed is one error, exit code 2; a log that fails is none."""
    outcome = shell(command, tmp_path, cache)
    assert (outcome.code, outcome.err.count("\n")) == (code, errors)
    assert outcome.err[:49] in ("", "lossbench: error: cannot write to standard output")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
def test_libraries_start_no_threads(tmp_path: Path, cache: Path) -> None:
    """So that where no more may be started, none fails: OpenBLAS would speak for us, and interrupt the command."""
    program = "import atexit, os; atexit.register(lambda: print(os.listdir('/proc/self/task')))"
    command = [sys.executable, "-c", f"{program}; from lossbench.cli import main; main()", "datasets", "iris"]
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        out, _ = process.communicate()
    assert out.splitlines()[-1] == f"['{process.pid}']"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sets a limit as Linux keeps it")
def test_memory_that_runs_out(tmp_path: Path, cache: Path) -> None:
    """One message, which says what to do, and exit code 1: with so little, linear algebra might wait for ever."""
    outcome = shell("ulimit -v 700000; lossbench datasets iris", tmp_path, cache)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert outcome.err.startswith("lossbench: error: the address space is limited to 0.67 GiB (ulimit -v)")
    assert shell("ulimit -v 700000; lossbench --help", tmp_path, cache).code == 0


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), BlockingIOError(errno.EAGAIN, "Again")])
def test_a_thread_that_does_not_start_where_memory_is_limited(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Its stack had no room: the system says the same of both, and the limit that is there tells which."""
    for allowed, said in ((2**31, "memory ran out"), (math.inf, "no more processes or threads")):
        monkeypatch.setattr("lossbench.cli.process.refused.address_space", lambda allowed=allowed: allowed)
        assert said in str(refusal_of(error))


@pytest.mark.parametrize(
    ("stumbled", "refused", "said"),
    [
        (UnboundLocalError("child_r"), OSError(errno.EMFILE, "Too many open files"), "too many open files"),
        (
            RuntimeError("cannot join thread"),
            RuntimeError("can't start new thread"),
            "no more processes or threads",
        ),
        (AttributeError("kill"), BlockingIOError(errno.EAGAIN, "Resource"), "no more processes or threads"),
        (ValueError("half made"), MemoryError(), "memory ran out"),
    ],
    ids=repr,
)
def test_what_runs_out_while_processes_start(stumbled: Exception, refused: Exception, said: str) -> None:
    """What loky then stumbles over as it cleans up stands for what was refused; alone it is an error of ours."""
    assert refusal_of(stumbled) is None
    stumbled.__context__ = refused
    assert said in str(refusal_of(stumbled))
    stumbled.__context__ = FileNotFoundError(errno.ENOENT, "No such file", "a.csv")
    assert refusal_of(stumbled) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "memory ran out"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"),
            "memory ran out",
        ),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory ran out"),
        (OSError(errno.EMFILE, "Too many open files", "a.csv"), "too many open files"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "no more processes"),
        (
            PermissionError(errno.EACCES, "Permission denied", "a.csv"),
            "the system refuses 'a.csv': Permission",
        ),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), None),
        (ImportError("cannot import name 'f'"), None),
    ],
    ids=repr,
)
def test_what_the_system_refuses(error: Exception, said: str | None) -> None:
    """Each refusal has its message; an error of another kind keeps its traceback."""
    message = refusal_of(error)
    assert message is said is None or said in str(message)


def test_a_current_folder_that_is_gone(
    inside: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named as what is wrong; what needs no folder is answered all the same."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert refusal_of(FileNotFoundError(errno.ENOENT, "No such file or directory")) == FOLDER
    assert run(["losses", "mse", "--format", "json"]) == 0
    for command in (["losses", "mse"], ["check-loss", "mse"]):
        assert inside(*command).err == f"lossbench: error: {FOLDER}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="ends a command by a signal")
def test_a_command_that_is_ended_says_nothing(tmp_path: Path, cache: Path) -> None:
    """Nor do those that clean up after its processes."""
    asked = [
        "compare",
        "-d",
        "iris,wine",
        "-l",
        "ce",
        "--seeds",
        "20",
        "--outliers",
        "0",
        "--jobs",
        "2",
        "--no-cache",
    ]
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "lossbench", *asked, "--csv", "all.csv"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().endswith("trainings done\n")
        process.terminate()
        rest = process.stderr.read()
    assert process.returncode == -signal.SIGTERM
    assert all(line.endswith("trainings done") for line in rest.splitlines()), rest


def test_a_gate_that_fails_does_so_whoever_reads(
    inside: Callable[..., Outcome], tmp_path: Path, cache: Path
) -> None:
    """A reader that leaves early takes no exit code with it."""
    wanted = ("compare", "-d", "iris", "-l", "ce", *BRIEF, "--csv", "all.csv")
    assert inside(*wanted, "-l", "mse", "--quiet").code == 0
    assert shell(f"lossbench {' '.join(wanted)} --baseline all.csv > >(true)", tmp_path, cache).code == 3


@pytest.mark.parametrize(
    "arguments",
    [("cache", "info"), ("datasets", "~/sales.csv:target=y"), ("losses", "~/own.py:f"), ("report", "~/out")],
    ids=" ".join,
)
def test_without_a_home_folder(
    refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Where neither HOME nor the system's list of users has one, what needs it is refused."""
    for name in ("HOME", "LOSSBENCH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert "no home folder is known here" in refusal(*arguments)


def test_a_tilde_is_the_home_folder(
    inside: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no shell has read it, as in the midst of a list."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert f"no file {tmp_path}/home/sales.csv" in inside("datasets", "~/sales.csv:target=y").err
    assert f"no file {tmp_path}/home/own.py" in inside("losses", "~/own.py:f").err
    assert inside("cache", "export", "~/trials.csv").code == 0
    assert (tmp_path / "home" / "trials.csv").exists()
