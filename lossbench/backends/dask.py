"""The backend for a running dask cluster: packs go to its workers, results come as they finish."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from lossbench.backends.backend import Result, Work
from lossbench.backends.engine import ANSWERED, REACHED, RETRIES
from lossbench.backends.flow import results_of
from lossbench.backends.handshake import Identity
from lossbench.errors import BadValue, UsageError
from lossbench.plan.cluster import Cluster

if TYPE_CHECKING:
    from ssl import SSLContext

    from distributed import Client, Future


@dataclass(frozen=True)
class Dask:
    """A `lossbench.backends.Backend` on the workers of a dask scheduler.

    A worker with other versions than this process, or with several threads, is refused: its last digits might
    differ. Anybody who reaches the scheduler can run code on the workers, and the scheduler can run code here.

    Args:
        cluster: where the scheduler listens.
        identity: what this process and every worker must have in common.
    """

    cluster: Cluster
    identity: Identity = field(repr=False)

    def run(self, function: Callable[[Work], Result], tasks: Sequence[Work]) -> Generator[tuple[int, Result]]:
        """Apply a function to every task, see `lossbench.backends.Backend`."""
        if tasks:
            with connected(self.cluster) as client:
                yield from results_of(_Engine(client), self.identity, function, tasks)


@contextmanager
def connected(cluster: Cluster) -> Iterator[Client]:
    """Connect to a scheduler, or fail within seconds if there is none.

    Raises:
        UsageError: dask is not installed, or no scheduler answers at the address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--backend dask needs dask: pip install 'lossbench[dask]'") from None
    try:
        refuse_silent_address(cluster)
        client = Client(cluster.address, timeout=ANSWERED, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadValue(
            f"no dask scheduler answers at '{cluster.address}' ({error or type(error).__name__}); start one with "
            "`dask scheduler`, and give the address that it prints"
        ) from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):  # the scheduler may be gone already; all results are kept
            client.close(timeout=REACHED)


def refuse_silent_address(cluster: Cluster) -> None:
    """Raise OSError if nobody listens, or the listener sends nothing: a scheduler always sends first.

    Without this check a dask client would wait for it forever.
    """
    with socket.create_connection((cluster.host, cluster.port), timeout=REACHED) as plain:
        plain.settimeout(ANSWERED)
        with secured(plain) if cluster.address.startswith("tls:") else plain as connection:
            if not connection.recv(1):
                raise ConnectionError("the connection was closed")


def secured(connection: socket.socket) -> socket.socket:
    """Return a connection under TLS, with the certificates of dask's configuration.

    Raises:
        BadValue: the configuration names no certificates.
        OSError: the certificates are refused.
    """
    from distributed.security import Security

    context: SSLContext | None = Security().get_connection_args("client").get("ssl_context")
    if context is None:
        raise BadValue(
            "an address with tls:// needs certificates; name them in dask's own configuration, under "
            "distributed.comm.tls: ca-file, client.cert and client.key"
        )
    return context.wrap_socket(connection)


@dataclass
class _Engine:
    """A `lossbench.backends.engine.Engine`."""

    client: Client
    called: str = "dask scheduler"
    start: str = "dask worker ADDRESS --nthreads 1"
    ended: SimpleQueue[Future[Any]] = field(default_factory=SimpleQueue)
    order: Iterator[int] = field(default_factory=count)

    def workers(self) -> Mapping[str, int]:
        found = self.client.scheduler_info(n_workers=-1)["workers"]
        for address, about in found.items():
            if about["nthreads"] != 1:
                raise BadValue(
                    f"worker {address} has {about['nthreads']} threads; start it with --nthreads 1, and as many "
                    "workers as there are cores"
                )
        return dict.fromkeys(found, 1)

    def ask(self, worker: str, function: Callable[[], Any]) -> Future[Any]:
        return self.client.submit(function, workers=[worker], pure=False)

    def share(self, content: bytes) -> Future[Any]:
        # Submitted, not scattered: scattered data is lost with its last worker, but a result is computed again.
        key = f"lossbench-{sha256(content).hexdigest()}"
        return self.client.submit(bytes, content, key=key, retries=RETRIES, priority=1)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = self.client.submit(function, *arguments, pure=False, retries=RETRIES, priority=-next(self.order))
        future.add_done_callback(self.ended.put)
        return future

    def finished(self, tasks: Collection[Future[Any]], seconds: float) -> Iterable[Future[Any]]:
        try:
            ended = self.ended.get(timeout=seconds)
        except Empty:  # tasks that are lost with the scheduler call no callback
            return [task for task in tasks if task.status not in ("pending", "finished")]
        return [ended] if ended in tasks else []

    def result(self, task: Future[Any], seconds: float) -> Any:
        return task.result(timeout=seconds)

    def cancel(self, tasks: Collection[Future[Any]]) -> None:
        self.client.cancel(list(tasks), force=True)
