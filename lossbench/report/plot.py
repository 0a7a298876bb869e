"""A curve drawn in characters, for a terminal: each cell is a grid of two by four dots."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

ACROSS, DOWN = 2, 4
"""Dots in a cell."""

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""What each dot, row by row, adds to the number of a Braille pattern."""

BLANK = 0x2800
ZERO = "┈"


def panel(
    title: str,
    x: Sequence[float] | np.ndarray,
    y: Sequence[float] | np.ndarray,
    width: int = 48,
    height: int = 10,
    limits: tuple[float, float] | None = None,
) -> list[str]:
    r"""Return a curve with its axes, line by line.

    Args:
        title: stands above.
        x: rising.
        y: at x; what is NaN or infinite is left out.
        width: columns in all.
        height: lines of the curve alone.
        limits: lowest and highest y, so that several panels can be compared; None for those of the curve.

    Example:
        >>> print("\n".join(panel("square", [-2, -1, 0, 1, 2], [4, 1, 0, 1, 4], width=20, height=3)))
        square
        4 ┤⠑⢄⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⡠⠊
          │⠀⠀⠑⢄⠀⠀⠀⠀⠀⠀⠀⠀⠀⡠⠊⠀⠀
        0 ┤┈┈┈┈⠉⠒⠤⠤⣀⠤⠤⠒⠉┈┈┈┈
          └─────────────────
          -2       0       2
    """
    drawn = np.where(np.isfinite(y), y, np.nan)
    low, high = limits or _span(drawn)
    marks = _marks(low, high, height)
    margin = max(map(len, marks.values()))
    columns = width - margin - 2
    places = np.linspace(x[0], x[-1], ACROSS * columns)
    cells = _cells(_dots(np.interp(places, x, drawn), low, high, height), marks)
    body = [
        f"{marks.get(row, ''):>{margin}} {'┤' if row in marks else '│'}{line}" for row, line in enumerate(cells)
    ]
    left = " " * (margin + 1)
    return [title, *body, f"{left}└{'─' * columns}", left + _ends(x[0], x[-1], columns + 1)]


def beside(*panels: list[str]) -> list[str]:
    """Return panels beside each other, line by line.

    Example:
        >>> beside(["a", "bcd"], ["e", "f"])
        ['a    e', 'bcd  f']
    """
    widths = [max(map(len, lines)) for lines in panels]
    rows = itertools.zip_longest(*panels, fillvalue="")
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _span(y: np.ndarray) -> tuple[float, float]:
    """Return the lowest and the highest of the numbers, apart from each other."""
    finite = y[~np.isnan(y)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return (low, high) if high > low else (low - 1, high + 1)


def _marks(low: float, high: float, height: int) -> dict[int, str]:
    """Return the numbers beside the axis, by the row on which they stand: both ends, and zero where it fits."""
    marks = {0: _number(high, high - low), height - 1: _number(low, high - low)}
    zero = round((height - 1) * high / (high - low))
    return marks if zero in marks or not 0 < zero < height - 1 else {**marks, zero: "0"}


def _number(value: float, span: float) -> str:
    """Write a number on an axis, to three figures of what the axis spans."""
    return f"{round(value, 2 - math.floor(math.log10(span))) + 0.0:.3g}"


def _ends(first: float, last: float, columns: int) -> str:
    """Return the numbers below the axis: both ends and the middle."""
    left, middle, right = (_number(place, last - first) for place in (first, (first + last) / 2, last))
    return f"{left}{middle:^{columns - len(left) - len(right)}}{right}"


def _dots(y: np.ndarray, low: float, high: float, height: int) -> np.ndarray:
    """Return which dots are set, (dots down, dots across): the curve at each column, joined to the one before."""
    level = ((DOWN * height - 1) * (high - y) / (high - low)).round()
    before = np.roll(level, 1)
    before[0] = np.nan
    # The joint begins beside the dot before, so that a line is one dot thick.
    start = np.where(np.isnan(before), level, before + np.sign(level - before))
    row = np.arange(DOWN * height)[:, None]
    return np.asarray((row >= np.minimum(start, level)) & (row <= np.maximum(start, level)))


def _cells(dots: np.ndarray, marks: dict[int, str]) -> list[str]:
    """Return the lines of characters; where nothing is drawn on the row of zero, its axis."""
    bits = dots.reshape(dots.shape[0] // DOWN, DOWN, -1, ACROSS) * np.array(DOTS)[:, None]
    sums = bits.sum(axis=(1, 3))
    return [
        "".join(ZERO if not cell and marks.get(row) == "0" else chr(BLANK + cell) for cell in line)
        for row, line in enumerate(sums.tolist())
    ]
