"""The law of all these tests: what is given either works or is refused, soon, in one line that can be shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings

from lossbench.cli import run
from lossbench.errors import UsageError
from lossbench.visible import visible

FEW = settings(max_examples=settings.default.max_examples // 5)
"""For a test whose every example is a whole command, or slow to draw."""

FEWEST = settings(max_examples=settings.default.max_examples // 20)
"""For one whose every example makes all the tables of a report, or tries claims."""

SECONDS = 30
CODES = {0, 2, 3, 4}
"""The exit codes of a command that nobody interrupts, see the README."""


@contextmanager
def soon() -> Iterator[None]:
    """See that it takes no longer than a user would wait."""
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < SECONDS


def survives(call: Callable[[], object]) -> bool:
    """See that a call works or is refused as it should be; say whether it works."""
    with soon():
        try:
            call()
        except UsageError as error:
            message = str(error)
        else:
            return True
    assert message == visible(message)
    return False


def command(*arguments: str) -> str:
    """See that a command works or is refused as it should be; return what it prints."""
    out, err = StringIO(), StringIO()
    with soon(), redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    assert code in CODES
    for line in (*out.getvalue().split("\n"), *err.getvalue().split("\n")):
        assert line == visible(line)
    assert code != 2 or (err.getvalue().startswith("lossbench: error: ") and err.getvalue().count("\n") == 1)
    return out.getvalue()


@contextmanager
def folder(**files: bytes) -> Iterator[Path]:
    """Give a folder with some files, _ for the dot in their names."""
    with TemporaryDirectory() as name:
        for file, content in files.items():
            Path(name, file.replace("_", ".")).write_bytes(content)
        yield Path(name)


def plain(place: Path) -> None:
    """See that no file of a folder holds a character that cannot be seen."""
    for file in place.iterdir():
        for line in file.read_text(encoding="utf-8").split("\n"):
            assert line == visible(line)
