"""Claims as tests, in the XML of JUnit that CI pages show: a suite a document, a case a claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.evidence import Finding
from lossbench.claims.expectation import MISSING, Change
from lossbench.claims.tables import few_words, title_of
from lossbench.report.junit import JUnitCase, junit


def claims_junit(findings: Sequence[Finding], catalogue: Catalogue, changed: Sequence[Change] = ()) -> str:
    """Return the findings as JUnit's XML. A verdict is no failure, but one that is not the expected one is.

    Args:
        findings: one a claim.
        catalogue: where they are from.
        changed: the claims whose verdict was expected to be another; those that are missing become failures too.
    """
    return junit(_cases(findings, catalogue, {change.id: change for change in changed}))


def _cases(findings: Sequence[Finding], catalogue: Catalogue, changed: dict[str, Change]) -> Iterator[JUnitCase]:
    for finding in findings:
        claim, change = finding.claim, changed.get(finding.claim.id)
        tried = finding.verdict not in ("not yet", "not testable")
        text = f"{finding.verdict}: {few_words(finding)}" + (f"; expected {change.before}" if change else "")
        yield JUnitCase(
            title_of(claim.document, catalogue),
            f"{claim.id}: {claim.sentence}",
            "failed" if change else "passed" if tried else "skipped",
            text,
        )
    for change in changed.values():
        if change.after == MISSING:
            yield JUnitCase("expected", change.id, "failed", str(change))
