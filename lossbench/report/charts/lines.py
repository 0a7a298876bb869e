"""Lines of losses over something that they share, and how much of them an axis shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lossbench.report.charts.look import Look
from lossbench.report.charts.picture import Frame
from lossbench.report.charts.scale import Scale, apart

CROWD = 4
"""Lines with bands that one picture has room for; more get a panel each, with the others behind it."""

FIRST = 20  # part of a line that is not counted when an axis is laid out
MOST = 200
"""Points of a line; of a longer one as many are drawn, evenly apart."""


@dataclass(frozen=True, eq=False)
class Line:
    """The line of a loss.

    Args:
        loss: its name.
        look: of the loss.
        y: (points,) NaN where there is none.
        low: (points,) lower end of the band; None without a band.
        high: upper end.
        chosen: the x that is ringed; None for none.
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
        key: begins the names of its parts, unlike that of any other on the page.
        x: (points,) rising.
        lines: one a loss.
        across: what x is.
        up: what y is.
        reference: the loss that the others are held to; empty for none.
        log: whether x is drawn by its logarithm.
        steps: whether y stays until the next x.
        dots: whether each point has a marker.
        ends: the least and the greatest y to be drawn; None for those of the lines.
        room: how many lines one picture has room for.
        bounds: the least and the greatest y that there can be.
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
        """Whether each loss has a panel."""
        return len(self.lines) > self.room

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest y on the axis."""
        return self.ends or limits(self.lines, self.bounds)

    def thinned(self) -> Lines:
        """Return the same with no more points than can be told apart."""
        if len(self.x) <= MOST:
            return self
        places = np.unique(np.linspace(0, len(self.x) - 1, MOST).round().astype(int))
        return replace(self, x=self.x[places], lines=[one.at(places) for one in self.lines])

    def scales(self, frame: Frame) -> tuple[Scale, Scale]:
        """Return the axes across and up."""
        low, high = apart(self.x)
        return frame.across(low, high, self.log and low > 0), frame.up(*self.limits)

    def values(self) -> str:
        """Return x as an attribute, from which values are read off."""
        return " ".join(f"{x:g}" for x in self.x.tolist())


def limits(lines: Sequence[Line], bounds: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
    """Return the ends of an axis that shows nearly all of some lines and bands, within what is possible.

    A score may be far off in the first epochs of one loss, and a band of few seeds wide; either would press all
    else into a line. So what comes first is left out where there is much of it, and the widest of the bands.
    """
    settled = [one.at(np.arange(len(one.y) // FIRST, len(one.y))) for one in lines]
    means = apart(np.concatenate([one.y for one in settled]))
    edges = [end[np.isfinite(end)] for one in settled for end in (one.low, one.high) if end is not None]
    wide = np.quantile(np.concatenate(edges), [0.05, 0.95]) if any(map(len, edges)) else []
    return apart(np.clip([*means, *wide], *bounds))


def told(one: Line, chart: Lines) -> str:
    """Say where a line begins and ends."""
    known = np.flatnonzero(np.isfinite(one.y))
    if not known.size:
        return f"{one.loss}: no value"
    first, last = known[0], known[-1]
    return f"{one.loss}: {one.y[first]:.3g} at {chart.x[first]:g}, {one.y[last]:.3g} at {chart.x[last]:g}"
