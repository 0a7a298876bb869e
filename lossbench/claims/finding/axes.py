"""The axis that a claim depends on: the one that separates its support from its opposition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lossbench.claims.claim import Evidence
from lossbench.claims.finding.tally import HOLDS, Tally
from lossbench.claims.report.words import KINDS, plain


@dataclass(frozen=True)
class Axis:
    """Something in which the units of a claim differ.

    Args:
        name: the name in a verdict, "depends on the score"; or the heading of a column.
        value: the value of a unit, empty if it has none; in words that may follow "holds": "in accuracy".
    """

    name: str
    value: Callable[[Evidence], str]


def _data(line: Evidence) -> str:
    return "on contaminated data" if line.contamination else "on clean data"


def _kind(line: Evidence) -> str:
    return f"with {KINDS.get(line.contamination, line.contamination)}" if line.contamination else "on clean data"


def _share(line: Evidence) -> str:
    return f"with {100 * line.shares[-1]:g} % contaminated" if line.shares else "on clean data"


def _rate(line: Evidence) -> str:
    return f"at rate {' against '.join(f'{rate:g}' for rate in line.rates)}" if line.rates else ""


AXES = (
    Axis("clean or contaminated data", _data),
    Axis("the kind of outlier", _kind),
    Axis("the share of outliers", _share),
    Axis("the score", lambda line: f"in {plain(line.quantity)}"),
    Axis("the rate", _rate),
    Axis("the reading", lambda line: f"for {' against '.join(line.arms)}" if line.arms else ""),
    Axis("the data set", lambda line: f"on {line.dataset}" if line.dataset else ""),
)
"""The axes that a verdict may name; those with fewer values come first."""


@dataclass(frozen=True)
class Split:
    """Support and opposition, separated by one axis."""

    axis: Axis
    holds: dict[str, Tally]
    refuted: dict[str, Tally]


def separation(tally: Tally) -> Split | None:
    """Return the first axis that separates support from opposition, with 90 % of the decided units on each side.

    An axis with as many values as units would always do so. So it must have at least two decided units per value,
    on average, and two on each side.

    Example:
        >>> lines = [Evidence("reproduced", "f1"), Evidence("contradicted", "accuracy")] * 2
        >>> separation(Tally.of(lines)).axis.name
        'the score'
    """
    return next(filter(None, (separated(tally, axis) for axis in AXES)), None)


def by_value(tally: Tally, axis: Axis) -> dict[str, Tally]:
    """Return the decided values of an axis with their units; empty for one value, or fewer than two units each."""
    found = {value: mine for value, mine in tally.split(axis.value).items() if mine.decided}
    return found if 2 <= len(found) <= tally.decided / 2 else {}


def separated(tally: Tally, axis: Axis) -> Split | None:
    """Return the split by an axis; None if it does not separate."""
    values = by_value(tally, axis)
    holds = {value: mine for value, mine in values.items() if 2 * len(mine.supporting) > mine.decided}
    refuted = {value: mine for value, mine in values.items() if value not in holds}
    first, other = sum_of(holds), sum_of(refuted)
    clear = len(first.supporting) >= HOLDS * first.decided and other.against >= HOLDS * other.decided
    return Split(axis, holds, refuted) if clear and min(first.decided, other.decided) > 1 else None


def sum_of(tallies: dict[str, Tally]) -> Tally:
    """Return the units of several tallies together."""
    return Tally(tuple(line for tally in tallies.values() for line in tally.units))
