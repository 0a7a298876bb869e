"""The look of a loss, the same in all charts of a page: its own colour, dash and marker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COLOURS = 10
"""Colours of the style sheet: those of Okabe and Ito (2008), adjusted for contrast, and three more."""

DASHES = ("none", "6 3", "2 2", "8 3 2 3")
MARKERS = (
    "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",  # circle
    "m-3.2-3.2h6.4v6.4h-6.4z",  # square
    "m0-4.2l4 7h-8z",  # triangle
    "m0-4.5l4 4.5l-4 4.5l-4-4.5z",  # diamond
    "m0 4.2l4-7h-8z",  # triangle upside down
    "m-1.4-4h2.8v2.6h2.6v2.8h-2.6v2.6h-2.8v-2.6h-2.6v-2.8h2.6z",  # plus
    "m0-4.4l4.2 3-1.6 5h-5.2l-1.6-5z",  # pentagon
)
"""SVG paths around a point, in pixels."""


@dataclass(frozen=True)
class Look:
    """The look of a loss.

    Args:
        number: of the loss on its page, counted from 0.
        colour: number of the colour.
        turn: how many earlier losses have the same colour.
        shape: number of the marker.
    """

    number: int
    colour: int
    turn: int
    shape: int

    @property
    def name(self) -> str:
        """The CSS class of everything drawn for the loss."""
        return f"l{self.number}"

    @property
    def rule(self) -> str:
        """Its rule in the style sheet of the page."""
        return f".{self.name}{{--c:var(--p{self.colour});--d:{DASHES[self.turn % len(DASHES)]}}}"

    def marker(self, x: float, y: float, classes: str = "marker") -> str:
        """Return its marker around a point."""
        return f'<path class="{classes} {self.name}" d="M{x:.1f} {y:.1f}{MARKERS[self.shape]}"/>'


def looks(groups: Iterable[Iterable[str]]) -> dict[str, Look]:
    """Give every loss a look of its own.

    No two losses of a group share a colour as long as the colours last, and no two of a page share both colour and
    dash.

    Example:
        >>> found = looks([["bce", "mse"], ["mse", "mae"]])
        >>> [(loss, look.colour, look.turn) for loss, look in found.items()]
        [('bce', 0, 0), ('mse', 1, 0), ('mae', 2, 0)]
    """
    together = [tuple(dict.fromkeys(group)) for group in groups]
    found: dict[str, Look] = {}
    for number, loss in enumerate(dict.fromkeys(loss for group in together for loss in group)):
        # A loss that is met in several groups counts several times.
        near = [found[other] for group in together if loss in group for other in group if other in found]
        colour = _rarest(COLOURS, [one.colour for one in near], [one.colour for one in found.values()])
        shape = _rarest(len(MARKERS), [one.shape for one in near], [one.shape for one in found.values()])
        found[loss] = Look(number, colour, sum(look.colour == colour for look in found.values()), shape)
    return found


def _rarest(count: int, near: Sequence[int], every: Sequence[int]) -> int:
    """Return the number below `count` that is rarest in `near`; ties go to the rarest in `every`."""
    return min(range(count), key=lambda number: (near.count(number), every.count(number), number))
