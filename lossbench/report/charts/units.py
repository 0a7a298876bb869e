"""Units of a claim: a square for each, by what it says, and the intervals of units with the same measure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.scale import Scale, value_range
from lossbench.report.escape import html as escape

SQUARE, ACROSS = 16, 24
"""Pixels from one square to the next, and squares in a row."""

LABELLED = 14
"""The most intervals with a name at their side; of more, the name is in a tooltip."""

NAMES, WIDTH = 190, 460


class Unit(NamedTuple):
    """One comparison: its name, what it says of the claim, and the difference, NaN if there is none."""

    name: str
    side: str
    told: str
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan


def squares(units: Sequence[Unit], marks: dict[str, str]) -> str:
    """Return a square for each unit.

    Args:
        units: grouped by what they say.
        marks: by side, one character.
    """
    rows = -(-len(units) // ACROSS)
    width, height = SQUARE * min(len(units), ACROSS) + 2, SQUARE * rows + 2
    parts = []
    for number, one in enumerate(units):
        x, y = 1 + SQUARE * (number % ACROSS), 1 + SQUARE * (number // ACROSS)
        kind = f"unit {one.side.replace(' ', '-')}"
        box = f'<rect class="{kind}" x="{x}" y="{y}" width="{SQUARE - 2}" height="{SQUARE - 2}" rx="2"/>'
        sign = text(x + SQUARE / 2 - 1, y + 11, marks[one.side], kind, "middle")
        parts.append(f'<g class="mark"><title>{escape(one.told)}</title>{box}{sign}</g>')
    return picture("; ".join(one.told for one in units), width, height, parts, "squares")


def intervals(name: str, units: Sequence[Unit]) -> str:
    """Return the intervals of units below each other, the largest difference first."""
    rows = sorted(units, key=lambda one: -one.mean)
    named = len(rows) <= LABELLED
    each = 20.0 if named else 5.0
    frame = Frame(WIDTH, 10 + each * len(rows) + 38, NAMES if named else 14, 90 if named else 14, 10, 38)
    low, high = value_range(np.array([[0.0, one.low, one.high] for one in rows]).ravel())
    x = frame.across(low - 0.04 * (high - low), high + 0.04 * (high - low))
    bottom = frame.height - frame.bottom
    marks = [
        *frame.below(x, 5),
        f'<path class="zero" d="M{x(0):.1f} {frame.top:g}V{bottom:g}"/>',
        text(WIDTH / 2, frame.height - 4, shortened(name, 64), "name", "middle"),
    ]
    marks += [_row(one, x, frame.top + each * (row + 0.5), each, named) for row, one in enumerate(rows)]
    return picture(f"{name}: {'; '.join(one.told for one in rows)}", WIDTH, frame.height, marks, "intervals")


def _row(one: Unit, x: Scale, y: float, each: float, named: bool) -> str:
    hit = f'<rect class="hit" x="0" y="{y - each / 2:.1f}" width="{WIDTH}" height="{each:g}"/>'
    bar = f'<path class="interval" d="M{x(one.low):.1f} {y:.1f}H{x(one.high):.1f}"/>'
    dot = f'<circle class="dot" cx="{x(one.mean):.1f}" cy="{y:.1f}" r="{3 if named else 2}"/>'
    words = "".join(_words(one, x, y)) if named else ""
    return f'<g class="mark"><title>{escape(one.told)}</title>{hit}{bar}{dot}{words}</g>'


def _words(one: Unit, x: Scale, y: float) -> Iterator[str]:
    yield text(x.start - 8, y + 4, shortened(one.name, 26), "", "end")
    yield text(x.end + 8, y + 4, one.side, "verdict")
