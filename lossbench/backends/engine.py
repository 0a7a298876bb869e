"""The interface to a cluster, with its time limits and the error when a cluster is gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from lossbench.errors import LossbenchError, TrainingLost
from lossbench.losses.custom.source import in_one_line

REACHED, ANSWERED, PATIENCE = 5.0, 15.0, 60.0
"""Seconds to wait for a connection, for an answer, and for a first worker."""

RETRIES = 2  # for a pack whose worker is lost
POLL_INTERVAL = 2.0  # seconds between two looks at the cluster

REMEDY = "check that scheduler and workers run"


class Engine(Protocol):
    """A connected cluster. Its handles for tasks and shared bytes are of any type.

    If the cluster is gone, any call may raise anything.

    Args:
        called: the name for messages, such as "dask scheduler".
        start: the command that starts a worker.
    """

    called: str
    start: str

    def workers(self) -> Mapping[str, int]:
        """Return the number of tasks that each worker does at once, by the worker's address."""
        ...

    def ask(self, worker: str, function: Callable[[], Any]) -> Any:
        """Submit a task to one worker and return its handle."""
        ...

    def share(self, content: bytes) -> Any:
        """Return a handle of bytes, to pass to `submit`; each worker receives them once."""
        ...

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Submit a task to any worker and return its handle; it is done again if its worker is lost."""
        ...

    def finished(self, tasks: Collection[Any], seconds: float) -> Iterable[Any]:
        """Return some of the tasks that are finished or lost; perhaps none after this many seconds."""
        ...

    def result(self, task: Any, seconds: float) -> Any:
        """Return the result of a task, or raise its exception; TimeoutError if there is none in time."""
        ...

    def cancel(self, tasks: Collection[Any]) -> None:
        """Cancel tasks."""
        ...


def reach(engine: Engine, call: Callable[..., Any], *arguments: Any) -> Any:
    """Call a method of an engine.

    Raises:
        LossbenchError: it raises anything, which means that the cluster is gone.
    """
    try:
        return call(*arguments)
    except LossbenchError:
        raise
    except Exception as error:
        raise TrainingLost(f"the {engine.called} is gone ({in_one_line(error):.200})", REMEDY) from None
