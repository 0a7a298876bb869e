"""A user's code in a process of its own: where it ends that process, as by a crash, nothing else ends with it.

A fork takes milliseconds, but what it keeps for others, as in a list, is lost. So it is made where the process
does nothing but lossbench's work, as that of a command does, and not in somebody's notebook.
"""

from __future__ import annotations

import ctypes
import gc
import math
import mmap
import os
import pickle
import select
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

Result = TypeVar("Result")

LOOK = 0.05  # seconds between two looks at whether a process is still there
SIZE = 8  # bytes of the length that stands before what is sent
GARBAGE = 50_000
"""Objects made and not yet freed after which Python looks for cycles among them. A command makes few, and at
Python's own 700 a short one looks for a tenth of its time, most of it while modules are imported."""
GRACE = 2.0  # seconds more than a call may take: whoever breaks it off from inside can say where it was
END_WITH_PARENT = 1  # a number of Linux's prctl.h

under_way = memoryview(mmap.mmap(-1, 8)).cast("q")
"""The number of the call of a user's code that is under way, 0 for none; a process and its copy both see it."""

_exit = os._exit  # itself: while a user's code runs, another stands there
_owned: set[int] = set()


class Ended(Exception):
    """A process ended before its work was done; the text says how, of what it did."""


class Unending(Ended):
    """Likewise, since it was not done in its time."""


def own_process() -> None:
    """Say that this process does nothing but lossbench's work."""
    _owned.add(os.getpid())
    gc.set_threshold(GARBAGE)


def can_fork() -> bool:
    """Say whether a copy of this process would work.

    Another thread that forks, or an accelerator, which starts threads of torch, would leave locks held for ever.
    """
    torch = sys.modules.get("torch")
    return (
        sys.platform == "linux"
        and os.getpid() in _owned
        and threading.current_thread() is threading.main_thread()
        and not (torch is not None and torch.cuda.device_count())
    )


def apart(work: Callable[[], Result], seconds: float = math.inf, silence: float = math.inf) -> Result:
    """Do work in a copy of this process, where that can be, or else here.

    Args:
        work: what is to be done; its result, or what it raises, travels as plain data.
        seconds: how long it may take, in a copy.
        silence: how long one call of a user's code may take there, whatever it is busy with.

    Raises:
        Ended: the copy ended before the work was done.
        Unending: it was ended, since it was not done in time.

    Example:
        >>> apart(lambda: 2 + 3)
        5
    """
    return forked(work, seconds, silence) if can_fork() else work()


def forked(work: Callable[[], Result], seconds: float = math.inf, silence: float = math.inf) -> Result:
    """Do work in a copy of this process, see `apart`."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()  # or the copy would write it too
    under_way[0] = 0
    reading, writing = os.pipe()
    with warnings.catch_warnings(action="ignore"):  # Python's, of other threads: they only draw
        child = os.fork()
    if not child:
        os.close(reading)
        _carry_out(work, writing)
    os.close(writing)
    try:
        content = _received(reading, child, seconds, silence)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
    done, outcome = pickle.loads(content)
    if done:
        return outcome  # type: ignore[no-any-return]
    raise outcome


def _received(reading: int, child: int, seconds: float, silence: float) -> bytes:
    """Return what a process sends, without the length that stands before."""
    poll, content, waited, call, still = select.poll(), bytearray(), 0.0, 0, 0.0
    poll.register(reading)
    while len(content) < SIZE or len(content) < SIZE + int.from_bytes(content[:SIZE]):
        if poll.poll(1000 * LOOK):
            chunk = os.read(reading, 2**20)
            content += chunk
            if not chunk:
                raise Ended(_how(os.waitpid(child, 0)[1]))
            continue
        ended, status = os.waitpid(child, os.WNOHANG)  # what it started itself may hold its end open
        if ended:
            raise Ended(_how(status))
        waited += LOOK  # counted, since a clock goes on while both are stopped
        call, still = under_way[0], still + LOOK if under_way[0] == call != 0 else 0.0
        if waited > seconds or still > silence + GRACE:
            raise Unending(f"does not come to an end: no result after {min(seconds, silence):g} s")
    return bytes(content[SIZE:])


def _how(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"ended the process that ran it, with exit code {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    said = f"ended the process that ran it, by signal {number} ({signal.strsignal(number)})"
    return said + (", or the system did, as where memory runs out" if number == signal.SIGKILL else "")


def _carry_out(work: Callable[[], Result], writing: int) -> NoReturn:
    """Do work, send what comes of it, and end, in a process that was just forked."""
    status = 1
    try:
        _owned.clear()
        _quieten()
        try:
            outcome: tuple[bool, object] = True, work()
        except KeyboardInterrupt:  # a Ctrl-C interrupts the parent too; another one is the work's own
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
            raise
        except BaseException as error:
            outcome = False, error
        _send(outcome, writing)
        sys.stderr.flush()
        status = 0
    finally:
        _exit(status)


def _quieten() -> None:
    """End with the parent, leave its streams alone, and leave no copy of memory behind."""
    import resource

    signal.signal(signal.SIGINT, signal.default_int_handler)
    ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    # A thread that draws progress may have held the parent's, which stays so here.
    sys.stdout = sys.stderr = open(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115


def _send(outcome: tuple[bool, object], writing: int) -> None:
    try:
        content = pickle.dumps(outcome)
    except Exception:
        said = f"{type(outcome[1]).__name__}: {outcome[1]}"
        content = pickle.dumps((False, RuntimeError(said)))
    rest = memoryview(len(content).to_bytes(SIZE) + content)
    while rest:
        rest = rest[os.write(writing, rest) :]
