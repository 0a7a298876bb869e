"""What a gate found, in words: every check that is not a plain pass, how many checks there were, what none saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lossbench.grouped import grouped
from lossbench.plan.gate import OUTCOMES, Rule
from lossbench.report.diff import OTHER_FINGERPRINTS
from lossbench.report.figures import NOT_DEFINED, Spread, column
from lossbench.report.grid import labelled
from lossbench.report.table import Table
from lossbench.report.tables import SHARE, label, listed_seeds, p_value, varying_by_dataset
from lossbench.report.words.english import joined
from lossbench.schema import SETTING
from lossbench.stats.between_runs.change import Change
from lossbench.stats.between_runs.gate import Check, GateReport, Reason, Unchecked
from lossbench.stats.estimate import ALPHA, smallest_p

NOT_LISTED = ("unchanged", "improved", "within")
"""Findings that are counted but not shown."""

MOVED = ("worse", "undecided")
"""Findings that are shown by their numbers, in tables; the others are told in words."""

COLUMNS = ("", "loss", "setting", "found", "baseline", "here", "change", "allowed", "n", "p")
TEXTS, DROPS = COLUMNS[:4], ("allowed", "baseline", "here", "p", "n", "found")

HEAD = 9  # columns before what is said
UNTESTED = "below six seeds the means decide, since no test can be significant"
UNDECLARED = "+0 or -0: no margin is declared, so any significant change for the worse fails"
LACKING: dict[Reason, str] = {
    "rule": "no rule for it",
    "rows": "none of its rows is in the baseline",
    "hashes": "its hashes are not those of the baseline",
    "value": "no value that both runs have",
}


def gate_tables(report: GateReport) -> Iterator[Table]:
    """Yield a table for each data set and rule, with the moves that a reader must see, failures first."""
    names = varying_by_dataset(check.place for check in report.checks)
    moved = [check for check in report.checks if check.finding in MOVED]
    shown = grouped(moved, lambda check: (check.place["dataset"], check.task, check.subject))
    for (dataset, task, subject), mine in shown.items():
        rows = tuple(_rows(sorted(mine, key=_failures_first), names[dataset]))
        title = f"gate: {dataset} ({task}), {subject}, on these very rows"
        yield Table(title, COLUMNS, rows, texts=TEXTS, drops=DROPS).without_empty("setting")


def _failures_first(check: Check) -> int:
    return -OUTCOMES.index(check.outcome)


def _rows(checks: Sequence[Check], names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    moves = [(check, check.change) for check in checks if check.change is not None]
    written = column(spread for check, moved in moves for spread in _spreads(moved, check.allowance))
    for place, (check, moved) in enumerate(moves):
        n = int(moved.test.interval.n)
        p = NOT_DEFINED if few(moved) else p_value(float(moved.test.p_value))
        about = check.outcome, check.place["loss"], label(check.place, names), check.finding
        yield *about, *written[4 * place : 4 * place + 4], str(n), p


def _spreads(moved: Change, allowance: float) -> tuple[Spread, Spread, Spread, Spread]:
    by = moved.test.interval
    change = Spread(float(by.mean), float(by.low), float(by.high))
    return Spread(moved.before), Spread(moved.after), change, Spread(allowance)


def few(moved: Change) -> bool:
    """Say whether there are too few seeds for a test."""
    return bool(smallest_p(moved.test.interval.n) >= ALPHA)


def sentence(check: Check) -> str:
    """Return the finding of a check in words.

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
    return f"{check.finding}: {change_figures(check.change, check.allowance) if check.change else ''}"


def change_figures(change: Change, allowance: float) -> str:
    """Write both means, the change with half the width of its interval, the allowance, n, and p where tested."""
    before, after, by, allowed = column(_spreads(change, allowance))
    tested = f"no test: {UNTESTED}" if few(change) else f"p {p_value(float(change.test.p_value))}"
    told = f"{before} to {after}, by {by}, allowed {allowed}; n {change.test.interval.n}"
    return f"{told}, {tested}" if change.moved else told


def gate_lines(report: GateReport, baseline: Path, width: int) -> Iterator[str]:
    """Yield the lines below the tables: what has no numbers, what came of it all, and what was not checked."""
    for head, text in _told(report, baseline):
        yield from labelled(head, text, width, column=HEAD)


def _told(report: GateReport, baseline: Path) -> Iterator[tuple[str, str]]:
    if not report.baseline:
        yield "gate", f"no baseline at {baseline} yet: nothing to compare with, nothing fails"
        yield "", f"to make this run the baseline, copy its trials.csv to {baseline}"
        return
    yield from _remarks(report.checks)
    outcomes, findings = (Counter(getattr(one, name) for one in report.checks) for name in ("outcome", "finding"))
    came = "FAILED" if report.failed else "compared nothing" if report.idle else "passed"
    yield (
        "gate",
        f"{came} against {baseline}: {', '.join(f'{outcomes[name]} {name}' for name in reversed(OUTCOMES))}",
    )
    why = ", ".join(f"{count} {finding}" for finding, count in findings.most_common())
    yield "", f"of {len(report.checks)} checks{': ' if why else ''}{why}"
    if report.usual:
        yield "", f"without --fail-on, by the judged score and its margin: {ruled(report.usual)}"
    if report.unchecked:
        yield "", f"not checked: {not_checked(report)}"
    if any(check.finding in MOVED and check.change and few(check.change) for check in report.checks):
        yield "", f"p {NOT_DEFINED}: {UNTESTED}"
    if report.elsewhere:
        yield "", OTHER_FINGERPRINTS


def _remarks(checks: Sequence[Check]) -> Iterator[tuple[str, str]]:
    """Yield what is told in words, the failures first; what is alike is one line, as of a missing data set."""
    names = varying_by_dataset(check.place for check in checks)
    told = [one for one in sorted(checks, key=_failures_first) if one.finding not in NOT_LISTED + MOVED]
    for (outcome, dataset, rule, said, finding), members in grouped(told, _told_alike).items():
        losses = ", ".join(dict.fromkeys(check.place["loss"] for check in members))
        places = list(dict.fromkeys(label(check.place, names[dataset]) for check in members))
        where = f" ({places[0] if len(places) == 1 else f'{len(places)} settings'})" if any(places) else ""
        others = (
            apart([check for check in checks if check.place["dataset"] == dataset]) if finding == "missing" else ""
        )
        yield outcome, f"{dataset}: {losses}{where}{rule}: {said}{f'; {others}' if others else ''}"


def _told_alike(check: Check) -> tuple[str, ...]:
    """Return what checks that share a line agree in."""
    rule = f", {check.subject}" if check.change else ""
    return check.outcome, check.place["dataset"], rule, sentence(check), check.finding


def apart(checks: Iterable[Check]) -> str:
    """Name the settings by which missing rows of some losses differ from new ones; empty where none does.

    Args:
        checks: of one data set.
    """
    listed = list(checks)
    gone, came = ([one.place for one in listed if one.finding == finding] for finding in ("missing", "new"))
    losses = {place["loss"] for place in gone} & {place["loss"] for place in came}
    before, after = ([place for place in side if place["loss"] in losses] for side in (gone, came))
    values = [(_values(before, name), _values(after, name)) for name in (*SETTING, SHARE)]
    differing = [pair for pair in values if set(pair[0]) != set(pair[1])]
    there, here = (joined([value for pair in differing for value in pair[side]]) for side in (0, 1))
    return f"{there} in the baseline, {here} here" if differing else ""


def _values(places: Iterable[dict[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(label(place, (name,)) for place in places))


def ruled(rules: Sequence[Rule]) -> str:
    """Name rules, each with the data sets that it is for.

    Example:
        >>> ruled([Rule("r2", 0.01, dataset=name) for name in ("line", "diabetes")])
        'r2:-0.01 on line and diabetes'
    """
    datasets = {rule: joined(str(one.dataset) for one in mine) for rule, mine in grouped(rules, str).items()}
    said = "; ".join(f"{rule} on {names}" for rule, names in datasets.items())
    return said if all(rule.tolerance for rule in rules) else f"{said} ({UNDECLARED})"


def not_checked(report: GateReport) -> str:
    """Name the data sets whose judged score was not compared, and why."""
    reasons = grouped(report.unchecked, lambda one: f"{one.score}: {why_not(one)}")
    return "; ".join(f"{joined(one.dataset for one in mine)} ({why})" for why, mine in reasons.items())


def why_not(one: Unchecked) -> str:
    """Say why the judged score of a data set was not compared."""
    return LACKING[one.lacking]


def gate_record(report: GateReport) -> dict[str, Any]:
    """Return what came of a gate as plain data; nothing where there was no baseline yet."""
    if not report.baseline:
        return {}
    unchecked = [{"dataset": one.dataset, "score": one.score, "why": why_not(one)} for one in report.unchecked]
    found = Counter(check.finding for check in report.checks)
    passed = not (report.failed or report.idle)
    return {"gate": {"passed": passed, "found": dict(found), "not_checked": unchecked}}
