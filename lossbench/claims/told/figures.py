"""The figures of a claim's units: a row a unit, or how many of a group say what."""

from __future__ import annotations

from collections.abc import Sequence

from lossbench.claims.claim import Evidence, Word
from lossbench.claims.finding.tally import Tally
from lossbench.claims.judgement import Judgement
from lossbench.claims.told.words import plain
from lossbench.report.figures import NOT_DEFINED
from lossbench.report.grid import Column

PICTURE = 15  # columns of the picture of an interval; odd, so that zero has the middle one

SIDES: dict[Word, str] = {
    "reproduced": "for",
    "contradicted": "against",
    "equivalent": "no difference",
    "inconclusive": "open",
    "not testable": NOT_DEFINED,
}
"""What a comparison says of the claim, in a word."""


def of_what(line: Evidence) -> str:
    """Return what was measured."""
    return f"{'size of the difference in ' * (line.aspect == 'size')}{plain(line.quantity)}"


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
    """Write what was measured: what is exact to five figures, an error and what was tested to three."""
    if line.measured is None:
        return NOT_DEFINED
    exact = line.p_value is None and abs(line.measured) > 1e-6
    return f"{line.measured:.{5 if exact else 3}g}"


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
