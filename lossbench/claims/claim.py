"""A claim, and evidence: one comparison that was made for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from lossbench.plan.toml import Place

Item = TypeVar("Item")
Key = TypeVar("Key")

ClaimKind = Literal["arithmetic", "derivative", "property", "experiment", "number table", "forensic"]
"""What decides a claim.

- arithmetic: a worked example or an identity, decided exactly.
- derivative: autograd against the formula that is stated, at many points.
- property: the function itself (how it grows, how far one target can pull).
- experiment: training, on paired seeds.
- number table: an experiment whose reported numbers are shown beside the measured ones.
- forensic: the reported numbers alone.
"""

Form = Literal["identity", "conjunction", "universal", "existential", "magnitude", "tendency"]
"""What a claim says, read off its own words; `lossbench.claims.finding.forms` has the verdicts of each.

- identity: an equation, a derivative, a worked example.
- conjunction: several things at once.
- universal: always, must, whatever.
- existential: can, may, some, not always.
- magnitude: printed numbers, and the order that they have.
- tendency: better, suits, more robust.
"""


@dataclass(frozen=True)
class Claim:
    """One line of the catalogue; see `configs/claims.toml`.

    Args:
        id: its name.
        sentence: the claim in our own words.
        document: short name of the document; empty for a claim of the user's own.
        place: where in the document.
        kind: what decides it.
        form: what it says, and so which verdicts it can have.
        experiments: names of the experiments that decide it.
        arguments: what the experiments are told, as it stands in the file.
        reported: the document's own numbers as printed, by row and column: ("bce", "accuracy") -> "0.859".
        parts: of a claim of several parts, what the evidence of an experiment is about, by the experiment's name.
        same_as: claims whose evidence decides this one too; then it has no experiments of its own.
        not_yet: why it cannot be tried; empty where it can.
        note: what a reader of the verdict must know.
        source: where it stands, for messages.
    """

    id: str
    sentence: str
    document: str = ""
    place: str = ""
    kind: ClaimKind = "experiment"
    form: Form = "tendency"
    experiments: tuple[str, ...] = ("contest",)
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    reported: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    parts: Mapping[str, str] = field(default_factory=dict, repr=False)
    same_as: tuple[str, ...] = ()
    not_yet: str = ""
    note: str = ""
    source: Place = field(default=Place(()), repr=False, compare=False)


Word = Literal["reproduced", "contradicted", "equivalent", "inconclusive", "not testable"]
"""What one comparison says of a claim.

- reproduced: it comes out as claimed.
- contradicted: it comes out the other way.
- equivalent: no difference beyond the margin, where one was claimed.
- inconclusive: the seeds cannot tell, or the reported numbers leave it open.
- not testable: there is nothing to compare, such as a score that is undefined for one arm.
"""

WORDS: tuple[Word, ...] = get_args(Word)


def decided(holds: bool) -> Word:
    """Return what a comparison says that leaves nothing open."""
    return "reproduced" if holds else "contradicted"


Role = Literal["unit", "sensitivity", "shown", "retrial"]
"""What a line of evidence is for.

- unit: it decides; it is what a verdict counts.
- sensitivity: the same question under another protocol, or of other rivals; shown, and never counted.
- shown: a figure beside the others, such as the level of a score.
- retrial: the case that speaks most against a claim of everything, on fresh seeds; see `lossbench.claims.retrial`.
"""

Reading = Literal["as stated", "but for rounding", "another"]
"""How an exact line takes the claim: by its own words, to other digits, or in another sense."""

Aspect = Literal["outcome", "size", "level"]
"""Which side of a quantity a line of evidence is about.

- outcome: what is claimed of it.
- size: the size of a difference in it, held to the reported size.
- level: its mean for one arm, shown beside the reported one and never judged.
"""

ASPECTS: dict[Aspect, str] = {"outcome": "", "size": "size of the difference in ", "level": "level of "}
"""What the name of a quantity begins with."""

CLEAN_SKILL, DIRTY_SKILL = "skill after clean training", "skill after contaminated training"
"""The two quantities of which pictures are drawn against one another."""


@dataclass(frozen=True)
class Evidence:
    """One comparison, by its facts; `what` and `case` put them into words.

    Args:
        verdict: what it says of the claim.
        quantity: what was measured: "accuracy", "largest error of the stated derivative".
        protocol: name of the protocol of the training; empty where nothing is trained.
        dataset: spec of the data set; empty where there is none.
        arms: what is compared, the first minus the second; one arm alone for a level.
        rates: the learning rates, where they are not those of the protocol: one for all arms, or those compared.
        by_rate: whether the rates of one loss are compared, and not losses.
        detail: what else tells it apart: which reading of the claim, which way of printing.
        part: of a claim of several parts, which one; empty where it has one.
        role: what it is for.
        reading: how an exact line takes the claim.
        claim: ID of the claim that it was gathered for, where several decide this one.
        aspect: which side of the quantity it is about.
        contamination: kind of the contamination of the training part; empty where it is clean.
        shares: the contaminated shares, ascending; several where the quantity is an average over them.
        reported: what the document says it is.
        printed: the reported number digit by digit, where the digits matter.
        positives: the share of positives that the reported numbers imply, where the data are made by it.
        measured: what it is; a difference is of the first arm minus the second.
        low: lower end of the 95 % interval, or the least that rounding of reported numbers allows.
        high: upper end, likewise.
        n: rows or seeds of an experiment, or points of a derivative or property.
        over: what n counts, where something was trained.
        p_value: of the paired test, corrected by Holm over all units of the claim, or over all other comparisons.
        against: how many standard errors it is away from what is claimed, the other way; 0 where it agrees, or
            where nothing was tested.
        again: of a unit, how probable it is that other seeds would say each of the first four `WORDS`; empty where
            no seeds are in it.
        diverged: how many trainings of the arms diverged.
        clause: what was found, in words for the answer; empty where the figures say it.
        note: what a reader must know besides.

    Example:
        >>> line = Evidence("reproduced", "f1", arms=("bce", "mse"), contamination="label", shares=(0.1,))
        >>> line.what, line.case
        ('f1 with 10% label outliers', 'bce vs mse')
    """

    verdict: Word
    quantity: str
    protocol: str = ""
    dataset: str = ""
    arms: tuple[str, ...] = ()
    rates: tuple[float, ...] = ()
    by_rate: bool = False
    detail: str = ""
    part: str = ""
    role: Role = "unit"
    reading: Reading = "as stated"
    claim: str = ""
    aspect: Aspect = "outcome"
    contamination: str = ""
    shares: tuple[float, ...] = ()
    reported: float | None = None
    printed: str = ""
    positives: float | None = None
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    over: Literal["", "rows", "seeds"] = ""
    p_value: float | None = None
    against: float = 0.0
    again: tuple[float, ...] = ()
    diverged: int = 0
    clause: str = ""
    note: str = ""

    @property
    def what(self) -> str:
        """What was measured, under which contamination: "r2 with 10% target outliers"."""
        return " ".join(filter(None, [f"{ASPECTS[self.aspect]}{self.quantity}", self.contaminated]))

    @property
    def case(self) -> str:
        """Which arms, at which rates, under which reading of the claim: "bce vs mse_logits"."""
        arms, rates = " vs ".join(self.arms), " vs ".join(f"{rate:g}" for rate in self.rates)
        if rates:
            arms += f": rate {rates}" if self.by_rate else f" at rate {rates}"
        return " ".join(filter(None, [self.claim, ", ".join(filter(None, [arms, self.detail]))]))

    @property
    def difference(self) -> float | None:
        """What was measured minus what is reported."""
        if self.measured is None or self.reported is None:
            return None
        return 0.0 if self.measured == self.reported else self.measured - self.reported  # infinities may be equal

    @property
    def contaminated(self) -> str:
        """How the training part was contaminated: "with 10% label outliers"; empty where it was not."""
        if not self.contamination:
            return ""
        span = f"with {self.shares[0]:.0%}" if len(self.shares) == 1 else f"over 0 to {self.shares[-1]:.0%}"
        return f"{span} {self.contamination} outliers"

    @property
    def chances(self) -> tuple[float, ...]:
        """How probable each of the first four `WORDS` is on other seeds; what no seeds are in stays what it is."""
        return self.again or tuple(float(self.verdict == word) for word in WORDS[:-1])

    @property
    def clarity(self) -> float:
        """How many widths of its interval a measured value is away from zero; 0 without an interval."""
        if self.measured is None or self.low is None or self.high is None or self.high == self.low:
            return 0.0
        return abs(self.measured) / (self.high - self.low)


def grouped(items: Iterable[Item], by: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Return items by what they share, in the order of their first ones."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(by(item), []).append(item)
    return groups
