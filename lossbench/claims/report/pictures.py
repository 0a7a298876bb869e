"""Plots of a judgement's evidence in characters: a score over the rate, one skill over another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import ascii_letters
from textwrap import wrap
from typing import NamedTuple

from lossbench.claims.claim import CLEAN_SKILL, DIRTY_SKILL, Evidence
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.words import KINDS
from lossbench.grouped import grouped
from lossbench.report.grid import shortened
from lossbench.report.plot import beside, log_curves, scatter, span
from lossbench.report.terminal import WIDTH

PANEL = 30  # columns that a panel needs


class Mark(NamedTuple):
    """A point of a plot: its row and column of panels, its loss, and its coordinates."""

    row: str
    column: str
    name: str
    x: float
    y: float


def pictures(judgement: Judgement, width: int = WIDTH) -> Iterator[str]:
    """Yield the plots of the evidence: a score over the rate, skill over the contaminated share, or two skills."""
    yield from panels(over_rates(judgement.evidence), log_curves, "Against the learning rate", width)
    yield from panels(
        over_shares(judgement.evidence), scatter, "Difference in skill against the contaminated share", width
    )
    about = "Skill after contaminated training (up) against skill after clean training (across)"
    yield from panels(trade_offs(judgement.evidence), scatter, about, width)


def over_rates(lines: Iterable[Evidence]) -> Iterator[Mark]:
    """Yield the score of each loss at each learning rate, followed by the reported scores."""
    reported = []
    for line in lines:
        if line.aspect == "level" and line.by_rate:
            score = math.nan if line.measured is None else line.measured
            mark = Mark(f"{line.quantity} on {line.dataset}", line.protocol, line.arms[0], line.rates[0], score)
            yield mark
            if line.reported is not None:
                reported.append(mark._replace(name="reported", y=line.reported))
    yield from dict.fromkeys(reported)


def over_shares(lines: Iterable[Evidence]) -> Iterator[Mark]:
    """Yield the difference of each pair of arms at each contaminated share, for each kind of contamination."""
    for line in lines:
        tried = line.role == "unit" and line.aspect == "outcome" and line.measured is not None
        if tried and line.contamination and len(line.shares) == 1:
            arms, kind = " minus ".join(line.arms), KINDS.get(line.contamination, line.contamination)
            yield Mark(arms, line.dataset, kind, line.shares[0], line.measured or 0.0)


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


def panels(points: Iterable[Mark], draw: Callable[..., list[str]], about: str, width: int) -> Iterator[str]:
    """Yield rows of panels, then the legend of their marks; a row whose points share one x is left out."""
    rows = [
        row for row in grouped(points, lambda point: point.row).values() if len({point.x for point in row}) > 1
    ]
    names = dict.fromkeys(point.name for row in rows for point in row)
    marks = dict(zip(names, ascii_letters, strict=False))
    for row in rows:
        yield from side_by_side(row, draw, marks, width)
    if rows:
        said = ", ".join(f"{mark}={name}" for name, mark in marks.items())
        yield from wrap(f"{about}; where marks meet, the first is seen: {said}", width)


def side_by_side(
    row: list[Mark], draw: Callable[..., list[str]], marks: Mapping[str, str], width: int
) -> Iterator[str]:
    """Yield the panels of one row, which share their axes, as many side by side as fit."""
    limits = span([point.x for point in row]), span([point.y for point in row])
    columns = list(grouped(row, lambda point: point.column).items())
    abreast = min(len(columns), max(1, width // PANEL))
    each = (width - 2 * (abreast - 1)) // abreast
    for start in range(0, len(columns), abreast):
        some = columns[start : start + abreast]
        yield from beside(
            *(
                draw(shortened(f"{name} {row[0].row}", each), marked(mine, marks), limits, each)
                for name, mine in some
            )
        )


def marked(points: Iterable[Mark], marks: Mapping[str, str]) -> dict[str, list[tuple[float, float]]]:
    """Return the coordinates of the points by mark."""
    named = grouped(points, lambda point: point.name)
    return {marks[name]: [(point.x, point.y) for point in mine] for name, mine in named.items()}
