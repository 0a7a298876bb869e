"""The gate: whether a run is no worse than a baseline, for `compare --baseline FILE --fail-on RULE`.

Where no rule is stated, the judged score of each data set has one: its margin is what is tolerated. A data set
whose judged score was not compared is named, and a gate that compared nothing has not passed.

Each rule is checked for each loss of each table: the change of its mean over the paired seeds is held against the
rule's tolerance. With Student's two-sided 95 % interval of that change, so at a one-sided level of 2.5 %:

    unchanged   every number is the same
    improved    the mean moved to the better, or not at all; never a failure, whatever the spread
    within      the whole interval is within the tolerance: shown to be no worse than that
    worse       the mean fell beyond the tolerance, and the fall is significant: a failure
    undecided   neither: the seeds scatter too much to show that it is within, or that anything fell

So a failure needs both a size that the user declared to matter and a fall that chance does not explain. Failing
everything not shown to be within the tolerance would fail on noise; failing only falls significantly beyond the
tolerance would let a fall just over it pass for ever. No p value is corrected for the number of checks: one defect
affects many losses at once, and a correction would hide it. `lossbench.stats.between_runs.change` says why the
variance is not corrected either.

Below six seeds no test can be significant under every distribution (2 / 2⁵ = 0.0625), so the means alone decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from lossbench.errors import BadValue, UnknownName
from lossbench.plan.gate import Outcome, Policies, Rule
from lossbench.schema import greater_is_better
from lossbench.stats.between_runs.change import (
    Change,
    Meeting,
    change,
    follows_judge,
    judged_apart,
    meetings,
    unscored,
    values,
)
from lossbench.stats.estimate import ALPHA, smallest_p

GateFinding = Literal[
    "unchanged", "improved", "within", "undecided", "worse", "lost", "failing", "incomparable", "missing", "new"
]
"""What a check found. lost: a score is now undefined. failing: a training no longer ends well."""

Reason = Literal["rule", "rows", "hashes", "value"]
"""What a score lacks to be checked: a rule for it, rows that both runs have, equal hashes, a value in both."""

SLACK = 1e-9  # so that rounding does not put a fall of exactly the tolerance beyond it


@dataclass(frozen=True)
class Check:
    """One check of a gate.

    Args:
        place: data set, setting, contamination and loss; see `lossbench.stats.between_runs.change.PLACE`.
        task: of the data set.
        subject: the rule, such as "f1:-0.02"; or "rows" (are the same ones there) or "status" (did they end well).
        finding: what was found.
        outcome: its consequence.
        seeds: the seeds that are new, missing, failing or without a score.
        hashes: the hashes that differ, where rows are not comparable.
        change: the change of the score, for a rule.
        allowance: how much worse the mean may get, for a rule.
    """

    place: dict[str, Any]
    task: str
    subject: str
    finding: GateFinding
    outcome: Outcome
    seeds: tuple[int, ...] = ()
    hashes: tuple[str, ...] = ()
    change: Change | None = None
    allowance: float = math.nan

    @property
    def compared(self) -> bool:
        """Whether values of a score were compared; one that the baseline lacks was not."""
        return self.change is not None and self.finding != "new"


@dataclass(frozen=True)
class Unchecked:
    """A data set whose judged score was not compared.

    Args:
        dataset: its name.
        score: by which it is judged.
        lacking: what was not there.
    """

    dataset: str
    score: str
    lacking: Reason


@dataclass(frozen=True)
class GateReport:
    """The result of a gate.

    Args:
        checks: in the order of the trials.
        unchecked: the data sets of this run whose judged score no check compared.
        usual: the rules, where the user stated none.
        elsewhere: how many losses, over all tables, have another fingerprint than in the baseline: they were
            computed on another kind of processor, by another engine or with other versions.
        baseline: whether there was one.
    """

    checks: tuple[Check, ...]
    unchecked: tuple[Unchecked, ...] = ()
    usual: tuple[Rule, ...] = ()
    elsewhere: int = 0
    baseline: bool = True

    @property
    def failed(self) -> bool:
        """Whether the run is worse than the baseline."""
        return any(check.outcome == "fail" for check in self.checks)

    @property
    def idle(self) -> bool:
        """Whether there was a baseline, and no score could be compared with it: that is no pass."""
        return self.baseline and not any(check.compared for check in self.checks)


def gate(
    trials: pd.DataFrame,
    baseline: pd.DataFrame | None,
    rules: Sequence[Rule],
    policies: Policies | None = None,
    usual: Sequence[Rule] = (),
) -> GateReport:
    """Check a run against a baseline.

    Args:
        trials: one row per trial, as in `trials.csv`.
        baseline: likewise; None where there is none yet, which fails nothing.
        rules: how much worse each score may get, as the user stated it.
        policies: the outcome of new, missing, incomparable and undecided rows; None for the defaults.
        usual: the rules where none is stated, see `lossbench.plan.gate.judged_rules`.

    Returns:
        Every check; the run passes if none failed.

    Raises:
        UnknownName: a rule for a data set or loss that neither run has.
        BadValue: a rule for a score that no row has, or two for the same.

    Example:
        >>> from lossbench.plan.gate import parse_rules
        >>> gate(pd.DataFrame(), None, parse_rules(["f1:-0.02"])).failed
        False
    """
    if baseline is None:
        return GateReport((), baseline=False)
    found = meetings(baseline, trials)
    refuse_idle(rules, baseline, trials)
    usual, policies = () if rules else tuple(usual), policies or Policies()
    checks = tuple(check for meeting in found for check in checks_of(meeting, rules or usual, policies))
    unchecked = tuple(not_compared(found, checks, rules or usual))
    return GateReport(checks, unchecked, usual, sum(meeting.elsewhere for meeting in found))


def refuse_unscored(rules: Sequence[Rule], baseline: pd.DataFrame) -> None:
    """Refuse rules for a score that the baseline does not have: nothing could be worse than it.

    Raises:
        BadValue: naming the first such rule.
    """
    for rule in rules:
        mine = baseline
        for column, name in (("dataset", rule.dataset), ("loss", rule.loss)):
            mine = mine if name is None else mine[mine[column] == name]
        if unscored(mine, rule.score):
            raise BadValue(
                f"rule '{rule}': the baseline has no value for {rule.score}, an older lossbench may have written "
                "it; make the baseline again, or state rules for other scores"
            )


def refuse_judged_apart(rules: Sequence[Rule], baseline: pd.DataFrame, judged: Mapping[str, str]) -> None:
    """Refuse rules for scores that depend on the primary one, where the baseline has another primary score.

    Args:
        rules: of the gate.
        baseline: one row per trial.
        judged: by data set, the primary score of the run.

    Raises:
        BadValue: naming the first such rule.
    """
    known = dict(zip(baseline.dataset, baseline.score, strict=True))
    apart = [name for name, score in judged.items() if known.get(name, score) != score]
    for rule in rules:
        if follows_judge(rule.score) and (mine := [name for name in apart if rule.dataset in (None, name)]):
            raise BadValue(f"rule '{rule}': {judged_apart(mine[0], rule.score, known[mine[0]], judged[mine[0]])}")


def refuse_idle(rules: Sequence[Rule], baseline: pd.DataFrame, trials: pd.DataFrame) -> None:
    """Refuse rules that could never fail: a gate that checks nothing would always pass.

    Raises:
        UnknownName: for a data set or loss that neither run has.
        BadValue: for a score that no row has, or for the same as another rule.
    """
    seen: set[tuple[str | None, ...]] = set()
    for rule in rules:
        for kind, name, column in (("data set", rule.dataset, "dataset"), ("loss", rule.loss, "loss")):
            known = dict.fromkeys((*trials[column], *baseline[column]))
            if name is not None and name not in known:
                raise UnknownName(kind, name, known, where=f"rule '{rule}'")
        if all(np.isnan(values(run, rule.score)).all() for run in (trials, baseline)):
            raise BadValue(f"rule '{rule}': no row has a value for {rule.score}; name a score of these tasks")
        about = (rule.score, rule.dataset, rule.loss)
        if about in seen:
            raise BadValue(f"rule '{rule}': there are two rules for {rule.score}; keep one")
        seen.add(about)


def checks_of(meeting: Meeting, rules: Sequence[Rule], policies: Policies) -> Iterator[Check]:
    """Yield the checks of one loss in one table."""

    def check(subject: str, finding: GateFinding, outcome: Outcome, **more: Any) -> Check:
        return Check(meeting.place, meeting.about.task, subject, finding, outcome, **more)

    if meeting.missing:
        yield check("rows", "missing", policies.missing, seeds=tuple(meeting.missing))
    if meeting.new:
        yield check("rows", "new", policies.new, seeds=tuple(meeting.new))
    if meeting.differing:
        yield check("rows", "incomparable", policies.incomparable, hashes=tuple(meeting.differing))
        return
    if meeting.failing:
        yield check("status", "failing", "fail", seeds=tuple(meeting.failing))
    for rule in rules_for(rules, meeting.place) if meeting.seeds else ():
        moved = change(meeting, rule.score)
        if moved.defined:
            allowance = rule.allowance(moved.before)
            finding = judge(moved, allowance)
            about = {"seeds": tuple(moved.lost), "change": moved, "allowance": allowance}
            yield check(str(rule), finding, outcome_of(finding, policies), **about)


def rules_for(rules: Sequence[Rule], place: dict[str, Any]) -> list[Rule]:
    """Return the rules for a data set and loss: one per score, the most specific one."""
    fitting = [
        rule for rule in rules if rule.dataset in (None, place["dataset"]) and rule.loss in (None, place["loss"])
    ]
    fitting.sort(key=lambda rule: (rule.loss is not None, rule.dataset is not None))
    return list({rule.score: rule for rule in fitting}.values())


def not_compared(found: Sequence[Meeting], checks: Sequence[Check], rules: Sequence[Rule]) -> Iterator[Unchecked]:
    """Yield the data sets of this run whose judged score no check compared, and why."""
    compared = {
        (check.place["dataset"], check.change.score) for check in checks if check.change and check.compared
    }
    judged = dict.fromkeys((m.place["dataset"], str(m.about.score)) for m in found if len(m.after))
    for dataset, score in judged:
        if (dataset, score) not in compared:
            mine = [meeting for meeting in found if meeting.place["dataset"] == dataset]
            yield Unchecked(dataset, score, lacking(mine, score, rules))


def lacking(found: Sequence[Meeting], score: str, rules: Sequence[Rule]) -> Reason:
    """Return what a score of one data set would have needed to be compared."""
    ruled = [m for m in found if any(rule.score == score for rule in rules_for(rules, m.place))]
    paired = [meeting for meeting in ruled if meeting.seeds]
    if not paired:
        return "rows" if ruled else "rule"
    return "hashes" if all(meeting.differing for meeting in paired) else "value"


def judge(moved: Change, allowance: float) -> GateFinding:
    """Decide about one change; see the top of this file.

    Args:
        moved: with a value in the baseline, in this run, or in both.
        allowance: how much worse the mean may get.
    """
    if moved.lost:
        return "lost"
    if moved.still:
        return "unchanged"
    interval, up = moved.test.interval, greater_is_better(moved.score)
    if interval.n == 0:
        return "new"
    mean, highest = (-interval.mean, -interval.low) if up else (interval.mean, interval.high)
    if mean <= 0.0:
        return "improved"
    bound = allowance + SLACK * max(abs(moved.before), abs(moved.after), allowance)
    few = smallest_p(interval.n) >= ALPHA
    if mean > bound:
        return "worse" if few or moved.test.p_value < ALPHA else "undecided"
    return "within" if few or highest <= bound else "undecided"


def outcome_of(finding: GateFinding, policies: Policies) -> Outcome:
    """Return the outcome of a finding."""
    if finding in ("worse", "lost"):
        return "fail"
    outcome: Outcome = getattr(policies, finding, "pass")
    return outcome
