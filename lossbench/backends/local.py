"""The local backend: training in this process, or in one loky process per core, each with one thread."""

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
from lossbench.errors import TrainingLost
from lossbench.spoken import option
from lossbench.training.thread import one_thread
from lossbench.training.torch_threads import uninterrupted


def available_cores() -> int:
    """Return the number of cores that this process may use.

    Example:
        >>> available_cores() >= 1
        True
    """
    from joblib import cpu_count  # imported late, here and below: a command that trains nothing need not wait

    return int(cpu_count())


@dataclass(frozen=True)
class Local:
    """A `lossbench.backends.Backend` on this machine.

    Args:
        jobs: the number of processes; 1 means this process only.
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
    """Keep child processes from importing files of the current folder, such as a `signal.py`, as modules.

    A Python that is started with -m or -c searches that folder first. The pool may start a process at any time, to
    replace another one, so this holds as long as there is work.
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
    """Raise the error of a pool thread that dies, for example because no process can be started.

    Otherwise the main thread would wait for results forever.
    """
    errors: list[BaseException] = []
    error = None
    before, others = threading.excepthook, set(multiprocessing.active_children())

    def stop(dead: threading.ExceptHookArgs) -> None:
        if dead.exc_value is not None:
            errors.append(dead.exc_value)
        _thread.interrupt_main()

    threading.excepthook = stop
    try:
        with _interruptible(errors):
            yield
    except KeyboardInterrupt:
        if not errors:
            raise
        error = errors[0]
        terminate_all_but(others)
    finally:
        threading.excepthook = before
    if error is not None:
        raise error  # outside the handler, so that its own cause is kept


def terminate_all_but(others: set[multiprocessing.process.BaseProcess]) -> None:
    """Terminate the child processes that are not among `others`: each would print that its parent is gone."""
    for process in set(multiprocessing.active_children()) - others:
        process.terminate()


def ignore_thread_error(dead: threading.ExceptHookArgs) -> None:
    """Ignore a thread that dies while the pool is closed: it may look for tasks that were cancelled."""


@contextmanager
def silence_stderr() -> Iterator[None]:
    """Silence standard error for child processes: a resource tracker prints all that it cleans up after a kill."""
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


@contextmanager
def _interruptible(errors: Sequence[BaseException]) -> Iterator[None]:
    """Let an error interrupt the main thread even where Ctrl-C is ignored, as in a background job."""
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    if not ignored or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        if errors:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_processes(
    function: Callable[[Work], Result], tasks: Sequence[Work], jobs: int
) -> Generator[tuple[int, Result]]:
    import joblib
    from joblib.externals.loky.backend import resource_tracker as loky_tracker
    from joblib.externals.loky.cloudpickle_wrapper import dumps  # joblib's own pickler

    # max_nbytes=None: by default joblib writes large arrays to a disk, which may be full and keeps them after a
    # kill.
    pool = joblib.Parallel(
        n_jobs=jobs, backend="loky", return_as="generator_unordered", batch_size=1, max_nbytes=None
    )
    calls = (
        joblib.delayed(_in_worker)(os.getpid(), function, index, dumps(task)) for index, task in enumerate(tasks)
    )
    if os.name == "posix":
        with silence_stderr():
            for tracker in (resource_tracker, loky_tracker):
                tracker.ensure_running()  # started by joblib below, it would unblock the signals masked there
    others = set(multiprocessing.active_children())
    with uninterrupted():  # child processes start here and inherit the signal mask: only this process ends them
        try:
            results = pool(calls)
        except Exception:  # not all processes could be started
            terminate_all_but(others)
            raise
    try:
        for result in results:  # noqa: UP028  yield from would close the generator before this block ends
            yield result
    except BrokenProcessPool:
        why = "a training process was killed, as the system does when memory runs out"
        raise TrainingLost(why, f"if memory is short, give {option('jobs', 1)}") from None
    finally:
        threading.excepthook = ignore_thread_error
        with warnings.catch_warnings():  # joblib warns a caller that stops early
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _in_worker(
    parent: int, function: Callable[[Work], Result], index: int, described: bytes
) -> tuple[int, Result]:
    exit_with(parent)
    allow_forks()
    # Unpickled here: a loss that cannot be resolved would break the pool without a reason.
    return _single_threaded(function, index, pickle.loads(described))


@cache
def exit_with(parent: int) -> None:
    """Exit this process as soon as its parent is gone.

    The processes of a killed parent would otherwise go on training, and then wait for minutes.
    """
    threading.Thread(target=_exit_without, args=(parent,), daemon=True).start()


def _exit_without(parent: int) -> None:
    while os.getppid() == parent:  # an orphan gets another parent
        time.sleep(1.0)
    os._exit(1)


def _single_threaded(function: Callable[[Work], Result], index: int, task: Work) -> tuple[int, Result]:
    with one_thread():
        return index, function(task)
