"""What a worker must have in common with this process, and how one is refused that has not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lossbench.backends.engine import LOOK, PATIENCE, Engine, reach
from lossbench.errors import BadValue, UsageError
from lossbench.losses.custom.source import in_one_line

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


def refuse_others(engine: Engine, identity: Identity, mine: Mapping[str, str]) -> None:
    """Ask every worker what it computes with, before anything is trained.

    Raises:
        UsageError: there is no worker, one does not answer, or one differs; worker and difference are named.
    """
    end = time.monotonic() + PATIENCE
    while not (found := reach(engine, engine.workers)):
        if time.monotonic() > end:
            raise BadValue(
                f"the {engine.called} has had no worker for {PATIENCE:.0f} s; start some: {engine.start}"
            )
        time.sleep(LOOK)
    asked = {worker: reach(engine, engine.ask, worker, identity) for worker in found}
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
