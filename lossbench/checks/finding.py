"""What a check has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "note", "fail"]
"""Fine; fine, but to be known; or broken: a law that every loss of the catalogue keeps."""


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Args:
        verdict: what came of it.
        saw: the numbers it saw, in words.
    """

    verdict: Verdict
    saw: str


def finding(saw: str, failed: bool = False, noted: bool = False) -> Finding:
    """Return a finding; a failure outweighs a note.

    Example:
        >>> finding("it is zero", failed=True, noted=True)
        Finding(verdict='fail', saw='it is zero')
    """
    return Finding("fail" if failed else "note" if noted else "pass", saw)
