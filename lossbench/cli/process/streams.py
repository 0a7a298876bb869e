"""The standard streams of a command: a failed write has the same effect in every command.

A failed write to standard output raises one `OutputError`. A closed pipe is no error: the command goes on to its
own exit code. A failed write to standard error is ignored.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, TextIO

from lossbench.errors import OutputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class StandardOutput(io.FileIO):
    """The bytes of standard output."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write; where the reader has closed the pipe, drop the data.

        Raises:
            OutputError: the write failed.
        """
        try:
            return super().write(data)
        except OSError as error:
            discard_output(self.fileno())  # otherwise buffered data would be written again at exit
            if isinstance(error, BrokenPipeError):
                return memoryview(data).nbytes
            raise OutputError(
                f"cannot write to standard output: {error.strerror}; free some space, or redirect it elsewhere"
            ) from None


class StandardError(io.FileIO):
    """The bytes of standard error."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, and ignore failures."""
        with suppress(OSError):
            return super().write(data)
        return memoryview(data).nbytes


def discard_output(descriptor: int) -> None:
    """Redirect a descriptor to the null device."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def open_streams() -> None:
    """Replace Python's standard streams, on POSIX systems.

    A closed stream is opened first, since otherwise the next opened file would get its number: standard output as
    a descriptor that refuses writes, the others as the null device.

    Standard output is for the report alone: what a loss writes there, even from C, goes to standard error. Worker
    processes inherit this.
    """
    if os.name != "posix":
        return
    for descriptor, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, mode), True)  # gets the lowest free number, which is this one
    report = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = _text_stream(StandardOutput(report, "w", closefd=False), sys.stdout)
    sys.stderr = _text_stream(StandardError(2, "w", closefd=False), sys.stderr)


def _text_stream(raw: io.FileIO, found: TextIO | None) -> io.TextIOWrapper:
    """Return a text stream: in UTF-8 like every file, or in the encoding of the terminal."""
    terminal, encoding = raw.isatty(), "utf-8"
    if terminal and found is not None and codecs.lookup(found.encoding).name != "ascii":
        encoding = found.encoding  # ASCII is only Python's default without a locale
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "replace", line_buffering=terminal)


DECORATION = (
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "COLUMNS",
    "LINES",
    "UNICODE_VERSION",
)
"""The variables by which rich and we choose colours and widths."""


def surface() -> tuple[object, ...]:
    """Return what the look of a printed text depends on, beside the text."""
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):  # no terminal, or no file at all
        columns = 0
    return sys.stdout.isatty(), sys.stdout.encoding, columns, *map(os.environ.get, DECORATION)


class Overheard(io.StringIO):
    """A text that is written as it would be to another stream."""

    encoding = ""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream, self.encoding = stream, stream.encoding

    def isatty(self) -> bool:
        """Return whether that stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of that stream."""
        return self._stream.fileno()


@contextmanager
def overheard() -> Iterator[Overheard]:
    """Give what is printed inside as a text, and print it at the end."""
    text = Overheard(sys.stdout)
    try:
        with redirect_stdout(text):
            yield text
    finally:
        sys.stdout.write(text.getvalue())
