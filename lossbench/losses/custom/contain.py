"""What a user's code does to its process is recorded and undone.

A loss shares its process with all others, whose numbers must not depend on it. So all of a user's code (its file,
its constructor, a trial, a training) runs inside `contained`, once around the whole and not around each call. What
it prints goes to standard error, since standard output is the report's alone.
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

WARNINGS = 3  # reported of one loss; a warning with a number in its text may differ at every call
SIGNALS = ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGPIPE")


class Setting(NamedTuple):
    """A global setting of torch on which all losses' numbers depend, with its getter and setter."""

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
    """Say which settings have changed, and to what; empty where none has.

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


@dataclass(eq=False)  # compared by identity
class Seen:
    """What a user's code did.

    Args:
        warnings: the first line of each warning, with the specs of the losses that ran.
        altered: the settings that it changed, in words.
        running: the specs of the losses that run now.
    """

    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    altered: str = ""
    running: tuple[str, ...] = ()

    def warn(self, message: Warning | str, *_: object) -> None:
        """Record a warning; the arguments are those of `warnings.showwarning`."""
        if len(self.warnings) < WARNINGS:
            self.warnings.setdefault(str(message).strip().partition("\n")[0], self.running)


class Lent:
    """Standard error for a user's code: if that closes it, it stays open for others.

    Example:
        >>> from io import StringIO
        >>> log = StringIO()
        >>> Lent(log).close(), log.closed
        (None, False)
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the stream."""
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
    """Run a user's code; afterwards restore the state of the process.

    Random numbers are the same in every such block, whatever ran before it.

    Args:
        arguments: its `sys.argv`; None to leave that as it is.
        limit: seconds after which a call is interrupted.
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
    """Restore what the numbers of other losses depend on, and record what was changed."""
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
    """Return the functions that other losses call, each by its owner and its name there."""
    import torch  # the module itself, not its lazy stand-in

    owners = torch, torch.nn.functional, torch.Tensor, torch.autograd, np
    names = ((owner, name) for owner in owners for name in sorted(vars(owner)) if not name.startswith("_"))
    tensor = ((torch.Tensor, name) for name in dir(torch.Tensor) if name not in vars(torch.Tensor))
    # An attribute bound anew at each access, such as a class method, would look as if it had been replaced.
    stable = ((owner, name) for owner, name in (*names, *tensor) if _is_one(owner, name))
    return tuple((owner, name) for owner, name in stable if isroutine(getattr(owner, name)))


def _is_one(owner: Any, name: str) -> bool:
    first, second = getattr(owner, name), getattr(owner, name)
    return first is second


def _torchs_own(function: Any) -> bool:
    """Say whether a function is of torch's own code: parts of torch that are imported late wrap others."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename.startswith(os.path.dirname(torch.__file__))


@contextmanager
def _warnings(seen: Seen) -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = seen.warn  # type: ignore[assignment]  # it takes any arguments
        yield


@contextmanager
def _python(arguments: list[str]) -> Iterator[None]:
    """Restore the current folder, the environment, the arguments and the recursion limit."""
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
    """Reopen standard streams that the code closed: without them nothing could be reported."""
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
    """Restore the permissions of new files (umask)."""
    before = os.umask(0o077)  # setting it is the only way to read it
    os.umask(before)
    try:
        yield
    finally:
        os.umask(before)


def _folder() -> str | None:
    with suppress(OSError):  # the folder may have been removed
        return os.getcwd()
    return None


@contextmanager
def _random_numbers() -> Iterator[None]:
    """Seed all random numbers, and restore the state of their generators at the end."""
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
    """Mark the exception of a real Ctrl-C, and restore the signal handlers at the end."""
    if threading.current_thread() is not threading.main_thread():  # no signal arrives in another thread
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
    """Let `os._exit` end the loss and not the program; it still ends other threads and forked processes."""
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

    Outside `contained` the two cannot be told apart, and every KeyboardInterrupt counts as a Ctrl-C.

    Example:
        >>> is_users(SystemExit(1)), is_users(KeyboardInterrupt())
        (False, True)
    """
    return isinstance(error, KeyboardInterrupt) and (not _open or hasattr(error, "pressed"))


@contextmanager
def failing(fault: Callable[[BaseException], BaseException]) -> Iterator[None]:
    """Turn whatever a user's code raises into an error of ours; end a process that it forked.

    Inside `contained`, a call that does not end raises too.

    Args:
        fault: makes the error, or returns the exception itself to raise that.
    """
    here = os.getpid()
    clock.enter()
    try:
        yield
    except BaseException as error:  # also SystemExit, GeneratorExit and its own KeyboardInterrupt
        if is_users(error):
            raise
        made = fault(error)
        raise made from None if made is error else error
    finally:
        clock.leave()
        if os.getpid() != here:  # a forked process would go on training beside its parent
            os._exit(1)
