"""Scales from numbers to pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Scale:
    """A scale from numbers to pixels.

    Args:
        low: the least number, above zero on a logarithmic scale.
        high: the greatest number.
        start: the pixel of `low`.
        end: the pixel of `high`.
        log: whether it is logarithmic.

    Example:
        >>> Scale(0, 10, 100, 200)(2.5), Scale(1, 100, 0, 200, log=True)(10)
        (125.0, 100.0)
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of a number."""
        low, high, at = map(math.log, (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return self.start + (self.end - self.start) * (at - low) / (high - low)

    def pixels(self, values: np.ndarray) -> np.ndarray:
        """Return the pixels of numbers (n,); NaN where not finite."""
        known = np.where(np.isfinite(values), values, np.nan)
        low, high = map(math.log, (self.low, self.high)) if self.log else (self.low, self.high)
        at = np.log(known) if self.log else known
        return np.asarray(self.start + (self.end - self.start) * (at - low) / (high - low))

    def ticks(self, most: int = 5) -> list[float]:
        """Return about so many round numbers on the scale.

        Example:
            >>> Scale(0.02, 0.99, 0, 1).ticks(), Scale(1, 100, 0, 1, log=True).ticks(3)
            ([0.2, 0.4, 0.6, 0.8], [1.0, 10.0, 100.0])
        """
        return self._powers(most) if self.log else self._multiples(most)

    def _multiples(self, most: int) -> list[float]:
        least = (self.high - self.low) / most
        digits = -math.floor(math.log10(least))
        power = 10.0**-digits
        step = next(step * power for step in STEPS if step * power >= least * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(number * step, digits) for number in range(first, last + 1)]

    def _powers(self, most: int) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for factors in ((1, 2, 5), (1, 3), (1,)):
            ticks = list(
                self._inside(float(f"{factor}e{p}") for p in range(first, last + 1) for factor in factors)
            )
            if len(ticks) <= most:
                break
        return ticks[:: -(-len(ticks) // most)] if len(ticks) > 1 else self._multiples(most)

    def _inside(self, ticks: Iterable[float]) -> Iterable[float]:
        room = 1 + 1e-9
        return (tick for tick in ticks if self.low / room <= tick <= self.high * room)


def value_range(values: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest finite number of (n,), widened if they are equal.

    Example:
        >>> value_range(np.array([2.0, np.nan, 5.0])), value_range(np.array([1.0]))
        ((2.0, 5.0), (0.95, 1.05))
    """
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    room = 0.05 * abs(low) or 0.05
    return (low, high) if high - low > 1e-9 * room else (low - room, high + room)
