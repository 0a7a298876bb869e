"""A text that takes long to make, kept beside the store for the next run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from lossbench.errors import OutputError
from lossbench.store.store import store_path


def remembered(name: str, stamp: str, make: Callable[[], str]) -> str:
    """Return a text that an earlier run made of the same things, or make it.

    Where there is no folder for the store, or none that can be written to, it is made every time.

    Args:
        name: of the file.
        stamp: one word that differs whenever the text would.
        make: makes the text, one word.

    Example:
        >>> remembered("example.txt", "of-1", lambda: "made")
        'made'
    """
    with suppress(OSError, OutputError, ValueError):
        kept, text, end = store_path().with_name(name).read_text(encoding="utf-8").split(" ")
        if (kept, end) == (stamp, "\n"):  # with its end it is whole
            return text
    text = make()
    with suppress(OSError, OutputError):
        store_path().with_name(name).write_text(f"{stamp} {text} \n", encoding="utf-8")
    return text
