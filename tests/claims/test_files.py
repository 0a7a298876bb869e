from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims import Claim, Evidence, Judgement, find, read_catalogue, try_claims
from lossbench.claims.files import (
    COLUMNS,
    EVIDENCE,
    ChangedVerdict,
    changes,
    claims_csv,
    claims_json,
    claims_junit,
    evidence_csv,
    read_expected,
)
from lossbench.claims.finding.written import FORMER_VERDICTS, is_verdict, same_as
from lossbench.errors import DataError

IDS = ("A6", "B4", "B6", "F3", "F-round")


@pytest.fixture(scope="module")
def judgements(study):
    """Try some claims that need no training."""
    catalogue = read_catalogue()
    return try_claims(catalogue, catalogue.find(IDS), study)


def rows(text):
    """Read CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_claims_csv_has_a_row_a_claim(judgements):
    """In the order asked for, with the promised columns, the answer whole, and counts that add up to the units."""
    table = rows(claims_csv(judgements))
    assert [row["id"] for row in table] == list(IDS)
    assert list(table[0]) == list(COLUMNS)
    for row, judgement in zip(table, judgements, strict=True):
        assert (row["verdict"], row["answer"]) == (judgement.verdict, judgement.answer)
        assert is_verdict(row["verdict"])
        assert row["standing"] == judgement.standing
        assert int(row["comparisons"]) == sum(line.role != "shown" for line in judgement.evidence)
        counts = [row[name] for name in ("supporting", "opposing", "equal", "open")]
        assert all(counts) == bool(row["units"])
        assert not all(counts) or sum(map(int, counts)) == int(row["units"])


def test_evidence_csv_has_every_comparison(judgements):
    """With numbers that read back as they were, and empty cells where there are none."""
    table = rows(evidence_csv(judgements))
    lines = [(judgement.claim.id, line) for judgement in judgements for line in judgement.evidence]
    assert list(table[0]) == ["id", *EVIDENCE]
    for row, (name, line) in zip(table, lines, strict=True):
        assert (row["id"], row["role"], row["verdict"], row["case"]) == (name, line.role, line.verdict, line.case)
        for key in ("reported", "measured", "low", "high", "n", "p_value"):
            value = getattr(line, key)
            assert (float(row[key]) if row[key] else None) == value


def test_json_holds_the_same(judgements):
    """A claim with its evidence, null where there is nothing; infinity is a text, for JSON has none."""
    table = json.loads(claims_json(judgements))
    assert [row["id"] for row in table] == list(IDS)
    assert [len(row["evidence"]) for row in table] == [len(judgement.evidence) for judgement in judgements]
    at_zero = table[IDS.index("B4")]["evidence"][1]
    assert (at_zero["reported"], at_zero["low"]) == ("inf", None)


LINES = {
    "holds": ["reproduced"],
    "refuted": ["contradicted"],
    "mixed": ["reproduced", "contradicted"],
    "too weak to say": ["inconclusive"],
    "not yet": [],
}
"""What the units of a tendency say, by the verdict that they come to."""

verdicts = st.dictionaries(st.text("abc", min_size=1, max_size=2), st.sampled_from([*LINES]))


def found(verdicts):
    """Return judgements with these verdicts."""
    made = []
    for name, verdict in verdicts.items():
        lines = tuple(Evidence(word, "f1") for word in LINES[verdict])
        made.append(Judgement(Claim(name, "y"), lines, find("tendency", lines) if lines else None, "", ""))
    return made


@given(verdicts)
def test_a_run_is_as_it_was(verdicts):
    """Held to itself, nothing has changed."""
    assert changes(verdicts, found(verdicts)) == []


@given(verdicts, verdicts)
def test_every_claim_that_differs_or_is_missing_is_named(before, after):
    """And none that is new."""
    changed = {change.id: (change.before, change.after) for change in changes(before, found(after))}
    assert changed == {
        name: (verdict, after.get(name, "missing"))
        for name, verdict in before.items()
        if after.get(name) != verdict
    }


@given(verdicts, verdicts, st.sets(st.text("abc", min_size=1, max_size=2), min_size=1))
def test_only_what_was_asked_for_is_compared(before, after, ids):
    """A claim that was not to be tried is not missing."""
    assert {change.id for change in changes(before, found(after), sorted(ids))} <= ids


def test_what_was_written_is_read(tmp_path):
    """claims.csv is the file that a later run is held to."""
    file = tmp_path / "claims.csv"
    file.write_text(claims_csv(found({"T3": "mixed", "A1": "holds"})), encoding="utf-8")
    assert read_expected(file) == {"T3": "mixed", "A1": "holds"}


@given(st.sampled_from([*FORMER_VERDICTS]), st.sampled_from([*LINES]))
def test_a_file_of_an_older_version_is_held_to_what_its_words_became(before, after):
    """A claim is as it was where its verdict is one of those that the old word may be called now."""
    (judgement,) = found({"T3": after})
    assert (changes({"T3": before}, [judgement]) == []) == same_as(before, after, judgement.standing)


@pytest.mark.parametrize("word", [*FORMER_VERDICTS, "true", "order rarely; size refuted", "depends on the score"])
def test_old_words_and_new_ones_are_read(tmp_path, word):
    """For one version, whatever the file is of."""
    file = tmp_path / "claims.csv"
    file.write_text(f"id,verdict\nT3,{word}\n", encoding="utf-8")
    assert read_expected(file) == {"T3": word}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("", "holds no verdict"),
        ("id,verdict\nT3,good\n", "claim T3 has the verdict 'good', which is none"),
        ("name,verdict\nT3,depends\n", "line 1: not one column id"),
        ("id\nT3\n", "line 1: not one column verdict"),
    ],
)
def test_what_is_no_claims_csv_is_refused(tmp_path, text, message):
    """It says what is wrong and what to give."""
    file = tmp_path / "claims.csv"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_expected(file)


def test_a_change_is_said_in_words():
    """For the end of the report."""
    assert str(ChangedVerdict("T3", "holds", "mixed")) == "T3: holds is now mixed"


def test_a_verdict_is_a_failure_only_where_another_was_expected(study):
    """A claim that is not tried is skipped, one that is missing fails under its ID, every other one passes."""
    catalogue = read_catalogue()
    untried = replace(catalogue.claims["T5"], experiments=(), not_yet="there is no such task")
    judgements = try_claims(catalogue, [*catalogue.find(("A6", "B4")), untried], study)
    changed = [ChangedVerdict("B4", "true", "partly"), ChangedVerdict("Z9", "true", "missing")]
    root = ET.fromstring(claims_junit(judgements, catalogue, changed))
    results = {case.get("name").partition(":")[0]: {child.tag for child in case} for case in root.iter("testcase")}
    assert results == {"A6": {"system-out"}, "B4": {"failure"}, "T5": {"skipped"}, "Z9": {"failure"}}
    assert root.find(".//failure").text == f"{judgements[1].answer} Expected: true."
    assert root.find(".//system-out").text == judgements[0].answer
