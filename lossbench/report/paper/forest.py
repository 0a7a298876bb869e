"""The forest plot: the difference of each loss from the reference, with interval and verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossbench.report.figures import Spread, column
from lossbench.report.paper.figure_data import FigureData
from lossbench.report.paper.style import BAND, GREY, label_width, shown_name
from lossbench.report.tables import heading, shown_loss
from lossbench.schema import METRICS
from lossbench.stats.verdicts import BETTER, WORSE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS: dict[str, tuple[str, bool, str]] = {
    **dict.fromkeys(BETTER, ("^", True, "better")),
    **dict.fromkeys(WORSE, ("v", True, "worse")),
    "equivalent": ("s", True, "equivalent"),
    "inconclusive": ("o", False, "open"),
}
"""By verdict: the marker, whether it is filled, and its word."""

ROW = 0.17
"""Inches for each loss."""


def height(shown: FigureData) -> float:
    """Return the height of the figure in inches."""
    return 0.75 + ROW * len(shown.rows)


def sides(shown: FigureData) -> tuple[float, float]:
    """Return the left and right ends of the axes, as shares of the width."""
    return label_width(names(shown)), 1.0 - label_width(differences(shown.rows))


def names(shown: FigureData) -> list[str]:
    """Return the names of the losses, with the rate of each in the tuned view."""
    return [shown_loss(row) for _, row in shown.rows.iterrows()]


def differences(rows: pd.DataFrame) -> list[str]:
    """Return the differences as text."""
    texts = column(map(Spread, rows.difference, rows.difference_low, rows.difference_high))
    reference = (rows.loss == rows.reference).tolist()
    return ["reference" if first else text.replace("-", "−") for first, text in zip(reference, texts, strict=True)]


def draw(ax: Axes, shown: FigureData) -> None:
    """Draw the differences from the reference, with the margin around zero; a filled marker is a verdict."""
    rows, first = shown.rows, shown.rows.iloc[0]
    places = np.arange(len(rows))[::-1]
    if shown.margin:
        ax.axvspan(-shown.margin, shown.margin, color=BAND, linewidth=0, zorder=0)
    ax.axvline(0.0, color="black", linewidth=0.6, zorder=1)
    for place, (_, row) in zip(places, rows.iterrows(), strict=True):
        if row.loss != first.reference:
            interval(ax, place, row)
    ax.set_yticks(places, [*map(shown_name, names(shown))])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"{heading(first.score)} minus that of {shown_name(first.reference)}{better(first.score)}")
    for place, text in zip(places, differences(rows), strict=True):
        colour = GREY if text == "reference" else "black"
        ax.text(1.02, place, text, transform=ax.get_yaxis_transform(), va="center", color=colour)
    legend(ax, rows)


def better(score: str) -> str:
    """Return the label for the side of the better losses."""
    return "  (better →)" if METRICS[score].greater_is_better else "  (← better)"


def interval(ax: Axes, place: float, row: pd.Series[Any]) -> None:
    """Draw the difference of one loss."""
    marker, filled, _ = MARKS[row.verdict]
    face = "black" if filled else "white"
    ax.plot([row.difference_low, row.difference_high], [place, place], color="black", linewidth=0.8, zorder=2)
    ax.plot(
        row.difference,
        place,
        marker,
        color="black",
        markerfacecolor=face,
        markersize=4,
        markeredgewidth=0.8,
        zorder=3,
    )


def legend(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw a legend of the markers in use, above the axes."""
    there = dict.fromkeys(MARKS[word] for word in MARKS if word in set(rows.verdict.dropna()))
    for marker, filled, word in there:
        face = "black" if filled else "white"
        ax.plot([], [], marker, color="black", markerfacecolor=face, markersize=4, markeredgewidth=0.8, label=word)
    if there:
        ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=len(there), frameon=False, handletextpad=0, borderpad=0
        )
