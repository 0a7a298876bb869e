"""The interface of a backend: a place where packs are trained."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


class Backend(Protocol):
    """A place where tasks are done, on this machine or on others.

    The caller need not know about processes or machines: results are the same on every backend, to the last bit;
    only their order may differ. Closing the generator stops all work.
    """

    def run(self, function: Callable[[Work], Result], tasks: Sequence[Work]) -> Generator[tuple[int, Result]]:
        """Apply a function to every task and yield (index of the task, result) as they finish.

        Args:
            function: importable by name, since other processes call it. It runs in one thread, see
                `lossbench.training.thread`.
            tasks: the tasks in the order in which they start, the longest first. They are pickled; what cannot be
                pickled, such as a loss from a user's file, is sent as its spec, to another machine with its
                source, and resolved there.

        Yields:
            Every index once, with its result, which is pickled too.

        Raises:
            LossbenchError: a process or a machine was lost. Results yielded before that are valid.
        """
        ...
