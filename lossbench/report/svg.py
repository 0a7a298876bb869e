"""Charts in SVG for a page: nothing is fetched, nothing runs, and each mark shows its numbers under the pointer.

Only lines, points and bars on two axes are drawn, in a tenth of a second. matplotlib would add a second to every
run and seven packages to every installation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from lossbench.report.escape import html as escape
from lossbench.report.plot import span
from lossbench.stats.verdicts import BETTER, WORSE

COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"),
    *("#882255", "#7f7f7f", "#999933"),
)
"""Colours that colour-blind readers can tell apart (Okabe and Ito 2008), and three more."""

VERDICTS = dict.fromkeys(BETTER, "#009e73") | dict.fromkeys(WORSE, "#d55e00") | {"equivalent": "#0072b2"}
"""The colour of an interval; grey where nothing is decided."""

GREY = "#7f7f7f"
WIDTH, HEIGHT = 400, 250
TOP, BOTTOM, LEFT, RIGHT = 26, 34, 48, 12
"""Space around the axes, in pixels."""

NAMES = 130  # pixels for the names of losses, beside their intervals
ROW = 20  # pixels for an interval


@dataclass(frozen=True)
class Scale:
    """A linear scale from numbers to pixels.

    Args:
        low: the least number.
        high: the greatest number.
        start: the pixel of `low`.
        end: the pixel of `high`.

    Example:
        >>> Scale(0, 10, 100, 200)(2.5)
        125.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a number."""
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return a few round numbers on the scale.

        Example:
            >>> Scale(0.02, 0.99, 0, 1).ticks()
            [0.2, 0.4, 0.6, 0.8]
        """
        least = (self.high - self.low) / 5
        digits = -math.floor(math.log10(least))
        power = 10.0**-digits
        step = next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(number * step, digits) for number in range(first, last + 1)]


class IntervalRow(NamedTuple):
    """A row of a chart of intervals. Mean and ends are NaN where there are none: then the verdict stands alone."""

    name: str
    colour: str
    mean: float
    low: float
    high: float
    word: str


def intervals(title: str, rows: Sequence[IntervalRow], margin: float) -> str:
    """Return a chart of intervals below each other, around zero.

    Args:
        title: stands above.
        rows: from top to bottom.
        margin: half the width of the shaded band of differences too small to matter; zero for none.
    """
    ends = np.array([[row.low, row.high, row.mean] for row in rows] + [[-margin, margin, 0.0]])
    low, high = span(ends)
    edge = 0.05 * (high - low)
    x = Scale(low - edge, high + edge, LEFT + NAMES - RIGHT, WIDTH - RIGHT)
    bottom = TOP + ROW * len(rows)
    marks = [
        f'<rect class="band" x="{x(-margin):.1f}" y="{TOP}" width="{x(margin) - x(-margin):.1f}" '
        f'height="{bottom - TOP}"/>',
        f'<path class="zero" d="M{x(0):.1f} {TOP}V{bottom}"/>',
    ]
    marks += [part for number, row in enumerate(rows) for part in _interval(row, x, TOP + ROW * (number + 0.5))]
    return chart(title, bottom + BOTTOM, [*_below(x, bottom), *marks])


def _interval(row: IntervalRow, x: Scale, y: float) -> Iterator[str]:
    yield f'<circle cx="{LEFT - 40}" cy="{y:.1f}" r="4" fill="{row.colour}"/>'
    yield f'<text x="{LEFT - 32}" y="{y + 4:.1f}">{shortened(row.name)}</text>'
    if math.isnan(row.mean):
        anchor, gap = ("start", 6) if x(0) < (x.start + x.end) / 2 else ("end", -6)  # where there is room
        place = f'x="{x(0) + gap:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}"'
        yield f'<text class="number" {place}>{escape(row.word)}</text>'
        return
    colour = VERDICTS.get(row.word, GREY)
    told = f"{row.name}: {row.mean:.4g} [{row.low:.4g}, {row.high:.4g}], {row.word}"
    bar = f'<path d="M{x(row.low):.1f} {y:.1f}H{x(row.high):.1f}"/>' if math.isfinite(row.low + row.high) else ""
    dot = f'<circle cx="{x(row.mean):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    yield f'<g class="curve" stroke="{colour}"><title>{escape(told)}</title>{bar}{dot}</g>'


def curves(
    title: str,
    drawn: Mapping[str, Sequence[tuple[float, float]]],
    colours: Mapping[str, str],
    bands: Mapping[str, tuple[np.ndarray, np.ndarray]] = MappingProxyType({}),
) -> str:
    """Return a chart of curves.

    Args:
        title: stands above.
        drawn: the points of each curve, x rising; what is not finite is left out.
        colours: of each curve.
        bands: by curve, the lower and the upper end of its interval at each of its points; NaN for none.
    """
    points = np.array([point for curve in drawn.values() for point in curve], dtype=float).reshape(-1, 2)
    x = Scale(*span(points[:, 0]), LEFT, WIDTH - RIGHT)
    y = Scale(*span(points[:, 1]), HEIGHT - BOTTOM, TOP)
    marks = [_band(drawn[name], *ends, colours[name], x, y) for name, ends in bands.items()]
    marks += [_curve(name, curve, colours[name], x, y) for name, curve in drawn.items()]
    return chart(title, HEIGHT, [*_below(x, HEIGHT - BOTTOM), *_beside(y), *marks])


def _curve(name: str, points: Sequence[tuple[float, float]], colour: str, x: Scale, y: Scale) -> str:
    seen = [(x(across), y(up)) for across, up in points if math.isfinite(across) and math.isfinite(up)]
    path = "M" + "L".join(f"{across:.1f} {up:.1f}" for across, up in seen) if seen else ""
    return f'<path class="curve" stroke="{colour}" d="{path}"><title>{escape(name)}</title></path>'


def _band(
    points: Sequence[tuple[float, float]], low: np.ndarray, high: np.ndarray, colour: str, x: Scale, y: Scale
) -> str:
    across = [x(place) for place, _ in points]
    edge = [*zip(across, high.tolist(), strict=True), *reversed([*zip(across, low.tolist(), strict=True)])]
    path = "L".join(f"{place:.1f} {y(up):.1f}" for place, up in edge if math.isfinite(up))
    return f'<path class="around" fill="{colour}" d="{f"M{path}Z" if path else ""}"/>'


def _below(x: Scale, bottom: float) -> Iterator[str]:
    """Yield the axis below, with its numbers."""
    for tick in x.ticks():
        yield f'<path class="grid" d="M{x(tick):.1f} {TOP}V{bottom:.1f}"/>'
        place = f'x="{x(tick):.1f}" y="{bottom + 16:.1f}" text-anchor="middle"'
        yield f'<text class="number" {place}>{tick:.12g}</text>'


def _beside(y: Scale) -> Iterator[str]:
    """Yield the axis to the left, with its numbers."""
    for tick in y.ticks():
        yield f'<path class="grid" d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text class="number" x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.12g}</text>'


def chart(title: str, height: float, marks: Iterable[str], width: float = WIDTH) -> str:
    """Return a picture of some marks under its title; sizes are in pixels."""
    said, size = escape(title), f'width="{width:g}" height="{height:g}"'
    head = f'<svg viewBox="0 0 {width:g} {height:g}" {size} role="img" aria-label="{said}">'
    text = f'<text class="title" x="{width / 2:g}" y="14" text-anchor="middle">{said}</text>'
    return f"{head}{text}{''.join(marks)}</svg>"


def shortened(name: str, length: int = 20) -> str:
    """Return a name for a place with little room."""
    return escape(name if len(name) <= length else f"{name[: length - 1]}…")
