"""When the system refuses memory, files or processes: one message instead of a traceback."""

from __future__ import annotations

import errno
import math
import os
import re
from contextlib import suppress

from lossbench.errors import LossbenchError

MEMORY = "memory ran out; give --jobs 1, fewer --seeds, --epochs or rows, or a smaller model, or allow more memory"
LEAST_ADDRESS_SPACE = 2**30
"""Bytes. With less, linear algebra libraries may retry a failed allocation forever."""
FILES = "too many open files; give --jobs 1, or allow more (ulimit -n)"
PROCESSES = "no more processes or threads may start; give --jobs 1, or allow more (ulimit -u)"
FOLDER = "the current folder no longer exists; change to one that does"

MESSAGES = {
    r"allocate memory|allocate .*bytes|out of memory|failed to map segment": MEMORY,
    r"start new thread|[Rr]esource temporarily unavailable": PROCESSES,
    r"[Tt]oo many open files": FILES,
}
"""By pattern, the advice for messages of libraries that raise no specific error."""

CODES = {
    errno.ENOMEM: MEMORY,
    errno.EMFILE: FILES,
    errno.ENFILE: FILES,
    errno.EAGAIN: PROCESSES,
}


def address_space() -> float:
    """Return the limit on the address space of a process in bytes (ulimit -v)."""
    with suppress(ImportError, AttributeError):  # the module exists on some systems only
        import resource

        allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
        return math.inf if allowed == resource.RLIM_INFINITY else float(allowed)
    return math.inf


def check_address_space() -> None:
    """Refuse to start with so little address space that a command might hang.

    Raises:
        LossbenchError: the limit is below what the libraries need.
    """
    if address_space() < LEAST_ADDRESS_SPACE:
        raise LossbenchError(
            f"the address space is limited to {address_space() / 2**30:.2f} GiB (ulimit -v); below "
            f"{LEAST_ADDRESS_SPACE / 2**30:.0f} GiB linear algebra may hang waiting for memory; allow more"
        )


def check_folder() -> None:
    """Refuse to compute in a deleted folder, where a linear algebra library prints errors about loading files.

    Raises:
        LossbenchError: the current folder no longer exists.
    """
    if not _current_folder():
        raise LossbenchError(FOLDER)


def system_refusal(error: BaseException) -> str | None:
    """Return a message on what the system refused and what to do; None for any other error.

    Example:
        >>> system_refusal(RuntimeError("can't start new thread"))
        'no more processes or threads may start; give --jobs 1, or allow more (ulimit -u)'
    """
    if advice := _exhausted(error):
        # Under a limited address space, a thread fails to start for want of memory for its stack.
        return MEMORY if advice == PROCESSES and address_space() < math.inf else advice
    if not isinstance(error, OSError):
        return None
    if isinstance(error, FileNotFoundError) and not _current_folder():
        return FOLDER
    about = f" '{error.filename}'" if error.filename else ""
    return f"the system refuses{about}: {error.strerror or error}"


def _exhausted(error: BaseException | None) -> str | None:
    """Return the advice for the exhausted resource, from an error or from the one that it was raised after."""
    if error is None:
        return None
    if isinstance(error, MemoryError):
        return MEMORY
    by_message = next((advice for sign, advice in MESSAGES.items() if re.search(sign, str(error))), None)
    code = error.errno if isinstance(error, OSError) else None
    return CODES.get(code or 0) or by_message or _exhausted(error.__context__)


def _current_folder() -> bool:
    try:
        return bool(os.getcwd())
    except OSError:
        return False
