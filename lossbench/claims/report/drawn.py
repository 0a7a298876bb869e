"""The figures of a claim on its page: its units, and plots of its evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from lossbench.claims.claim import Evidence
from lossbench.claims.finding.axes import Axis
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.figures import SIDES, ends, quantity_of, value
from lossbench.claims.report.pictures import Mark, over_rates, over_shares, trade_offs
from lossbench.claims.report.units import AXES, NO_CONTAMINATION, counted_units
from lossbench.grouped import grouped
from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.look import Look, looks
from lossbench.report.charts.overlay import overlay
from lossbench.report.charts.scatter import Point, scatter
from lossbench.report.charts.units import Unit, intervals, squares
from lossbench.report.figures import Spread
from lossbench.report.html.figure import figure, legend

MARKS = {"for": "+", "against": "−", "no difference": "=", "open": "~", "-": "·"}
"""The mark of each side."""

WHOLE = 0.05
"""The share of a claim's units that a quantity needs for a figure of its own."""


def drawn(judgement: Judgement, key: str) -> str:
    """Return the figures of a claim in HTML; empty if nothing was tried."""
    lines = counted_units(judgement)
    if not lines:
        return ""
    return "".join([_sides(lines), *_measured(lines), *_curves(judgement, key), *_planes(judgement)])


def unit_of(line: Evidence, axes: Sequence[Axis] = AXES) -> Unit:
    """Return a line of evidence as a unit of a figure, named by its values on some axes."""
    about = [said for axis in AXES if axis.name != "of" and (said := axis.value(line)) != NO_CONTAMINATION]
    name = ", ".join(filter(None, (axis.value(line) for axis in axes if axis.name != "of")))
    text = " ".join(filter(None, [", ".join(filter(None, [*about, quantity_of(line)])), value(line), ends(line)]))
    known = line.p_value is not None and None not in (line.measured, line.low, line.high)
    figures = [float(end or 0.0) for end in (line.measured, line.low, line.high)] if known else []
    return Unit(name, SIDES[line.verdict], f"{text}, {SIDES[line.verdict]}", *figures)


def _sides(lines: Sequence[Evidence]) -> str:
    """Return the figure of the sides of all units."""
    order = list(SIDES.values())
    units = sorted(map(unit_of, lines), key=lambda one: order.index(one.side))
    counts = ", ".join(f"{len(mine)} {side}" for side, mine in grouped(units, lambda one: one.side).items())
    return figure("What the units say", f"A square a unit: {counts}.", squares(units, MARKS), "sides")


def _measured(lines: Sequence[Evidence]) -> Iterator[str]:
    """Yield a figure of the intervals of the units for each quantity, named by what distinguishes them."""
    for name, mine in grouped(lines, quantity_of).items():
        axes = [axis for axis in AXES if len(set(map(axis.value, mine))) > 1]
        units = [one for one in (unit_of(line, axes) for line in mine) if not math.isnan(one.mean)]
        if len(units) > max(1.0, WHOLE * len(lines)):
            about = "Each unit with its 95 % interval, the largest first; at zero nothing differs."
            yield figure(f"Measured: {name}", about, intervals(name, units), "intervals")


def _curves(judgement: Judgement, key: str) -> Iterator[str]:
    """Yield scores over the learning rate, and differences over the contaminated share."""
    rates = [*_overlays(over_rates(judgement.evidence), f"{key}r", "learning rate", log=True)]
    if rates:
        yield figure("Against the learning rate", "The score of each loss at each rate.", "".join(rates), "many")
    shares = [*_overlays(over_shares(judgement.evidence), f"{key}s", "contaminated share", log=False)]
    if shares:
        about = "Difference in skill by contaminated share, of each kind of contamination."
        yield figure("Against the contaminated share", about, "".join(shares), "many")


def _overlays(marks: Iterable[Mark], key: str, across: str, log: bool) -> Iterator[str]:
    """Yield a figure for each row and column whose marks have more than one x."""
    every = list(marks)
    found = looks([dict.fromkeys(one.name for one in every)])
    for number, ((row, column), mine) in enumerate(grouped(every, lambda one: (one.row, one.column)).items()):
        x = np.unique([one.x for one in mine])
        if len(x) > 1:
            lines = [_line(x, some, found[name]) for name, some in grouped(mine, lambda one: one.name).items()]
            up = ", ".join(filter(None, (row, column)))
            yield overlay(Lines(f"{key}{number}", x, lines, across, up, log=log, dots=True))


def _line(x: np.ndarray, marks: Sequence[Mark], look: Look) -> Line:
    """Return the marks of one name as a line; of several marks at one x the last counts."""
    y = np.full(len(x), np.nan)
    for mark in marks:
        y[np.searchsorted(x, mark.x)] = mark.y
    return Line(marks[0].name, look, y)


def _planes(judgement: Judgement) -> Iterator[str]:
    """Yield skill after contaminated training against skill after clean training."""
    marks = list(trade_offs(judgement.evidence))
    found: Mapping[str, Look] = looks([dict.fromkeys(one.name for one in marks)])
    pictures = []
    for (row, column), mine in grouped(marks, lambda one: (one.row, one.column)).items():
        points = [Point(one.name, found[one.name], Spread(one.x), Spread(one.y)) for one in mine]
        pictures.append(scatter(f"{row} {column}", points, ("skill, clean", "skill, contaminated")))
    if pictures:
        about = "Skill after contaminated training against skill after clean training."
        yield legend(found, found) + figure("Two skills", about, "".join(pictures), "plane")
