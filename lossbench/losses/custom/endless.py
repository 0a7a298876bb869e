"""A call of a user's code that does not come to an end: broken off, by what Python does between its own steps.

A loop within a library, which returns to no step of Python, is not. A second counts while the process runs: not
while it is stopped, or asleep with its machine.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LIMIT = 20
"""Seconds without a new call. Of the slowest calls known, over all networks of a pack, each takes two."""


class Endless(BaseException):
    """A call does not come to an end; no Exception, which a user's code might pass over."""


@dataclass
class Clock:
    """Ticks once a second, and counts for how many ticks one and the same call has been under way.

    Args:
        begun: calls so far.
        inside: calls under way, each inside the one before.
        seen: how many had begun at the last tick.
        ticks: since then.
        broken: calls that were broken off.
    """

    begun: int = 0
    inside: int = 0
    seen: int = 0
    ticks: int = 0
    broken: int = 0

    def enter(self) -> None:
        """Begin a call."""
        self.begun += 1
        self.inside += 1

    def leave(self) -> None:
        """End it."""
        self.inside -= 1

    def tick(self, *_: object) -> None:
        """Count a second.

        Raises:
            Endless: it was one too many.
        """
        if not self.inside or self.seen != self.begun:
            self.seen, self.ticks = self.begun, 0
            return
        self.ticks += 1
        if self.ticks >= LIMIT:
            self.broken += 1
            raise Endless(f"no result after {LIMIT} s")


clock = Clock()


@contextmanager
def ticking() -> Iterator[None]:
    """Let the clock run, unless it does already, or somebody else uses the system's."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()  # the only one that a signal reaches
        or signal.getsignal(signal.SIGALRM) != signal.SIG_DFL
        or signal.getitimer(signal.ITIMER_REAL)[0]
    ):
        yield
        return
    signal.signal(signal.SIGALRM, clock.tick)
    signal.siginterrupt(signal.SIGALRM, False)  # what a library waits for is not to fail
    signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
