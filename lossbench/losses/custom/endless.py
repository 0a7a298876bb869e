"""A call of a user's code that does not come to an end: broken off, by what Python does between its own steps.

A loop within a library, which returns to no step of Python, is not: that ends with its process, see
`lossbench.apart`. A second counts while the process runs: not while it is stopped, or asleep with its machine.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lossbench.apart import under_way

TICK = 1.0  # seconds

LIMIT = 20
"""Seconds of one call in training. Of the slowest calls known, over all networks of a pack, each takes two."""

TRIAL = 8
"""Likewise on trial, on a few rows, and of a file that is run, where each module that it imports begins anew."""


class Endless(BaseException):
    """A call does not come to an end; no Exception, which a user's code might pass over."""


@dataclass
class Clock:
    """Ticks once a second, and counts for how many ticks one and the same call has been under way.

    Args:
        begun: calls so far.
        inside: calls under way, each inside the one before.
        seen: how many had begun at the last tick, and how many modules had been imported.
        ticks: since then.
        limit: how many are too many.
        broken: calls that were broken off; after the first, one is too many.
    """

    begun: int = 0
    inside: int = 0
    seen: tuple[int, int] = 0, 0
    ticks: int = 0
    limit: int = LIMIT
    broken: int = 0

    def enter(self) -> None:
        """Begin a call."""
        self.begun += 1
        self.inside += 1
        under_way[0] = self.begun

    def leave(self) -> None:
        """End it."""
        self.inside -= 1
        under_way[0] = self.begun if self.inside else 0

    def tick(self, *_: object) -> None:
        """Count a second.

        Raises:
            Endless: it was one too many.
        """
        now = self.begun, len(sys.modules)
        if not self.inside or self.seen != now:
            self.seen, self.ticks = now, 0
            under_way[0] += bool(self.inside)  # for who watches: it goes on, if only by an import
            return
        self.ticks += 1
        if self.ticks >= (1 if self.broken else self.limit):
            self.broken += 1
            raise Endless(f"no result after {self.limit} s")


clock = Clock()


@contextmanager
def ticking(limit: int = LIMIT) -> Iterator[None]:
    """Let the clock run, unless it does already, or somebody else uses the system's.

    Args:
        limit: seconds of a call that are too many.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()  # the only one that a signal reaches
        or signal.getsignal(signal.SIGALRM) != signal.SIG_DFL
        or signal.getitimer(signal.ITIMER_REAL)[0]
    ):
        yield
        return
    clock.limit, clock.broken = limit, 0
    signal.signal(signal.SIGALRM, clock.tick)
    signal.siginterrupt(signal.SIGALRM, False)  # what a library waits for is not to fail
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
