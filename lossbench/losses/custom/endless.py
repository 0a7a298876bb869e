"""Interrupting a call of a user's code that does not end, by a signal that Python handles between two steps.

A loop within a library, which never returns to Python, cannot be interrupted: its process is ended, see
`lossbench.apart`. A second counts only while the process runs, not while it is stopped, its machine sleeps, or
other processes have all processors.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lossbench.apart import starved, under_way

TICK = 1.0  # seconds

LIMIT = 20
"""Seconds of one call in training. Of the slowest calls known, over all networks of a pack, each takes two."""

TRIAL = 8
"""Likewise on trial, on a few rows, and of a file that is run, where each module that it imports begins anew."""


class Endless(BaseException):
    """A call did not end in time. Not an Exception, which a user's code might swallow."""


@dataclass
class Clock:
    """Ticks once a second, and counts the ticks during which the same call has been running.

    Args:
        begun: calls so far.
        inside: depth of nested calls that are running.
        seen: calls begun and modules imported up to the last tick.
        ticks: since either number changed.
        starved: seconds without a processor up to then.
        limit: the number of ticks that is too many.
        broken: calls that were interrupted; after the first, one tick is too many.
    """

    begun: int = 0
    inside: int = 0
    seen: tuple[int, int] = 0, 0
    ticks: int = 0
    starved: float = 0.0
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
            Endless: the limit is reached.
        """
        now = self.begun, len(sys.modules)
        if not self.inside or self.seen != now:
            self.seen, self.ticks, self.starved = now, 0, starved()
            under_way[0] += bool(self.inside)  # for a watching process: this is progress
            return
        self.ticks += 1
        if self.ticks - (starved() - self.starved) / TICK >= (1 if self.broken else self.limit):
            self.broken += 1
            raise Endless(f"no result after {self.limit} s")


clock = Clock()


@contextmanager
def ticking(limit: int = LIMIT) -> Iterator[None]:
    """Run the clock, unless it runs already, or other code uses the system's timer.

    Args:
        limit: seconds that a call may take.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()  # only the main thread receives signals
        or signal.getsignal(signal.SIGALRM) != signal.SIG_DFL
        or signal.getitimer(signal.ITIMER_REAL)[0]
    ):
        yield
        return
    clock.limit, clock.broken = limit, 0
    signal.signal(signal.SIGALRM, clock.tick)
    signal.siginterrupt(signal.SIGALRM, False)  # a library's blocking system calls must not fail
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
