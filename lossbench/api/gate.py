"""The gate: whether a run is worse than an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.errors import BadValue
from lossbench.metrics.scores import primary_score
from lossbench.plan.experiment import Experiment
from lossbench.plan.gate import Policies, Rule, judged_rules
from lossbench.plan.request import Request
from lossbench.report.gate import MOVED, gate_lines, sentence
from lossbench.report.words.english import wrapped
from lossbench.results.read import read_baseline
from lossbench.stats.between_runs.change import chosen_by, refuse_decided_apart
from lossbench.stats.between_runs.gate import GateReport, gate, refuse_judged_apart, refuse_unscored

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.stats.findings import Findings

REPR = 100
"""Width of the text form of a result, in columns."""


class GateVerdict(GateReport):
    """Whether a run is worse than an earlier one; as text, what fell and what was checked."""

    @property
    def passed(self) -> bool:
        """Whether scores were compared, and none is worse."""
        return not self.failed and not self.idle

    def __repr__(self) -> str:
        moved = [check for check in self.checks if check.finding in MOVED]
        said = (
            f"{one.outcome}: {one.place['loss']} on {one.place['dataset']}, {one.subject}: {sentence(one)}"
            for one in moved
        )
        return "\n".join([*wrapped(said, REPR), *gate_lines(self, Path("the baseline"), REPR)])


def judge_by(found: Findings, baseline: pd.DataFrame, rules: Sequence[Rule], policies: Policies) -> GateVerdict:
    """Hold a finished run against the trials of an earlier one.

    Raises:
        UsageError: a rule is on a score that cannot be compared.
    """
    tables = dict(list(found.trials.groupby("dataset", sort=False)))
    judged = {str(name): str(mine.score.iloc[0]) for name, mine in tables.items()}
    usual = judged_rules(judged, found.margins)
    thresholds = {str(name): chosen_by(mine) for name, mine in tables.items()}
    refuse_incomparable(rules, usual, baseline, judged, thresholds)
    report = gate(found.trials, baseline, rules, policies, usual)
    return GateVerdict(**vars(report))


def prepare_gate(experiment: Experiment, request: Request) -> Callable[[pd.DataFrame], GateReport | None]:
    """Read the baseline, and return the function that judges trials by the rules.

    Raises:
        BadValue: rules without a baseline.
        UsageError: the baseline cannot be read; or a rule is on a score that it lacks, or on one that depends on
            the judged score where the two runs judge by different scores.
    """
    stated = experiment.settings.gate
    if request.baseline is None:
        if request.rules:
            raise BadValue(f"--fail-on {request.rules[0]} compares with a baseline; give --baseline FILE")
        return lambda trials: None
    rules, baseline = (*request.rules, *stated.rules), read_baseline(request.baseline, request.first)
    judged = {dataset.name: primary_score(dataset) for dataset in experiment.datasets}
    usual = judged_rules(judged, experiment.settings.margins)
    if baseline is not None:
        thresholds = {setup.dataset.name: setup.threshold for setup in experiment.setups}
        refuse_incomparable(rules, usual, baseline, judged, thresholds)
    return partial(gate, baseline=baseline, rules=rules, policies=stated, usual=usual)


def refuse_incomparable(
    rules: Sequence[Rule],
    usual: Sequence[Rule],
    baseline: pd.DataFrame,
    judged: Mapping[str, str],
    thresholds: Mapping[str, str],
) -> None:
    """Refuse rules on scores that a baseline lacks, or that depend on what is judged or on class thresholds.

    Args:
        rules: those that the user stated.
        usual: those that hold where none is stated.
        baseline: its trials.
        judged: by data set, the judged score of this run.
        thresholds: by data set, the score that chose its class thresholds; empty for the links' own.

    Raises:
        BadValue: the first of them.
    """
    refuse_unscored(rules or usual, baseline)
    refuse_judged_apart(rules, baseline, judged)
    for name, chosen in thresholds.items():
        theirs = baseline[baseline.dataset == name]
        for rule in of_dataset(rules or usual, name) if len(theirs) else ():
            refuse_decided_apart(name, rule.score, chosen_by(theirs), chosen)


def of_dataset(rules: Iterable[Rule], name: str) -> list[Rule]:
    """Return the rules that hold for a data set."""
    return [rule for rule in rules if rule.dataset in (None, name)]
