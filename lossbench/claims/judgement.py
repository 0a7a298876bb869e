"""The judgement of a claim: its evidence, its verdict, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lossbench.claims.answer import answer
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.finding.forms import Finding


@dataclass(frozen=True)
class Judgement:
    """The result of trying a claim.

    Args:
        claim: the claim.
        evidence: every comparison that was made for it.
        finding: what the evidence amounts to; None if the claim was not tried.
        left: what was not tried, and why; empty if nothing was left out.
        command: the command that repeats it.
        failed: whether an experiment failed; `left` says why.
        tested: the claim whose experiments were run, if that is a single other one.
    """

    claim: Claim
    evidence: tuple[Evidence, ...] = field(repr=False)
    finding: Finding | None
    left: str
    command: str
    failed: bool = False
    tested: Claim | None = field(default=None, repr=False)

    @property
    def verdict(self) -> str:
        """The verdict in its words."""
        return "not yet" if self.finding is None else self.finding.verdict

    @property
    def standing(self) -> str:
        """The column of a document's score in which it is counted."""
        return "not yet" if self.finding is None else self.finding.standing

    @property
    def answer(self) -> str:
        """The verdict with its counts and figures, as one sentence."""
        if self.finding is not None:
            return answer(replace(self.tested or self.claim, form=self.claim.form), self.finding)
        return f"Failed: {self.left}." if self.failed else f"Not tried yet: {self.left}."

    @property
    def decisive(self) -> Evidence | None:
        """The line that the answer names: the deciding case, or the unit with the median difference."""
        if self.finding is None:
            return None
        tally = self.finding.tally
        return self.finding.case or tally.typical or next(iter(tally.units), None)

    def values(self, of: Callable[[Evidence], str]) -> tuple[str, ...]:
        """Return the distinct values of one field of the evidence, in their order, without empty ones."""
        return tuple(dict.fromkeys(filter(None, map(of, self.evidence))))
