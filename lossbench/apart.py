"""Run a user's code in a forked process: a crash ends that process and nothing else.

A fork takes milliseconds, but whatever the code changes in memory, such as a list, is lost. So only a process that
does nothing but lossbench's work, such as that of a command, is forked; somebody's notebook never is.
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

POLL_INTERVAL = 0.05  # seconds between two checks of whether the forked process is still there
HEADER = 8  # bytes of the length that is sent before the result
GARBAGE = 50_000
"""Live objects after which Python's garbage collector runs. A command makes few reference cycles, and at Python's
default of 700 a short command spends a tenth of its time collecting, mostly while it imports modules."""
GRACE = 2.0  # seconds beyond the limit of a call: a limit inside the process, which can name the line, acts first
PR_SET_PDEATHSIG = 1  # from Linux's prctl.h

under_way = memoryview(mmap.mmap(-1, 8)).cast("q")
"""The number of the running call of a user's code, 0 for none; shared by a process and its fork."""

_exit = os._exit  # the real one: it is replaced while a user's code runs
_owned: set[int] = set()


class Ended(Exception):
    """A process ended before its work was done; the text says how, as a predicate without its subject."""


class Unending(Ended):
    """Likewise: it was ended because it ran out of time."""


def allow_forks() -> None:
    """Let `apart` fork this process, which does nothing but lossbench's work."""
    _owned.add(os.getpid())
    gc.set_threshold(GARBAGE)


def can_fork() -> bool:
    """Say whether a fork of this process would work.

    A fork from another thread, or with an accelerator, for which torch starts threads, would hold locks forever.
    """
    torch = sys.modules.get("torch")
    return (
        sys.platform == "linux"
        and os.getpid() in _owned
        and threading.current_thread() is threading.main_thread()
        and not (torch is not None and torch.cuda.device_count())
    )


def apart(work: Callable[[], Result], seconds: float = math.inf, silence: float = math.inf) -> Result:
    """Do work in a fork of this process where that is possible, else in this process.

    Args:
        work: what to do; its result, or the exception that it raises, is pickled.
        seconds: how long the work may take in a fork.
        silence: how long a single call of a user's code may take in a fork.

    Raises:
        Ended: the fork ended before the work was done.
        Unending: the fork was ended because it ran out of time.

    Example:
        >>> apart(lambda: 2 + 3)
        5
    """
    return forked(work, seconds, silence) if can_fork() else work()


def forked(work: Callable[[], Result], seconds: float = math.inf, silence: float = math.inf) -> Result:
    """Do work in a fork of this process, see `apart`."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()  # else the fork would write the buffered text too
    under_way[0] = 0
    reading, writing = os.pipe()
    with warnings.catch_warnings(action="ignore"):  # Python warns of other threads; ours only draw progress
        child = os.fork()
    if not child:
        os.close(reading)
        _work_and_exit(work, writing)
    os.close(writing)
    try:
        content = _receive(reading, child, seconds, silence)
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


def _receive(reading: int, child: int, seconds: float, silence: float) -> bytes:
    """Return what a process sends, without its header."""
    poll, content, waited, call, in_call, unserved = select.poll(), bytearray(), 0.0, 0, 0.0, 0.0
    poll.register(reading)
    while len(content) < HEADER or len(content) < HEADER + int.from_bytes(content[:HEADER]):
        if poll.poll(1000 * POLL_INTERVAL):
            chunk = os.read(reading, 2**20)
            content += chunk
            if not chunk:
                raise Ended(_ended_by(os.waitpid(child, 0)[1]))
            continue
        ended, status = os.waitpid(child, os.WNOHANG)  # a process that it started may hold the pipe open
        if ended:
            raise Ended(_ended_by(status))
        before, unserved = unserved, starved(child)
        passed = max(0.0, POLL_INTERVAL - (unserved - before))
        waited += passed  # summed: a clock would go on while both processes are stopped
        call, in_call = under_way[0], in_call + passed if under_way[0] == call != 0 else 0.0
        if waited > seconds or in_call > silence + GRACE:
            raise Unending(f"does not come to an end: no result after {min(seconds, silence):g} s")
    return bytes(content[HEADER:])


def starved(process: int | str = "self") -> float:
    """Return how long a process could have run and had no processor, since it began, in seconds.

    On a busy machine this is most of the time, and no fault of the code that runs there. 0 where the system does
    not say it: only Linux does.

    Args:
        process: its number.

    Example:
        >>> starved() >= 0
        True
    """
    try:
        with open(f"/proc/{process}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _ended_by(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"ended the process that ran it, with exit code {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    said = f"ended the process that ran it, by signal {number} ({signal.strsignal(number)})"
    return said + (
        ", or the system killed it, as it does when memory runs out" if number == signal.SIGKILL else ""
    )


def _work_and_exit(work: Callable[[], Result], writing: int) -> NoReturn:
    """Do work in a process that was just forked, send the result or the exception, and exit."""
    status = 1
    try:
        _owned.clear()
        _isolate()
        try:
            outcome: tuple[bool, object] = True, work()
        except KeyboardInterrupt:  # Ctrl-C interrupts the parent too
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


def _isolate() -> None:
    """Die with the parent, leave its streams alone, and write no core dump."""
    import resource

    signal.signal(signal.SIGINT, signal.default_int_handler)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    # A thread that draws progress may have held the lock of the parent's stream: it is never released here.
    sys.stdout = sys.stderr = open(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115


def _send(outcome: tuple[bool, object], writing: int) -> None:
    try:
        content = pickle.dumps(outcome)
    except Exception:
        said = f"{type(outcome[1]).__name__}: {outcome[1]}"
        content = pickle.dumps((False, RuntimeError(said)))
    rest = memoryview(len(content).to_bytes(HEADER) + content)
    while rest:
        rest = rest[os.write(writing, rest) :]
