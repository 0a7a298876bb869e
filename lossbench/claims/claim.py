"""A claim, and its evidence: each line is one comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from lossbench.plan.toml import Place

ClaimKind = Literal["arithmetic", "derivative", "property", "experiment", "number table", "forensic"]
"""What decides a claim.

- arithmetic: a worked example or an identity, decided exactly.
- derivative: autograd against the stated formula, at many points.
- property: the function itself (how it grows, how far one target can pull).
- experiment: training, on paired seeds.
- number table: an experiment whose reported numbers are shown beside the measured ones.
- forensic: the reported numbers alone.
"""

Form = Literal["identity", "conjunction", "universal", "existential", "magnitude", "tendency"]
"""The logical form of a claim, by its own words; `lossbench.claims.finding.forms` has the verdicts of each.

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
        document: short name of the document; empty for a user's claim.
        place: where in the document.
        kind: what decides it.
        form: its logical form, which determines the possible verdicts.
        experiments: names of the experiments that decide it.
        arguments: the arguments of the experiments, as in the file.
        reported: the document's own numbers as printed, by row and column: ("bce", "accuracy") -> "0.859".
        parts: in a claim of several parts, the part that an experiment is about, by the name of the experiment.
        same_as: claims whose evidence decides this one too; then it has no experiments of its own.
        not_yet: why it cannot be tried; empty if it can.
        note: what a reader of the verdict must know.
        source: its place in the file, for messages.
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
"""What one comparison says about a claim.

- reproduced: the result is as claimed.
- contradicted: the result is the opposite.
- equivalent: no difference beyond the margin, although one was claimed.
- inconclusive: the seeds cannot tell, or the reported numbers leave it open.
- not testable: there is nothing to compare, such as a score that is undefined for one arm.
"""

WORDS: tuple[Word, ...] = get_args(Word)


def decided(holds: bool) -> Word:
    """Return the word for a comparison that is exact."""
    return "reproduced" if holds else "contradicted"


Role = Literal["unit", "sensitivity", "shown", "retrial"]
"""The role of a line of evidence.

- unit: it decides; a verdict counts units.
- sensitivity: the same question under another protocol, or with other rivals; shown, but never counted.
- shown: a figure that is only shown, such as the level of a score.
- retrial: the strongest counterexample to a universal claim, on fresh seeds; see `lossbench.claims.retrial`.
"""

Reading = Literal["as stated", "but for rounding", "another"]
"""How an exact line reads the claim: literally, with other rounding, or in another sense."""

Aspect = Literal["outcome", "size", "level"]
"""The aspect of a quantity that a line of evidence is about.

- outcome: what is claimed about it.
- size: the size of a difference in it, compared with the reported size.
- level: its mean for one arm, shown beside the reported one and never judged.
"""

ASPECTS: dict[Aspect, str] = {"outcome": "", "size": "size of the difference in ", "level": "level of "}
"""The prefix of the name of a quantity, by aspect."""

CLEAN = "clean"
"""An arm that is no loss of its own: the first arm, trained on clean data."""

CLEAN_SKILL, DIRTY_SKILL = "skill after clean training", "skill after contaminated training"
"""The two quantities that pictures plot against each other."""


@dataclass(frozen=True)
class Evidence:
    """One comparison, by its facts; `what` and `case` put them into words.

    Args:
        verdict: what it says about the claim.
        quantity: what was measured: "accuracy", "largest error of the stated derivative".
        protocol: name of the protocol of the training; empty if nothing is trained.
        dataset: spec of the data set; empty if there is none.
        arms: what is compared, the first minus the second; one arm alone for a level.
        rates: the learning rates, if they are not those of the protocol: one for all arms, or those compared.
        by_rate: whether the rates of one loss are compared, not losses.
        of_models: whether models of one loss are compared, named by how they were trained, not losses.
        entry: the row or the example of a document that it is about.
        detail: what else distinguishes it: the reading of the claim, the way of printing.
        part: the part of a claim of several parts; empty if the claim has only one.
        role: its role.
        reading: how an exact line reads the claim.
        claim: ID of the claim that it was gathered for, if several decide this one.
        aspect: the aspect of the quantity.
        contamination: kind of contamination of the training part; empty if it is clean.
        shares: the contaminated shares, ascending; several if the quantity is an average over them.
        reported: the value in the document.
        printed: the reported number digit by digit, if the digits matter.
        positives: the share of positives that the reported numbers imply, if the data are generated with it.
        measured: the measured value; a difference is of the first arm minus the second.
        low: lower end of the 95 % interval, or the smallest value that the rounding of reported numbers allows.
        high: upper end, likewise.
        n: rows or seeds of an experiment, points of a derivative or property, rounds of a measured time, or steps.
        over: what n counts, if that is not points.
        p_value: of the paired test, corrected by Holm over all units of the claim, or over all other comparisons.
        against: by how many standard errors it contradicts the claim; 0 if it agrees, or if nothing was tested.
        again: for a unit, the probability of each of the first four `WORDS` on other seeds; empty if it does not
            depend on seeds.
        diverged: how many trainings of the arms diverged.
        clause: the result in words for the answer; empty if the figures are enough.
        note: what a reader must also know.
        advice: what to do about it.

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
    of_models: bool = False
    entry: str = ""
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
    over: Literal["", "rows", "seeds", "rounds", "steps"] = ""
    p_value: float | None = None
    against: float = 0.0
    again: tuple[float, ...] = ()
    diverged: int = 0
    clause: str = ""
    note: str = ""
    advice: str = ""

    @property
    def what(self) -> str:
        """The measured quantity with its contamination: "r2 with 10% target outliers"."""
        return " ".join(filter(None, [f"{ASPECTS[self.aspect]}{self.quantity}", self.contaminated]))

    @property
    def case(self) -> str:
        """The arms, their rates and the reading of the claim: "bce vs mse_logits"."""
        arms, rates = " vs ".join(self.arms), " vs ".join(f"{rate:g}" for rate in self.rates)
        if rates:
            arms += f": rate {rates}" if self.by_rate else f" at rate {rates}"
        return " ".join(filter(None, [self.claim, ", ".join(filter(None, [arms, self.distinction]))]))

    @property
    def distinction(self) -> str:
        """What distinguishes it apart from its arms: "second row (cut off)"."""
        if self.entry and self.detail:
            return f"{self.entry} ({self.detail})"
        return self.entry or self.detail

    @property
    def difference(self) -> float | None:
        """What was measured minus what is reported."""
        if self.measured is None or self.reported is None:
            return None
        return 0.0 if self.measured == self.reported else self.measured - self.reported  # infinities may be equal

    @property
    def contaminated(self) -> str:
        """The contamination of the training part: "with 10% label outliers"; empty if there is none."""
        if not self.contamination:
            return ""
        span = f"with {self.shares[0]:.0%}" if len(self.shares) == 1 else f"over 0 to {self.shares[-1]:.0%}"
        return f"{span} {self.contamination} outliers"

    @property
    def chances(self) -> tuple[float, ...]:
        """The probability of each of the first four `WORDS` on other seeds; without seeds it is certain."""
        return self.again or tuple(float(self.verdict == word) for word in WORDS[:-1])

    @property
    def clarity(self) -> float:
        """The distance of the measured value from zero, in widths of its interval; 0 without an interval."""
        if self.measured is None or self.low is None or self.high is None or self.high == self.low:
            return 0.0
        return abs(self.measured) / (self.high - self.low)
