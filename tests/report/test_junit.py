"""JUnit's XML holds the verdicts, and any XML parser reads it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.runs import clean, finished, moved

from lossbench import Comparison
from lossbench.plan.gate import Policies, parse_rules
from lossbench.report.answer.place import places
from lossbench.report.answer.table import paragraph
from lossbench.report.gate import sentence
from lossbench.report.junit import JUnitCase, gate_junit, junit, verdict_junit
from lossbench.run.state import Gap
from lossbench.stats.between_runs.gate import gate
from lossbench.visible import visible

texts = st.text(st.characters(), max_size=8)
RULES = parse_rules(["accuracy:-0.02", "epochs_to_target:+20%"])
LOSSES = {name: np.full((6, 3), 0.8) for name in ("bce", "mse", "mae")}


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(
        st.tuples(texts, texts, st.sampled_from(["passed", "skipped", "failed"]), texts, texts), max_size=4
    )
)
def test_any_text_is_valid_xml_and_reads_back(parts: list[tuple[str, ...]]) -> None:
    """Whatever characters a name or a finding is made of, a parser finds them, the illegal ones written out."""
    cases = [JUnitCase(*part[:4], (("figure", part[4]),)) for part in parts]
    root = ET.fromstring(junit(cases))
    found = {(case.get("classname"), case.get("name")) for case in root.iter("testcase")}
    assert found == {(visible(case.suite), visible(case.name)) for case in cases}
    assert len(list(root.iter("testcase"))) == len(cases)
    values = Counter(element.get("value") for element in root.iter("property"))
    assert values == Counter(visible(part[4]) for part in parts)


def test_counts_are_those_of_the_cases() -> None:
    """The file and each suite say how many tests, failures and skipped ones are in them."""
    results = ("passed", "failed", "skipped", "failed")
    root = ET.fromstring(junit(JUnitCase("ab"[i % 2], str(i), result, "") for i, result in enumerate(results)))
    for element in (root, *root):
        tests = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(tests)
        assert int(element.get("failures")) == len(list(element.iter("failure")))
        assert int(element.get("skipped")) == len(list(element.iter("skipped")))
    assert [suite.get("name") for suite in root] == ["a", "b"]


def test_a_gate_has_a_test_for_each_check() -> None:
    """A suite a data set, a test a check with a name of its own; failures fail and warnings are skipped."""
    before = pd.concat([finished(LOSSES, dataset=name) for name in ("iris", "wine")], ignore_index=True)
    after = moved(before, "accuracy", -0.1, "mse")
    after = after[(after.loss != "mae") | (after.dataset != "wine")]
    report = gate(after, before, RULES, Policies(missing="warn"))
    root = ET.fromstring(gate_junit(report, ()))
    tests = {(test.get("classname"), test.get("name")): test for test in root.iter("testcase")}
    assert len(tests) == len(report.checks)
    failed = tests["iris", "mse, clean: accuracy:-0.02"].find("failure")
    assert (
        failed.text
        == failed.get("message")
        == next(sentence(check) for check in report.checks if check.finding == "worse")
    )
    assert (
        tests["wine", "mae, 25 % label: rows missing"]
        .find("skipped")
        .get("message")
        .startswith("missing: seeds 0-5")
    )
    assert "unchanged" in tests["wine", "bce, clean: epochs_to_target:+20%"].find("system-out").text
    outcomes = Counter(check.outcome for check in report.checks)
    assert (int(root.get("failures")), int(root.get("skipped"))) == (outcomes["fail"], outcomes["warn"]) == (6, 3)


def test_no_baseline_is_a_skipped_test() -> None:
    """A CI page shows that nothing was compared, and nothing failed."""
    root = ET.fromstring(gate_junit(gate(clean({"bce": [0.5]}), None, RULES), ()))
    (test,) = root.iter("testcase")
    assert "no baseline yet" in test.find("skipped").get("message")
    assert root.get("failures") == "0"


def test_what_is_left_out_is_a_skipped_test(comparison: Comparison) -> None:
    """A run that was cut short says so in each data set that it concerns, with a baseline or without one."""
    gaps = [Gap("iris", (3, 4), 12)]
    trials = comparison.trials
    reports = [gate(trials, before, ()) for before in (trials, None)]
    for text in (verdict_junit(comparison.summary, gaps), *(gate_junit(report, gaps) for report in reports)):
        root = ET.fromstring(text)
        (test,) = (test for test in root.iter("testcase") if test.get("name") == "all seeds")
        assert test.get("classname") == "iris"
        assert "12 trainings are not done, so seeds 3, 4 are left out" in test.find("skipped").get("message")
        assert root.get("failures") == "0"


def test_verdicts_are_tests_that_never_fail(comparison: Comparison) -> None:
    """Without a baseline each loss is a test against the reference, with its verdict, and none is a failure."""
    summary = comparison.summary
    root = ET.fromstring(verdict_junit(summary, ()))
    tests = {(test.get("classname"), test.get("name")): test for test in root.iter("testcase")}
    assert len(tests) == (summary.loss != summary.reference).sum()
    assert root.get("failures") == root.get("skipped") == "0"
    assert [suite.get("name") for suite in root] == ["diabetes", "iris"]
    said = {
        figure.get("name"): figure.get("value")
        for figure in tests["diabetes", "mae against mse, lr 0.01"].iter("property")
    }
    (row,) = summary[(summary.dataset == "diabetes") & (summary.loss == "mae") & (summary.lr == 0.01)].to_dict(
        "records"
    )
    assert (said["verdict"], float(said["mean"]), int(said["n"])) == (row["verdict"], row["mean"], row["n"])


def test_a_tuned_verdict_is_apart_from_the_fixed_ones(comparison: Comparison) -> None:
    """The view where each loss has its own rate names no rate, and no two tests share a name."""
    tuned = comparison.summary[comparison.summary.lr == 0.01].assign(view="tuned")
    root = ET.fromstring(verdict_junit(pd.concat([comparison.summary, tuned], ignore_index=True), ()))
    names = [(test.get("classname"), test.get("name")) for test in root.iter("testcase")]
    assert len(set(names)) == len(names)
    assert ("diabetes", "mae against mse, each at its own lr") in names


def test_each_case_leads_with_the_answer_of_its_table(comparison: Comparison) -> None:
    """What the verdicts say of the data set and setting stands first in the text of each of its cases."""
    answers = comparison.answers
    root = ET.fromstring(verdict_junit(comparison.summary, (), answers))
    texts = [test.findtext("system-out") for test in root.iter("testcase")]
    said = [paragraph(one, name) for one, name in zip(answers, places(answers), strict=True) for _ in one.others]
    assert all(text.startswith(first) for text, first in zip(texts, said, strict=True))


def test_the_answer_leads_the_suite_of_its_data_set(comparison: Comparison) -> None:
    """In verdicts and in a gate, before the first case: what the tables of the page say in words."""
    report = gate(comparison.trials, comparison.trials, ())
    gaps = [Gap("iris", (3,), 4)]
    for text in (
        verdict_junit(comparison.summary, (), comparison.answers),
        gate_junit(report, gaps, comparison.answers),
    ):
        for suite in ET.fromstring(text):
            said = [one.get("value") for one in suite.find("properties")]
            mine = [answer for answer in comparison.answers if answer.dataset == suite.get("name")]
            assert suite[0].tag == "properties"
            assert len(said) == len(mine) > 0
            assert all(one.startswith(suite.get("name")) for one in said)
