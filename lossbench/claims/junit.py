"""Claims as tests, in the XML of JUnit that CI pages show: a suite a document, a case a claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.evidence import Judgement
from lossbench.claims.expectation import MISSING, ChangedVerdict
from lossbench.claims.tables import few_words, title_of
from lossbench.report.junit import JUnitCase, junit


def claims_junit(
    judgements: Sequence[Judgement], catalogue: Catalogue, changed: Sequence[ChangedVerdict] = ()
) -> str:
    """Return the judgements as JUnit's XML. A verdict is no failure, but one that is not the expected one is.

    Args:
        judgements: one a claim.
        catalogue: where they are from.
        changed: the claims whose verdict was expected to be another; those that are missing become failures too.
    """
    return junit(_cases(judgements, catalogue, {change.id: change for change in changed}))


def _cases(
    judgements: Sequence[Judgement], catalogue: Catalogue, changed: dict[str, ChangedVerdict]
) -> Iterator[JUnitCase]:
    for judgement in judgements:
        claim, change = judgement.claim, changed.get(judgement.claim.id)
        tried = judgement.verdict not in ("not yet", "not testable")
        text = f"{judgement.verdict}: {few_words(judgement)}" + (f"; expected {change.before}" if change else "")
        yield JUnitCase(
            title_of(claim.document, catalogue),
            f"{claim.id}: {claim.sentence}",
            "failed" if change else "passed" if tried else "skipped",
            text,
        )
    for change in changed.values():
        if change.after == MISSING:
            yield JUnitCase("expected", change.id, "failed", str(change))
