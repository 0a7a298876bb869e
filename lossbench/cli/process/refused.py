"""What the system refuses a command, such as memory, files or processes: one message, and no traceback."""

from __future__ import annotations

import errno
import math
import os
import re
from contextlib import suppress

from lossbench.errors import LossbenchError

MEMORY = "memory ran out; give --jobs 1, fewer --seeds, --epochs or rows, or a smaller model, or let it take more"
ROOM = 2**30
"""Bytes of addresses. With fewer, linear algebra that finds no memory tries again without end."""
FILES = "there may be no more open files; give --jobs 1, or allow more (ulimit -n)"
PROCESSES = "there may be no more processes or threads; give --jobs 1, or allow more (ulimit -u)"
FOLDER = "the current folder is gone; go to one that is there"

SIGNS = {
    r"allocate memory|allocate .*bytes|out of memory|failed to map segment": MEMORY,
    r"start new thread|[Rr]esource temporarily unavailable": PROCESSES,
    r"[Tt]oo many open files": FILES,
}
"""What libraries say that have no error of their own for it."""

CODES = {
    errno.ENOMEM: MEMORY,
    errno.EMFILE: FILES,
    errno.ENFILE: FILES,
    errno.EAGAIN: PROCESSES,
}


def room() -> float:
    """Return how many bytes of addresses a process may have (ulimit -v)."""
    with suppress(ImportError, AttributeError):  # of some systems only
        import resource

        allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
        return math.inf if allowed == resource.RLIM_INFINITY else float(allowed)
    return math.inf


def check_room() -> None:
    """Refuse to begin with so little memory that a command might never end.

    Raises:
        LossbenchError: it is limited, to less than what the libraries need.
    """
    if room() < ROOM:
        raise LossbenchError(
            f"there is room for {room() / 2**30:.2f} GiB of addresses (ulimit -v), and with less than "
            f"{ROOM / 2**30:.0f} GiB the libraries of linear algebra may wait for memory for ever; allow more"
        )


def check_folder() -> None:
    """Refuse to compute in a folder that is gone, where a library of linear algebra speaks of what it cannot load.

    Raises:
        LossbenchError: there is none.
    """
    if not _current_folder():
        raise LossbenchError(FOLDER)


def refusal(error: BaseException) -> str | None:
    """Return what the system refused and what to do; None for an error of another kind.

    Example:
        >>> refusal(RuntimeError("can't start new thread"))
        'there may be no more processes or threads; give --jobs 1, or allow more (ulimit -u)'
    """
    if lacking := _lacking(error):
        # Where addresses are limited, a thread that does not start had no room for its stack.
        return MEMORY if lacking == PROCESSES and room() < math.inf else lacking
    if not isinstance(error, OSError):
        return None
    if isinstance(error, FileNotFoundError) and not _current_folder():
        return FOLDER
    about = f" '{error.filename}'" if error.filename else ""
    return f"the system refuses{about}: {error.strerror or error}"


def _lacking(error: BaseException | None) -> str | None:
    """Return what there was too little of: for an error, or for the one that a library cleaned up after."""
    if error is None:
        return None
    if isinstance(error, MemoryError):
        return MEMORY
    said = next((advice for sign, advice in SIGNS.items() if re.search(sign, str(error))), None)
    code = error.errno if isinstance(error, OSError) else None
    return CODES.get(code or 0) or said or _lacking(error.__context__)


def _current_folder() -> bool:
    try:
        return bool(os.getcwd())
    except OSError:
        return False
