"""The tally of a claim's units: how many are for it, against it, without a difference, and open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from lossbench.claims.claim import Evidence
from lossbench.grouped import grouped

Lean = Literal["holds", "mostly", "mixed", "rarely", "refuted", "too weak to say", "not testable"]
"""Which way a tally leans, from most units for a claim to none."""

WEAK = "too weak to say"

HOLDS, MOSTLY, RARELY, REFUTED = 0.9, 0.75, 0.25, 0.1
"""The shares of the decided units from which, or up to which, each word applies."""

POWER = 1.43
"""A difference that is seen with a power of 0.8, in half-widths of a 95 % interval: 1 + 0.84 / 1.96."""


@dataclass(frozen=True)
class Tally:
    """Units, counted by their words; those in which nothing could be compared are left out.

    Args:
        units: one line of evidence per unit.
    """

    units: tuple[Evidence, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[Evidence]) -> Tally:
        """Count the units among lines of evidence."""
        return cls(tuple(line for line in lines if line.role == "unit" and line.verdict != "not testable"))

    @property
    def supporting(self) -> list[Evidence]:
        """The units whose result is as claimed."""
        return [line for line in self.units if line.verdict == "reproduced"]

    @property
    def opposing(self) -> list[Evidence]:
        """The units whose result is the opposite."""
        return [line for line in self.units if line.verdict == "contradicted"]

    @property
    def equal(self) -> list[Evidence]:
        """The units without a difference beyond the margin, where one is claimed."""
        return [line for line in self.units if line.verdict == "equivalent"]

    @property
    def open(self) -> list[Evidence]:
        """The units that cannot tell."""
        return [line for line in self.units if line.verdict == "inconclusive"]

    @property
    def decided(self) -> int:
        """The number of units that are not open."""
        return len(self.units) - len(self.open)

    @property
    def against(self) -> int:
        """The number of units that are decided but not as claimed."""
        return self.decided - len(self.supporting)

    @property
    def lean(self) -> Lean:
        """Which way the tally leans; at least half of the units must be decided.

        Example:
            >>> lines = [Evidence("reproduced", "f1")] * 8 + [Evidence("contradicted", "f1")]
            >>> Tally.of(lines).lean, Tally.of(lines * 2 + [Evidence("inconclusive", "f1")] * 20).lean
            ('mostly', 'too weak to say')
        """
        if not self.units:
            return "not testable"
        decided = self.decided
        if 2 * decided < len(self.units):
            return "too weak to say"
        share = len(self.supporting) / decided
        words: tuple[tuple[bool, Lean], ...] = (
            (share >= HOLDS, "holds"),
            (share >= MOSTLY, "mostly"),
            (share <= REFUTED, "refuted"),
            (share <= RARELY, "rarely"),
        )
        return next((word for said, word in words if said), "mixed")

    def split(self, by: Callable[[Evidence], str]) -> dict[str, Tally]:
        """Return the units by a value of each, in the order in which the values first occur."""
        return {value: Tally(tuple(lines)) for value, lines in grouped(self.units, by).items()}

    @property
    def typical(self) -> Evidence | None:
        """The unit with the median difference, among those of the most frequent quantity; None without any."""
        quantities = [line.quantity for line in self.units if line.measured is not None]
        if not quantities:
            return None
        most = max(dict.fromkeys(quantities), key=quantities.count)
        measured = sorted(
            (line for line in self.units if line.quantity == most and line.measured is not None),
            key=lambda line: line.measured or 0.0,
        )
        return measured[len(measured) // 2]

    @property
    def worst(self) -> Evidence | None:
        """The opposing unit with the largest difference; None without any."""
        return max(self.opposing, key=lambda line: abs(line.measured or 0.0), default=None)

    @property
    def visible(self) -> float | None:
        """The smallest difference that an open unit would typically have shown; None if that is not known."""
        halves = [
            (line.high - line.low) / 2 for line in self.open if line.high is not None and line.low is not None
        ]
        return POWER * median(halves) if halves else None
