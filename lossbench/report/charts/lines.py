"""Lines of losses over a common x, and the limits of their y axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lossbench.report.charts.look import Look
from lossbench.report.charts.picture import Frame
from lossbench.report.charts.scale import Scale, value_range

CROWD = 4
"""The most lines with bands in one picture; of more, each gets a panel, with the others behind it."""

FIRST = 20  # one in this many points, the first ones, is ignored for the limits of the axis
MOST = 200
"""The most points of a line; longer ones are thinned evenly."""


@dataclass(frozen=True, eq=False)
class Line:
    """The line of a loss.

    Args:
        loss: its name.
        look: of the loss.
        y: (points,) NaN where there is none.
        low: (points,) lower end of the band; None without a band.
        high: upper end.
        chosen: the x that gets a ring; None for none.
    """

    loss: str
    look: Look
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    chosen: float | None = None

    def at(self, places: np.ndarray) -> Line:
        """Return the line at some of its points."""
        low, high = (None if end is None else end[places] for end in (self.low, self.high))
        return Line(self.loss, self.look, self.y[places], low, high, self.chosen)


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines that are drawn together.

    Args:
        key: prefix of the ids of its elements, unique on the page.
        x: (points,) rising.
        lines: one for each loss.
        across: label of the x axis.
        up: label of the y axis.
        reference: the loss that the others are compared with; empty for none.
        log: whether the x axis is logarithmic.
        steps: whether y is constant until the next x.
        dots: whether each point has a marker.
        ends: limits of the y axis; None to take them from the lines.
        room: the most lines in one picture.
        bounds: the least and the greatest possible y.
    """

    key: str
    x: np.ndarray
    lines: Sequence[Line]
    across: str
    up: str
    reference: str = ""
    log: bool = False
    steps: bool = False
    dots: bool = False
    ends: tuple[float, float] | None = None
    room: int = CROWD
    bounds: tuple[float, float] = (-np.inf, np.inf)

    @property
    def crowded(self) -> bool:
        """Whether each loss gets a panel of its own."""
        return len(self.lines) > self.room

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The limits of the y axis."""
        return self.ends or limits(self.lines, self.bounds)

    def thinned(self) -> Lines:
        """Return the same lines, with at most `MOST` points."""
        if len(self.x) <= MOST:
            return self
        places = np.unique(np.linspace(0, len(self.x) - 1, MOST).round().astype(int))
        return replace(self, x=self.x[places], lines=[one.at(places) for one in self.lines])

    def scales(self, frame: Frame) -> tuple[Scale, Scale]:
        """Return the scales of x and y."""
        low, high = value_range(self.x)
        return frame.across(low, high, self.log and low > 0), frame.up(*self.limits)

    def values(self) -> str:
        """Return x as an attribute for the script that reads values off."""
        return " ".join(f"{x:g}" for x in self.x.tolist())


def limits(lines: Sequence[Line], bounds: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
    """Return the limits of an axis that shows nearly all of some lines and bands, within the possible values.

    One loss may score far off in its first epochs, and the band of few seeds may be wide; either would flatten
    everything else. So the first points of long lines and the widest parts of bands are ignored.
    """
    settled = [one.at(np.arange(len(one.y) // FIRST, len(one.y))) for one in lines]
    means = value_range(np.concatenate([one.y for one in settled]))
    edges = [end[np.isfinite(end)] for one in settled for end in (one.low, one.high) if end is not None]
    wide = np.quantile(np.concatenate(edges), [0.05, 0.95]) if any(map(len, edges)) else []
    return value_range(np.clip([*means, *wide], *bounds))


def description(one: Line, chart: Lines) -> str:
    """Return in words where a line begins and ends."""
    known = np.flatnonzero(np.isfinite(one.y))
    if not known.size:
        return f"{one.loss}: no value"
    first, last = known[0], known[-1]
    return f"{one.loss}: {one.y[first]:.3g} at {chart.x[first]:g}, {one.y[last]:.3g} at {chart.x[last]:g}"
