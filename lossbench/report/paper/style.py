"""The style of figures in print, and the import of matplotlib, which only figures need."""

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
"""Width of a column of a paper in inches."""

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
    "pdf.fonttype": 42,  # journals refuse type 3 fonts
    "svg.fonttype": "path",
    "svg.hashsalt": "lossbench",
    "savefig.dpi": 300,
}
"""Settings of matplotlib for a figure in print."""

DASHES: tuple[Any, ...] = ("-", (0, (4, 1)), (0, (1, 1)), (0, (5, 1, 1, 1)))
"""Line styles, for print without colours."""

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
    """Return the line style of each loss; with the colours, up to forty losses look different."""
    return dict(zip(losses, cycle(DASHES), strict=False))


LONGEST = 22
"""The most characters of a name in a figure."""


def shown_name(text: str, most: int = LONGEST) -> str:
    r"""Return a name for matplotlib: shortened, and with dollars escaped.

    Example:
        >>> print(shown_name("a$b$"), shown_name("my_losses.py:a_loss_of_my_own"))
        a\$b\$ my_losses.py:a_loss_o…
    """
    shown = visible(text)
    return (shown if len(shown) <= most else f"{shown[: most - 1]}…").replace("$", r"\$")


def label_width(texts: Iterable[str]) -> float:
    """Return the share of the column width that the longest of some names needs."""
    longest = max((min(len(text), LONGEST) for text in texts), default=0)
    return (0.06 * longest + 0.1) / COLUMN


def points_to_data(ax: Axes, points: float) -> float:
    """Return a height in points as a distance on the y axis."""
    inches = ax.get_position().height * ax.figure.get_figure(root=True).get_figheight()
    low, high = ax.get_ylim()
    return float(points / (72.0 * inches) * (high - low))


def spread_out(values: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Return positions (n,) in the order of the values, at least a gap apart, and as close to them as possible.

    Args:
        values: (n,) wanted positions.
        gap: the least distance of two positions.
        low: the lowest position.
        high: the highest; exceeded if there is not enough room.

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
