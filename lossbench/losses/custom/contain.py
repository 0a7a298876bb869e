"""What a user's code does to the process that runs it: known to who ran it, and undone.

A loss shares its process with all others, whose numbers must not depend on it. So whatever of a user's is run, its
file, its constructor, a trial, a training, is run inside `contained`, once around the whole and not around each
call. What it prints goes to standard error, since standard output is the report's alone.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import cache
from inspect import isroutine
from operator import attrgetter
from typing import Any, NamedTuple, NoReturn, TextIO, cast

import numpy as np

from lossbench.lazy import torch
from lossbench.losses.custom.endless import TRIAL, clock, ticking

WARNINGS = 3  # that are told of one loss; one with a number in its text may come at every call
SIGNALS = ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGPIPE")


class Setting(NamedTuple):
    """Something of torch that the numbers of every loss depend on, and which functions read and write it."""

    name: str
    reader: str
    writer: str

    def read(self) -> Any:
        """Return its value."""
        return attrgetter(self.reader)(torch)()

    def write(self, value: Any) -> None:
        """Set it."""
        attrgetter(self.writer)(torch)(value)


SETTINGS = (
    Setting("default dtype", "get_default_dtype", "set_default_dtype"),
    Setting("gradient mode", "is_grad_enabled", "set_grad_enabled"),
    Setting("number of threads", "get_num_threads", "set_num_threads"),
    Setting("deterministic mode", "get_deterministic_debug_mode", "set_deterministic_debug_mode"),
    Setting("precision of matrix products", "get_float32_matmul_precision", "set_float32_matmul_precision"),
    Setting("anomaly detection", "is_anomaly_enabled", "autograd.set_detect_anomaly"),
)
"""All are read in a microsecond or two, since that is done at every step."""


def settings() -> tuple[Any, ...]:
    """Return the values of all settings."""
    return tuple(setting.read() for setting in SETTINGS)


def altered(before: tuple[Any, ...]) -> str:
    """Say which settings are not as they were, and what they are now; empty where none is.

    Example:
        >>> altered(settings())
        ''
    """
    now = settings()
    if now == before:
        return ""
    changes = zip(SETTINGS, before, now, strict=True)
    return ", ".join(f"torch's {setting.name} (to {new})" for setting, old, new in changes if old != new)


def meddles(settings: str) -> str:
    """Say what is wrong with a loss that changes settings."""
    return f"changes {settings}, on which the numbers of other losses depend too; let it leave that as it is"


@dataclass(eq=False)  # two that saw the same are still two
class Seen:
    """What was seen of a user's code.

    Args:
        warnings: the first lines of what it warned of, each with the specs of the losses that ran.
        altered: the settings that it changed, in words.
        running: the specs of the losses that run.
    """

    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    altered: str = ""
    running: tuple[str, ...] = ()

    def warn(self, message: Warning | str, *_: object) -> None:
        """Take a warning down; takes what `warnings.showwarning` takes."""
        if len(self.warnings) < WARNINGS:
            self.warnings.setdefault(str(message).strip().partition("\n")[0], self.running)


class Lent:
    """Standard error as a user's code is given it, which may close it: for others it stays open.

    Example:
        >>> from io import StringIO
        >>> log = StringIO()
        >>> Lent(log).close(), log.closed
        (None, False)
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Return what the stream has."""
        return getattr(self._stream, name)

    def close(self) -> None:
        """Leave it open."""
        self._stream.flush()


_open: list[Seen] = []
"""What is seen by each `contained` around what runs now, the innermost last."""


def running(losses: tuple[str, ...]) -> None:
    """Say which losses run from now on."""
    if _open:
        _open[-1].running = losses


@contextmanager
def contained(arguments: list[str] | None = None, limit: int = TRIAL) -> Iterator[Seen]:
    """Run a user's code; afterwards all is as it was before.

    Random numbers are the same in every such block, whatever ran before it.

    Args:
        arguments: what it finds in `sys.argv`; None for what is there.
        limit: seconds after which a call is broken off.
    """
    seen = Seen()
    log = cast("TextIO", Lent(sys.stderr)) if sys.stderr else None
    streams = redirect_stderr(log), redirect_stdout(log)
    python = (
        _python(sys.argv if arguments is None else arguments),
        _permissions(),
        _descriptors(),
        _random_numbers(),
        np.errstate(),
    )
    with ExitStack() as stack:
        for keep in (*streams, *python, _signals(), ticking(limit), _exit(), _warnings(seen), _torch(seen)):
            stack.enter_context(keep)
        _open.append(seen)
        try:
            yield seen
        finally:
            _open.remove(seen)


@contextmanager
def _torch(seen: Seen) -> Iterator[None]:
    """Put back what the numbers of other losses depend on, and take down what was changed."""
    before, device, shared = settings(), torch.get_default_device(), [getattr(*place) for place in _shared()]
    try:
        yield
    finally:
        changed = altered(before)
        for setting, value in zip(SETTINGS, before, strict=True):
            if setting.read() != value:
                setting.write(value)
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)
        replaced = []
        for (owner, name), value in zip(_shared(), shared, strict=True):
            if (now := getattr(owner, name)) != value and not _torchs_own(now):
                replaced.append(f"{owner.__name__}.{name}")
                setattr(owner, name, value)
        seen.altered = ", ".join(filter(None, (changed, *replaced)))


@cache
def _shared() -> tuple[tuple[Any, str], ...]:
    """Return what other losses call: each by its owner and its name there."""
    import torch  # itself, and not what stands in for it here

    owners = torch, torch.nn.functional, torch.Tensor, torch.autograd, np
    names = ((owner, name) for owner in owners for name in sorted(vars(owner)) if not name.startswith("_"))
    tensor = ((torch.Tensor, name) for name in dir(torch.Tensor) if name not in vars(torch.Tensor))
    # What is bound anew at each access, as a class's own methods are, cannot be told from what was replaced.
    stable = ((owner, name) for owner, name in (*names, *tensor) if _is_one(owner, name))
    return tuple((owner, name) for owner, name in stable if isroutine(getattr(owner, name)))


def _is_one(owner: Any, name: str) -> bool:
    first, second = getattr(owner, name), getattr(owner, name)
    return first is second


def _torchs_own(function: Any) -> bool:
    """Say whether torch's code put a function there: parts of it, imported late, wrap others."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename.startswith(os.path.dirname(torch.__file__))


@contextmanager
def _warnings(seen: Seen) -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = seen.warn  # type: ignore[assignment]  # it takes whatever is given
        yield


@contextmanager
def _python(arguments: list[str]) -> Iterator[None]:
    """Put back the current folder, the environment, the arguments and the limit of recursion."""
    folder, environment = _folder(), dict(os.environ)
    before, limit = sys.argv, sys.getrecursionlimit()
    sys.argv = arguments
    try:
        yield
    finally:
        sys.argv = before
        sys.setrecursionlimit(limit)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        if folder is not None and _folder() != folder:
            os.chdir(folder)


@contextmanager
def _descriptors() -> Iterator[None]:
    """Open the standard streams again that are closed: without them, nobody would hear what became of the code."""
    kept = [(number, os.dup(number)) for number in (0, 1, 2) if _is_open(number)]
    try:
        yield
    finally:
        for number, copy in kept:
            if not _is_open(number):
                os.dup2(copy, number)
            os.close(copy)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


@contextmanager
def _permissions() -> Iterator[None]:
    """Put back what a new file may not be used for."""
    before = os.umask(0o077)  # to set it is the only way to read it
    os.umask(before)
    try:
        yield
    finally:
        os.umask(before)


def _folder() -> str | None:
    with suppress(OSError):  # it may have been removed
        return os.getcwd()
    return None


@contextmanager
def _random_numbers() -> Iterator[None]:
    """Begin all random numbers anew, and go on at the end with those that would have come."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  a loss may draw from it
    with torch.random.fork_rng(devices=[]):
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        torch.default_generator.manual_seed(0)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


@contextmanager
def _signals() -> Iterator[None]:
    """Mark what a real Ctrl-C raises, and put the answers to signals back at the end."""
    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield
        return
    known = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in known}
    answer = before[signal.SIGINT]

    def pressed(number: int, frame: Any) -> None:
        try:
            answer(number, frame)  # type: ignore[operator, misc]
        except KeyboardInterrupt as error:
            error.pressed = True  # type: ignore[attr-defined]
            raise

    if callable(answer):
        signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextmanager
def _exit() -> Iterator[None]:
    """Let `os._exit` end the loss and not the program; other threads and forked processes still end by it."""
    leave, here = os._exit, (os.getpid(), threading.get_ident())

    def instead(status: int) -> NoReturn:
        if (os.getpid(), threading.get_ident()) == here:
            raise SystemExit(status)
        leave(status)

    os._exit = instead
    try:
        yield
    finally:
        os._exit = leave


def is_users(error: BaseException) -> bool:
    """Say whether an exception is the user's Ctrl-C, and not something that a loss raises.

    Outside `contained` nobody can tell, and every KeyboardInterrupt is taken for a Ctrl-C.

    Example:
        >>> is_users(SystemExit(1)), is_users(KeyboardInterrupt())
        (False, True)
    """
    return isinstance(error, KeyboardInterrupt) and (not _open or hasattr(error, "pressed"))


@contextmanager
def failing(fault: Callable[[BaseException], BaseException]) -> Iterator[None]:
    """Turn whatever a user's code raises into an error of ours; a process that it forked ends with it.

    A call that does not come to an end is one that raises, inside `contained`.

    Args:
        fault: makes the error, or returns the exception where that is to be raised as it is.
    """
    here = os.getpid()
    clock.enter()
    try:
        yield
    except BaseException as error:  # SystemExit, GeneratorExit and a KeyboardInterrupt of its own too
        if is_users(error):
            raise
        made = fault(error)
        raise made from None if made is error else error
    finally:
        clock.leave()
        if os.getpid() != here:  # or it would train on, beside the one that it came from
            os._exit(1)
