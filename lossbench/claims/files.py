"""What a run of claims leaves: `claims.csv`, a row a claim; `evidence.csv`, a row a comparison; JSON of both."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from lossbench.claims.evidence import WORDS, Evidence, Judgement
from lossbench.results.write import csv_text, json_text

EVIDENCE = (
    *("protocol", "dataset", "case", "what", "reported", "measured", "difference"),
    *("low", "high", "n", "p_value", "verdict", "note"),
)
"""The columns of `evidence.csv` after the ID."""

DECISIVE = ("case", "what", "reported", "measured", "low", "high", "n")
"""What `claims.csv` has of the clearest comparison."""

COLUMNS = (
    *("id", "document", "place", "kind", "claim", "verdict", "condition"),
    *("protocols", "datasets", "comparisons"),
    *(word.replace(" ", "_") for word in WORDS),
    *DECISIVE,
    "command",
)
"""The columns of `claims.csv`."""


def claims_csv(judgements: Sequence[Judgement]) -> str:
    """Return one row a claim: what was found, how often which word was said, and the clearest comparison."""
    return csv_text(
        pd.DataFrame([row_of(judgement) for judgement in judgements], columns=list(COLUMNS), dtype=object)
    )


def evidence_csv(judgements: Sequence[Judgement]) -> str:
    """Return one row for every comparison that was made."""
    rows = [{"id": judgement.claim.id} | cells(line) for judgement in judgements for line in judgement.evidence]
    return csv_text(pd.DataFrame(rows, columns=["id", *EVIDENCE], dtype=object))


def claims_json(judgements: Sequence[Judgement]) -> str:
    """Return the claims with all their evidence as JSON; null where undefined, infinity as a text."""
    return json_text(
        [
            row_of(judgement) | {"evidence": [plain(cells(line)) for line in judgement.evidence]}
            for judgement in judgements
        ]
    )


def row_of(judgement: Judgement) -> dict[str, Any]:
    """Return the row of a claim."""
    claim, line = judgement.claim, judgement.decisive
    count = Counter(line.verdict for line in judgement.evidence)
    return {
        "id": claim.id,
        "document": claim.document,
        "place": claim.place,
        "kind": claim.kind,
        "claim": claim.sentence,
        "verdict": judgement.verdict,
        "condition": judgement.condition,
        "protocols": " ".join(judgement.values(lambda line: line.protocol)),
        "datasets": " ".join(judgement.values(lambda line: line.dataset)),
        "comparisons": len(judgement.evidence),
        **{word.replace(" ", "_"): count[word] for word in WORDS},
        **({} if line is None else plain({name: cells(line)[name] for name in DECISIVE})),
        "command": judgement.command,
    }


def cells(line: Evidence) -> dict[str, Any]:
    """Return the cells of a comparison."""
    return {name: getattr(line, name) for name in EVIDENCE}


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values that JSON has: infinity and what is not a number as texts."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
