from __future__ import annotations

import xml.etree.ElementTree as ET

from lossbench.claims import read_catalogue, try_claims
from lossbench.claims.expectation import ChangedVerdict
from lossbench.claims.junit import claims_junit


def test_a_verdict_is_a_failure_only_where_another_was_expected(study):
    """A claim that is not tried is skipped, one that is missing fails under its ID, every other one passes."""
    catalogue = read_catalogue()
    judgements = try_claims(catalogue, catalogue.find(("A6", "B4", "T5")), study)
    changed = [ChangedVerdict("B4", "reproduced", "depends"), ChangedVerdict("Z9", "reproduced", "missing")]
    root = ET.fromstring(claims_junit(judgements, catalogue, changed))
    results = {case.get("name").partition(":")[0]: {child.tag for child in case} for case in root.iter("testcase")}
    assert results == {"A6": {"system-out"}, "B4": {"failure"}, "T5": {"skipped"}, "Z9": {"failure"}}
    assert "expected reproduced" in root.find(".//failure").text
