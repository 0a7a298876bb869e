"""Derive the verdict of a claim from its units, by one rule for each form, whatever the claim is about.

    form         verdicts
    identity     true, true but for rounding, true under another reading, false
    conjunction  true, partly, false
    universal    holds everywhere tried, refuted
    existential  shown, not found
    magnitude    order and size, each with a word of a tendency
    tendency     holds, mostly, mixed, rarely, refuted; depends on ..., where one named axis separates

If too few units are decided, any form but an identity is too weak to say. A tendency holds if 90 % of the decided
units are for it, mostly from 75 % on, rarely up to 25 %, and is refuted up to 10 %; half of the units must be
decided. A difference within the margin is decided, and does not support a claimed difference. The order of the
lines never matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from lossbench.claims.claim import Evidence, Form, Reading
from lossbench.claims.finding.axes import AXES, Split, separation
from lossbench.claims.finding.other_seeds import instability
from lossbench.claims.finding.tally import WEAK, Lean, Tally
from lossbench.grouped import grouped

TRUE: dict[Reading, str] = {
    "as stated": "true",
    "but for rounding": "true but for rounding",
    "another": "true under another reading",
}
"""The verdict of an identity, by the reading in which it holds."""

SINGLE = (
    *(*TRUE.values(), "false", "partly", "holds everywhere tried", "shown", "not found"),
    *(*get_args(Lean), *(f"depends on {axis.name}" for axis in AXES), "not yet"),
)
"""Every verdict that is not composed of two."""

STANDING: dict[str, tuple[str, ...]] = {
    "true": ("true", "true but for rounding", "holds", "holds everywhere tried", "shown", "mostly"),
    "refuted": ("false", "refuted", "rarely"),
    "mixed": ("partly", "mixed", "true under another reading"),
    "too weak": (WEAK, "not found", "not testable"),
    "not yet": ("not yet",),
}
"""The five columns of a document's score, and the verdicts counted in each; "depends on ..." counts as mixed."""


@dataclass(frozen=True)
class Finding:
    """What the evidence on a claim amounts to.

    Args:
        word: the verdict; for a magnitude, that on the order of its numbers.
        tally: the units that were counted; for a magnitude, those of the order.
        split: the axis that the claim depends on; None if none separates.
        parts: for a conjunction, the verdict of each part.
        size: for a magnitude, the verdict on the size of its differences; empty if no sizes are printed, None for
            other forms.
        sizes: for a magnitude, the units of the size.
        case: the line of evidence that decides alone, such as a counterexample; None if many decide.
        again: for a universal claim, the retrial of its strongest counterexample; None if there was none.
        instability: the probability of another verdict on other seeds, if that makes the claim too weak to say;
            else 0.
    """

    word: str
    tally: Tally
    split: Split | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    size: str | None = None
    sizes: Tally = field(default_factory=Tally)
    case: Evidence | None = None
    again: Evidence | None = None
    instability: float = 0.0

    @property
    def verdict(self) -> str:
        """The verdict in words.

        Example:
            >>> Finding("holds", Tally()).verdict, Finding("rarely", Tally(), size="refuted").verdict
            ('holds', 'order rarely; size refuted')
        """
        if self.size is None:
            return self.word
        return f"order {self.word}" + (f"; size {self.size}" if self.size else "")

    @property
    def standing(self) -> str:
        """The column of a document's score in which the claim is counted; see `STANDING`.

        For a magnitude the columns of order and size must agree, or it is mixed.

        Example:
            >>> Finding("holds", Tally()).standing, Finding("rarely", Tally(), size="refuted").standing
            ('true', 'refuted')
        """
        columns = {column_of(word) for word in (self.word, self.size) if word}
        return columns.pop() if len(columns) == 1 else "mixed"


def column_of(word: str) -> str:
    """Return the column of one word of a verdict."""
    return next((column for column, words in STANDING.items() if word in words), "mixed")


def find(form: Form, evidence: Sequence[Evidence]) -> Finding:
    """Return the finding from evidence, for a claim of a form.

    Example:
        >>> lines = [Evidence("reproduced", "f1", dataset="moons"), Evidence("contradicted", "f1", dataset="iris")]
        >>> [find(form, lines).verdict for form in ("tendency", "universal", "existential")]
        ['mixed', 'refuted', 'shown']
    """
    if not Tally.of(evidence).units:
        return Finding("not testable", Tally())
    return FORMS[form](evidence)


def identity(evidence: Sequence[Evidence]) -> Finding:
    """Return the worst verdict among the stated equations."""
    parts = grouped(Tally.of(evidence).units, lambda line: line.part)
    words = {part: equation(mine) for part, mine in parts.items()}
    order = [*TRUE.values(), "false"]
    worst = max(words, key=lambda part: order.index(words[part]))
    decisive = [line for line in parts[worst] if line.verdict == "reproduced"] or parts[worst]
    return Finding(words[worst], Tally.of(evidence), case=decisive[0])


def equation(lines: Iterable[Evidence]) -> str:
    """Return the verdict on one equation: true as stated, or else in the nearest other reading."""
    readings = grouped(lines, lambda line: line.reading)
    for reading, word in TRUE.items():
        words = {line.verdict for line in readings.get(reading, ())}
        if words == {"reproduced"} or (reading != "as stated" and "reproduced" in words):
            return word
    return "false"


def conjunction(evidence: Sequence[Evidence]) -> Finding:
    """Return whether all parts are true, some, or none; a trained part is true if it holds.

    An open part may turn out either way on more seeds, so only a verdict that it cannot change is given. A part
    that is not testable cannot turn out either way.
    """
    tally = Tally.of(evidence)
    by_part = tally.split(lambda line: line.part)
    parts = {part: part_of(mine) for part, mine in by_part.items()}
    sides = {side_of(word) for word in parts.values()}
    if "true" in sides and sides & {"false", "untold"}:
        return Finding("partly", tally, parts=parts)
    if "open" in sides or sides == {"untold"}:
        return Finding(
            WEAK, tally, parts=parts, instability=max(instability(one, leaning) for one in by_part.values())
        )
    return Finding("true" if sides == {"true"} else "false", tally, parts=parts)


def part_of(tally: Tally) -> str:
    """Return the verdict on one part: as an equation if nothing was tested, else as a tendency."""
    if any(line.p_value is not None for line in tally.units):
        return lean(tally)
    untold = any(line.verdict == "inconclusive" for line in tally.units)
    return "not testable" if untold else equation(tally.units)


def side_of(word: str) -> str:
    """Return whether a part is true, false, open or not testable."""
    return "true" if word in ("true", "holds") else {WEAK: "open", "not testable": "untold"}.get(word, "false")


def universal(evidence: Sequence[Evidence]) -> Finding:
    """Return whether one case opposes, beyond the margin: an exact one, or one confirmed on fresh seeds."""
    tally = Tally.of(evidence)
    again = next((line for line in evidence if line.role == "retrial"), None)
    case = tally.worst if again is None else again if again.verdict == "contradicted" else None
    if case is not None:
        return Finding("refuted", tally, case=case, again=again)
    strong = 2 * len(tally.supporting) >= len(tally.units) and not tally.opposing
    return Finding("holds everywhere tried" if strong else WEAK, tally, again=again)


def existential(evidence: Sequence[Evidence]) -> Finding:
    """Return whether one case shows what is claimed."""
    tally = Tally.of(evidence)
    shown = max(tally.supporting, key=lambda line: line.clarity, default=None)
    return Finding("not found" if shown is None else "shown", tally, case=shown)


def tendency(evidence: Sequence[Evidence]) -> Finding:
    """Return which way the units lean, and the axis that this depends on, if there is one.

    If other seeds would not find the axis, only the lean is given; if they would lean otherwise, nothing.
    """
    tally = Tally.of(evidence)
    split = dependence(tally)
    if split and not instability(tally, dependent):
        return Finding(named(split), tally, split)
    unstable = instability(tally, leaning)
    return Finding(WEAK if unstable else tally.lean, tally, instability=unstable)


def dependence(tally: Tally) -> Split | None:
    """Return the split that a claim depends on, regardless of other seeds; None if its units lean one way."""
    return separation(tally) if tally.lean in ("mostly", "mixed", "rarely") else None


def dependent(tally: Tally) -> str:
    """Return the verdict on units, with the axis that they depend on, regardless of other seeds."""
    split = dependence(tally)
    return named(split) if split else tally.lean


def named(split: Split) -> str:
    """Return the verdict that a claim depends on an axis."""
    return f"depends on {split.axis.name}"


def leaning(tally: Tally) -> str:
    """Return which way units lean, regardless of other seeds."""
    return tally.lean


def lean(tally: Tally) -> str:
    """Return which way units lean; too weak to say if other seeds would lean otherwise."""
    return WEAK if instability(tally, leaning) else tally.lean


def magnitude(evidence: Sequence[Evidence]) -> Finding:
    """Return two verdicts: on the order of the printed numbers, and on the size of their differences."""
    order = tendency([line for line in evidence if line.aspect == "outcome"])
    sizes = Tally.of(line for line in evidence if line.aspect == "size")
    size = lean(sizes) if sizes.units else ""
    return replace(order, size=size, sizes=sizes)


FORMS: dict[Form, Callable[[Sequence[Evidence]], Finding]] = {
    "identity": identity,
    "conjunction": conjunction,
    "universal": universal,
    "existential": existential,
    "magnitude": magnitude,
    "tendency": tendency,
}
