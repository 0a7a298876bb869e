"""The standard streams of a command: what cannot be written ends every command in one way, whoever writes.

Standard output that fails is an `OutputError`, said once. A reader that has left is no error: the command goes on
to its own exit code. Neither is a log that fails: standard error never does.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from lossbench.errors import OutputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Output(io.FileIO):
    """The bytes of standard output."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, unless nobody reads any more.

        Raises:
            OutputError: the system refuses it.
        """
        try:
            return super().write(data)
        except OSError as error:
            silence(self.fileno())  # what is held back would be written again, at the exit
            if isinstance(error, BrokenPipeError):
                return memoryview(data).nbytes
            raise OutputError(
                f"cannot write to standard output: {error.strerror}; make room, or send it to another place"
            ) from None


class Log(io.FileIO):
    """The bytes of standard error."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, if that can be."""
        with suppress(OSError):
            return super().write(data)
        return memoryview(data).nbytes


def silence(descriptor: int) -> None:
    """Let what is written there be lost."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def open_streams() -> None:
    """Take the place of Python's own streams, where the system is of the kind that these are made for.

    A stream that was closed is opened, since its number would go to the next file that is opened: standard output
    where nothing can be written, the others to nowhere.

    Standard output is the report's alone: what a loss writes there, even past Python, goes to standard error. The
    processes that train inherit that.
    """
    if os.name != "posix":
        return
    for descriptor, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, mode), True)  # the system takes the lowest number that is free
    report = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = _text(Output(report, "w", closefd=False), sys.stdout)
    sys.stderr = _text(Log(2, "w", closefd=False), sys.stderr)


def _text(raw: io.FileIO, found: TextIO | None) -> io.TextIOWrapper:
    """Return a stream of text, in UTF-8 as every file is; a terminal gets its own encoding."""
    terminal, encoding = raw.isatty(), "utf-8"
    if terminal and found is not None and codecs.lookup(found.encoding).name != "ascii":
        encoding = found.encoding  # ASCII is what Python takes where nobody has said
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "replace", line_buffering=terminal)
