"""What a line is drawn with: its path, its band, its points, and the values that are read off it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.path import numbers, way
from lossbench.report.charts.picture import Frame
from lossbench.report.charts.scale import Scale
from lossbench.report.escape import html as escape

BAND = 50
"""Points of a band, each the outline of the epochs around it, so that no line leaves it."""


def path(one: Line, chart: Lines, x: Scale, y: Scale) -> str:
    """Return where a line goes."""
    across, up = x.pixels(chart.x), y.pixels(one.y)
    if chart.steps:
        across, up = np.repeat(across, 2)[1:], np.repeat(up, 2)[:-1]
    return way(across, up)


def about(one: Line, chart: Lines) -> str:
    """Return the classes of a line, and the values that the script reads off it: name, mean, half the interval."""
    kind = f"line {one.look.name}" + (" ref" if one.loss == chart.reference else "")
    values = f'class="{kind}" data-n="{escape(one.loss)}" data-y="{numbers(one.y)}"'
    if one.low is None or one.high is None:
        return values
    low, high = (np.where(np.isfinite(end), end, np.nan) for end in (one.low, one.high))
    return f'{values} data-h="{numbers((high - low) / 2, 2)}"'


def band(one: Line, chart: Lines, x: Scale, y: Scale) -> str:
    """Return the band around a line; nothing without one."""
    if one.low is None or one.high is None:
        return ""
    known = np.isfinite(one.low) & np.isfinite(one.high)
    across, low, high = outline(x.pixels(chart.x[known]), y.pixels(one.low[known]), y.pixels(one.high[known]))
    edge = way(np.concatenate([across, across[::-1]]), np.concatenate([high, low[::-1]]))
    return f'<path class="around {one.look.name}" d="{edge}Z"/>' if edge else ""


def outline(across: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return fewer points of a band, all (n,) in pixels, of which the upper edge has the smaller numbers."""
    if len(across) <= BAND:
        return across, low, high
    starts = np.linspace(0, len(across), BAND + 1).astype(int)[:-1]
    middle = across[starts]
    middle[-1] = across[-1]
    return middle, np.maximum.reduceat(low, starts), np.minimum.reduceat(high, starts)


def points(one: Line, chart: Lines, x: Scale, y: Scale) -> Iterator[str]:
    """Yield the markers of a line that has them, and the ring around the point that was chosen."""
    for place, value in zip(chart.x.tolist(), one.y.tolist(), strict=True):
        if np.isfinite(value) and chart.dots:
            yield one.look.marker(x(place), y(value))
            if place == one.chosen:
                yield f'<circle class="chosen {one.look.name}" cx="{x(place):.1f}" cy="{y(value):.1f}" r="6.5"/>'


def box(x: Scale) -> list[str]:
    """Return where the axis across begins and ends, from which the script finds what is pointed at."""
    return [f'data-box="{x.start:g} {x.end:g}"', *(['data-log="1"'] if x.log else [])]


def clip(chart: Lines, frame: Frame) -> str:
    """Return what lines and bands do not leave: the axes, and a marker's width around them."""
    width, height = frame.width - frame.left - frame.right, frame.height - frame.top - frame.bottom
    size = f'width="{width + 8:g}" height="{height + 8:g}"'
    return f'<clipPath id="{chart.key}c"><rect x="{frame.left - 4:g}" y="{frame.top - 4:g}" {size}/></clipPath>'
