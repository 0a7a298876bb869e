"""A few lines on one picture, each with its name at its end."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossbench.report.charts.lines import Line, Lines, told
from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.scale import Scale
from lossbench.report.charts.strokes import about, band, box, clip, path, points

FRAME = Frame(420, 240, 44, 120, 26, 36)
LABEL = 13  # pixels from one name to the next


def overlay(chart: Lines) -> str:
    """Return the picture."""
    x, y = chart.scales(FRAME)
    bands = "".join(band(one, chart, x, y) for one in chart.lines)
    lines = "".join(
        f'<path {about(one, chart)} d="{path(one, chart, x, y)}"/>{"".join(points(one, chart, x, y))}'
        for one in chart.lines
    )
    marks = [FRAME.axes(x, y, (chart.across, chart.up)), clip(chart, FRAME)]
    marks += [f'<g clip-path="url(#{chart.key}c)">{bands}{lines}</g>', *_labels(chart, x, y)]
    said = f"{chart.up} by {chart.across}: {'; '.join(told(one, chart) for one in chart.lines)}"
    return picture(said, FRAME.width, FRAME.height, marks, "whole", box(x))


def _labels(chart: Lines, x: Scale, y: Scale) -> Iterator[str]:
    """Yield the names at the ends of the lines, apart from each other; one without a value stands below."""
    ends = [(_end(one, y), one) for one in chart.lines]
    ends.sort(key=lambda end: (math.isnan(end[0]), end[0]))
    place, room = y.end - LABEL, y.start - LABEL * (len(ends) - 1)
    for number, (at, one) in enumerate(ends):
        missing = math.isnan(at)
        place = max(place + LABEL, min(y.start if missing else at, room + LABEL * number))
        if not missing:
            path = f"M{x.end + 1:.1f} {at:.1f}L{x.end + 7:.1f} {place:.1f}"
            yield f'<path class="lead {one.look.name}" d="{path}"/>'
        yield one.look.marker(x.end + 12, place)
        yield text(x.end + 19, place + 4, shortened(one.loss, 17), f"{'name ' if missing else ''}{one.look.name}")


def _end(one: Line, y: Scale) -> float:
    """Return the pixel up at which a line ends; NaN where it has no value."""
    known = one.y[np.isfinite(one.y)]
    return min(max(y(float(known[-1])), y.end), y.start) if known.size else math.nan
