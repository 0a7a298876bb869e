"""What a search for the settings of a reported result found, in lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import numpy as np

from lossbench.claims.search.found import Conditions, Likeness, Near, OfReading, Share, Shortfall
from lossbench.claims.search.regions import CONDITIONS, DECADE, PURE, Condition, Region
from lossbench.report.terminal import WIDTH


def condition_lines(found: Conditions) -> Iterator[str]:
    """Yield what a search found, line by line."""
    for depth, text in paragraphs(found):
        indent = "  " * depth
        further = f"{indent}  "
        yield from wrap(text, WIDTH, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False)


def paragraphs(found: Conditions) -> Iterator[tuple[int, str]]:
    """Yield each text with the depth of its indentation."""
    yield 0, likeness(found.likeness)
    yield 0, f"{found.trainings} trainings on {found.generator}, {found.seeds:g} seeds a setting"
    first, other = found.arms
    claimed = f"{first} {found.direction} than {other} in {' and '.join(found.scores)}"
    yield 0, f"{claimed}: {share(found.claimed)}; the reverse: {share(found.reverse)}; equal: {share(found.equal)}"
    if found.placebo:
        zero, back = map(share, found.placebo)
        yield 0, f"the same loss by another road, the zero to read that from: {zero}; the reverse: {back}"
    for axis, along in found.along.items():
        yield 1, f"{axis:<12} {', '.join(f'{name(value)} {part:.0%}' for value, part in along.items())}"
    for reading in found.readings:
        yield from of_reading(reading)
    yield 0, f"all reported numbers within {found.tolerance:g}: {share(found.likeness.near)}"
    for near in found.nearest:
        yield from nearest(near)


def likeness(found: Likeness) -> str:
    """Describe the trainings that give the printed numbers.

    Example:
        >>> likeness(Likeness(Share(1, 4), "linear", early=True))
        'The printed table looks like a linear model stopped early: 1 of 4 settings give all printed numbers.'
    """
    count = f"{found.near.count} of {found.near.of} settings give all printed numbers"
    if not found.near.count:
        return f"The printed table comes out nowhere: {count}."
    network = "a linear model" if found.model == "linear" else f"a network {found.model}"
    said = [
        network if found.model else "a model",
        *(["stopped early"] if found.early else []),
        *(["with flipped labels"] if found.flipped else []),
    ]
    return f"The printed table looks like {' '.join(said)}: {count}."


def share(found: Share) -> str:
    """State a number of settings, and its share of all.

    Example:
        >>> share(Share(1, 4))
        '1 of 4 settings (25.00%)'
    """
    return f"{found.count} of {found.of} settings ({found.count / found.of:.2%})"


def of_reading(found: OfReading) -> Iterator[tuple[int, str]]:
    """Yield where the order comes out under one reading, with the depth of each text."""
    yield 1, f"{found.reading}: {share(found.claimed)}"
    if found.region:
        yield 2, region(found.region, found.claimed.count)
    if found.again:
        yield 2, f"on the other half of the seeds, there: {share(found.again)}"
    if found.behind:
        yield 2, behind(found.behind)


def region(found: Region, hits: int) -> str:
    """State the conditions of a region, and the share of all hits that is inside."""
    if not found.hits:
        return f"no region of up to {CONDITIONS} conditions in which it does in {PURE:.0%} of the settings"
    said = f"where {' and '.join(map(condition, found.conditions))}" if found.conditions else "everywhere"
    return f"{PURE:.0%} or more {said}: that is {found.hits / hits:.0%} of all settings where it does"


def condition(found: Condition) -> str:
    """State a condition; a decade stands for all values up to the next.

    Example:
        >>> condition(Condition("lr", (0.1, 0.3), least=True)), condition(Condition("lr", (0.1,)))
        ('lr at most 0.3', 'lr 0.1')
        >>> condition(Condition("lr × epochs", (0.1, 1.0)))
        'lr × epochs 0.1 to 10'
    """
    decades = found.axis == DECADE
    if len(found.values) == 1 and not decades:
        return f"{found.axis} {name(found.values[0])}"
    low, high = name(found.values[0]), name(10 * found.values[-1] if decades else found.values[-1])
    if found.least:
        return f"{found.axis} {'below' if decades else 'at most'} {high}"
    return f"{found.axis} at least {low}" if found.most else f"{found.axis} {low} to {high}"


def behind(found: Shortfall) -> str:
    """State how far a loss is behind its own best."""
    best = f"of {found.score} behind its best on the same data"
    return f"there, {found.loss} is {found.there:.3f} {best}; elsewhere {found.elsewhere:.3f}"


def nearest(found: Near) -> Iterator[tuple[int, str]]:
    """Yield a setting near the numbers, and its means, with the depth of each text."""
    at = ", ".join(f"{axis} {name(value)}" for axis, value in found.setting.items())
    yield 1, f"misses by {found.miss:.3f}: {found.reading}, {at}"
    yield 2, ", ".join(f"{loss} {score} {mean:.3f}" for loss, score, mean in found.means)


def name(value: Any) -> str:
    """Format a value of an axis."""
    return f"{value:g}" if isinstance(value, float | int | np.number) else str(value)
