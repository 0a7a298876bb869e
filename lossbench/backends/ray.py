"""The backend for a running ray cluster: packs go to its nodes, results come as they finish."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lossbench.backends.backend import Result, Work
from lossbench.backends.engine import ANSWERED, REACHED, RETRIES
from lossbench.backends.flow import results_of
from lossbench.backends.handshake import Identity
from lossbench.errors import BadValue, UsageError
from lossbench.losses.custom.source import in_one_line
from lossbench.plan.cluster import Cluster

if TYPE_CHECKING:
    from ray import ObjectRef

LOOPBACK = ("127.0.0.1", "localhost", "::1")

# RFC 9113, HTTP/2: a client begins with a fixed preface (section 3.4) and an empty SETTINGS frame. The server
# answers with a SETTINGS frame too: its header has nine bytes, of which the fourth is the frame type (sections 4.1
# and 6.5).
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
FRAME, SETTINGS = 9, 4


@dataclass(frozen=True)
class Ray:
    """A `lossbench.backends.Backend` on the nodes of a ray cluster, of which this machine is one.

    A node with other versions than this process is refused: its last digits might differ. A node trains as many
    packs at once as it has CPUs. Anybody who reaches the cluster can run code on it.

    Args:
        cluster: where the head node listens.
        identity: what this process and every node must have in common.
    """

    cluster: Cluster
    identity: Identity = field(repr=False)

    def run(self, function: Callable[[Work], Result], tasks: Sequence[Work]) -> Generator[tuple[int, Result]]:
        """Apply a function to every task, see `lossbench.backends.Backend`."""
        if tasks:
            with connected(self.cluster) as engine:
                yield from results_of(engine, self.identity, function, tasks)


@contextmanager
def connected(cluster: Cluster) -> Iterator[_Engine]:
    """Connect to a cluster, or fail within seconds if there is none.

    Raises:
        UsageError: ray is not installed or is connected already, no head node answers at the address, or this
            machine is not a node of the cluster.
    """
    try:
        import ray
    except ImportError:
        raise UsageError("--backend ray needs ray: pip install 'lossbench[ray]'") from None
    if ray.is_initialized():
        raise UsageError("this process is connected to a ray cluster already; call ray.shutdown() first")
    try:
        refuse_other_servers(cluster)
        ray.init(
            cluster.address,
            _node_ip_address=cluster.host if cluster.host in LOOPBACK else None,
            log_to_driver=False,
            logging_level="ERROR",
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise BadValue(
            f"no ray cluster answers at '{cluster.address}' ({in_one_line(error):.300}); give the address that "
            "ray start --head prints, on a machine that is one of its nodes"
        ) from None
    try:
        yield _Engine(cluster, ray, ray.remote(call))
    finally:
        ray.shutdown()


def refuse_other_servers(cluster: Cluster) -> None:
    """Raise OSError if nobody listens, or the listener does not speak HTTP/2: ray would wait for minutes."""
    with socket.create_connection((cluster.host, cluster.port), timeout=REACHED) as connection:
        connection.settimeout(ANSWERED)
        connection.sendall(HELLO)
        frame = connection.makefile("rb").read(FRAME)
        if len(frame) < FRAME or frame[3] != SETTINGS:
            raise ConnectionError("another program listens there")


@dataclass
class _Engine:
    """A `lossbench.backends.engine.Engine`.

    Args:
        cluster: where its head node listens.
        ray: the module, which is imported only where it is needed.
        call: `call` as a remote function of ray.
        nodes: the ID of each node by its address.
    """

    cluster: Cluster
    ray: ModuleType
    call: Any
    nodes: dict[str, str] = field(default_factory=dict)
    called: str = "ray cluster"
    start: str = "ray start --address ADDRESS"

    def workers(self) -> Mapping[str, int]:
        refuse_other_servers(
            self.cluster
        )  # else ray would wait for a head node that is gone, and end this process
        known = {f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}": node for node in self.ray.nodes()}
        alive = {name: node for name, node in known.items() if node["Alive"] and node["Resources"].get("CPU")}
        self.nodes = {name: node["NodeID"] for name, node in alive.items()}
        return {name: int(node["Resources"]["CPU"]) for name, node in alive.items()}

    def ask(self, worker: str, function: Callable[[], Any]) -> ObjectRef[Any]:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(self.nodes[worker], soft=False)
        return self.call.options(scheduling_strategy=there).remote(function)

    def share(self, content: bytes) -> ObjectRef[Any]:
        return self.ray.put(content)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> ObjectRef[Any]:
        return self.call.options(max_retries=RETRIES).remote(function, *arguments)

    def finished(self, tasks: Collection[ObjectRef[Any]], seconds: float) -> Iterable[ObjectRef[Any]]:
        if not tasks:
            time.sleep(seconds)
            return []
        ended, _ = self.ray.wait(list(tasks), timeout=seconds)
        return list(ended)

    def result(self, task: ObjectRef[Any], seconds: float) -> Any:
        try:
            return self.ray.get(task, timeout=seconds)
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause from None

    def cancel(self, tasks: Collection[ObjectRef[Any]]) -> None:
        for task in tasks:
            self.ray.cancel(task, force=True)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function. Only this one is registered with ray; functions, which may be partial, are arguments."""
    return function(*arguments)
