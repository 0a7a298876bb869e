"""The critical-difference diagram (Demšar 2006): mean ranks, and bars over losses not told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lossbench.report.critical import Place, tied
from lossbench.report.paper.style import label_width, shown_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, BAR = 0.15, 0.07
"""Inches for a name and for a bar."""

SHORT = 14  # characters of a name; there are names on both sides
GAP = 0.03  # of the width, between the line and a name


def depth(places: Sequence[Place]) -> float:
    """Return the height of bars and names below the line, in inches."""
    return BAR * (len([*tied(places)]) + 1) + ROW * ((len(places) + 1) // 2)


def sides(places: Sequence[Place]) -> tuple[float, float]:
    """Return the left and right ends of the axes, as shares of the width."""
    half = (len(places) + 1) // 2
    return label_width(map(text, places[:half])) + GAP, 1.0 - label_width(map(text, places[half:])) - GAP


def text(place: Place) -> str:
    """Return the name of a loss and its mean rank."""
    return f"{shown_name(place.name, SHORT)} {place.rank:.1f}"


def draw(ax: Axes, places: Sequence[Place]) -> None:
    """Draw the mean ranks of two losses or more, the best first; the y axis counts inches below the line."""
    bars, last = [*tied(places)], len(places)
    ax.set_xlim(1, last)
    ax.set_ylim(depth(places), 0)
    ax.xaxis.tick_top()
    ax.set_xticks(range(1, last + 1))
    ax.set_yticks([])
    for side in ("left", "right", "bottom"):
        ax.spines[side].set_visible(False)
    ax.spines["top"].set_visible(True)
    for number, bar in enumerate(bars, start=1):
        ends = [places[bar[0]].rank - 0.04, places[bar[-1]].rank + 0.04]
        ax.plot(ends, [BAR * number] * 2, color="black", linewidth=2, solid_capstyle="butt", clip_on=False)
    half, top = (last + 1) // 2, BAR * (len(bars) + 1) + ROW / 2
    for index, place in enumerate(places):
        stem(ax, place, top + ROW * min(index, last - 1 - index), left=index < half)


def stem(ax: Axes, place: Place, down: float, left: bool) -> None:
    """Draw the line from a mean rank to the name of its loss, the better half on the left."""
    low, high = ax.get_xlim()
    margin = 0.03 * (high - low)
    edge, words = (low - margin, low - 1.5 * margin) if left else (high + margin, high + 1.5 * margin)
    ax.plot([place.rank, place.rank, edge], [0, down, down], color="black", linewidth=0.6, clip_on=False)
    ax.text(words, down, text(place), ha="right" if left else "left", va="center")
