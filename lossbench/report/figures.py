"""Numbers as text: uniform within a column, with as many digits as carry information."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

NOT_DEFINED = "-"

PLAIN = (1e-3, 1e6)
"""Numbers in this range are written without a power of ten."""

MOST = 7  # significant figures of a number
NOISE = 1e-7  # of a number; a smaller half width is rounding error
LEAST = sys.float_info.min  # smaller numbers are written as zero, since 10**power would underflow


class Spread(NamedTuple):
    """A number, and the ends of its interval where it has one; NaN is undefined."""

    mean: float
    low: float = math.nan
    high: float = math.nan

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def size(self) -> float:
        """The larger of the absolute mean and the half width."""
        return abs(self.mean) if math.isnan(self.half) else max(abs(self.mean), self.half)


@dataclass(frozen=True)
class Figures:
    """How the numbers of a column are written.

    Args:
        power: the common power of ten; 0 for plain numbers.
        decimals: after the point.
        typical: the median size of the nonzero numbers.
    """

    power: int
    decimals: int
    typical: float = 0.0

    def __call__(self, spread: Spread) -> str:
        """Return a number with the half width of its interval, if it has one."""
        if math.isnan(spread.mean):
            return NOT_DEFINED
        if math.isfinite(spread.size) and self._out_of_place(spread.size):
            return interval(*spread)
        half = "" if math.isnan(spread.half) else f" ±{self.plain(spread.half)}"
        return f"{self.plain(spread.mean)}{half}"

    def _out_of_place(self, size: float) -> bool:
        """Say whether a number is too large for this format, or would be rounded to zero."""
        scaled, least = size / 10.0**self.power, max(LEAST, NOISE * self.typical)
        return scaled >= PLAIN[1] or (size > least and scaled < 0.5 * 10.0**-self.decimals)

    def plain(self, value: float) -> str:
        """Return a number without an interval."""
        scaled = round(value / 10.0**self.power, self.decimals) + 0.0  # no minus before zero
        return f"{scaled:.{self.decimals}f}" + (f"e{self.power:+03d}" if self.power else "")


def figures(spreads: Iterable[Spread], digits: int = 3) -> Figures:
    """Choose the format of the numbers of a column by their typical size.

    Numbers below 10 have `digits` decimals, larger ones `digits` + 1 significant figures. There are more
    decimals if the typical interval needs them to show two figures, or a number below 0.1 without one, three.
    Below 0.001, and from a million on, numbers share a power of ten.

    Example:
        >>> figures([Spread(0.974, 0.955, 0.993)]), figures([Spread(5.2e-11)])
        (Figures(power=0, decimals=3, typical=0.974), Figures(power=-11, decimals=2, typical=5.2e-11))
    """
    sizes = sorted(spread.size for spread in spreads if LEAST < spread.size < math.inf)
    if not sizes:
        return Figures(0, digits)
    typical = sizes[len(sizes) // 2]
    halves = sorted(spread.half for spread in spreads if NOISE * typical < spread.half < math.inf)
    power = 0 if PLAIN[0] <= typical < PLAIN[1] else math.floor(math.log10(typical))
    lead = math.floor(math.log10(typical)) - power
    decimals = digits - max(lead, 0) - (power != 0)
    if lead < -1 and not halves:
        decimals = digits - 1 - lead
    if halves:
        decimals = max(decimals, digits - 2 - math.floor(math.log10(halves[len(halves) // 2])) + power)
    return Figures(power, min(max(decimals, 0), MOST - 1 - lead), typical)


def column(spreads: Iterable[Spread], digits: int = 3) -> list[str]:
    """Return the numbers of a column in one format; see `figures`.

    Example:
        >>> column([Spread(5.31e-11, 5.11e-11, 5.51e-11), Spread(7e-12), Spread(float("nan"))])
        ['5.31e-11 ±0.20e-11', '0.70e-11', '-']
    """
    spreads = list(spreads)
    return list(map(figures(spreads, digits), spreads))


def interval(mean: float, low: float = math.nan, high: float = math.nan) -> str:
    """Return a single number with the half width of its interval, if it has one; see `figures`.

    Example:
        >>> interval(0.5, 0.25, 0.75), interval(123.456), interval(float("nan"))
        ('0.500 ±0.250', '123.5', '-')
    """
    return column([Spread(mean, low, high)])[0]


def amount(value: float, low: float, high: float) -> str:
    """Return a number with both ends of its interval; only an exact zero is written as zero.

    Example:
        >>> amount(0.041, 0.022, 0.06), amount(0.0404, 0.0004, 0.0804), amount(0.25, float("nan"), float("nan"))
        ('0.041 [0.022, 0.060]', '0.0404 [0.0004, 0.0804]', '0.250')
    """
    chosen = figures([Spread(value, low, high)])
    nearest = min(abs(value), abs(low), abs(high)) / 10.0**chosen.power
    if nearest > 0.0:
        needed = min(-math.floor(math.log10(nearest)), MOST - 1)
        chosen = Figures(chosen.power, max(chosen.decimals, needed), chosen.typical)
    known = not math.isnan(low)
    return chosen.plain(value) + (f" [{chosen.plain(low)}, {chosen.plain(high)}]" if known else "")
