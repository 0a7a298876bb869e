"""What a check has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lossbench.task import Task

Verdict = Literal["pass", "note", "fail"]
"""Fine; fine, but to be known; or a law is broken that every loss of the catalogue keeps."""


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Args:
        check: its name.
        verdict: what came of it.
        saw: the numbers it saw, in words.
    """

    check: str
    verdict: Verdict
    saw: str


def finding(check: str, saw: str, failed: bool = False, noted: bool = False) -> Finding:
    """Return a finding; a failure outweighs a note.

    Example:
        >>> finding("gradient", "it is zero", failed=True, noted=True).verdict
        'fail'
    """
    return Finding(check, "fail" if failed else "note" if noted else "pass", saw)
