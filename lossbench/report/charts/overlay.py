"""A few lines on one picture, each with its name at its end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossbench.report.charts.lines import Lines, told
from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.scale import Scale
from lossbench.report.charts.strokes import about, band, box, clip, path, points

FRAME = Frame(400, 240, 44, 96, 26, 36)
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
    """Yield the names at the ends of the lines, apart from each other."""
    ends = [(float(known[-1]), one) for one in chart.lines if (known := one.y[np.isfinite(one.y)]).size]
    ends = sorted(((min(max(y(value), y.end), y.start), one) for value, one in ends), key=lambda end: end[0])
    place, room = y.end - LABEL, y.start - LABEL * (len(ends) - 1)
    for number, (at, one) in enumerate(ends):
        place = max(place + LABEL, min(at, room + LABEL * number))
        yield f'<path class="lead {one.look.name}" d="M{x.end + 1:.1f} {at:.1f}L{x.end + 7:.1f} {place:.1f}"/>'
        yield one.look.marker(x.end + 12, place)
        yield text(x.end + 19, place + 4, shortened(one.loss, 13), one.look.name)
