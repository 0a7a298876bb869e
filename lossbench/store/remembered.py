"""Cache a text that is slow to make in a file beside the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from lossbench.errors import OutputError
from lossbench.store.store import store_path


def remembered(name: str, stamp: str, make: Callable[[], str]) -> str:
    """Return a text that an earlier run cached under the same stamp, or make it and cache it.

    Without a writable folder for the store it is made every time.

    Args:
        name: the name of the file.
        stamp: one word that differs whenever the text would differ.
        make: makes the text, one word.

    Example:
        >>> remembered("example.txt", "of-1", lambda: "made")
        'made'
    """
    with suppress(OSError, OutputError, ValueError):
        kept, text, end = store_path().with_name(name).read_text(encoding="utf-8").split(" ")
        if (kept, end) == (stamp, "\n"):  # the line end shows that the file is complete
            return text
    text = make()
    with suppress(OSError, OutputError):
        store_path().with_name(name).write_text(f"{stamp} {text} \n", encoding="utf-8")
    return text
