"""How figures look in print, and matplotlib, which only they need."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from lossbench.errors import UsageError
from lossbench.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMN = 3.4
"""Inches that a column of a paper is wide."""

PRINT: dict[str, Any] = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.0,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "pdf.fonttype": 42,  # journals refuse type 3
    "svg.fonttype": "path",
    "svg.hashsalt": "lossbench",
    "savefig.dpi": 300,
}
"""Settings of matplotlib for a figure in print."""

DASHES: tuple[Any, ...] = ("-", (0, (4, 1)), (0, (1, 1)), (0, (5, 1, 1, 1)))
"""How lines differ where colours do not print."""

COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"),
    *("#882255", "#7f7f7f", "#999933"),
)
"""Colours that colour-blind readers can tell apart (Okabe and Ito 2008), and three more."""

GREY, BAND = "#7f7f7f", "#e8e8e8"


def matplotlib(part: str) -> Any:
    """Import a part of matplotlib.

    Raises:
        UsageError: it is not installed.
    """
    try:
        importlib.import_module("matplotlib")
    except ModuleNotFoundError as missing:
        if missing.name != "matplotlib":
            raise
        raise UsageError(
            "figures need matplotlib, which is not installed; it comes with the extra 'plots': "
            "pip install 'lossbench[plots]'"
        ) from None
    return importlib.import_module(f"matplotlib.{part}")


def dashes(losses: Sequence[str]) -> dict[str, Any]:
    """Return how the line of each loss is broken; with the colours, no two of forty losses look alike."""
    return dict(zip(losses, cycle(DASHES), strict=False))


LONGEST = 22
"""Characters of a name that a figure shows."""


def name(text: str, most: int = LONGEST) -> str:
    r"""Return a name as matplotlib shows it: not too long, and none of it taken for a formula.

    Example:
        >>> print(name("a$b$"), name("my_losses.py:a_loss_of_my_own"))
        a\$b\$ my_losses.py:a_loss_o…
    """
    shown = visible(text)
    return (shown if len(shown) <= most else f"{shown[: most - 1]}…").replace("$", r"\$")


def width(texts: Iterable[str]) -> float:
    """Return which share of a column texts need, at most as long as a name."""
    longest = max((min(len(text), LONGEST) for text in texts), default=0)
    return (0.06 * longest + 0.1) / COLUMN


def room(ax: Axes, points: float) -> float:
    """Return how much of the y axis a height in points is."""
    inches = ax.get_position().height * ax.figure.get_figure(root=True).get_figheight()
    low, high = ax.get_ylim()
    return float(points / (72.0 * inches) * (high - low))


def spread_out(values: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Return positions (n,) in the order of the values, a gap apart or more, and as near to them as can be.

    Args:
        values: (n,) where they are wanted.
        gap: the least distance of two.
        low: the lowest position.
        high: the highest; they go beyond it where there is no room for all.

    Example:
        >>> spread_out([1.0, 1.0, 5.0], 1.0, 0.0, 5.0)
        array([0.5, 1.5, 5. ])
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(values, kind="stable")
    steps = gap * np.arange(len(order))
    wanted = isotonic_regression(np.asarray(values, dtype=np.float64)[order] - steps).x
    found = np.empty(len(order))
    found[order] = np.clip(wanted, low, max(low, high - steps[-1])) + steps
    return found
