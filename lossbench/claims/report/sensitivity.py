"""The sensitivity of a verdict: to the other protocols, and to single cases; one line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lossbench.claims.claim import Evidence
from lossbench.claims.finding.forms import find
from lossbench.claims.finding.tally import Tally
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.words import each_once, place, plain
from lossbench.claims.study import Protocol, Study
from lossbench.data.catalogue import records
from lossbench.grouped import grouped
from lossbench.task import Task


def sensitivity(judgement: Judgement, study: Study) -> Iterator[str]:
    """Yield the result of each other protocol: "under SGD at 0.1: 3 for, 9 against; reversed on moons"."""
    found, protocols = judgement.finding, study.terms.protocols
    others = [line for line in judgement.evidence if line.role == "sensitivity" and line.aspect == "outcome"]
    tried = [line for line in others if line.verdict != "not testable" and line.protocol in protocols]
    for name, lines in grouped(tried, lambda line: line.protocol).items():
        # Under the primary protocol these are comparisons with other rivals, or parts of a difference.
        beside = "beside the units, " if name == study.terms.primary else ""
        tally = Tally(tuple(lines))
        reversed_sets = each_once(reversed_on(tally, Tally() if found is None else found.tally))
        more = f"; reversed on {reversed_sets}" if reversed_sets else ""
        yield f"{beside}{protocol_in_words(protocols[name], lines)}: {sides_of(tally)}{more}"


def single_cases(judgement: Judgement) -> Iterator[str]:
    """Yield the other verdicts that would follow if a single case were open, and that case."""
    lines, form = list(judgement.evidence), judgement.claim.form
    if judgement.finding is None or form not in ("tendency", "magnitude"):
        return
    others: dict[str, list[Evidence]] = {}
    for index, line in enumerate(lines):
        if line.role == "unit" and line.verdict not in ("inconclusive", "not testable"):
            opened = [*lines[:index], replace(line, verdict="inconclusive"), *lines[index + 1 :]]
            others.setdefault(find(form, opened).verdict, []).append(line)
    for verdict, cases in others.items():
        if verdict != judgement.verdict:
            which = "any one of " * (len(cases) > 1) + each_once(map(named, cases))
            yield f"were {which} open, the verdict would be: {verdict}"


def named(line: Evidence) -> str:
    """Name a case: "bce vs mse in F1 on imbalanced"."""
    return " ".join(filter(None, [line.case, f"in {plain(line.quantity)}", place(line)]))


def reversed_on(tally: Tally, units: Tally) -> Iterator[str]:
    """Yield the data sets on which a tally leans the opposite way of the units."""
    decided = units.split(lambda line: line.dataset)
    for dataset, mine in tally.split(lambda line: line.dataset).items():
        if dataset in decided and side(mine) * side(decided[dataset]) < 0:
            yield dataset


def sides_of(tally: Tally) -> str:
    """Count what units say: "3 for, 9 against, 2 open"."""
    parts = {
        "for": tally.supporting,
        "against": tally.opposing,
        "without a difference": tally.equal,
        "open": tally.open,
    }
    return ", ".join(f"{len(mine)} {word}" for word, mine in parts.items() if mine or word in ("for", "against"))


def side(tally: Tally) -> int:
    """Return whether more units are for a claim, 1, or against it, -1."""
    return (len(tally.supporting) > len(tally.opposing)) - (len(tally.supporting) < len(tally.opposing))


def protocol_in_words(protocol: Protocol, lines: Sequence[Evidence]) -> str:
    """Name a protocol as it was used: "under SGD at 0.1", "each at its own rate"."""
    if protocol.tune:
        return "each loss at its own rate"
    name = protocol.optimizer.partition(":")[0]
    name = name.upper() if len(name) < 4 else name.capitalize()
    rates = sorted({rate for line in lines for rate in line.rates} or rates_of(protocol, lines))
    if len(rates) > 2:
        return f"under {name} at {len(rates)} rates from {rates[0]:g} to {rates[-1]:g}"
    return f"under {name}" + (f" at {' and '.join(f'{rate:g}' for rate in rates)}" if rates else "")


def rates_of(protocol: Protocol, lines: Sequence[Evidence]) -> set[float]:
    """Return the rates that a protocol has for the tasks of some data sets."""
    tasks: dict[str, Task] = {record.name: record.task for record in records()}
    names = {line.dataset.partition(":")[0] for line in lines}
    return {rate for name in names if name in tasks for rate in protocol.lr[tasks[name]]}
