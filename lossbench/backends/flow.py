"""Tasks on their way to the workers of a cluster and back: how many are under way, and when a run gives up."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lossbench.backends.engine import KEPT, LOOK, PATIENCE, Engine, reach
from lossbench.backends.handshake import Foreign, Identity, refuse_other, refuse_others
from lossbench.backends.travel import Luggage, unpacked
from lossbench.errors import LossbenchError, UsageError
from lossbench.losses.custom.source import in_one_line
from lossbench.training.thread import one_thread

AHEAD = 2  # packs under way for each worker: one that it trains, and the next


def results_of(
    engine: Engine, identity: Identity, function: Callable[[Any], Any], tasks: Sequence[Any]
) -> Generator[tuple[int, Any]]:
    """Have the workers of a cluster do tasks, see `lossbench.backends.Backend`.

    Args:
        engine: the cluster.
        identity: what this process and every worker must agree in.
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
        mine: what the process that asks computes with.
        function: what is to be done with the task.
        described: the task, see `lossbench.backends.travel.Luggage.packed`.
        keys: the hashes of its shared parts.
        *shared: these parts.

    Returns:
        What the function returns; where this worker differs, Foreign; or an error of lossbench, which is returned
        and not raised, since every other worker would meet it too.
    """
    theirs = dict(identity())
    if theirs != dict(mine):
        return Foreign(here(), theirs)
    try:
        # Before the threads are narrowed: a user's loss is tried there, as it was here.
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
            f"worker {here()} lacks what a loss is made of ({in_one_line(error)}); install it there, or name the "
            "loss by its file, which is sent: -l my_losses.py:NAME"
        ) from None


def here() -> str:
    """Return the machine and the process that this is."""
    return f"{socket.gethostname()}, process {os.getpid()}"


@dataclass
class _Flow:
    """Tasks on their way: at most so many under way as keep every worker busy.

    Args:
        engine: the cluster.
        do: `on_worker`, for tasks of one kind.
        mine: what this process computes with.
    """

    engine: Engine
    do: Callable[..., Any]
    mine: Mapping[str, str]
    under_way: dict[Any, int] = field(default_factory=dict)
    workers: int = 0
    looked: float = -LOOK
    seen: float = field(default_factory=time.monotonic)

    def results(self, tasks: Sequence[Any]) -> Generator[tuple[int, Any]]:
        """Yield (index, result) of every task."""
        waiting, left = iter(enumerate(tasks)), len(tasks)
        luggage = Luggage(partial(reach, self.engine, self.engine.share))
        try:
            while left:
                self.fill(waiting, luggage)
                for task in reach(self.engine, self.engine.over, self.under_way, LOOK):
                    left -= 1
                    yield self.under_way.pop(task), self.result_of(task)
        finally:
            with contextlib.suppress(Exception):
                self.engine.cancel(list(self.under_way))

    def fill(self, waiting: Iterator[tuple[int, Any]], luggage: Luggage) -> None:
        """Send tasks until each worker has one to train and one to go on with.

        Raises:
            LossbenchError: the scheduler is gone, or there has been no worker for a while.
        """
        self.look()
        while len(self.under_way) < AHEAD * self.workers and (next_one := next(waiting, None)) is not None:
            index, task = next_one
            described, shared = luggage.packed(task)
            sent = reach(self.engine, self.engine.submit, self.do, described, tuple(shared), *shared.values())
            self.under_way[sent] = index

    def look(self) -> None:
        """See how many workers there are, now and then."""
        now = time.monotonic()
        if now < self.looked + LOOK:
            return
        self.workers, self.looked = sum(reach(self.engine, self.engine.workers).values()), now
        if self.workers:
            self.seen = now
        elif now > self.seen + PATIENCE:
            raise LossbenchError(f"all workers are gone for {PATIENCE:.0f} s; {KEPT}")

    def result_of(self, task: Any) -> Any:
        """Return the result of a task that is over.

        Raises:
            LossbenchError: it was lost with its workers or with the scheduler, the worker differs from this
                process, or it is what came of the task.
        """
        try:
            result = self.engine.result(task, PATIENCE)
        except Exception as error:
            raise LossbenchError(f"a pack was lost on the cluster ({in_one_line(error):.300}); {KEPT}") from None
        if isinstance(result, LossbenchError):
            raise result
        if isinstance(result, Foreign):
            refuse_other(result.worker, result.theirs, self.mine)
        return result
