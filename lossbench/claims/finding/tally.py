"""The count of a claim's units: how many are for it, against it, of no difference, and open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from lossbench.claims.claim import Evidence, grouped

Lean = Literal["holds", "mostly", "mixed", "rarely", "refuted", "too weak to say", "not testable"]
"""What a count comes to, from most units for a claim to none."""

WEAK = "too weak to say"

HOLDS, MOSTLY, RARELY, REFUTED = 0.9, 0.75, 0.25, 0.1
"""The shares of the decided units from which, or up to which, each word is said."""

POWER = 1.43
"""The half-widths of a 95 % interval that a difference seen with a power of 0.8 has: 1 + 0.84 / 1.96."""


@dataclass(frozen=True)
class Tally:
    """Units, counted by what they say; those in which nothing could be compared are left out.

    Args:
        units: one line of evidence each.
    """

    units: tuple[Evidence, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[Evidence]) -> Tally:
        """Count the units among lines of evidence."""
        return cls(tuple(line for line in lines if line.role == "unit" and line.verdict != "not testable"))

    @property
    def supporting(self) -> list[Evidence]:
        """The units that come out as claimed."""
        return [line for line in self.units if line.verdict == "reproduced"]

    @property
    def opposing(self) -> list[Evidence]:
        """The units that come out the other way."""
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
        """How many units tell."""
        return len(self.units) - len(self.open)

    @property
    def against(self) -> int:
        """How many units are decided and not as claimed."""
        return self.decided - len(self.supporting)

    @property
    def lean(self) -> Lean:
        """What the count comes to; at least half of the units must be decided.

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
        """Return the units by a value that they have, in the order of their first ones."""
        return {value: Tally(tuple(lines)) for value, lines in grouped(self.units, by).items()}

    @property
    def typical(self) -> Evidence | None:
        """The unit whose difference is the middle one, among those that measure what most do; None without any."""
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
        """The smallest difference that an open unit would typically have shown; None where that is not known."""
        halves = [
            (line.high - line.low) / 2 for line in self.open if line.high is not None and line.low is not None
        ]
        return POWER * median(halves) if halves else None
