"""Pictures of a judgement, drawn in characters from its evidence: a score over the rate, a skill over another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import ascii_letters
from textwrap import wrap
from typing import NamedTuple

from lossbench.claims.claim import CLEAN_SKILL, DIRTY_SKILL, Evidence, grouped
from lossbench.claims.judgement import Judgement
from lossbench.report.plot import beside, log_curves, scatter, span
from lossbench.report.terminal import WIDTH


class Mark(NamedTuple):
    """A point of a picture: in a row and a column of panels, of a loss, with its coordinates."""

    row: str
    column: str
    name: str
    x: float
    y: float


def pictures(judgement: Judgement) -> Iterator[str]:
    """Yield what the evidence draws, line by line: a score against the rate, or robustness against accuracy."""
    yield from panels(over_rates(judgement.evidence), log_curves, "Against the learning rate")
    about = "Skill after contaminated training (up) against skill after clean training (across)"
    yield from panels(trade_offs(judgement.evidence), scatter, about)


def over_rates(lines: Iterable[Evidence]) -> Iterator[Mark]:
    """Yield the score of each loss at each learning rate, and last what is reported."""
    reported = []
    for line in lines:
        if line.aspect == "level" and line.by_rate:
            score = math.nan if line.measured is None else line.measured
            mark = Mark(f"{line.quantity} on {line.dataset}", line.protocol, line.arms[0], line.rates[0], score)
            yield mark
            if line.reported is not None:
                reported.append(mark._replace(name="reported", y=line.reported))
    yield from dict.fromkeys(reported)


def trade_offs(lines: Iterable[Evidence]) -> Iterator[Mark]:
    """Yield skill after clean and after contaminated training of each loss."""
    levels = {
        (line.quantity, line.dataset, line.protocol, line.arms): line.measured
        for line in lines
        if line.aspect == "level"
    }
    for (quantity, dataset, protocol, arms), clean in levels.items():
        dirty = levels.get((DIRTY_SKILL, dataset, protocol, arms))
        if quantity == CLEAN_SKILL and clean is not None and dirty is not None:
            yield Mark(f"on {dataset}", protocol, arms[0], clean, dirty)


def panels(points: Iterable[Mark], draw: Callable[..., list[str]], about: str) -> Iterator[str]:
    """Yield rows of panels, then what their marks mean; a row of which all points have one x is left out."""
    rows = [
        row for row in grouped(points, lambda point: point.row).values() if len({point.x for point in row}) > 1
    ]
    names = dict.fromkeys(point.name for row in rows for point in row)
    marks = dict(zip(names, ascii_letters, strict=False))
    for row in rows:
        yield from side_by_side(row, draw, marks)
    if rows:
        said = ", ".join(f"{mark}={name}" for name, mark in marks.items())
        yield from wrap(f"{about}; where marks meet, the first is seen: {said}", WIDTH)


def side_by_side(row: list[Mark], draw: Callable[..., list[str]], marks: Mapping[str, str]) -> list[str]:
    """Return the panels of one row, which share their axes."""
    limits = span([point.x for point in row]), span([point.y for point in row])
    columns = grouped(row, lambda point: point.column)
    width = (WIDTH - 2 * (len(columns) - 1)) // len(columns)
    return beside(
        *(
            draw(f"{column} {row[0].row}"[:width], marked(mine, marks), limits, width)
            for column, mine in columns.items()
        )
    )


def marked(points: Iterable[Mark], marks: Mapping[str, str]) -> dict[str, list[tuple[float, float]]]:
    """Return the coordinates of the points by mark."""
    named = grouped(points, lambda point: point.name)
    return {marks[name]: [(point.x, point.y) for point in mine] for name, mine in named.items()}
