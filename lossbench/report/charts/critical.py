"""The critical-difference diagram (Demšar 2006), upright: mean ranks, and bars over losses not told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lossbench.report.charts.look import Look
from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.scale import Scale
from lossbench.report.critical import Place, tied
from lossbench.report.escape import html as escape

ROW, BAR = 22, 10  # pixels from one loss to the next, and from one bar to the next
NAMES, WIDTH = 128, 400


def critical(places: Sequence[Place], looks: Mapping[str, Look]) -> str:
    """Return the diagram of two losses or more, the best rank first."""
    bars = list(tied(places))
    frame = Frame(WIDTH, 12 + ROW * len(places) + 38, NAMES, 20 + BAR * len(bars), 12, 38)
    x = frame.across(1, len(places))
    marks = [
        *frame.below(x, min(len(places), 9)),
        text((x.start + x.end) / 2, frame.height - 4, "mean rank, 1 is best", "name", "middle"),
    ]
    marks += [_row(place, looks[place.name], x, _row_y(row)) for row, place in enumerate(places)]
    marks += [_bar(bar, places, x.end + 14 + BAR * number) for number, bar in enumerate(bars)]
    return picture(
        f"mean ranks: {'; '.join(map(_description, places))}", frame.width, frame.height, marks, "critical"
    )


def _row_y(row: int) -> float:
    return 12 + ROW * (row + 0.5)


def _description(place: Place) -> str:
    return f"{place.name}: mean rank {place.rank:.3g}, {place.letters}"


def _row(place: Place, look: Look, x: Scale, y: float) -> str:
    name = text(x.start - 8, y + 4, shortened(place.name, 18), "", "end")
    stem = f'<path class="whisker {look.name}" d="M{x.start:g} {y:.1f}H{x(place.rank):.1f}"/>'
    description = f"<title>{escape(_description(place))}</title>"
    return f'<g class="mark {look.name}">{description}{name}{stem}{look.marker(x(place.rank), y)}</g>'


def _bar(members: Sequence[int], places: Sequence[Place], across: float) -> str:
    """Return the bar over losses that are not told apart, with a knot at each of them."""
    description = escape(f"not told apart: {', '.join(places[row].name for row in members)}")
    knots = "".join(f"M{across - 3:.1f} {_row_y(row):.1f}h6" for row in members)
    line = f"M{across:.1f} {_row_y(members[0]):.1f}V{_row_y(members[-1]):.1f}"
    return f'<g class="mark"><title>{description}</title><path class="tied" d="{line}{knots}"/></g>'
