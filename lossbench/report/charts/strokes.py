"""The SVG elements of a line: path, band, markers, and the values that the script reads off."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.path import compact_numbers, svg_path
from lossbench.report.charts.picture import Frame
from lossbench.report.charts.scale import Scale
from lossbench.report.escape import html as escape

BAND = 50
"""The most points of a band; each covers the epochs around it, so that the line stays within the band."""


def path(one: Line, chart: Lines, x: Scale, y: Scale) -> str:
    """Return the path of a line."""
    across, up = x.pixels(chart.x), y.pixels(one.y)
    if chart.steps:
        across, up = np.repeat(across, 2)[1:], np.repeat(up, 2)[:-1]
    return svg_path(across, up)


def line_attributes(one: Line, chart: Lines) -> str:
    """Return the attributes of a line: classes, and for the script its name, means and half intervals."""
    kind = f"line {one.look.name}" + (" ref" if one.loss == chart.reference else "")
    values = f'class="{kind}" data-n="{escape(one.loss)}" data-y="{compact_numbers(one.y)}"'
    if one.low is None or one.high is None:
        return values
    low, high = (np.where(np.isfinite(end), end, np.nan) for end in (one.low, one.high))
    return f'{values} data-h="{compact_numbers((high - low) / 2, 2)}"'


def band(one: Line, chart: Lines, x: Scale, y: Scale) -> str:
    """Return the band around a line; empty without one."""
    if one.low is None or one.high is None:
        return ""
    known = np.isfinite(one.low) & np.isfinite(one.high)
    across, low, high = outline(x.pixels(chart.x[known]), y.pixels(one.low[known]), y.pixels(one.high[known]))
    edge = svg_path(np.concatenate([across, across[::-1]]), np.concatenate([high, low[::-1]]))
    return f'<path class="around {one.look.name}" d="{edge}Z"/>' if edge else ""


def outline(across: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thin out the points of a band, (n,) in pixels each; the upper edge has the smaller numbers."""
    if len(across) <= BAND:
        return across, low, high
    starts = np.linspace(0, len(across), BAND + 1).astype(int)[:-1]
    middle = across[starts]
    middle[-1] = across[-1]
    return middle, np.maximum.reduceat(low, starts), np.minimum.reduceat(high, starts)


def points(one: Line, chart: Lines, x: Scale, y: Scale) -> Iterator[str]:
    """Yield the markers of a line that has them, and the ring around its chosen point."""
    for place, value in zip(chart.x.tolist(), one.y.tolist(), strict=True):
        if np.isfinite(value) and chart.dots:
            yield one.look.marker(x(place), y(value))
            if place == one.chosen:
                yield f'<circle class="chosen {one.look.name}" cx="{x(place):.1f}" cy="{y(value):.1f}" r="6.5"/>'


def pointer_range(x: Scale) -> list[str]:
    """Return the ends of the x axis as attributes, for the script to find the value under the pointer."""
    return [f'data-box="{x.start:g} {x.end:g}"', *(['data-log="1"'] if x.log else [])]


def clip_path(chart: Lines, frame: Frame) -> str:
    """Return the clip path of lines and bands: the axes, plus the width of a marker."""
    width, height = frame.width - frame.left - frame.right, frame.height - frame.top - frame.bottom
    size = f'width="{width + 8:g}" height="{height + 8:g}"'
    return f'<clipPath id="{chart.key}c"><rect x="{frame.left - 4:g}" y="{frame.top - 4:g}" {size}/></clipPath>'
