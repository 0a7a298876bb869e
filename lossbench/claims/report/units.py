"""The units of a claim as a table that fits a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap

from lossbench.claims.claim import Evidence
from lossbench.claims.finding.axes import Axis
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.figures import counts, quantity_of, rows, sized
from lossbench.grouped import grouped
from lossbench.report.grid import Column, grid, room

MANY = 40  # more units than this are counted in groups
INDENT = 2

SHORT = {
    "label": "labels flipped",
    "target": "targets up",
    "target_symmetric": "targets up or down",
    "feature": "inputs up or down",
    "feature_one_sided": "inputs up",
    "noise": "rows of noise",
    "label_by_class": "labels flipped one way",
    "feature_at_test": "test inputs up or down",
    "feature_one_sided_at_test": "test inputs up",
}

NO_CONTAMINATION = "clean"


def against(line: Evidence) -> str:
    """Return what is compared: "mae vs mse", "bce: rate 0.1 vs 1"."""
    arms, rates = " vs ".join(line.arms), " vs ".join(f"{rate:g}" for rate in line.rates)
    return f"{arms}: rate {rates}" if line.by_rate and rates else arms


def contaminated(line: Evidence) -> str:
    """Return the kind of contamination in two words; "clean" if there is none."""
    return SHORT.get(line.contamination, line.contamination) or NO_CONTAMINATION


def share(line: Evidence) -> str:
    """Return the contaminated share; the largest if there are several."""
    return f"{100 * line.shares[-1]:g} %" if line.shares else ""


def manner(line: Evidence) -> str:
    """Return what else distinguishes a unit, without an entry that is its part."""
    return line.detail if line.entry == line.part else line.distinction


AXES = (
    Axis("claim", lambda line: line.claim),
    Axis("part", lambda line: line.part),
    Axis("of", quantity_of),
    Axis("compared", against),
    Axis("under", lambda line: line.protocol),
    Axis("data set", lambda line: line.dataset),
    Axis("rate", lambda line: "" if line.by_rate else " ".join(f"{rate:g}" for rate in line.rates)),
    Axis("contamination", contaminated),
    Axis("share", share),
    Axis("how", manner),
)
"""The columns of a table of units, except for the figures."""


def units(judgement: Judgement, width: int) -> Iterator[str]:
    """Yield the units of a claim: what all share, then one row per unit, or per group if there are many."""
    lines = counted_units(judgement)
    if not lines:
        return
    values = {axis.name: dict.fromkeys(map(axis.value, lines)) for axis in AXES}
    several = len({line.protocol for line in lines} - {""}) > 1  # one is named among the facts
    varying = [axis for axis in AXES if len(values[axis.name]) > 1 and (several or axis.name != "under")]
    shared = [next(iter(mine)) for name, mine in values.items() if len(mine) == 1 and name != "under"]
    many = len(lines) > MANY
    about = ", ".join(word for word in shared if word not in ("", NO_CONTAMINATION))
    yield from wrap(f"{len(lines)} unit{'s' * (len(lines) != 1)}" + (f": {about}" if about else ""), width)
    groups = groups_of(lines, varying) if many else [[line] for line in lines]
    cells = {axis: [{axis.value(line) for line in group} for group in groups] for axis in varying}
    names = [
        Column(axis.name, [value.pop() for value in mine])
        for axis, mine in cells.items()
        if all(len(value) == 1 for value in mine)
    ]
    yield from nested(names, counts(groups) if many else [*rows(lines), *sized(lines, judgement)], width)


def counted_units(judgement: Judgement) -> list[Evidence]:
    """Return the units that are counted, sorted by data set; for a number table those of the order."""
    found = judgement.finding
    lines = () if found is None else found.tally.units or found.sizes.units
    places = list(dict.fromkeys(line.dataset for line in lines))
    return sorted(lines, key=lambda line: places.index(line.dataset))


def nested(names: Sequence[Column], figures: Sequence[Column], width: int) -> Iterator[str]:
    """Yield a table; if names leave no room for figures, the longest names become headings of groups of rows."""
    beside = list(names)
    while beside and room([*beside, *(one for one in figures if not one.drop)], width - INDENT) < 0:
        beside.remove(max(beside, key=lambda one: one.needed_width))
    above = [one for one in names if one not in beside]
    titles = [", ".join(filter(None, cells)) for cells in zip(*(one.cells for one in above), strict=True)]
    order = sorted(range(len(titles)), key=lambda place: titles.index(titles[place]))
    placed = [
        replace(one, cells=[one.cells[place] for place in order]) if order else one for one in [*beside, *figures]
    ]
    head, *table = grid(placed, width, INDENT)
    yield head
    for number, line in enumerate(table):
        if order and (not number or titles[order[number]] != titles[order[number - 1]]):
            yield from wrap(titles[order[number]], width, break_long_words=False, break_on_hyphens=False)
        yield line


def groups_of(lines: Sequence[Evidence], varying: Sequence[Axis]) -> list[list[Evidence]]:
    """Group units by as many axes as the number of rows allows, dropping those with the most values."""
    kept = list(varying)

    def made() -> dict[tuple[str, ...], list[Evidence]]:
        return grouped(lines, lambda line: tuple(axis.value(line) for axis in kept))

    while len(made()) > MANY // 2 and len(kept) > 1:
        kept.remove(max(reversed(kept), key=lambda axis: len({axis.value(line) for line in lines})))
    return list(made().values())
