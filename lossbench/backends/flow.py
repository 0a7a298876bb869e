"""What all clusters have in common: who may train, how much is under way, and when a run gives up."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from lossbench.backends.handshake import Foreign, Identity, refuse_other
from lossbench.backends.travel import Luggage, unpacked
from lossbench.errors import BadValue, LossbenchError, UsageError
from lossbench.losses.custom.source import in_one_line
from lossbench.training.thread import one_thread

REACHED, ANSWERED, PATIENCE = 5.0, 15.0, 60.0
"""Seconds to wait for a connection, for an answer, and for a worker to come where there is none."""

AHEAD = 2  # packs under way for each worker: one that it trains, and the next
RETRIES = 2  # of a pack whose worker is lost
LOOK = 2.0  # seconds between looks at the cluster

KEPT = (
    "what was finished before is kept, unless --no-cache was given: see that scheduler and workers run, and give "
    "the same command again"
)


class Engine(Protocol):
    """A cluster that this process is connected with. What it gives for a task or for contents is its own affair.

    Where the cluster is gone, any call may raise anything.

    Args:
        called: such as "dask scheduler".
        start: the command that starts a worker.
    """

    called: str
    start: str

    def workers(self) -> Mapping[str, int]:
        """Return the address of each worker, and how many tasks it does at once."""
        ...

    def ask(self, worker: str, function: Callable[[], Any]) -> Any:
        """Return a task for one worker."""
        ...

    def share(self, content: bytes) -> Any:
        """Return what stands for bytes among the arguments of `submit`; each worker is sent them once."""
        ...

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return a task for any worker, first come, first served; another does it if one is lost."""
        ...

    def over(self, tasks: Collection[Any], seconds: float) -> Iterable[Any]:
        """Return some tasks that are over, perhaps none after so many seconds."""
        ...

    def result(self, task: Any, seconds: float) -> Any:
        """Return the result of a task, or raise what it raised; TimeoutError where there is none in time."""
        ...

    def cancel(self, tasks: Collection[Any]) -> None:
        """Give tasks up."""
        ...


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


def refuse_others(engine: Engine, identity: Identity, mine: Mapping[str, str]) -> None:
    """Ask every worker what it computes with, before anything is trained.

    Raises:
        UsageError: there is no worker, one does not answer, or one differs; worker and difference are named.
    """
    end = time.monotonic() + PATIENCE
    while not (found := engine.workers()):
        if time.monotonic() > end:
            raise BadValue(
                f"the {engine.called} has had no worker for {PATIENCE:.0f} s; start some: {engine.start}"
            )
        time.sleep(LOOK)
    asked = {worker: engine.ask(worker, identity) for worker in found}
    for worker, task in asked.items():
        refuse_other(worker, _answer(engine, worker, task), mine)


def _answer(engine: Engine, worker: str, task: Any) -> Mapping[str, str]:
    try:
        return dict(engine.result(task, PATIENCE))
    except TimeoutError:
        raise UsageError(
            f"worker {worker} did not answer within {PATIENCE:.0f} s; see whether it is busy or gone, and start "
            "it anew"
        ) from None
    except Exception as error:
        raise UsageError(
            f"worker {worker} cannot say what it computes with ({in_one_line(error):.200}); install the same "
            "lossbench there as here"
        ) from None


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
        task = _unpacked(
            described, dict(zip(keys, shared, strict=True))
        )  # a user's loss is tried there, as it was here
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
        waiting, left, luggage = (
            iter(enumerate(tasks)),
            len(tasks),
            Luggage(partial(self.reach, self.engine.share)),
        )
        try:
            while left:
                self.fill(waiting, luggage)
                for task in self.reach(self.engine.over, self.under_way, LOOK):
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
            sent = self.reach(self.engine.submit, self.do, described, tuple(shared), *shared.values())
            self.under_way[sent] = index

    def look(self) -> None:
        """See how many workers there are, now and then."""
        now = time.monotonic()
        if now < self.looked + LOOK:
            return
        self.workers, self.looked = sum(self.reach(self.engine.workers).values()), now
        if self.workers:
            self.seen = now
        elif now > self.seen + PATIENCE:
            raise LossbenchError(f"all workers are gone for {PATIENCE:.0f} s; {KEPT}")

    def reach(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a call of the engine returns.

        Raises:
            LossbenchError: whatever it raises, since then the cluster is gone.
        """
        try:
            return call(*arguments)
        except LossbenchError:
            raise
        except Exception as error:
            raise LossbenchError(f"the {self.engine.called} is gone ({in_one_line(error):.200}); {KEPT}") from None

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
