"""The local backend: in this process, or in one loky process a core, one thread each."""

from __future__ import annotations

import _thread
import multiprocessing
import os
import pickle
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import resource_tracker

from lossbench.apart import allow_forks
from lossbench.backends.backend import Result, Work
from lossbench.errors import LossbenchError
from lossbench.training.thread import one_thread
from lossbench.training.torch_threads import uninterrupted


def available_cores() -> int:
    """Return the number of cores that this process may use.

    Example:
        >>> available_cores() >= 1
        True
    """
    from joblib import cpu_count  # here and below: what has nothing to train need not wait for it

    return int(cpu_count())


@dataclass(frozen=True)
class Local:
    """A `lossbench.backends.Backend` of this machine.

    Args:
        jobs: processes; with one, everything happens in this one.
    """

    jobs: int

    def run(self, function: Callable[[Work], Result], tasks: Sequence[Work]) -> Generator[tuple[int, Result]]:
        """Apply a function to every task, see `lossbench.backends.Backend`."""
        if self.jobs > 1 and len(tasks) > 1:
            with safe_path(), watched_threads():
                yield from _in_processes(function, tasks, min(self.jobs, len(tasks)))
            return
        for index, task in enumerate(tasks):
            yield _single_threaded(function, index, task)


@contextmanager
def safe_path() -> Iterator[None]:
    """Let no process that is started run the files of the current folder, such as a `signal.py`, for its modules.

    Otherwise a Python that is started with -m or -c looks there first. A process may be started late, in the place
    of another, so this holds as long as there is work.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTHONSAFEPATH"]
        if before is not None:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def watched_threads() -> Iterator[None]:
    """End the wait for results, which none would, where a thread of the pool dies: so where no more may start."""
    found: list[BaseException] = []
    died = None
    before, others = threading.excepthook, set(multiprocessing.active_children())

    def stop(dead: threading.ExceptHookArgs) -> None:
        if dead.exc_value is not None:
            found.append(dead.exc_value)
        _thread.interrupt_main()

    threading.excepthook = stop
    try:
        with _heeded(found):
            yield
    except KeyboardInterrupt:
        if not found:
            raise
        died = found[0]
        end_all_but(others)
    finally:
        threading.excepthook = before
    if died is not None:
        raise died  # here, where it keeps the error that it came of


def end_all_but(others: set[multiprocessing.process.BaseProcess]) -> None:
    """End the processes that were started since; else each would say at length that nobody is there any more."""
    for process in set(multiprocessing.active_children()) - others:
        process.terminate()


def unheard(dead: threading.ExceptHookArgs) -> None:
    """Pass over a thread that dies while the pool ends: it may look for tasks that are given up already."""


@contextmanager
def unheard_of() -> Iterator[None]:
    """Let a process that is started say nothing: one that cleans up after a kill would tell at length what."""
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


@contextmanager
def _heeded(found: Sequence[BaseException]) -> Iterator[None]:
    """Let the main thread be interrupted once something is found, even where Ctrl-C is ignored (background)."""
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    if not ignored or threading.current_thread() is not threading.main_thread():
        yield
        return

    def answer(*_: object) -> None:
        if found:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, answer)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_processes(
    function: Callable[[Work], Result], tasks: Sequence[Work], jobs: int
) -> Generator[tuple[int, Result]]:
    import joblib
    from joblib.externals.loky.backend import resource_tracker as loky_tracker
    from joblib.externals.loky.cloudpickle_wrapper import dumps  # what joblib itself pickles by

    # By default joblib hands over large data sets through a disk, which may be full, and where a kill leaves them.
    pool = joblib.Parallel(
        n_jobs=jobs, backend="loky", return_as="generator_unordered", batch_size=1, max_nbytes=None
    )
    calls = (
        joblib.delayed(_in_worker)(os.getpid(), function, index, dumps(task)) for index, task in enumerate(tasks)
    )
    if os.name == "posix":
        with unheard_of():
            for tracker in (resource_tracker, loky_tracker):
                tracker.ensure_running()  # joblib would start it below, and its start lifts the mask
    others = set(multiprocessing.active_children())
    with uninterrupted():  # the processes start here, and inherit the mask: it is this one that ends them
        try:
            results = pool(calls)
        except Exception:  # not all could be started
            end_all_but(others)
            raise
    try:
        for result in results:  # noqa: UP028  what is delegated to is closed before the end of this block
            yield result
    except BrokenProcessPool:
        raise LossbenchError(
            "a process that trains was killed, as the system does where memory runs out. What was finished before "
            "is kept, unless --no-cache was given: run the same command again, with --jobs 1 where memory is short"
        ) from None
    finally:
        threading.excepthook = unheard
        with warnings.catch_warnings():  # it would tell who stops early how to ask for less
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _in_worker(
    parent: int, function: Callable[[Work], Result], index: int, described: bytes
) -> tuple[int, Result]:
    end_with(parent)
    allow_forks()
    # Here and not by the pool, which would break of a loss that cannot be resolved and not say why.
    return _single_threaded(function, index, pickle.loads(described))


@cache
def end_with(parent: int) -> None:
    """End this process as soon as its parent is gone.

    A parent that is killed ends nobody: its processes would train on, for nobody, and then wait for minutes.
    """
    threading.Thread(target=_outlive_nobody, args=(parent,), daemon=True).start()


def _outlive_nobody(parent: int) -> None:
    while os.getppid() == parent:  # an orphan is given another parent
        time.sleep(1.0)
    os._exit(1)


def _single_threaded(function: Callable[[Work], Result], index: int, task: Work) -> tuple[int, Result]:
    with one_thread():
        return index, function(task)
