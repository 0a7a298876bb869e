"""The columns of figures in a table of a claim's units: one row per unit, or counts per group."""

from __future__ import annotations

from collections.abc import Sequence

from lossbench.claims.claim import Evidence, Word
from lossbench.claims.finding.tally import Tally
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.words import plain, two_digits
from lossbench.report.figures import NOT_DEFINED
from lossbench.report.grid import Column

PICTURE = 15  # characters of the picture of an interval; odd, so that zero is in the middle

SIDES: dict[Word, str] = {
    "reproduced": "for",
    "contradicted": "against",
    "equivalent": "no difference",
    "inconclusive": "open",
    "not testable": NOT_DEFINED,
}
"""What a comparison says about the claim, in a word."""


def quantity_of(line: Evidence) -> str:
    """Return the measured quantity in plain words."""
    return f"{'size of the difference in ' * (line.aspect == 'size')}{plain(line.quantity)}"


def rows(lines: Sequence[Evidence]) -> list[Column]:
    """Return the columns of figures for units, one row each."""
    exact = all(line.p_value is None for line in lines)
    reported = ["" if line.reported is None else f"{line.reported:.6g}" for line in lines]
    reach = extents(lines)
    return [
        Column("stated", reported, right=True, drop=2),
        Column("measured" if exact else "difference", [value(line) for line in lines], right=True),
        Column("95 % interval", [ends(line) for line in lines], right=True, drop=1),
        Column("", [picture(line, reach[quantity_of(line), line.dataset]) for line in lines], drop=4),
        Column("n", list(map(size, lines)), right=True, drop=3),
        Column("says", [SIDES[line.verdict] for line in lines]),
    ]


def sized(lines: Sequence[Evidence], judgement: Judgement) -> list[Column]:
    """Return the column of what the size of each difference says, if its document prints one."""
    found = judgement.finding
    says = {} if found is None else {shared_key(line): SIDES[line.verdict] for line in found.sizes.units}
    return [Column("of its size", [says.get(shared_key(line), "") for line in lines])]


def shared_key(line: Evidence) -> tuple[object, ...]:
    """Return what the two lines on one difference, on its order and on its size, have in common."""
    return line.quantity, line.protocol, line.dataset, line.arms, line.rates, line.contamination, line.shares


def value(line: Evidence) -> str:
    """Format a measured value: five digits for an exact one, three for an error or a tested one."""
    if line.measured is None:
        return NOT_DEFINED
    exact = line.p_value is None and abs(line.measured) > 1e-6
    return f"{line.measured:.{5 if exact else 3}g}"


def size(line: Evidence) -> str:
    """Format the number of rows, seeds or points."""
    unit = line.over or ("point" if line.n == 1 else "points")
    return f"{line.n} {unit}" if line.n else ""


def ends(line: Evidence) -> str:
    """Format the ends of an interval; empty if there is none."""
    return (
        ""
        if line.low is None or line.high is None or line.low == line.high
        else f"[{two_digits(line.low)}, {two_digits(line.high)}]"
    )


def counts(groups: Sequence[Sequence[Evidence]]) -> list[Column]:
    """Return the columns of counts by side for each group of units, and the median difference."""
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
    """Return the largest distance of an interval's end from zero, by quantity and data set."""
    reach: dict[tuple[str, str], float] = {}
    for line in lines:
        place = quantity_of(line), line.dataset
        reach[place] = max(
            reach.get(place, 0.0), *(abs(end or 0.0) for end in (line.low, line.measured, line.high))
        )
    return reach


def picture(line: Evidence, reach: float) -> str:
    """Draw the interval of a difference, o for its middle and | for zero.

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
