"""Verdicts as a file has them: which texts are one, and whether one is still found."""

from __future__ import annotations

from typing import get_args

from lossbench.claims.finding.forms import SINGLE, Finding
from lossbench.claims.finding.tally import Lean, Tally

VERDICTS = frozenset(
    Finding(word, Tally(), size=size).verdict for word in SINGLE for size in (None, "", *get_args(Lean))
)
"""Every verdict that a claim can have, in words."""

FORMER_VERDICTS: dict[str, tuple[str, ...]] = {
    "reproduced": ("true", "mixed"),
    "contradicted": ("refuted", "mixed"),
    "equivalent": ("refuted", "mixed"),
    "depends": ("true", "refuted", "mixed", "too weak"),
    "inconclusive": ("too weak", "mixed"),
}
"""Verdicts of older files, before there were forms, and the columns of a score that they may have become."""


def is_verdict(text: str) -> bool:
    """Say whether a text is a verdict, of this version or of an older one.

    Example:
        >>> is_verdict("order rarely; size refuted"), is_verdict("reproduced"), is_verdict("perhaps")
        (True, True, False)
    """
    return text in VERDICTS or text in FORMER_VERDICTS


def same_as(expected: str, verdict: str, standing: str) -> bool:
    """Say whether a verdict is the expected one, which may be a former verdict of an older file.

    Example:
        >>> same_as("reproduced", "holds", "true"), same_as("holds", "mostly", "true")
        (True, False)
    """
    return expected == verdict or standing in FORMER_VERDICTS.get(expected, ())
