"""The backend of a dask cluster that is there already: packs go to its workers, results come as they finish."""

from __future__ import annotations

import contextlib
import pickle
import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from joblib.externals.loky.cloudpickle_wrapper import dumps

from lossbench.backends.backend import Result, Work
from lossbench.errors import BadValue, LossbenchError, UsageError
from lossbench.plan.cluster import parsed_address
from lossbench.training.thread import one_thread

if TYPE_CHECKING:
    from distributed import Client, Future

REACHED, ANSWERED, PATIENCE = 5.0, 15.0, 60.0
"""Seconds to wait for a connection, for an answer, and for a worker to come where there is none."""

AHEAD = 2  # packs under way for each worker: one that it trains, and the next
RETRIES = 2
LOOK = 2.0  # seconds between looks at the cluster while nothing finishes

Identity = Callable[[], Mapping[str, str]]
"""Says what a process computes with; importable by name, since workers are asked too."""


@dataclass(frozen=True)
class Dask:
    """A `lossbench.backends.Backend` on the workers of a dask scheduler.

    A worker that computes with something else than this process, or in several threads, is refused: its last
    digits might differ. Whoever reaches the scheduler can run code on the workers, and so can the scheduler here.

    Args:
        address: of the scheduler, such as "tcp://10.0.0.5:8786".
        identity: what this process and every worker must agree in.
    """

    address: str
    identity: Identity = field(repr=False)

    def run(self, function: Callable[[Work], Result], tasks: Sequence[Work]) -> Generator[tuple[int, Result]]:
        """Apply a function to every task, see `lossbench.backends.Backend`."""
        if not tasks:
            return
        with connected(self.address) as client:
            mine = dict(self.identity())
            refuse_others(client, self.identity, mine)
            work = _Work(client, self.identity, mine, function)
            yield from work.results(tasks)


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Connect with a scheduler, or say within seconds that there is none.

    Raises:
        UsageError: dask is not installed; nobody answers there, or something that is no scheduler.
    """
    place = parsed_address(address)
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--backend dask needs dask: pip install 'lossbench[dask]'") from None
    try:
        refuse_silence(address, place)
        client = Client(address, timeout=ANSWERED, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadValue(
            f"no dask scheduler answers at '{address}' ({error or type(error).__name__}); start one with dask "
            "scheduler, and give the address that it prints"
        ) from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):  # it may be gone already, and what counts is kept
            client.close(timeout=REACHED)


def refuse_silence(address: str, place: tuple[str, int]) -> None:
    """Raise OSError where nobody listens, or somebody who says nothing: a scheduler is the first to speak.

    A client of dask waits for such a one without end. Under TLS it is the client that speaks first.
    """
    with socket.create_connection(place, timeout=REACHED) as connection:
        if address.startswith("tcp:"):
            connection.settimeout(ANSWERED)
            if not connection.recv(1):
                raise ConnectionError("the connection was closed")


def workers_of(client: Client) -> dict[str, int]:
    """Return the address of each worker, and how many threads it has."""
    found = client.scheduler_info(n_workers=-1)["workers"]
    return {address: about["nthreads"] for address, about in found.items()}


def refuse_others(client: Client, identity: Identity, mine: Mapping[str, str]) -> None:
    """Ask every worker what it computes with, before anything is trained.

    Raises:
        UsageError: there is no worker, one does not answer, or one differs; worker and difference are named.
    """
    end = time.monotonic() + PATIENCE
    while not (found := workers_of(client)):
        if time.monotonic() > end:
            raise BadValue(
                f"the dask scheduler has had no worker for {PATIENCE:.0f} s; start some: dask worker ADDRESS "
                "--nthreads 1"
            )
        time.sleep(LOOK)
    for worker, threads in found.items():
        if threads != 1:
            raise BadValue(
                f"worker {worker} has {threads} threads; start it with --nthreads 1, and as many workers as there "
                "are cores"
            )
    asked = {worker: client.submit(identity, workers=[worker], pure=False) for worker in found}
    for worker, answer in asked.items():
        refuse_other(worker, _answer(worker, answer), mine)


def _answer(worker: str, answer: Future[Any]) -> Mapping[str, str]:
    try:
        return dict(answer.result(timeout=PATIENCE))
    except TimeoutError:
        raise UsageError(
            f"worker {worker} did not answer within {PATIENCE:.0f} s; see whether it is busy or gone, and start "
            "it anew"
        ) from None
    except Exception as error:
        raise UsageError(
            f"worker {worker} cannot say what it computes with ({error!r:.200}); install the same lossbench there "
            "as here"
        ) from None


def refuse_other(worker: str, theirs: Mapping[str, str], mine: Mapping[str, str]) -> None:
    """Refuse a worker that computes with something else."""
    unequal = [name for name in mine if mine[name] != theirs.get(name)]
    if unequal:
        said = ", ".join(f"{name} {theirs.get(name)} there and {mine[name]} here" for name in unequal)
        raise UsageError(
            f"worker {worker} is refused: {said}; its results might differ in their last digits. Start it with "
            "what runs here, on the same kind of processor"
        )


@dataclass(frozen=True)
class Foreign:
    """What a worker answers that came after the others were asked, and differs from them."""

    worker: str
    theirs: Mapping[str, str]


def on_worker(
    identity: Identity, mine: Mapping[str, str], function: Callable[[Work], Result], described: bytes
) -> Result | Foreign | LossbenchError:
    """Do one task on a worker, in one thread; return an error of ours, which no other worker would not meet."""
    theirs = dict(identity())
    if theirs != dict(mine):
        from distributed import get_worker

        return Foreign(get_worker().address, theirs)
    try:
        with one_thread():
            return function(pickle.loads(described))
    except LossbenchError as error:
        return error


@dataclass
class _Work:
    """Tasks on their way: at most so many under way as keep every worker busy."""

    client: Client
    identity: Identity
    mine: Mapping[str, str]
    function: Callable[[Any], Any]
    under_way: dict[Future[Any], int] = field(default_factory=dict)
    over: SimpleQueue[Future[Any]] = field(default_factory=SimpleQueue)
    seen: float = field(default_factory=time.monotonic)

    def results(self, tasks: Sequence[Any]) -> Generator[tuple[int, Any]]:
        """Yield (index, result) of every task."""
        waiting = iter(enumerate(tasks))
        try:
            left = len(tasks)
            while left:
                self.fill(waiting)
                for future in self.finished():
                    index = self.under_way.pop(future, None)
                    if index is not None:
                        left -= 1
                        yield index, self.result_of(future)
        finally:
            with contextlib.suppress(Exception):
                self.client.cancel(list(self.under_way), force=True)

    def fill(self, waiting: Iterator[tuple[int, Any]]) -> None:
        """Send tasks until each worker has one to train and one to go on with.

        Raises:
            LossbenchError: the scheduler is gone, or there has been no worker for a while.
        """
        workers = self.workers()
        if workers:
            self.seen = time.monotonic()
        elif time.monotonic() > self.seen + PATIENCE:
            raise LossbenchError(f"all workers are gone for {PATIENCE:.0f} s; {KEPT}")
        while len(self.under_way) < AHEAD * workers and (task := next(waiting, None)) is not None:
            index, described = task[0], dumps(task[1])
            future = self.client.submit(
                on_worker,
                self.identity,
                self.mine,
                self.function,
                described,
                pure=False,
                retries=RETRIES,
                priority=-index,
            )
            self.under_way[future] = index
            future.add_done_callback(self.over.put)

    def workers(self) -> int:
        """Return how many workers there are."""
        try:
            return len(workers_of(self.client))
        except (OSError, RuntimeError) as error:
            raise LossbenchError(f"the dask scheduler is gone ({error!r:.200}); {KEPT}") from None

    def finished(self) -> list[Future[Any]]:
        """Return the tasks that are over, perhaps none after a while."""
        try:
            return [self.over.get(timeout=LOOK)]
        except Empty:  # those that are lost with the scheduler tell nobody
            return [future for future in self.under_way if future.status not in ("pending", "finished")]

    def result_of(self, future: Future[Any]) -> Any:
        """Return the result of a task that is over.

        Raises:
            LossbenchError: it was lost with its workers or with the scheduler, or the worker differs from this
                process.
        """
        try:
            result = future.result(timeout=PATIENCE)
        except Exception as error:
            raise LossbenchError(f"a pack was lost on the cluster ({error!r:.300}); {KEPT}") from None
        if isinstance(result, LossbenchError):
            raise result
        if isinstance(result, Foreign):
            refuse_other(result.worker, result.theirs, self.mine)
        return result


KEPT = (
    "what was finished before is kept, unless --no-cache was given: see that scheduler and workers run, and give "
    "the same command again"
)
