"""Curves and points drawn in characters, for a terminal: each cell is a grid of two by four dots."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

ACROSS, DOWN = 2, 4
"""Dots in a cell."""

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot, row by row, in the code of a Braille pattern."""

Points = Sequence[tuple[float, float]]
Limits = tuple[tuple[float, float], tuple[float, float]]
"""The lowest and the highest x, and likewise of y."""

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
        x: (points,) rising.
        y: (points,) NaN and infinite values are left out.
        width: columns in all.
        height: lines of the curve alone.
        limits: lowest and highest y, to compare panels; None for those of the curve.

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
    frame = Frame.around(limits or span(drawn), width, height)
    places = np.linspace(x[0], x[-1], ACROSS * frame.columns)
    return frame.lines(title, frame.cells([np.interp(places, x, drawn)]), _linear(x[0], x[-1]))


def scatter(
    title: str, points: Mapping[str, Points], limits: Limits, width: int = 48, height: int = 8
) -> list[str]:
    r"""Return points in the plane, line by line, each drawn as its mark.

    Example:
        >>> points = {"a": [(0.0, 1.0)], "b": [(1.0, 0.0)], "c": [(0.6, 0.6)]}
        >>> print("\n".join(scatter("three", points, ((0, 1), (0, 1)), width=14, height=3)))
        three
        1 ┤a⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
          │⠀⠀⠀⠀⠀⠀c⠀⠀⠀⠀
        0 ┤┈┈┈┈┈┈┈┈┈┈b
          └───────────
          0   0.5    1
    """
    across, up = limits
    frame = Frame.around(up, width, height)
    cells = frame.marked(frame.cells([]), points, across)
    return frame.lines(title, cells, _linear(*across))


def log_curves(
    title: str, points: Mapping[str, Points], limits: Limits, width: int = 48, height: int = 8
) -> list[str]:
    r"""Return curves over a logarithmic axis, line by line, each with its mark at every point.

    Example:
        >>> drawn = log_curves("rising", {"a": [(0.01, 0), (1, 1)]}, ((0.01, 1), (0, 1)), width=14, height=3)
        >>> print("\n".join(drawn))
        rising
        1 ┤⠀⠀⠀⠀⠀⠀⠀⢀⡠⠔a
          │⠀⠀⠀⢀⡠⠔⠊⠁⠀⠀⠀
        0 ┤a⠔⠊⠁┈┈┈┈┈┈┈
          └───────────
          0.01  0.1  1
    """
    (first, last), up = limits
    across, frame = (math.log(first), math.log(last)), Frame.around(up, width, height)
    logs = {mark: [(math.log(x), y if math.isfinite(y) else math.nan) for x, y in points[mark]] for mark in points}
    places = np.linspace(*across, ACROSS * frame.columns)
    columns = [np.array(curve).T for curve in logs.values()]
    curves = [np.interp(places, x, y, left=np.nan, right=np.nan) for x, y in columns]
    cells = frame.marked(frame.cells(curves), logs, across)
    return frame.lines(title, cells, [f"{place:.3g}" for place in (first, math.sqrt(first * last), last)])


@dataclass(frozen=True)
class Frame:
    """The axes of a panel.

    Args:
        low: y of the lowest dot.
        high: y of the highest.
        columns: cells across.
        height: cells down.
        labels: the numbers beside the axis, by the row on which they stand.
    """

    low: float
    high: float
    columns: int
    height: int
    labels: Mapping[int, str]

    @classmethod
    def around(cls, limits: tuple[float, float], width: int, height: int) -> Frame:
        """Return the frame that has this width, labels included."""
        labels = _labels(*limits, height)
        return cls(*limits, width - max(map(len, labels.values())) - 2, height, labels)

    def cells(self, curves: Sequence[np.ndarray]) -> list[str]:
        """Return the lines of characters that show some curves, each (dots across,)."""
        dots = np.zeros((DOWN * self.height, ACROSS * self.columns), dtype=bool)
        for curve in curves:
            dots |= _dots(curve, self.low, self.high, self.height)
        return _cells(dots, self.labels)

    def marked(self, cells: list[str], points: Mapping[str, Points], across: tuple[float, float]) -> list[str]:
        """Return the lines with a mark at each point; `across` is x of the first and the last dot."""
        lines = [list(line) for line in cells]
        for mark in reversed(list(points)):
            for x, y in points[mark]:
                if not math.isnan(y):
                    down = round((DOWN * self.height - 1) * (self.high - y) / (self.high - self.low))
                    right = round((ACROSS * self.columns - 1) * (x - across[0]) / (across[1] - across[0]))
                    lines[down // DOWN][right // ACROSS] = mark
        return list(map("".join, lines))

    def lines(self, title: str, cells: list[str], ends: Sequence[str]) -> list[str]:
        """Return title, cells and axes; `ends` are the numbers below, at both ends and in the middle."""
        margin = max(map(len, self.labels.values()))
        body = [
            f"{self.labels.get(row, ''):>{margin}} {'┤' if row in self.labels else '│'}{line}"
            for row, line in enumerate(cells)
        ]
        left, below = " " * (margin + 1), self.columns + 1
        first, middle, last = ends
        numbers = f"{first}{middle:^{below - len(first) - len(last)}}{last}"
        return [title, *body, f"{left}└{'─' * self.columns}", left + numbers]


def beside(*panels: list[str]) -> list[str]:
    """Return panels beside each other, line by line.

    Example:
        >>> beside(["a", "bcd"], ["e", "f"])
        ['a    e', 'bcd  f']
    """
    widths = [max(map(len, lines)) for lines in panels]
    rows = itertools.zip_longest(*panels, fillvalue="")
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def span(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Return the lowest and highest finite number of (n,), widened if they are equal.

    Example:
        >>> span([2.0, math.nan, 5.0]), span([3.0])
        ((2.0, 5.0), (2.0, 4.0))
    """
    finite = np.asarray(values)[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    room = max(1.0, abs(low) / 100)
    return (low, high) if high > low else (low - room, high + room)


def _labels(low: float, high: float, height: int) -> dict[int, str]:
    """Return the numbers beside the axis, by the row on which they stand: both ends, and zero where it fits."""
    labels = {0: _number(high, high - low), height - 1: _number(low, high - low)}
    zero = round((height - 1) * high / (high - low))
    return labels if zero in labels or not 0 < zero < height - 1 else {**labels, zero: "0"}


def _number(value: float, span: float) -> str:
    """Return a number as an axis label, rounded to three figures of the span of the axis."""
    return f"{round(value, 2 - math.floor(math.log10(span))) + 0.0:.3g}"


def _linear(first: float, last: float) -> list[str]:
    """Return the numbers below a linear axis: both ends and the middle."""
    return [_number(place, last - first) for place in (first, (first + last) / 2, last)]


def _dots(y: np.ndarray, low: float, high: float, height: int) -> np.ndarray:
    """Return the dots (dots down, dots across) of a curve (dots across,), joined between columns."""
    level = ((DOWN * height - 1) * (high - y) / (high - low)).round()
    before = np.roll(level, 1)
    before[0] = np.nan
    # A joint starts one dot beyond the dot before it, so that lines are one dot thick.
    start = np.where(np.isnan(before), level, before + np.sign(level - before))
    row = np.arange(DOWN * height)[:, None]
    return np.asarray((row >= np.minimum(start, level)) & (row <= np.maximum(start, level)))


def _cells(dots: np.ndarray, labels: Mapping[int, str]) -> list[str]:
    """Return dots (dots down, dots across) as lines of characters, with the zero line where cells are empty."""
    bits = dots.reshape(dots.shape[0] // DOWN, DOWN, -1, ACROSS) * np.array(DOTS)[:, None]
    sums = bits.sum(axis=(1, 3))
    return [
        "".join(ZERO if not cell and labels.get(row) == "0" else chr(BLANK + cell) for cell in line)
        for row, line in enumerate(sums.tolist())
    ]
