"""The frame, axes and texts that all charts are built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lossbench.report.charts.scale import Scale
from lossbench.report.escape import html as escape


@dataclass(frozen=True)
class Frame:
    """The size of a picture and the room around its axes, in pixels.

    Args:
        width: in all.
        height: in all.
        left: for the numbers of the y axis.
        right: for labels beside the axes.
        top: for a title.
        bottom: for the numbers and the name of the x axis.
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def across(self, low: float, high: float, log: bool = False) -> Scale:
        """Return the scale of x."""
        return Scale(low, high, self.left, self.width - self.right, log)

    def up(self, low: float, high: float) -> Scale:
        """Return the scale of y."""
        return Scale(low, high, self.height - self.bottom, self.top)

    def axes(self, x: Scale, y: Scale, names: tuple[str, str] = ("", ""), ticks: tuple[int, int] = (5, 5)) -> str:
        """Return both axes with their numbers, and their names if given."""
        below, beside = names
        parts = [*self.below(x, ticks[0]), *self._beside(y, ticks[1])]
        if below:
            middle = (x.start + x.end) / 2
            parts.append(text(middle, self.height - 4, below, "name", "middle"))
        if beside:
            parts.append(text(2, self.top - 8, beside, "name"))
        return "".join(parts)

    def below(self, x: Scale, most: int) -> Iterator[str]:
        """Yield the grid lines and numbers of the x axis."""
        bottom = self.height - self.bottom
        for tick in x.ticks(most):
            yield f'<path class="grid" d="M{x(tick):.1f} {self.top:g}V{bottom:g}"/>'
            yield text(x(tick), bottom + 13, f"{tick:.12g}", "number", "middle")

    def _beside(self, y: Scale, most: int) -> Iterator[str]:
        for tick in y.ticks(most):
            yield f'<path class="grid" d="M{self.left:g} {y(tick):.1f}H{self.width - self.right:g}"/>'
            yield text(self.left - 5, y(tick) + 4, f"{tick:.12g}", "number", "end")


def text(x: float, y: float, content: str, classes: str = "", anchor: str = "") -> str:
    """Return a text at a place, which is its start, middle or end by `anchor`."""
    named = f' class="{classes}"' if classes else ""
    anchored = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}"{anchored}>{escape(content)}</text>'


def picture(
    description: str,
    width: float,
    height: float,
    marks: Iterable[str],
    classes: str = "",
    attributes: Iterable[str] = (),
) -> str:
    """Return an SVG of a size in pixels with some marks; its description is for screen readers."""
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    named = f' class="{classes}"' if classes else ""
    extra = "".join(f" {one}" for one in attributes)
    return f'<svg{named} {size} role="img" aria-label="{escape(description)}"{extra}>{"".join(marks)}</svg>\n'


def shortened(name: str, length: int = 20) -> str:
    """Return a name shortened to a length.

    Example:
        >>> shortened("a_very_long_name", 8)
        'a_very_…'
    """
    return name if len(name) <= length else f"{name[: length - 1]}…"
