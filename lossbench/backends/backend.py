"""What a backend is: a place where packs are trained."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


class Backend(Protocol):
    """A place where work is done, here or elsewhere.

    Whoever asks for the work knows neither processes nor machines: what comes back is the same on every backend,
    to the last bit, and only the order may differ. Work done for nobody stops: closing the generator ends it.
    """

    def run(self, function: Callable[[Work], Result], tasks: Sequence[Work]) -> Generator[tuple[int, Result]]:
        """Apply a function to every task and yield (index of the task, result) as they finish.

        Args:
            function: importable by name, since other processes call it. It runs in one thread, see
                `lossbench.training.thread`.
            tasks: in the order in which they are begun, the longest first. They travel as plain data: what cannot,
                such as a loss from a user's file, travels as its spec, to another machine with its source, and is
                resolved where it arrives.

        Yields:
            Every index once. The result travels back as plain data.

        Raises:
            LossbenchError: a process or a machine was lost. What was yielded before is good.
        """
        ...
