"""Where in a space of settings something comes out, said in few conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

ORDERED = ("lr", "epochs", "prevalence", "label noise")
"""The axes whose values are in order, so that a range of them is a condition."""

DECADE = "lr × epochs"
"""How far a network was trained, by powers of ten: a small rate for long goes as far as a large one for short."""

PURE = 0.75
"""The share of the settings in a region in which what is looked for must come out."""

CONDITIONS = 3
"""On how many axes a region may be bounded."""


@dataclass(frozen=True, eq=False)
class Region:
    """Some settings, by the conditions that they have in common.

    Args:
        conditions: in words, each on another axis.
        inside: (settings,) bool.
        hits: in how many of them what is looked for comes out.
    """

    conditions: tuple[str, ...]
    inside: np.ndarray
    hits: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """What makes one region better than another: more hits, then fewer conditions, then little else in it."""
        return self.hits, -len(self.conditions), -int(np.count_nonzero(self.inside))

    def words(self, found: pd.Series[bool]) -> str:
        """Say where it is, and how much of what was found it holds."""
        if not self.hits:
            return f"no region of up to {CONDITIONS} conditions in which it does in {PURE:.0%} of the settings"
        said = f"where {' and '.join(self.conditions)}" if self.conditions else "everywhere"
        return f"{PURE:.0%} or more {said}: that is {self.hits / found.sum():.0%} of all settings where it does"


def region(settings: pd.DataFrame, found: pd.Series[bool], axes: tuple[str, ...]) -> Region:
    """Return the region that holds most of what was found, among those in which most is found; empty if none is.

    A region is bounded on up to three axes: by a range of values, or by one value where they have no order.

    Args:
        settings: a row each, with lr and epochs and whatever else was varied.
        found: in which of them what is looked for comes out.
        axes: the columns that were varied.
    """
    wanted = found.to_numpy(dtype=bool)
    bounds = [list(bounds_of(settings, axis)) for axis in (*axes, DECADE)]
    everything = Region((), np.full(len(wanted), True), int(wanted.sum()))
    return largest(everything, bounds, wanted, Region((), np.full(len(wanted), False), 0))


Bounds = list[tuple[str, np.ndarray]]


def largest(start: Region, axes: list[Bounds], wanted: np.ndarray, best: Region) -> Region:
    """Return the best pure region within one that holds what is wanted, by further conditions on some axes.

    What has fewer hits than the best so far need not be narrowed: a condition more never has more hits.
    """
    if start.hits >= PURE * np.count_nonzero(start.inside):
        return max(best, start, key=lambda one: one.rank)
    if len(start.conditions) == CONDITIONS:
        return best
    for index, bounds in enumerate(axes):
        for text, mask in bounds:
            inside = start.inside & mask
            inner = Region((*start.conditions, text), inside, int(np.count_nonzero(inside & wanted)))
            if inner.rank > best.rank:
                best = largest(inner, axes[index + 1 :], wanted, best)
    return best


def bounds_of(settings: pd.DataFrame, axis: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the conditions on one axis, each with the rows (settings,) that meet it: ranges, or single values."""
    values = decades(settings) if axis == DECADE else settings[axis]
    ordered = axis in (*ORDERED, DECADE)
    known = sorted(values.unique()) if ordered else list(values.unique())
    for low, high in combinations(range(len(known) + 1), 2):
        if high - low < len(known) and (ordered or high - low == 1):
            chosen = known[low:high]
            yield f"{axis} {written(chosen, len(known), low, axis == DECADE)}", values.isin(chosen).to_numpy()


def decades(settings: pd.DataFrame) -> pd.Series[float]:
    """Return the power of ten at or below the rate times the epochs.

    Example:
        >>> decades(pd.DataFrame({"lr": [0.001, 0.03], "epochs": [10, 100]})).tolist()
        [0.01, 1.0]
    """
    distance = (settings.lr * settings.epochs).round(9)  # 0.001 times 10 is a little less than 0.01
    return pd.Series(10.0 ** np.floor(np.log10(distance.to_numpy())), settings.index).round(9)


def written(chosen: list[Any], count: int, start: int, decades: bool = False) -> str:
    """Write neighbouring values of an axis; a decade stands for all up to the next.

    Example:
        >>> written([0.1, 0.3], 3, 0), written([0.1, 0.3], 3, 1), written([0.1, 0.3], 4, 1), written([0.1], 3, 0)
        ('at most 0.3', 'at least 0.1', '0.1 to 0.3', '0.1')
        >>> written([0.1], 3, 1, True), written([0.1, 1.0], 3, 0, True), written([0.1, 1.0], 3, 1, True)
        ('0.1 to 1', 'below 10', 'at least 0.1')
    """
    if len(chosen) == 1 and not decades:
        return name(chosen[0])
    low, high = name(chosen[0]), name(10 * chosen[-1] if decades else chosen[-1])
    if start == 0:
        return f"{'below' if decades else 'at most'} {high}"
    return f"at least {low}" if start + len(chosen) == count else f"{low} to {high}"


def name(value: object) -> str:
    """Write a value of an axis."""
    return f"{value:g}" if isinstance(value, float | int | np.number) else str(value)
