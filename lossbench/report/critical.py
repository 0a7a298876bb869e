"""The critical-difference diagram (Demšar 2006) in characters: mean ranks on one line of a terminal.

Each loss is drawn as its letters. Losses that share a letter are not told apart, as are those under one bar of
`lossbench.report.charts.critical`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from lossbench.report.charts.scale import Scale
from lossbench.stats.estimate import smallest_p
from lossbench.stats.wilcoxon import LEAST

LINE = 90  # characters
BLANK = "┈"


class Place(NamedTuple):
    """The mean rank of a loss; losses that share a letter are not told apart."""

    name: str
    rank: float
    letters: str


def places_of(rows: pd.DataFrame) -> list[Place]:
    """Return the mean ranks to draw, given those of a task; empty if there are too few data sets."""
    placed = rows.dropna(subset="letters")
    return [Place(*one) for one in placed[["loss", "average_rank", "letters"]].itertuples(index=False, name=None)]


def tied(places: Sequence[Place]) -> Iterator[list[int]]:
    """Yield, for each letter that several losses share, their indices.

    Example:
        >>> list(tied([Place("bce", 1.0, "a"), Place("mse", 2.0, "ab"), Place("mae", 3.0, "b")]))
        [[0, 1], [1, 2]]
    """
    for letter in sorted({letter for place in places for letter in place.letters}):
        members = [index for index, place in enumerate(places) if letter in place.letters]
        if len(members) > 1:
            yield members


def number_line(places: Sequence[Place], width: int = LINE) -> str:
    """Return the diagram as one line: the letters of each loss at its mean rank, shifted to avoid overlaps.

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
    for index in reversed(range(len(places))):  # shift back what went beyond the end
        starts[index] = min(starts[index], end - len(places[index].letters))
        end = starts[index] - 1
        line[starts[index] : starts[index] + len(places[index].letters)] = places[index].letters
    for tick in range(1, len(places) + 1):
        text, at = str(tick), min(round(x(tick)), width - len(str(tick)))
        if set(line[max(at - 1, 0) : at + len(text) + 1]) == {BLANK}:
            line[at : at + len(text)] = text
    return "".join(line)


def missing_picture(datasets: int) -> str:
    """Return how many more data sets a picture of mean ranks needs, and why."""
    return (
        f"No picture of which losses data sets tell apart: {LEAST - datasets} more data sets are needed, since "
        f"with {LEAST - 1} not even the p of a single pair can be below 5 %: it is at least 2 / 2^{LEAST - 1} = "
        f"{smallest_p(LEAST - 1):.3g}."
    )
