"""Check that workers compute with the same versions as this process, and refuse those that do not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lossbench.backends.engine import PATIENCE, POLL_INTERVAL, Engine, reach
from lossbench.errors import BadValue, UsageError
from lossbench.losses.custom.source import in_one_line

Identity = Callable[[], Mapping[str, str]]
"""Returns what a process computes with, such as versions; importable by name, since workers call it too."""


@dataclass(frozen=True)
class Foreign:
    """The answer of a worker that differs from this process and joined after the others were checked.

    Args:
        worker: its machine and process.
        theirs: its identity.
    """

    worker: str
    theirs: Mapping[str, str]


def refuse_other(worker: str, theirs: Mapping[str, str], mine: Mapping[str, str]) -> None:
    """Refuse a worker whose identity differs from that of this process.

    Raises:
        UsageError: it differs; the message names the worker, and both values of everything that differs.

    Example:
        >>> refuse_other("node7", {"torch": "2.13.0"}, {"torch": "2.13.0"})
    """
    unequal = [name for name in mine if mine[name] != theirs.get(name)]
    if unequal:
        said = ", ".join(f"{name} {theirs.get(name)} there and {mine[name]} here" for name in unequal)
        raise UsageError(
            f"worker {worker} is refused: {said}; its results might differ in their last digits. Start it with "
            "the same versions, on the same kind of processor"
        )


def refuse_others(engine: Engine, identity: Identity, mine: Mapping[str, str]) -> None:
    """Check the identity of every worker before anything is trained.

    Raises:
        UsageError: there is no worker, one does not answer, or one differs; the message names it.
    """
    end = time.monotonic() + PATIENCE
    while not (found := reach(engine, engine.workers)):
        if time.monotonic() > end:
            raise BadValue(
                f"the {engine.called} has had no worker for {PATIENCE:.0f} s; start workers with: {engine.start}"
            )
        time.sleep(POLL_INTERVAL)
    asked = {worker: reach(engine, engine.ask, worker, identity) for worker in found}
    for worker, task in asked.items():
        refuse_other(worker, _answer(engine, worker, task), mine)


def _answer(engine: Engine, worker: str, task: Any) -> Mapping[str, str]:
    try:
        return dict(engine.result(task, PATIENCE))
    except TimeoutError:
        raise UsageError(
            f"worker {worker} did not answer within {PATIENCE:.0f} s; check whether it is busy or gone, and start "
            "it again"
        ) from None
    except Exception as error:
        raise UsageError(
            f"worker {worker} cannot report its versions ({in_one_line(error):.200}); install the same lossbench "
            "there as here"
        ) from None
