"""Send tasks to the workers of a cluster and collect their results: how many at a time, and when to give up."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lossbench.backends.engine import PATIENCE, POLL_INTERVAL, REMEDY, Engine, reach
from lossbench.backends.handshake import Foreign, Identity, refuse_other, refuse_others
from lossbench.backends.travel import Sender, unpacked
from lossbench.errors import LossbenchError, TrainingLost, UsageError
from lossbench.losses.custom.source import in_one_line
from lossbench.training.thread import one_thread

AHEAD = 2  # packs submitted per worker: the one that it trains, and the next


def results_of(
    engine: Engine, identity: Identity, function: Callable[[Any], Any], tasks: Sequence[Any]
) -> Generator[tuple[int, Any]]:
    """Have the workers of a cluster do tasks, see `lossbench.backends.Backend`.

    Args:
        engine: the cluster.
        identity: what this process and every worker must have in common.
        function: importable by name.
        tasks: the longest first.
    """
    mine = dict(identity())
    refuse_others(engine, identity, mine)
    yield from _Flow(engine, partial(on_worker, identity, mine, function), mine).results(tasks)


def on_worker(
    identity: Identity,
    mine: Mapping[str, str],
    function: Callable[[Any], Any],
    described: bytes,
    keys: Sequence[str],
    *shared: bytes,
) -> Any:
    """Do one task on a worker, in one thread.

    Args:
        identity: see `results_of`.
        mine: the identity of the process that submits the task.
        function: the function to call with the task.
        described: the task, see `lossbench.backends.travel.Sender.packed`.
        keys: the hashes of its shared parts.
        *shared: these parts.

    Returns:
        The result of the function; Foreign if this worker differs; or an error of lossbench, which is not raised,
        since the cluster would try the task again on another worker, where it would fail too.
    """
    theirs = dict(identity())
    if theirs != dict(mine):
        return Foreign(here(), theirs)
    try:
        # Unpacked before the limit to one thread: a user's loss is tried in the same way as in the submitter.
        task = _unpacked(described, dict(zip(keys, shared, strict=True)))
        with one_thread():
            return function(task)
    except LossbenchError as error:
        return error


def _unpacked(described: bytes, shared: Mapping[str, bytes]) -> Any:
    try:
        return unpacked(described, shared)
    except ImportError as error:
        raise UsageError(
            f"worker {here()} lacks a package that a loss needs ({in_one_line(error)}); install it there, or name "
            "the loss by its file, which is sent: -l my_losses.py:NAME"
        ) from None


def here() -> str:
    """Return the name of this machine and the number of this process."""
    return f"{socket.gethostname()}, process {os.getpid()}"


@dataclass
class _Flow:
    """The tasks of a run: only as many are submitted at a time as keep every worker busy."""

    engine: Engine
    do: Callable[..., Any]
    mine: Mapping[str, str]
    submitted: dict[Any, int] = field(default_factory=dict)
    workers: int = 0
    last_poll: float = -POLL_INTERVAL
    last_worker: float = field(default_factory=time.monotonic)

    def results(self, tasks: Sequence[Any]) -> Generator[tuple[int, Any]]:
        """Yield (index, result) of every task."""
        waiting, left = iter(enumerate(tasks)), len(tasks)
        sender = Sender(partial(reach, self.engine, self.engine.share))
        try:
            while left:
                self.submit_more(waiting, sender)
                for task in reach(self.engine, self.engine.finished, self.submitted, POLL_INTERVAL):
                    left -= 1
                    yield self.submitted.pop(task), self.result_of(task)
        finally:
            with contextlib.suppress(Exception):
                self.engine.cancel(list(self.submitted))

    def submit_more(self, waiting: Iterator[tuple[int, Any]], sender: Sender) -> None:
        """Submit tasks until each worker has one to train and the next one.

        Raises:
            LossbenchError: the scheduler is gone, or there has been no worker for a while.
        """
        self.count_workers()
        while len(self.submitted) < AHEAD * self.workers and (next_one := next(waiting, None)) is not None:
            index, task = next_one
            described, shared = sender.packed(task)
            sent = reach(self.engine, self.engine.submit, self.do, described, tuple(shared), *shared.values())
            self.submitted[sent] = index

    def count_workers(self) -> None:
        """Update the number of workers, every few seconds.

        Raises:
            LossbenchError: there has been no worker for a while.
        """
        now = time.monotonic()
        if now < self.last_poll + POLL_INTERVAL:
            return
        self.workers, self.last_poll = sum(reach(self.engine, self.engine.workers).values()), now
        if self.workers:
            self.last_worker = now
        elif now > self.last_worker + PATIENCE:
            raise TrainingLost(f"there has been no worker for {PATIENCE:.0f} s", REMEDY)

    def result_of(self, task: Any) -> Any:
        """Return the result of a task that is finished.

        Raises:
            LossbenchError: the task was lost with its workers or with the scheduler, its worker differs from this
                process, or the error is the task's result.
        """
        try:
            result = self.engine.result(task, PATIENCE)
        except Exception as error:
            raise TrainingLost(f"a pack was lost on the cluster ({in_one_line(error):.300})", REMEDY) from None
        if isinstance(result, LossbenchError):
            raise result
        if isinstance(result, Foreign):
            refuse_other(result.worker, result.theirs, self.mine)
        return result
