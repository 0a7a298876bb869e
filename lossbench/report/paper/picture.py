"""A figure before it is drawn: its size, the position of its axes, and the functions that draw it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lossbench.errors import BadValue
from lossbench.report.answer.table import corrupted
from lossbench.report.critical import Place
from lossbench.report.paper import forest, linechart, ranks
from lossbench.report.paper.figure_data import FigureData
from lossbench.report.paper.style import COLUMN
from lossbench.report.tables import heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = 1.9
"""Height of a line chart in inches."""


@dataclass(frozen=True)
class Picture:
    """One figure as wide as a column.

    Args:
        name: of its files, without the ending.
        height: in inches.
        sides: left and right ends of its axes, as shares of the width.
        draw: draws on the axes.
        above: inches above the axes.
        below: inches below them.
        panels: draws small multiples on the whole figure instead; None if one pair of axes is enough.
        panels_height: in inches.
    """

    name: str
    height: float
    sides: tuple[float, float]
    draw: Callable[[Axes], None]
    above: float = 0.2
    below: float = 0.35
    panels: Callable[[Figure], None] | None = None
    panels_height: float = 0.0

    def axes(self, figure: Figure) -> Axes:
        """Add the axes to a figure of this size, or an enlarged one."""
        left, right = self.sides
        below = self.below / self.height
        return figure.add_axes((left, below, right - left, 1.0 - below - self.above / self.height))

    def drawn_on(self, make: Callable[..., Figure]) -> Figure:
        """Make a figure, draw on it, and return it."""
        if self.panels:
            figure = make(figsize=(COLUMN, self.panels_height))
            self.panels(figure)
        else:
            figure = make(figsize=(COLUMN, self.height))
            self.draw(self.axes(figure))
        return figure


def forest_picture(name: str, shown: FigureData) -> Picture:
    """Return the forest plot of a table."""
    return Picture(name, forest.height(shown), forest.sides(shown), partial(forest.draw, shown=shown))


def rank_picture(name: str, places: Sequence[Place]) -> Picture:
    """Return the critical-difference picture of a task."""
    above, below = 0.3, 0.02
    height = above + ranks.depth(places) + below
    return Picture(name, height, ranks.sides(places), partial(ranks.draw, places=places), above, below)


def line_picture(name: str, shown: FigureData, kind: str) -> Picture:
    """Return the learning curves of a table, or its scores by contaminated share.

    Raises:
        BadValue: there are none.
    """
    first = shown.rows.iloc[0]
    score, dirt = heading(first.score), corrupted(first.outlier_kind, first.task)
    if kind == "curves":
        lines, labels = shown.trained, ("epoch", f"validation {score}")
        missing = "there are no learning curves, since no curves.csv stands beside the trials; run it again"
    else:
        lines, labels = shown.shares, (f"share {dirt}", f"test {score}")
        missing = f"{shown.name} has one contaminated share; run it with several, as outliers=[0, 0.1, 0.2, 0.4]"
    if not lines:
        raise BadValue(missing)
    chart = linechart.Chart(lines, shown.colours, *labels)
    picture = Picture(name, LINES, linechart.sides(lines), partial(linechart.draw, chart=chart))
    if len(lines) <= linechart.CROWD:
        return picture
    panels, height = partial(linechart.draw_panels, chart=chart), linechart.panels_height(lines)
    return replace(picture, panels=panels, panels_height=height)
