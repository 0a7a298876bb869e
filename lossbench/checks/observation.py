"""What a check has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lossbench.remark import Remark

Grade = Literal["pass", "note", "fail"]
"""Fine; fine, but to be known; or broken: a law that every loss of the catalogue keeps."""


@dataclass(frozen=True)
class Observation:
    """The result of one check.

    Args:
        grade: what came of it.
        saw: the numbers it saw, in words; or what had been remarked on the loss.
    """

    grade: Grade
    saw: str | Remark


def observed(saw: str, failed: bool = False, noted: bool = False) -> Observation:
    """Return an observation; a failure outweighs a note.

    Example:
        >>> observed("it is zero", failed=True, noted=True)
        Observation(grade='fail', saw='it is zero')
    """
    return Observation("fail" if failed else "note" if noted else "pass", saw)
