"""The critical-difference picture (Demšar 2006): mean ranks on a line, in SVG and in characters.

In SVG a bar lies over losses that are not told apart. In characters each loss is drawn as its letters: losses that
share one are not told apart, so that a single line of a terminal says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lossbench.report.escape import html as escape
from lossbench.report.svg import ROW, TOP, Scale, chart, shortened

WIDTH, NAMES = 600, 160  # pixels in all, and for the names on each side
AXIS = TOP + 20
BAR = 8  # pixels from one bar to the next
LINE = 90  # characters
BLANK = "┈"


class Place(NamedTuple):
    """Where a loss stands; losses that share a letter are not told apart."""

    name: str
    rank: float
    letters: str


def picture(title: str, places: Sequence[Place], colours: Sequence[str]) -> str:
    """Return the picture in SVG.

    Args:
        title: stands above.
        places: of two losses or more, the best rank first.
        colours: of each loss.
    """
    x = Scale(1, len(places), NAMES, WIDTH - NAMES)
    bars = list(tied(places))
    first = AXIS + BAR * (len(bars) + 1) + ROW / 2
    half = (len(places) + 1) // 2
    rows = [first + ROW * min(index, len(places) - 1 - index) for index in range(len(places))]
    marks = [f'<path class="zero" d="M{x(1):.1f} {AXIS}H{x(len(places)):.1f}"/>', *_ticks(x, len(places))]
    for index, (place, colour) in enumerate(zip(places, colours, strict=True)):
        marks.append(_stem(place, colour, x(place.rank), rows[index], left=index < half))
    for index, bar in enumerate(bars):
        ends = [x(places[loss].rank) for loss in (bar[0], bar[-1])]
        marks.append(_bar([places[loss].name for loss in bar], ends, AXIS + BAR * (index + 1)))
    return chart(title, first + ROW * half, marks, WIDTH)


def tied(places: Sequence[Place]) -> Iterator[list[int]]:
    """Yield the losses that share a letter, by index, for each letter that several have.

    Example:
        >>> list(tied([Place("bce", 1.0, "a"), Place("mse", 2.0, "ab"), Place("mae", 3.0, "b")]))
        [[0, 1], [1, 2]]
    """
    for letter in sorted({letter for place in places for letter in place.letters}):
        members = [index for index, place in enumerate(places) if letter in place.letters]
        if len(members) > 1:
            yield members


def number_line(places: Sequence[Place], width: int = LINE) -> str:
    """Return the picture as one line: the letters of each loss at its mean rank, moved where two would collide.

    Args:
        places: the best rank first.
        width: in characters, more where the letters need it.

    Example:
        >>> number_line([Place("bce", 1.2, "a"), Place("mse", 1.3, "ab"), Place("mae", 2.6, "b")], width=21)
        '1┈a┈ab┈┈┈┈2┈┈┈┈┈b┈┈┈3'
    """
    width = max(width, sum(len(place.letters) + 1 for place in places))
    x = Scale(1, max(len(places), 2), 0, width - 1)
    line, free = [BLANK] * width, 0
    starts = []
    for place in places:
        starts.append(max(round(x(place.rank)), free))
        free = starts[-1] + len(place.letters) + 1
    end = width
    for index in reversed(range(len(places))):  # what was moved beyond the end goes back
        starts[index] = min(starts[index], end - len(places[index].letters))
        end = starts[index] - 1
        line[starts[index] : starts[index] + len(places[index].letters)] = places[index].letters
    for tick in range(1, len(places) + 1):
        text, at = str(tick), min(round(x(tick)), width - len(str(tick)))
        if set(line[max(at - 1, 0) : at + len(text) + 1]) == {BLANK}:
            line[at : at + len(text)] = text
    return "".join(line)


def _ticks(x: Scale, last: int) -> Iterator[str]:
    for tick in range(1, last + 1):
        yield f'<path class="zero" d="M{x(tick):.1f} {AXIS - 4}V{AXIS}"/>'
        yield f'<text class="number" x="{x(tick):.1f}" y="{AXIS - 8}" text-anchor="middle">{tick}</text>'


def _stem(place: Place, colour: str, across: float, down: float, left: bool) -> str:
    """Return the line from a mean rank to the name of its loss, on the side of the better or the worse half."""
    edge, anchor = (NAMES - 20, "end") if left else (WIDTH - NAMES + 20, "start")
    told = escape(f"{place.name}: mean rank {place.rank:.3g}, {place.letters}")
    text = edge - 4 if left else edge + 4
    name = f'<text x="{text}" y="{down + 4:.1f}" text-anchor="{anchor}">{shortened(place.name)}</text>'
    path = f'<path class="curve" stroke="{colour}" d="M{across:.1f} {AXIS}V{down:.1f}H{edge}"/>'
    return f"<g><title>{told}</title>{path}{name}</g>"


def _bar(names: Sequence[str], ends: Sequence[float], down: float) -> str:
    """Return the bar over losses that are not told apart."""
    told = escape(f"not told apart: {', '.join(names)}")
    path = f"M{ends[0] - 3:.1f} {down}H{ends[1] + 3:.1f}"
    return f'<path class="tied" d="{path}"><title>{told}</title></path>'
