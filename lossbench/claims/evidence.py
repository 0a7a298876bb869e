"""Evidence: one comparison that was made. Finding: what all the evidence on a claim comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from lossbench.claims.claim import Claim

Word = Literal["reproduced", "contradicted", "equivalent", "inconclusive", "not testable"]
"""What one comparison says of a claim.

- reproduced: it comes out as claimed.
- contradicted: it comes out the other way.
- equivalent: no difference beyond the margin, where one was claimed.
- inconclusive: the seeds cannot tell, or the reported numbers leave it open.
- not testable: there is nothing to compare, such as a score that is undefined for one arm.
"""

WORDS: tuple[Word, ...] = get_args(Word)

Verdict = Literal[Word, "depends", "not yet"]
"""What can be said of a claim: one word of all its evidence; depends, on a condition; or not yet tried."""

VERDICTS: tuple[Verdict, ...] = (
    *("reproduced", "depends", "contradicted", "equivalent", "inconclusive"),
    *("not testable", "not yet"),
)
"""Every verdict, in the order of a summary."""


@dataclass(frozen=True)
class Evidence:
    """One comparison. The first four fields say where it was made and name it; they are its axes.

    Args:
        verdict: what it says of the claim.
        what: what was measured, under which contamination: "accuracy", "r2 with 10 % target outliers".
        protocol: name of the protocol of the training; empty where nothing is trained.
        dataset: spec of the data set; empty where there is none.
        case: which reading of the claim, or which rival: "the probability", "bce vs mse_logits".
        reported: what the document says it is.
        measured: what it is; a difference is of the first arm minus the second.
        low: lower end of the 95 % interval, or the least that rounding of reported numbers allows.
        high: upper end, likewise.
        n: seeds of an experiment, or points of a derivative or property.
        p_value: of the paired test, corrected by Holm over all comparisons made for the claim.
        note: what a reader must know besides.
    """

    verdict: Word
    what: str
    protocol: str = ""
    dataset: str = ""
    case: str = ""
    reported: float | None = None
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    p_value: float | None = None
    note: str = ""

    @property
    def difference(self) -> float | None:
        """What was measured minus what is reported."""
        if self.measured is None or self.reported is None:
            return None
        return 0.0 if self.measured == self.reported else self.measured - self.reported  # infinities may be equal

    @property
    def clarity(self) -> float:
        """How many widths of its interval a measured value is away from zero; 0 without an interval."""
        if self.measured is None or self.low is None or self.high is None or self.high == self.low:
            return 0.0
        return abs(self.measured) / (self.high - self.low)


@dataclass(frozen=True)
class Finding:
    """What was found on a claim.

    Args:
        claim: the claim.
        evidence: every comparison that was made for it.
        verdict: what they come to; see `lossbench.claims.verdict.combine`.
        condition: on what it depends, or where it holds if not everywhere; what was left untried, and why.
        command: repeats it.
    """

    claim: Claim
    evidence: tuple[Evidence, ...] = field(repr=False)
    verdict: Verdict
    condition: str
    command: str

    @property
    def decisive(self) -> Evidence | None:
        """The clearest comparison among those that say what the verdict says; None without any."""
        agreeing = [line for line in self.evidence if line.verdict == self.verdict] or self.evidence
        return max(agreeing, key=lambda line: line.clarity, default=None)

    def values(self, of: Callable[[Evidence], str]) -> tuple[str, ...]:
        """Return what occurs in the evidence on one axis, in its order, without blanks."""
        return tuple(dict.fromkeys(filter(None, map(of, self.evidence))))
