"""What a search found: under which settings a reported order comes out, and under which the reported numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from lossbench.claims.contrast import Direction
from lossbench.claims.search.regions import Region


@dataclass(frozen=True)
class Share:
    """How many settings of how many.

    Example:
        >>> Share.where(pd.Series([True, False]))
        Share(count=1, of=2)
    """

    count: int
    of: int

    @classmethod
    def where(cls, found: pd.Series[bool]) -> Share:
        """Count the settings in which something is found."""
        return cls(int(found.sum()), len(found))


@dataclass(frozen=True)
class Likeness:
    """What three quarters of the settings that give all printed numbers have in common.

    Args:
        near: the settings that give them.
        model: spec of the network; empty if they differ.
        early: whether they are trained for less than usual.
        flipped: whether training labels are flipped.
    """

    near: Share
    model: str = ""
    early: bool = False
    flipped: bool = False


class Shortfall(NamedTuple):
    """How far the second loss is behind its best on the same data: where the order comes out, and elsewhere."""

    loss: str
    score: str
    there: float
    elsewhere: float


@dataclass(frozen=True)
class OfReading:
    """Where the order comes out under one reading of the two names.

    Args:
        reading: the two losses, "bce vs mse_logits".
        claimed: the settings that give the order, on half of the seeds.
        region: the region that describes them; None if there are none, as the next two.
        again: the settings of the region that give it on the other half; None if the region is empty.
        behind: how well the second loss is trained there.
    """

    reading: str
    claimed: Share
    region: Region | None = None
    again: Share | None = None
    behind: Shortfall | None = None


@dataclass(frozen=True)
class Near:
    """A setting that comes near the printed numbers.

    Args:
        miss: the largest distance of a mean from its reported number.
        reading: the two losses.
        setting: its value on each other axis.
        means: of each loss and score, (loss, score, mean).
    """

    miss: float
    reading: str
    setting: Mapping[str, Any]
    means: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Conditions:
    """What the search found.

    Args:
        trainings: the number of all trainings.
        generator: the data.
        seeds: the repetitions of a setting.
        arms: the two that are compared.
        direction: what is claimed of the first.
        scores: in which it is.
        likeness: what the settings that give the printed numbers have in common.
        claimed: the settings that give the claimed order.
        reverse: those that give the reverse.
        equal: those in which both are within the margin.
        placebo: the same of a loss and another implementation of it, claimed and reverse; None without any.
        along: on each axis, the share of the settings that give the order, by value.
        readings: where it comes out under each reading.
        tolerance: how near a mean must be to a reported number.
        nearest: the settings that come nearest to the numbers.
    """

    trainings: int
    generator: str
    seeds: float
    arms: tuple[str, ...]
    direction: Direction
    scores: tuple[str, ...]
    likeness: Likeness
    claimed: Share
    reverse: Share
    equal: Share
    placebo: tuple[Share, Share] | None
    along: Mapping[str, Mapping[Any, float]]
    readings: tuple[OfReading, ...]
    tolerance: float
    nearest: tuple[Near, ...]
