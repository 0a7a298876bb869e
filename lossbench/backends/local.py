"""In this process, or in one loky process a core, one thread each.

Two threads in one process are slower than one on networks this small; two processes are nearly twice as fast.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import resource_tracker
from typing import TypeVar

import joblib
from threadpoolctl import threadpool_limits

from lossbench.errors import LossbenchError

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # numbers of the C library's malloc.h
KEPT = 32 << 20  # bytes; the largest threshold that it takes

Work = TypeVar("Work")
Result = TypeVar("Result")


def available_cores() -> int:
    """Return the number of cores that this process may use.

    Example:
        >>> available_cores() >= 1
        True
    """
    return int(joblib.cpu_count())


def run_all(function: Callable[[Work], Result], tasks: Sequence[Work], jobs: int) -> Generator[tuple[int, Result]]:
    """Apply a function to every task and yield (index of the task, result) as they finish.

    Args:
        function: importable by name, since other processes call it.
        tasks: in the order in which they are started; the longest first.
        jobs: processes; with one, everything happens here.

    Raises:
        LossbenchError: one of the processes was killed.
    """
    if jobs > 1 and len(tasks) > 1:
        yield from _in_processes(function, tasks, min(jobs, len(tasks)))
        return
    for index, task in enumerate(tasks):
        yield _single_threaded(function, index, task)


def _in_processes(
    function: Callable[[Work], Result], tasks: Sequence[Work], jobs: int
) -> Generator[tuple[int, Result]]:
    # By default joblib hands over large data sets through a disk, which may be full, and where a kill leaves them.
    pool = joblib.Parallel(
        n_jobs=jobs, backend="loky", return_as="generator_unordered", batch_size=1, max_nbytes=None
    )
    calls = (joblib.delayed(_in_worker)(os.getpid(), function, index, task) for index, task in enumerate(tasks))
    if os.name == "posix":
        resource_tracker.ensure_running()  # joblib would start it below, and its start lifts the mask
    with uninterrupted():  # the processes start here, and inherit the mask: it is this one that ends them
        results = pool(calls)
    try:
        for result in results:  # noqa: UP028  what is delegated to is closed before the end of this block
            yield result
    except BrokenProcessPool:
        raise LossbenchError(
            "a process that trains was killed, as the system does where memory runs out. What was finished before "
            "is kept, unless --no-cache was given: run the same command again, with --jobs 1 where memory is short"
        ) from None
    finally:
        with warnings.catch_warnings():  # it would tell who stops early how to ask for less
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _in_worker(parent: int, function: Callable[[Work], Result], index: int, task: Work) -> tuple[int, Result]:
    end_with(parent)
    return _single_threaded(function, index, task)


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


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back until the end, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def keep_freed_memory() -> None:
    """Let the C library reuse what is freed, where it is GNU's.

    By default it gives each large tensor back to the system, which fills the next one's pages with zeros again: up
    to a sixth of the time of a step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        for option, size in ((TRIM_THRESHOLD, KEPT), (MMAP_THRESHOLD, KEPT)):
            mallopt(option, size)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch and the BLAS use one thread and flush subnormal numbers, which are many times slower; undo it."""
    keep_freed_memory()
    with uninterrupted():  # an exception in the midst of this import would abort the process
        import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)
