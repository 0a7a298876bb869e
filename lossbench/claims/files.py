"""The files of a run of claims, and the gate of `lossbench claims --expect`, which compares two runs.

`claims.csv` has one row per claim and `evidence.csv` one row per comparison; JSON has both. JUnit's XML, which CI
pages show, has one suite per document and one case per claim.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.claim import WORDS, Evidence
from lossbench.claims.finding.written import is_verdict, same_as
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.tables import title_of
from lossbench.errors import DataError
from lossbench.report.junit import JUnitCase, junit
from lossbench.results.cell import from_cell
from lossbench.results.sheet import read_sheet
from lossbench.results.write import csv_text, json_text

EVIDENCE = (
    *("role", "part", "protocol", "dataset", "case", "what", "reported", "measured", "difference"),
    *("low", "high", "n", "over", "p_value", "verdict", "again", "note"),
)
"""The columns of `evidence.csv` after the ID."""

DECISIVE = ("case", "what", "dataset", "reported", "measured", "low", "high", "n", "over")
"""The columns of `claims.csv` that are taken from the line that the answer names."""

COUNTS = ("units", "supporting", "opposing", "equal", "open", "comparisons")

COLUMNS = (
    *("id", "document", "place", "kind", "form", "claim", "verdict", "standing", "answer"),
    *(*COUNTS, *DECISIVE, "left", "command"),
)
"""The columns of `claims.csv`."""


def claims_csv(judgements: Sequence[Judgement]) -> str:
    """Return one row per claim: its verdict and answer, the counts, and the line that the answer names."""
    return csv_text(pd.DataFrame(map(row_of, judgements), columns=list(COLUMNS), dtype=object))


def evidence_csv(judgements: Sequence[Judgement]) -> str:
    """Return one row per comparison."""
    rows = [{"id": judgement.claim.id} | cells(line) for judgement in judgements for line in judgement.evidence]
    return csv_text(pd.DataFrame(rows, columns=["id", *EVIDENCE], dtype=object))


def claims_json(judgements: Sequence[Judgement]) -> str:
    """Return the claims with all their evidence as JSON; undefined is null, infinity is a text."""
    return json_text(
        [row_of(one) | {"evidence": [plain(cells(line)) for line in one.evidence]} for one in judgements]
    )


def row_of(judgement: Judgement) -> dict[str, Any]:
    """Return the row of a claim."""
    claim, line = judgement.claim, judgement.decisive
    return {
        "id": claim.id,
        "document": claim.document,
        "place": claim.place,
        "kind": claim.kind,
        "form": claim.form,
        "claim": claim.sentence,
        "verdict": judgement.verdict,
        "standing": judgement.standing,
        "answer": judgement.answer,
        **counts_of(judgement),
        **({} if line is None else plain({name: cells(line)[name] for name in DECISIVE})),
        "left": judgement.left,
        "command": judgement.command,
    }


def counts_of(judgement: Judgement) -> dict[str, int]:
    """Return the counts of units by side, and the number of all comparisons."""
    made = sum(line.role != "shown" for line in judgement.evidence)
    if judgement.finding is None:
        return {"comparisons": made}
    tally = judgement.finding.tally
    parts = (tally.units, tally.supporting, tally.opposing, tally.equal, tally.open)
    return dict(zip(COUNTS, [*map(len, parts), made], strict=True))


def cells(line: Evidence) -> dict[str, Any]:
    """Return the cells of a comparison; `again` is the probability of its own word on other seeds."""
    found = {name: getattr(line, name) for name in {**dict.fromkeys(EVIDENCE), **dict.fromkeys(DECISIVE)}}
    found["note"] = ". ".join(filter(None, [line.note, line.advice]))
    return found | {"again": line.chances[WORDS.index(line.verdict)] if line.again else None}


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values that JSON can hold: infinity and NaN become texts."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


MISSING = "missing"
AGAIN = "give the claims.csv of an earlier run, with the columns id and verdict"


@dataclass(frozen=True)
class ChangedVerdict:
    """A claim whose verdict is not the expected one."""

    id: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.id}: {self.before} is now {self.after}"


def read_expected(file: Path) -> dict[str, str]:
    """Read the verdicts of an earlier run, by ID.

    Raises:
        DataError: the file cannot be read, lacks a column, or has a verdict that does not exist.
    """
    sheet = read_sheet(file, check_header)
    expected: dict[str, str] = {}
    for row, (name, verdict) in enumerate(zip(sheet.cells["id"], sheet.cells["verdict"], strict=True)):
        if not is_verdict(verdict):
            raise sheet.error(row, f"claim {name} has the verdict '{verdict}', which is none; {AGAIN}")
        if name in expected:
            raise sheet.error(row, f"claim {name} is there twice; keep one of the two")
        expected[from_cell(name)] = verdict
    if not expected:
        raise DataError(f"{file} holds no verdict; {AGAIN}")
    return expected


def check_header(path: Path, header: list[str]) -> None:
    """Refuse a file without the columns of claims and verdicts; its other columns are not read."""
    if not header:
        raise DataError(f"{path} holds no verdict; {AGAIN}")
    for name in ("id", "verdict"):
        if header.count(name) != 1:
            raise DataError(f"{path} line 1: not one column {name}; {AGAIN}")


def changes(
    expected: Mapping[str, str], judgements: Sequence[Judgement], ids: Sequence[str] = ()
) -> list[ChangedVerdict]:
    """Return the claims whose verdict is not the expected one, in their order; a new claim is no change.

    Args:
        expected: the expected verdicts by ID.
        judgements: the judgements of this run.
        ids: the claims that were asked for; empty for all, so that every expected one must be there.

    Example:
        >>> changes({"A10": "holds"}, [])
        [ChangedVerdict(id='A10', before='holds', after='missing')]
    """
    verdicts = {judgement.claim.id: (judgement.verdict, judgement.standing) for judgement in judgements}
    return [
        ChangedVerdict(name, before, verdicts.get(name, (MISSING,))[0])
        for name, before in expected.items()
        if (name in ids or not ids) and not (name in verdicts and same_as(before, *verdicts[name]))
    ]


def claims_junit(
    judgements: Sequence[Judgement], catalogue: Catalogue, changed: Sequence[ChangedVerdict] = ()
) -> str:
    """Return the judgements as JUnit's XML. No verdict is a failure, but a change of a verdict is."""
    expected, cases = {change.id: change.before for change in changed}, []
    for judgement in judgements:
        claim, before = judgement.claim, expected.get(judgement.claim.id)
        tried = judgement.verdict not in ("not yet", "not testable")
        text = judgement.answer + (f" Expected: {before}." if before else "")
        suite, name = title_of(claim.document, catalogue), f"{claim.id}: {claim.sentence}"
        cases.append(JUnitCase(suite, name, "failed" if before else "passed" if tried else "skipped", text))
    gone = [JUnitCase("expected", one.id, "failed", str(one)) for one in changed if one.after == MISSING]
    return junit([*cases, *gone])
