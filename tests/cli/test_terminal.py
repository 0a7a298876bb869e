"""What reaches a terminal, a pipe and a log."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lossbench.cli.bench import print_figures

from .conftest import BRIEF, COMMAND, PLAIN

ESCAPE = "\x1b"


def on_terminal(*arguments: str, cwd: Path, stream: str, width: int = 100, **variables: str) -> tuple[str, str]:
    """Give a command with one stream on a terminal; return what that got, and what the other stream got."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    other = "stderr" if stream == "stdout" else "stdout"
    streams = {stream: theirs, other: subprocess.PIPE}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=PLAIN | {"LOSSBENCH_CACHE": os.environ["LOSSBENCH_CACHE"]} | variables,
        **streams,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how Linux says that nobody has the terminal open any more
            break
        shown += piece
    os.close(ours)
    rest = next(text for text in process.communicate() if text is not None)
    assert process.returncode == 0
    return shown.decode(), rest.decode()


def test_progress_stays_on_standard_error(tmp_path: Path) -> None:
    """On a terminal standard error says what is done from the first moment; a pipe gets none of it, nor codes."""
    command = ("compare", "-d", "iris", "-l", "ce", *BRIEF)
    shown, out = on_terminal(*command, cwd=tmp_path, stream="stderr")
    assert ESCAPE in shown
    told = [shown.find(what) for what in ("reading the data", "2/2", "testing the differences")]
    assert -1 < told[0] < told[1] < told[2]
    assert "iris (multiclass)" in out
    assert ESCAPE not in out
    assert "2/2" not in out


def test_no_color_is_honoured(tmp_path: Path, inside: Callable) -> None:
    """A terminal gets codes, unless NO_COLOR is set: then it gets what a pipe gets. Both fit its width."""
    plain, _ = on_terminal("losses", cwd=tmp_path, stream="stdout", NO_COLOR="1")
    coloured, _ = on_terminal("losses", cwd=tmp_path, stream="stdout")
    assert ESCAPE in coloured
    assert plain.replace("\r\n", "\n") == inside("losses").out
    assert ESCAPE not in plain
    assert max(map(len, plain.splitlines())) <= 100


def test_a_command_given_again_looks_the_same(tmp_path: Path) -> None:
    """What is said again has the codes and the width of the terminal that it is said on, as at the first time."""
    command = ("compare", "-d", "iris", "-l", "ce,mse", *BRIEF, "-o", "run")
    looks = ({}, {"NO_COLOR": "1"}, {"COLUMNS": "70"})
    first, again = (
        [on_terminal(*command, cwd=tmp_path, stream="stdout", **look)[0].split("time ")[0] for look in looks]
        for _ in range(2)
    )
    assert first == again
    assert len({*first}) == len(looks)


@pytest.mark.parametrize(
    "command",
    [
        ("losses",),
        ("datasets",),
        ("check-loss", "mse", "--task", "regression"),
        ("cache", "info"),
        ("aa", "-d", "moons:rows=200,wine", "--comparisons", "2", "--seeds", "2", "--epochs", "1"),
        (
            "aa",
            "--tables",
            "2",
            "-d",
            "blobs:rows=100:classes=10",
            "-l",
            "ce,mse",
            "--seeds",
            "2",
            "--epochs",
            "1",
        ),
    ],
)
def test_every_table_fits_a_narrow_terminal(
    tmp_path: Path, inside: Callable, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """From 60 columns up no row breaks: columns drop out, and words are broken inside of their column."""
    if command[0] == "cache":
        inside("compare", "-d", "iris", "-l", "ce", *BRIEF, "--quiet")
    for width in (60, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        plain = inside(*command).out
        lines = [line for line in plain.splitlines() if str(tmp_path.parent) not in line and ".sqlite" not in line]
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [60, 72, 80])
def test_no_row_of_speeds_breaks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Each size of pack has one line, with its bar where there is room for it, and the title another."""
    monkeypatch.setenv("COLUMNS", str(width))
    speeds = {f"{engine}_per_second": [350.0, 1200.0] for engine in ("native", "fused", "loop")}
    shares = {name: [0.5, 0.6] for name in ("to_fused", "to_loop", "floor_share")}
    print_figures(pd.DataFrame({"models": [1, 512], **speeds, **shares}))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    table = lines[lines.index("trainings on breast_cancer, mlp:16, one thread") + 1 :]
    assert [line.split()[0] for line in table if line.strip()][2:4] == ["1", "512"]
    assert any("█" in line for line in lines) == (width == 80)


def test_a_terminal_says_how_wide_it_is(tmp_path: Path, inside: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is none, COLUMNS does: what is shown is the same."""
    shown, _ = on_terminal("datasets", cwd=tmp_path, stream="stdout", width=60, NO_COLOR="1")
    monkeypatch.setenv("COLUMNS", "60")
    assert shown.replace("\r\n", "\n") == inside("datasets").out


def test_long_names_fit_a_hundred_columns(inside: Callable, tmp_path: Path, sales: pd.DataFrame) -> None:
    """A long path, loss and model wrap: no figure is cut, no line passes 100 columns, no code slips in."""
    folder = (
        tmp_path / "a_rather_long_folder" / "another_rather_long_folder_inside_of_it" / "and_so_on_for_a_while"
    )
    folder.mkdir(parents=True)
    sales.to_csv(folder / "sales.csv", index=False)
    loss = f"huber:delta=1.35{'0' * 60}1"
    model = f"mlp:{','.join(['16'] * 30)}:tanh"
    path = (folder / "sales.csv").relative_to(tmp_path)
    outcome = inside(
        *("compare", "-d", f"{path}:target=price", "-l", f"mse,{loss}", "-m", model),
        *("--seeds", "3", "--epochs", "110", "--outliers", "0,0.25"),
    )
    assert outcome.code == 0
    assert max(map(len, outcome.out.splitlines())) <= 100
    assert ESCAPE not in outcome.out
    assert "…" not in outcome.out
    assert "huber:delta" in outcome.out


@pytest.mark.parametrize("width", ["20", "40", "60"])
@pytest.mark.parametrize(
    "command", [("losses", "mse"), ("losses", "triplet"), ("datasets", "diabetes"), ("datasets", "reviews")]
)
def test_what_is_told_of_one_thing_fits_a_narrow_terminal(
    inside: Callable, monkeypatch: pytest.MonkeyPatch, width: str, command: tuple[str, str]
) -> None:
    """Prose and drawing; only a word that is longer than the room beside its indent passes the end."""
    wide = inside(*command).out
    monkeypatch.setenv("COLUMNS", width)
    narrow = inside(*command).out
    long = [line for line in narrow.splitlines() if len(line) > int(width)]
    assert all(len(line.split()) == 1 for line in long), long
    words = [word for word in wide.split() if word.isalpha()]
    assert [word for word in narrow.split() if word.isalpha()] == words or command[0] == "losses"


def test_the_store_is_told_without_a_broken_date(inside: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 60 columns a name is, or a column is left out, which is said."""
    inside("compare", "-d", "iris", "-l", "ce", *BRIEF, "--quiet")
    monkeypatch.setenv("COLUMNS", "60")
    lines = inside("cache", "info").out.splitlines()
    assert max(map(len, lines[1:])) <= 60
    (row,) = (line for line in lines if "iris" in line)
    assert re.search(r" \d{4}-\d\d-\d\d$", row)
