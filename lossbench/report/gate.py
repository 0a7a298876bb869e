"""What a gate found, in words: every check that is not a plain pass, and how many checks there were."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lossbench.plan.gate import OUTCOMES
from lossbench.report.diff import ELSEWHERE
from lossbench.report.figures import Spread, column
from lossbench.report.tables import Table, label, listed_seeds, p_value, varying
from lossbench.stats.between_runs.change import Change
from lossbench.stats.between_runs.gate import Check, GateReport
from lossbench.stats.estimate import ALPHA, smallest_p

PLAIN = ("unchanged", "improved", "within")
"""Findings that are counted but not listed."""


def gate_tables(report: GateReport) -> Iterator[Table]:
    """Yield a table for each data set, with the checks that a reader must see, failures first."""
    names = varying(check.place for check in report.checks)
    listed = [check for check in report.checks if check.finding not in PLAIN]
    for dataset in dict.fromkeys(check.place["dataset"] for check in listed):
        mine = [check for check in listed if check.place["dataset"] == dataset]
        mine.sort(key=lambda check: -OUTCOMES.index(check.outcome))
        columns = ("", "loss", "setting", "check", "found")
        yield Table(
            f"gate: {dataset} ({mine[0].task}), on these very rows",
            columns,
            tuple(_rows(mine, names)),
            texts=columns,
        )


def _rows(checks: list[Check], names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    # A missing data set is one line, not one for each loss and share.
    alike: dict[tuple[str, ...], list[Check]] = {}
    for check in checks:
        alone = "" if check.change is None else f"{check.place}"
        alike.setdefault((check.outcome, check.subject, sentence(check), alone), []).append(check)
    for (outcome, subject, said, _), members in alike.items():
        losses = ", ".join(dict.fromkeys(check.place["loss"] for check in members))
        settings = dict.fromkeys(label(check.place, names) for check in members)
        setting = next(iter(settings)) if len(settings) == 1 else f"{len(settings)} settings"
        yield outcome, losses, setting, subject, said


def sentence(check: Check) -> str:
    """Say what a check found.

    Example:
        >>> from lossbench.stats.between_runs.gate import Check
        >>> sentence(Check({}, "binary", "rows", "missing", "fail", seeds=(0, 1, 2)))
        'missing: seeds 0-2 of the baseline are not here'
    """
    seeds = listed_seeds(check.seeds)
    hashes = ", ".join(check.hashes)
    words = {
        "missing": f"{seeds} of the baseline are not here",
        "incomparable": f"other {hashes} than in the baseline",
        "failing": f"{seeds} ended well in the baseline and not here",
        "lost": f"no value for {seeds}, the baseline has one",
        "new": f"{seeds} are not in the baseline" if check.seeds else "no value in the baseline",
    }
    if check.finding in words:
        return f"{check.finding}: {words[check.finding]}"
    return f"{check.finding}: {numbers(check.change, check.allowance) if check.change else ''}"


def numbers(change: Change, allowance: float) -> str:
    """Write both means, the change with half the width of its interval, the allowance, n and p."""
    difference = change.test.interval
    moved = Spread(float(difference.mean), float(difference.low), float(difference.high))
    p = p_value(float(change.test.p_value) if difference.n > 1 else math.nan)
    few = "; too few seeds for a test" if smallest_p(difference.n) >= ALPHA and change.moved else ""
    before, after, by, allowed = column([*map(Spread, (change.before, change.after)), moved, Spread(allowance)])
    return f"{before} to {after}, by {by}, allowed {allowed}; n {difference.n}, p {p}{few}"


def gate_lines(report: GateReport, baseline: Path) -> Iterator[str]:
    """Yield the lines below the tables."""
    if not report.baseline:
        yield f"gate     no baseline at {baseline} yet: nothing to compare with, nothing fails"
        yield f"         to make this run the baseline, copy its trials.csv to {baseline}"
        return
    outcomes = Counter(check.outcome for check in report.checks)
    findings = Counter(check.finding for check in report.checks)
    said = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in reversed(OUTCOMES))
    why = ", ".join(f"{count} {finding}" for finding, count in findings.most_common())
    yield f"gate     {'FAILED' if report.failed else 'passed'} against {baseline}: {said}"
    yield f"         of {len(report.checks)} checks: {why}"
    if report.elsewhere:
        yield f"         {ELSEWHERE}"
