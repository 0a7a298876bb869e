"""Verdicts as JUnit XML for CI: a suite for each data set, a case for each loss and check."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from lossbench.grouped import grouped
from lossbench.plan.fit.losses import Skip
from lossbench.report.answer.place import places
from lossbench.report.answer.table import paragraph
from lossbench.report.figures import interval
from lossbench.report.gate import sentence, why_not
from lossbench.report.tables import answer_key, label, p_value, table_key, varying
from lossbench.report.words.remark import words
from lossbench.results.remarks.training import partial
from lossbench.run.state import Gap
from lossbench.stats.answer.facts import TableAnswer
from lossbench.stats.between_runs.gate import Check, GateReport
from lossbench.visible import visible

Status = Literal["passed", "skipped", "failed"]
STATUSES: dict[str, Status] = {"pass": "passed", "warn": "skipped", "fail": "failed"}


FIGURES = (
    *("verdict", "score", "mean", "difference", "difference_low", "difference_high"),
    *("p_holm", "n", "difference_n", "diverged"),
)
"""Columns of the summary that become properties of a case."""


@dataclass(frozen=True)
class JUnitCase:
    """One test of a CI page.

    Args:
        suite: the data set.
        name: loss and check, unique in the suite.
        status: "skipped" for a warning, which is shown but fails nothing.
        text: the finding.
        properties: (name, value) of figures.
    """

    suite: str
    name: str
    status: Status
    text: str
    properties: tuple[tuple[str, str], ...] = ()


def gate_junit(
    report: GateReport, gaps: Sequence[Gap], answers: Sequence[TableAnswer] = (), skips: Sequence[Skip] = ()
) -> str:
    """Return the checks of a gate as JUnit's XML: failures fail; warnings and what was not checked are skipped."""
    left_out = [*_skipped_cases(skips), *_partial_cases(gaps)]
    if not report.baseline:
        none = JUnitCase("gate", "baseline", "skipped", "no baseline yet: nothing to compare with")
        return junit([none, *left_out])
    names = varying(check.place for check in report.checks)
    checked = [_gate_case(check, names) for check in report.checks]
    unchecked = [
        JUnitCase(one.dataset, f"{one.score}: not checked", "skipped", why_not(one)) for one in report.unchecked
    ]
    return junit([*checked, *unchecked, *left_out], _answers_by_suite(answers))


def _answers_by_suite(answers: Sequence[TableAnswer]) -> dict[str, list[str]]:
    """Return the answers by data set, one paragraph for each table."""
    named = grouped(zip(answers, places(answers), strict=True), lambda pair: pair[0].dataset)
    return {dataset: [paragraph(*pair) for pair in mine] for dataset, mine in named.items()}


def _partial_cases(gaps: Sequence[Gap]) -> list[JUnitCase]:
    return [JUnitCase(said.facts["dataset"], "all seeds", "skipped", words(said)) for said in partial(gaps)]


def _skipped_cases(skips: Sequence[Skip]) -> list[JUnitCase]:
    return [JUnitCase(one.dataset, f"{one.loss}: not run", "skipped", one.reason) for one in skips]


def _gate_case(check: Check, names: tuple[str, ...]) -> JUnitCase:
    where = ", ".join(filter(None, (check.place["loss"], label(check.place, names))))
    subject = f"{check.subject} {check.finding}" if check.subject == "rows" else check.subject
    return JUnitCase(check.place["dataset"], f"{where}: {subject}", STATUSES[check.outcome], sentence(check))


def verdict_junit(
    summary: pd.DataFrame,
    gaps: Sequence[Gap],
    answers: Sequence[TableAnswer] = (),
    skips: Sequence[Skip] = (),
) -> str:
    """Return the verdicts against the reference loss as JUnit XML; none fails, since a loss may be worse."""
    said = dict(zip(map(answer_key, answers), map(paragraph, answers, places(answers)), strict=True))
    rows = summary.to_dict("records")
    names = varying(rows)
    verdicts = (
        _verdict_case(row, names, said.get(table_key(row), "")) for row in rows if row["loss"] != row["reference"]
    )
    return junit([*verdicts, *_skipped_cases(skips), *_partial_cases(gaps)], _answers_by_suite(answers))


def _verdict_case(row: Mapping[Any, Any], names: tuple[str, ...], said: str) -> JUnitCase:
    tuned = row["view"] == "tuned"  # a tuned view is one table with a rate for each loss
    settings = label(row, [name for name in names if not (tuned and name == "lr")])
    where = ", ".join(filter(None, ("each at its own lr" if tuned else "", settings)))
    name = f"{row['loss']} against {row['reference']}" + (f", {where}" if where else "")
    difference = interval(row["difference"], row["difference_low"], row["difference_high"])
    found = f"{row['verdict']}: {row['score']} differs by {difference}"
    figures = f"{found}, n {row['difference_n']}, corrected p {p_value(row['p_holm'])}"
    text = f"{said} {figures}" if said else figures
    properties = tuple((figure, str(row[figure])) for figure in FIGURES if not pd.isna(row[figure]))
    return JUnitCase(row["dataset"], name, "passed", text, properties)


def junit(cases: Iterable[JUnitCase], answers: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """Return cases as JUnit XML.

    Args:
        cases: in the order of the suites.
        answers: by suite, texts that lead it as properties named "answer".

    Example:
        >>> print(junit([JUnitCase("iris", "mse: f1:-0.02", "failed", "worse")]), end="")
        <?xml version='1.0' encoding='utf-8'?>
        <testsuites name="lossbench" tests="1" failures="1" errors="0" skipped="0">
          <testsuite name="iris" tests="1" failures="1" errors="0" skipped="0">
            <testcase classname="iris" name="mse: f1:-0.02">
              <failure message="worse" type="fail">worse</failure>
            </testcase>
          </testsuite>
        </testsuites>
    """
    listed = list(cases)
    root = ET.Element("testsuites", {"name": "lossbench"} | _counts(listed))
    for suite in dict.fromkeys(case.suite for case in listed):
        mine = [case for case in listed if case.suite == suite]
        element = ET.SubElement(root, "testsuite", {"name": visible(suite)} | _counts(mine))
        _add_properties(element, (("answer", said) for said in answers.get(suite, ())))
        element.extend(_elements(mine))
    ET.indent(root)
    text: str = ET.tostring(root, encoding="utf-8", xml_declaration=True).decode()
    return text + "\n"


def _counts(cases: list[JUnitCase]) -> dict[str, str]:
    failures, skipped = (sum(case.status == status for case in cases) for status in ("failed", "skipped"))
    return {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": str(skipped)}


def _add_properties(element: ET.Element, properties: Iterable[tuple[str, str]]) -> None:
    """Add properties, (name, value) each, to a suite or a case."""
    if listed := list(properties):
        below = ET.SubElement(element, "properties")
        for name, value in listed:
            ET.SubElement(below, "property", name=name, value=visible(value))


def _elements(cases: list[JUnitCase]) -> Iterator[ET.Element]:
    for case in cases:
        element = ET.Element("testcase", classname=visible(case.suite), name=visible(case.name))
        _add_properties(element, case.properties)
        text = visible(case.text)
        if case.status == "failed":
            ET.SubElement(element, "failure", message=text, type="fail").text = text
        elif case.status == "skipped":
            ET.SubElement(element, "skipped", message=text)
        else:
            ET.SubElement(element, "system-out").text = text
        yield element
