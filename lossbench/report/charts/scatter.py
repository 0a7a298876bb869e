"""A scatter plot of losses: one score on each axis, both with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lossbench.report.charts.look import Look
from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.scale import Scale, value_range
from lossbench.report.escape import html as escape
from lossbench.report.figures import Spread, interval

FRAME = Frame(280, 210, 40, 12, 40, 34)


class Point(NamedTuple):
    """A loss in the plane."""

    loss: str
    look: Look
    across: Spread
    up: Spread


def scatter(title: str, points: Sequence[Point], names: tuple[str, str]) -> str:
    """Return the picture; losses without a coordinate are left out."""
    known = [one for one in points if not math.isnan(one.across.mean + one.up.mean)]
    x, y = FRAME.across(*_ends([one.across for one in known])), FRAME.up(*_ends([one.up for one in known]))
    marks = [text(2, 13, shortened(title, 36), "title"), FRAME.axes(x, y, names, (4, 4))]
    marks += [_mark(one, x, y) for one in known]
    summary = f"{title}, {names[0]} and {names[1]}: {'; '.join(map(description, known))}"
    return picture(summary, FRAME.width, FRAME.height, marks, "plane")


def description(point: Point) -> str:
    """Return the scores of a loss in words."""
    return f"{point.loss}: {interval(*point.across)} and {interval(*point.up)}"


def _ends(spreads: Sequence[Spread]) -> tuple[float, float]:
    """Return the limits of an axis: all means and a typical interval around them; longer intervals are cut."""
    low, high = value_range(np.array([one.mean for one in spreads]))
    halves = [one.half for one in spreads if math.isfinite(one.half)]
    edge = max(0.1 * (high - low), float(np.median(halves)) if halves else 0.0)
    return low - edge, high + edge


def _mark(point: Point, x: Scale, y: Scale) -> str:
    at = x(point.across.mean), y(point.up.mean)
    bars = ""
    if not math.isnan(point.across.half):
        ends = (min(max(x(end), x.start), x.end) for end in (point.across.low, point.across.high))
        bars += f"M{next(ends):.1f} {at[1]:.1f}H{next(ends):.1f}"
    if not math.isnan(point.up.half):
        ends = (max(min(y(end), y.start), y.end) for end in (point.up.low, point.up.high))
        bars += f"M{at[0]:.1f} {next(ends):.1f}V{next(ends):.1f}"
    bar = f'<path class="whisker {point.look.name}" d="{bars}"/>' if bars else ""
    title = f"<title>{escape(description(point))}</title>"
    return f'<g class="mark {point.look.name}">{title}{bar}{point.look.marker(*at)}</g>'
