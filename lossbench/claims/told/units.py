"""The units of a claim as a table that fits a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from lossbench.claims.claim import Evidence, Word, grouped
from lossbench.claims.judgement import Judgement
from lossbench.claims.tally import Tally
from lossbench.claims.told.words import plain
from lossbench.report.figures import NOT_DEFINED
from lossbench.report.grid import Column, grid, room

MANY = 40  # units beyond which they are counted by what they share
PICTURE = 15  # columns of the picture of an interval; odd, so that zero has the middle one
INDENT = 2
PROSE = 16  # columns to which a long name of a quantity may be shortened

SIDES: dict[Word, str] = {
    "reproduced": "for",
    "contradicted": "against",
    "equivalent": "no difference",
    "inconclusive": "open",
    "not testable": NOT_DEFINED,
}
"""What a comparison says of the claim, in a word."""

SHORT = {
    "label": "labels flipped",
    "target": "targets up",
    "target_symmetric": "targets up or down",
    "feature": "inputs up or down",
    "feature_one_sided": "inputs up",
}


@dataclass(frozen=True)
class Axis:
    """Something in which units differ.

    Args:
        name: the heading of its column.
        value: of a unit; empty where it has none.
        prose: whether its words may be cut short, as names may not.
    """

    name: str
    value: Callable[[Evidence], str]
    prose: bool = False


def of_what(line: Evidence) -> str:
    """Return what was measured."""
    return f"{'size of the difference in ' * (line.aspect == 'size')}{plain(line.quantity)}"


def against(line: Evidence) -> str:
    """Return what is compared: "mae vs mse", "bce: rate 0.1 vs 1"."""
    arms, rates = " vs ".join(line.arms), " vs ".join(f"{rate:g}" for rate in line.rates)
    return f"{arms}: rate {rates}" if line.by_rate and rates else arms


def contaminated(line: Evidence) -> str:
    """Return the kind of the contamination in two words; "clean" where there is none."""
    return SHORT.get(line.contamination, line.contamination) or "clean"


def share(line: Evidence) -> str:
    """Return the contaminated share; the largest where there are several."""
    return f"{100 * line.shares[-1]:g} %" if line.shares else ""


def manner(line: Evidence) -> str:
    """Return what else tells a unit apart, without the name of its part."""
    return line.detail.removeprefix(line.part).strip(" ()") if line.part else line.detail


AXES = (
    Axis("claim", lambda line: line.claim),
    Axis("part", lambda line: line.part, prose=True),
    Axis("of", of_what, prose=True),
    Axis("compared", against),
    Axis("under", lambda line: line.protocol),
    Axis("data set", lambda line: line.dataset),
    Axis("rate", lambda line: "" if line.by_rate else " ".join(f"{rate:g}" for rate in line.rates)),
    Axis("contamination", contaminated),
    Axis("share", share),
    Axis("how", manner, prose=True),
)
"""The columns of a table of units, but for the figures."""


def units(judgement: Judgement, width: int) -> Iterator[str]:
    """Yield the units of a claim: what all share, then a row a unit, or where they are many a row a group."""
    lines = counting(judgement)
    if not lines:
        return
    values = {axis.name: dict.fromkeys(map(axis.value, lines)) for axis in AXES}
    varying = [axis for axis in AXES if len(values[axis.name]) > 1]
    shared = [next(iter(mine)) for name, mine in values.items() if len(mine) == 1 and name != "under"]
    many = len(lines) > MANY
    about = ", ".join(word for word in shared if word not in ("", "clean"))
    yield from wrap(f"{len(lines)} unit{'s' * (len(lines) != 1)}" + (f": {about}" if about else ""), width)
    groups = groups_of(lines, varying) if many else [[line] for line in lines]
    cells = {axis: [{axis.value(line) for line in group} for group in groups] for axis in varying}
    names = [
        Column(axis.name, [value.pop() for value in mine], least=PROSE if axis.prose else None)
        for axis, mine in cells.items()
        if all(len(value) == 1 for value in mine)
    ]
    yield from nested(names, counts(groups) if many else [*rows(lines), *sized(lines, judgement)], width)


def counting(judgement: Judgement) -> list[Evidence]:
    """Return the units that are counted, those of a data set together; of a number table those of the order."""
    found = judgement.finding
    lines = () if found is None else found.tally.units or found.sizes.units
    places = list(dict.fromkeys(line.dataset for line in lines))
    return sorted(lines, key=lambda line: places.index(line.dataset))


def nested(names: Sequence[Column], figures: Sequence[Column], width: int) -> Iterator[str]:
    """Yield a table; where names leave no room for figures, the longest of them stand above groups of rows."""
    above, beside = [], list(names)
    while beside and room([*beside, *(one for one in figures if not one.drop)], width - INDENT) < 0:
        longest = max(beside, key=lambda one: one.needed)
        beside.remove(longest)
        above.append(longest)
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


def rows(lines: Sequence[Evidence]) -> list[Column]:
    """Return the figures of units, a row each."""
    exact = all(line.p_value is None for line in lines)
    reported = ["" if line.reported is None else f"{line.reported:.6g}" for line in lines]
    reach = extents(lines)
    return [
        Column("stated", reported, right=True, drop=2),
        Column("measured" if exact else "difference", [value(line) for line in lines], right=True),
        Column("95 % interval", [ends(line) for line in lines], right=True, drop=1),
        Column("", [picture(line, reach[of_what(line), line.dataset]) for line in lines], drop=4),
        Column("n", list(map(size, lines)), right=True, drop=3),
        Column("says", [SIDES[line.verdict] for line in lines]),
    ]


def sized(lines: Sequence[Evidence], judgement: Judgement) -> list[Column]:
    """Return what the size of each difference says, where its document prints one."""
    found = judgement.finding
    says = {} if found is None else {alike(line): SIDES[line.verdict] for line in found.sizes.units}
    return [Column("of its size", [says.get(alike(line), "") for line in lines])]


def alike(line: Evidence) -> tuple[object, ...]:
    """Return what the order and the size of one difference share."""
    return line.quantity, line.protocol, line.dataset, line.arms, line.rates, line.contamination, line.shares


def value(line: Evidence) -> str:
    """Write what was measured."""
    return NOT_DEFINED if line.measured is None else f"{line.measured:.3g}"


def size(line: Evidence) -> str:
    """Write how many rows, seeds or points there are."""
    unit = line.over or ("point" if line.n == 1 else "points")
    return f"{line.n} {unit}" if line.n else ""


def ends(line: Evidence) -> str:
    """Write the ends of an interval; nothing where there is none."""
    return (
        ""
        if line.low is None or line.high is None or line.low == line.high
        else f"[{line.low:.2g}, {line.high:.2g}]"
    )


def groups_of(lines: Sequence[Evidence], varying: Sequence[Axis]) -> list[list[Evidence]]:
    """Return units in as few groups as a table should have rows, by all axes but those with the most values."""
    kept = list(varying)

    def made() -> dict[tuple[str, ...], list[Evidence]]:
        return grouped(lines, lambda line: tuple(axis.value(line) for axis in kept))

    while len(made()) > MANY // 2 and len(kept) > 1:
        kept.remove(max(reversed(kept), key=lambda axis: len({axis.value(line) for line in lines})))
    return list(made().values())


def counts(groups: Sequence[Sequence[Evidence]]) -> list[Column]:
    """Return how many units of each group say what, and the middle difference."""
    tallies = [Tally(tuple(group)) for group in groups]
    words = {SIDES[word]: word for word in SIDES if word != "not testable"}
    said = [
        Column(
            name,
            [str(sum(line.verdict == word for line in one.units) or NOT_DEFINED) for one in tallies],
            right=True,
        )
        for name, word in words.items()
    ]
    middle = [NOT_DEFINED if one.typical is None else value(one.typical) for one in tallies]
    return [*said, Column("typically", middle, right=True, drop=1)]


def extents(lines: Sequence[Evidence]) -> dict[tuple[str, str], float]:
    """Return how far from zero the intervals reach, of each thing measured on each data set."""
    reach: dict[tuple[str, str], float] = {}
    for line in lines:
        place = of_what(line), line.dataset
        reach[place] = max(
            reach.get(place, 0.0), *(abs(end or 0.0) for end in (line.low, line.measured, line.high))
        )
    return reach


def picture(line: Evidence, reach: float) -> str:
    """Draw the interval of a difference, o for its middle and | for zero.

    Args:
        line: with an interval on which zero means that nothing differs, or without one.
        reach: the distance from zero to either end of the picture.

    Example:
        >>> picture(Evidence("reproduced", "f1", p_value=0.01, measured=0.5, low=0.2, high=0.8), reach=1.0)
        '       |--o---'
    """
    if line.p_value is None or line.measured is None or line.low is None or line.high is None or not reach:
        return ""
    low, middle, high = (
        round((end / reach + 1) / 2 * (PICTURE - 1)) for end in (line.low, line.measured, line.high)
    )
    drawn = ["-" if low <= place <= high else " " for place in range(PICTURE)]
    drawn[PICTURE // 2] = "|"
    drawn[middle] = "o"
    return "".join(drawn).rstrip()
