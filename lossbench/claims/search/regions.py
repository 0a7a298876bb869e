"""Describe the settings that give a result by a region of few conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

ORDERED = ("lr", "epochs", "prevalence", "label noise")
"""The axes with ordered values, so that a range of them is a condition."""

DECADE = "lr × epochs"
"""The length of a training, in powers of ten: a small rate for many epochs equals a large one for few."""

PURE = 0.75
"""The share of a region's settings that must give the result."""

CONDITIONS = 3
"""The largest number of conditions of a region."""


@dataclass(frozen=True)
class Condition:
    """A condition on one axis: neighbouring values.

    Args:
        axis: name of the axis.
        values: in their order; a decade stands for all values up to the next.
        least: whether the least value of an ordered axis is among them.
        most: whether the greatest is.
    """

    axis: str
    values: tuple[Any, ...]
    least: bool = False
    most: bool = False


@dataclass(frozen=True, eq=False)
class Region:
    """Some settings, by their common conditions.

    Args:
        conditions: each on another axis.
        inside: (settings,) whether each setting is in the region.
        hits: how many of them give the result.
    """

    conditions: tuple[Condition, ...]
    inside: np.ndarray
    hits: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """The sorting key, greatest is best: more hits, then fewer conditions, then fewer other settings."""
        return self.hits, -len(self.conditions), -int(np.count_nonzero(self.inside))


def region(settings: pd.DataFrame, found: pd.Series[bool], axes: tuple[str, ...]) -> Region:
    """Return the region with the most hits, among those that are pure enough; empty if there is none.

    A region is bounded on up to three axes: by a range of values, or by one value if they have no order.
    """
    wanted = found.to_numpy(dtype=bool)
    bounds = [list(bounds_of(settings, axis)) for axis in (*axes, DECADE)]
    everything = Region((), np.full(len(wanted), True), int(wanted.sum()))
    return largest(everything, bounds, wanted, Region((), np.full(len(wanted), False), 0))


Bounds = list[tuple[Condition, np.ndarray]]


def largest(start: Region, axes: list[Bounds], wanted: np.ndarray, best: Region) -> Region:
    """Return the best pure region inside a region, by further conditions on some axes.

    A region with fewer hits than the best so far is not narrowed: a further condition never adds hits.
    """
    if start.hits >= PURE * np.count_nonzero(start.inside):
        return max(best, start, key=lambda one: one.rank)
    if len(start.conditions) == CONDITIONS:
        return best
    for index, bounds in enumerate(axes):
        for condition, mask in bounds:
            inside = start.inside & mask
            inner = Region((*start.conditions, condition), inside, int(np.count_nonzero(inside & wanted)))
            if inner.rank > best.rank:
                best = largest(inner, axes[index + 1 :], wanted, best)
    return best


def bounds_of(settings: pd.DataFrame, axis: str) -> Iterator[tuple[Condition, np.ndarray]]:
    """Yield the conditions on one axis, ranges or single values, each with the rows (settings,) that meet it."""
    values = decades(settings) if axis == DECADE else settings[axis]
    ordered = axis in (*ORDERED, DECADE)
    known = sorted(values.unique()) if ordered else list(values.unique())
    for low, high in combinations(range(len(known) + 1), 2):
        if high - low < len(known) and (ordered or high - low == 1):
            chosen = known[low:high]
            condition = Condition(axis, tuple(chosen), low == 0, high == len(known))
            yield condition, values.isin(chosen).to_numpy()


def decades(settings: pd.DataFrame) -> pd.Series[float]:
    """Return the power of ten at or below the rate times the epochs.

    Example:
        >>> decades(pd.DataFrame({"lr": [0.001, 0.03], "epochs": [10, 100]})).tolist()
        [0.01, 1.0]
    """
    distance = (settings.lr * settings.epochs).round(9)  # 0.001 times 10 is a little less than 0.01
    return pd.Series(10.0 ** np.floor(np.log10(distance.to_numpy())), settings.index).round(9)
