"""The checks that every loss goes through, built-in or a user's.

A check is a function from a case to an observation; `lossbench.checks.run.check_loss` runs all of them. The tests
of the catalogue use the same code. No check is imported here, so that `lossbench.checks.tasks` does not need
torch.

In every check `case` is the loss, `raw` is (batch, outputs) and `target` is (batch,) or (batch, targets), unless
other shapes are stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lossbench.remark import Remark

Grade = Literal["pass", "note", "fail", "open"]
"""Passed; passed, but worth knowing; a law that every loss of the catalogue keeps is broken; or not checked."""


@dataclass(frozen=True)
class Observation:
    """The result of one check.

    Args:
        grade: the outcome.
        saw: what was found, in words with numbers; or a remark that was made on the loss earlier.
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
