"""Line charts with bands: the score by epoch or contaminated share; small multiples for many lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lossbench.report.paper.figure_data import Line
from lossbench.report.paper.style import GREY, dashes, label_width, points_to_data, shown_name, spread_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE = "#d0d0d0"

CROWD = 4
"""The most lines with bands in one chart."""

FEW = 6
"""The most points that each get a number on the x axis."""

ACROSS = 3
"""Panels in a row."""

PANEL, ABOVE, BELOW = 0.85, 0.17, 0.38
"""Inches for a row of panels, above the first and below the last."""


@dataclass(frozen=True)
class Chart:
    """The content of a line chart."""

    lines: Sequence[Line]
    colours: Mapping[str, str] = field(repr=False)
    across: str
    up: str


def sides(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the left and right ends of the axes, as shares of the width."""
    return 0.16, 0.96 - label_width(line.loss for line in lines)


def panels_height(lines: Sequence[Line]) -> float:
    """Return the height of small multiples in inches."""
    return ABOVE + BELOW + PANEL * -(-len(lines) // ACROSS)


def draw(ax: Axes, chart: Chart) -> None:
    """Draw all losses on the same axes, each with its name at its end, and with bands if there are few lines."""
    styles = dashes([line.loss for line in chart.lines])
    for line in chart.lines:
        if len(chart.lines) <= CROWD:
            band(ax, line, chart.colours[line.loss], opacity=0.12)
        ax.plot(line.x, line.mean, color=chart.colours[line.loss], linestyle=styles[line.loss])
    set_limits(ax, chart.lines)
    ax.set_xlabel(chart.across)
    ax.set_ylabel(chart.up)
    names_at_ends(ax, chart)


def draw_panels(figure: Figure, chart: Chart) -> None:
    """Draw a panel for each loss: its line and band, and the lines of all others in grey behind."""
    count, height = len(chart.lines), panels_height(chart.lines)
    place = {"left": 0.14, "right": 0.96, "bottom": BELOW / height, "top": 1.0 - ABOVE / height}
    shape = (-(-count // ACROSS), ACROSS)
    apart = {"wspace": 0.22, "hspace": 0.45}
    grid = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False, gridspec_kw=place | apart)
    for ax in grid.flat[count:]:
        ax.remove()
    for number, (ax, line) in enumerate(zip(grid.flat, chart.lines, strict=False)):
        panel(ax, line, chart)
        ax.tick_params(labelbottom=number + ACROSS >= count)
    figure.supxlabel(chart.across, fontsize="medium")
    figure.supylabel(chart.up, fontsize="medium")


def panel(ax: Axes, line: Line, chart: Chart) -> None:
    """Draw one loss in front of all others."""
    colour = chart.colours[line.loss]
    for other in chart.lines:
        ax.plot(other.x, other.mean, color=PALE, linewidth=0.5)
    band(ax, line, colour, opacity=0.2)
    ax.plot(line.x, line.mean, color=colour, linewidth=1.2)
    set_limits(ax, chart.lines)
    ax.set_title(shown_name(line.loss), loc="left", pad=2, color=colour)


def band(ax: Axes, line: Line, colour: str, opacity: float) -> None:
    """Draw the 95 % interval around a line."""
    ax.fill_between(line.x, line.low, line.high, color=colour, alpha=opacity, linewidth=0)


def set_limits(ax: Axes, lines: Sequence[Line]) -> None:
    """Set the limits of the axes; the first epochs of a loss that begins far below the others may be cut."""
    ax.set_ylim(*y_limits(lines))
    ax.set_xlim(min(line.x[0] for line in lines), max(line.x[-1] for line in lines))
    points = sorted({float(x) for line in lines for x in line.x})
    if len(points) <= FEW:
        ax.set_xticks(points, [f"{x:g}" for x in points])


def y_limits(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the limits of the y axis: the means without the lowest 2 %, and the last intervals if near them."""
    means = np.concatenate([line.mean for line in lines])
    means = means[np.isfinite(means)]
    if not len(means):
        return 0.0, 1.0
    low, high = float(np.quantile(means, 0.02)), float(means.max())
    last = np.array([[line.low[-1], line.high[-1]] for line in lines])
    last = last[np.isfinite(last)]
    span = max(high - low, 1e-9)
    ends = np.clip([low, high, *last], low - 1.5 * span, high + 1.5 * span)
    return float(ends.min() - 0.04 * span), float(ends.max() + 0.04 * span)


def names_at_ends(ax: Axes, chart: Chart) -> None:
    """Write the name of each loss where its line ends, shifted to avoid overlaps."""
    low, high = ax.get_ylim()
    ends = {line.loss: line.mean[np.isfinite(line.mean)][-1:] for line in chart.lines}
    known = {loss: float(np.clip(end[0], low, high)) for loss, end in ends.items() if len(end)}
    if not known:
        return
    gap = points_to_data(ax, 1.15 * float(ax.xaxis.label.get_fontsize()))
    places = spread_out([*known.values()], gap, low, high)
    leader = {"arrowstyle": "-", "color": GREY, "linewidth": 0.4, "relpos": (0, 0.5), "shrinkA": 1, "shrinkB": 1}
    for (loss, end), place in zip(known.items(), places, strict=True):
        ax.annotate(
            shown_name(loss),
            (ax.get_xlim()[1], end),
            (1.05, float(place)),
            textcoords=ax.get_yaxis_transform(),
            va="center",
            color=chart.colours[loss],
            arrowprops=leader,
            annotation_clip=False,
        )
