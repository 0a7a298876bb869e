"""What engines of clusters have in common: their calls, how long anybody waits, what is said when one is gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from lossbench.errors import LossbenchError
from lossbench.losses.custom.source import in_one_line

REACHED, ANSWERED, PATIENCE = 5.0, 15.0, 60.0
"""Seconds to wait for a connection, for an answer, and for a worker to come where there is none."""

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


def reach(engine: Engine, call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call of an engine returns.

    Raises:
        LossbenchError: whatever it raises, since then the cluster is gone.
    """
    try:
        return call(*arguments)
    except LossbenchError:
        raise
    except Exception as error:
        raise LossbenchError(f"the {engine.called} is gone ({in_one_line(error):.200}); {KEPT}") from None
