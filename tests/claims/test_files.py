from __future__ import annotations

import csv
import io
import json

import pytest

from lossbench.claims import read_catalogue, try_claims
from lossbench.claims.evidence import VERDICTS
from lossbench.claims.files import COLUMNS, EVIDENCE, claims_csv, claims_json, evidence_csv

IDS = ("A6", "B4", "B6", "F3", "T5", "F-round")


@pytest.fixture
def judgements(study):
    """Try some claims that need no training."""
    catalogue = read_catalogue()
    return try_claims(catalogue, catalogue.find(IDS), study)


def rows(text):
    """Read CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_claims_csv_has_a_row_a_claim(judgements):
    """In the order asked for, with the promised columns, and words that add up to the comparisons."""
    table = rows(claims_csv(judgements))
    assert [row["id"] for row in table] == list(IDS)
    assert list(table[0]) == list(COLUMNS)
    for row, judgement in zip(table, judgements, strict=True):
        assert row["verdict"] == judgement.verdict
        assert row["verdict"] in VERDICTS
        counts = ("reproduced", "contradicted", "equivalent", "inconclusive", "not_testable")
        assert sum(int(row[name]) for name in counts) == int(row["comparisons"]) == len(judgement.evidence)


def test_evidence_csv_has_every_comparison(judgements):
    """With numbers that read back as they were, and empty cells where there are none."""
    table = rows(evidence_csv(judgements))
    lines = [(judgement.claim.id, line) for judgement in judgements for line in judgement.evidence]
    assert list(table[0]) == ["id", *EVIDENCE]
    for row, (name, line) in zip(table, lines, strict=True):
        assert (row["id"], row["verdict"], row["case"]) == (name, line.verdict, line.case)
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
