"""What a worker must have in common with this process, and how one is refused that has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lossbench.errors import UsageError

Identity = Callable[[], Mapping[str, str]]
"""Says what a process computes with; importable by name, since workers are asked too."""


@dataclass(frozen=True)
class Foreign:
    """What a worker answers that came after the others were asked, and differs from them.

    Args:
        worker: its machine and process.
        theirs: what it computes with.
    """

    worker: str
    theirs: Mapping[str, str]


def refuse_other(worker: str, theirs: Mapping[str, str], mine: Mapping[str, str]) -> None:
    """Refuse a worker that computes with something else.

    Raises:
        UsageError: it does; the worker is named, with both values of all that differs.

    Example:
        >>> refuse_other("node7", {"torch": "2.13.0"}, {"torch": "2.13.0"})
    """
    unequal = [name for name in mine if mine[name] != theirs.get(name)]
    if unequal:
        said = ", ".join(f"{name} {theirs.get(name)} there and {mine[name]} here" for name in unequal)
        raise UsageError(
            f"worker {worker} is refused: {said}; its results might differ in their last digits. Start it with "
            "what runs here, on the same kind of processor"
        )
