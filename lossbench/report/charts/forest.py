"""A forest plot: the difference of each loss from the reference, with interval and verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lossbench.report.charts.look import Look
from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.scale import Scale, value_range
from lossbench.report.escape import html as escape
from lossbench.report.figures import amount

ROW = 22  # pixels
NAMES, WORDS = 128, 92
"""Pixels for the names to the left, and for the verdicts to the right."""

WIDTH = 440


class Against(NamedTuple):
    """A loss against the reference. Without a difference, mean and ends are NaN, and only the verdict is drawn."""

    loss: str
    look: Look
    mean: float
    low: float
    high: float
    word: str


def forest(name: str, rows: Sequence[Against], margin: float, better: int) -> str:
    """Return intervals below each other, around zero.

    Args:
        name: of the x axis.
        rows: from top to bottom.
        margin: half the width of the shaded band of differences too small to matter; 0 for none.
        better: 1 where larger differences are better, -1 where they are worse.
    """
    frame = Frame(WIDTH, 26 + ROW * len(rows) + 46, NAMES, WORDS, 26, 46)
    low, high = value_range(np.array([[row.low, row.high, row.mean] for row in rows] + [[-margin, margin, 0.0]]))
    edge = 0.05 * (high - low)
    x = frame.across(low - edge, high + edge)
    bottom = frame.height - frame.bottom
    marks = [
        f'<rect class="margin" x="{x(-margin):.1f}" y="{frame.top}" width="{x(margin) - x(-margin):.1f}" '
        f'height="{bottom - frame.top:g}"/>',
        *frame.below(x, 4),
        f'<path class="zero" d="M{x(0):.1f} {frame.top}V{bottom:g}"/>',
        *_sides(x, frame, better),
        text((x.start + x.end) / 2, frame.height - 6, name, "name", "middle"),
    ]
    marks += [_row(row, x, frame.top + ROW * (number + 0.5)) for number, row in enumerate(rows)]
    summary = f"{name}: {'; '.join(map(description, rows))}"
    return picture(summary, frame.width, frame.height, marks, "forest")


def description(row: Against) -> str:
    """Return the difference and verdict of a loss in words."""
    if math.isnan(row.mean):
        return f"{row.loss}: {row.word}"
    return f"{row.loss}: {amount(row.mean, row.low, row.high)}, {row.word}"


def _sides(x: Scale, frame: Frame, better: int) -> Iterator[str]:
    """Yield labels for the better and the worse side, if there is room."""
    for side, at, anchor in ((-1, x(0) - 8, "end"), (1, x(0) + 8, "start")):
        word = ("better", "worse")[side != better]
        if (x.end - at if side == 1 else at - x.start) > 52:
            arrow = f"{word} →" if side == 1 else f"← {word}"
            yield text(at, frame.top - 10, arrow, "name", anchor)


def _row(row: Against, x: Scale, y: float) -> str:
    name = f"{row.look.marker(8, y)}{text(18, y + 4, shortened(row.loss, 17))}"
    word = text(x.end + 10, y + 4, row.word, "verdict")
    bar = ""
    if not math.isnan(row.mean):
        known = math.isfinite(row.low + row.high)
        bar = (
            f'<path class="bar {row.look.name}" d="M{x(row.low):.1f} {y:.1f}H{x(row.high):.1f}"/>' if known else ""
        )
        bar += row.look.marker(x(row.mean), y)
    hit = f'<rect class="hit" x="0" y="{y - ROW / 2:.1f}" width="{WIDTH}" height="{ROW}"/>'
    return f'<g class="mark {row.look.name}"><title>{escape(description(row))}</title>{hit}{name}{bar}{word}</g>'
