"""Charts of lines with bands: the score by epoch, and by contaminated share; small multiples where lines crowd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lossbench.report.paper.shown import Line
from lossbench.report.paper.style import GREY, dashes, name, room, spread_out, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE = "#d0d0d0"

CROWD = 4
"""Lines that one chart in a column holds with their bands."""

FEW = 6
"""Points that each have a number on the x axis."""

ACROSS = 3
"""Panels in a row."""

PANEL, ABOVE, BELOW = 0.85, 0.17, 0.38
"""Inches that a row of panels takes, and what is above the first and below the last."""


@dataclass(frozen=True)
class Chart:
    """What is drawn.

    Args:
        lines: one a loss, the reference first.
        colours: by loss.
        across: what the x axis is.
        up: what the y axis is.
    """

    lines: Sequence[Line]
    colours: Mapping[str, str] = field(repr=False)
    across: str
    up: str


def sides(lines: Sequence[Line]) -> tuple[float, float]:
    """Return where the axes begin and end, as shares of the width."""
    return 0.16, 0.96 - width(line.loss for line in lines)


def panels_height(lines: Sequence[Line]) -> float:
    """Return how many inches high small multiples are."""
    return ABOVE + BELOW + PANEL * -(-len(lines) // ACROSS)


def draw(ax: Axes, chart: Chart) -> None:
    """Draw all losses on one pair of axes, each with its name at its end, and its band unless lines crowd."""
    styles = dashes([line.loss for line in chart.lines])
    for line in chart.lines:
        if len(chart.lines) <= CROWD:
            band(ax, line, chart.colours[line.loss], opacity=0.12)
        ax.plot(line.x, line.mean, color=chart.colours[line.loss], linestyle=styles[line.loss])
    bound(ax, chart.lines)
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
    """Draw one loss before all others."""
    colour = chart.colours[line.loss]
    for other in chart.lines:
        ax.plot(other.x, other.mean, color=PALE, linewidth=0.5)
    band(ax, line, colour, opacity=0.2)
    ax.plot(line.x, line.mean, color=colour, linewidth=1.2)
    bound(ax, chart.lines)
    ax.set_title(name(line.loss), loc="left", pad=2, color=colour)


def band(ax: Axes, line: Line, colour: str, opacity: float) -> None:
    """Draw the 95 % interval around a line."""
    ax.fill_between(line.x, line.low, line.high, color=colour, alpha=opacity, linewidth=0)


def bound(ax: Axes, lines: Sequence[Line]) -> None:
    """Bound the axes; the first epochs of a loss that begins far below the others may lie outside."""
    ax.set_ylim(*bounds(lines))
    ax.set_xlim(min(line.x[0] for line in lines), max(line.x[-1] for line in lines))
    points = sorted({float(x) for line in lines for x in line.x})
    if len(points) <= FEW:
        ax.set_xticks(points, [f"{x:g}" for x in points])


def bounds(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the ends of the y axis: all means but the least fiftieth, and the ends of the intervals near them."""
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
    """Write the name of each loss where its line ends, moved where two would collide."""
    low, high = ax.get_ylim()
    ends = {line.loss: line.mean[np.isfinite(line.mean)][-1:] for line in chart.lines}
    known = {loss: float(np.clip(end[0], low, high)) for loss, end in ends.items() if len(end)}
    if not known:
        return
    gap = room(ax, 1.15 * float(ax.xaxis.label.get_fontsize()))
    places = spread_out([*known.values()], gap, low, high)
    leader = {"arrowstyle": "-", "color": GREY, "linewidth": 0.4, "relpos": (0, 0.5), "shrinkA": 1, "shrinkB": 1}
    for (loss, end), place in zip(known.items(), places, strict=True):
        ax.annotate(
            name(loss),
            (ax.get_xlim()[1], end),
            (1.05, float(place)),
            textcoords=ax.get_yaxis_transform(),
            va="center",
            color=chart.colours[loss],
            arrowprops=leader,
            annotation_clip=False,
        )
