"""A few lines in one picture, each with its name at its end."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossbench.report.charts.lines import Line, Lines, description
from lossbench.report.charts.look import DASHES
from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.scale import Scale
from lossbench.report.charts.strokes import band, clip_path, line_attributes, path, pointer_range, points

LEFT, PLOT = 44, 256  # pixels
LABEL = 13  # pixels from one name to the next
LETTER = 6.3  # pixels
LONGEST = 24  # letters of a name


def frame_of(chart: Lines) -> Frame:
    """Return the frame of a picture, as wide as its names need."""
    longest = max((min(len(one.loss), LONGEST) for one in chart.lines), default=0)
    right = max(24 + LETTER * longest, 80)
    return Frame(LEFT + PLOT + right, 240, LEFT, right, 26, 36)


def overlay(chart: Lines) -> str:
    """Return the picture."""
    frame = frame_of(chart)
    x, y = chart.scales(frame)
    bands = "".join(band(one, chart, x, y) for one in chart.lines)
    lines = "".join(_line(one, number, chart, x, y) for number, one in enumerate(chart.lines))
    marks = [frame.axes(x, y, (chart.across, chart.up)), clip_path(chart, frame)]
    marks.append(f'<g clip-path="url(#{chart.key}c)">{bands}{lines}</g>')
    marks += [*(mark for one in chart.lines for mark in points(one, chart, x, y)), *_labels(chart, x, y)]
    summary = f"{chart.up} by {chart.across}: {'; '.join(description(one, chart) for one in chart.lines)}"
    return picture(summary, frame.width, frame.height, marks, "whole", pointer_range(x))


def _line(one: Line, number: int, chart: Lines, x: Scale, y: Scale) -> str:
    """Return a line; without markers it gets its own dash, for readers who cannot see the colours."""
    dash = "" if chart.dots else f' style="--d:{DASHES[number % len(DASHES)]}"'
    return f'<path {line_attributes(one, chart)}{dash} d="{path(one, chart, x, y)}"/>'


def _labels(chart: Lines, x: Scale, y: Scale) -> Iterator[str]:
    """Yield the names at the ends of the lines, spread out; names of lines without values come last, below."""
    ends = [(_end_pixel(one, y), one) for one in chart.lines]
    ends.sort(key=lambda end: (math.isnan(end[0]), end[0]))
    place, room = y.end - LABEL, y.start - LABEL * (len(ends) - 1)
    for number, (at, one) in enumerate(ends):
        missing = math.isnan(at)
        place = max(place + LABEL, min(y.start if missing else at, room + LABEL * number))
        if not missing:
            path = f"M{x.end + 1:.1f} {at:.1f}L{x.end + 7:.1f} {place:.1f}"
            yield f'<path class="lead {one.look.name}" d="{path}"/>'
        yield one.look.marker(x.end + 12, place)
        yield text(
            x.end + 19, place + 4, shortened(one.loss, LONGEST), f"{'name ' if missing else ''}{one.look.name}"
        )


def _end_pixel(one: Line, y: Scale) -> float:
    """Return the y pixel at which a line ends; NaN if it has no value."""
    known = one.y[np.isfinite(one.y)]
    return min(max(y(float(known[-1])), y.end), y.start) if known.size else math.nan
