"""The checks that every loss goes through, built-in or a user's.

A check is a function from a case to an observation; `lossbench.checks.run.check_loss` does all of them. The tests
of the catalogue use the same code. No check is imported here, so that `lossbench.checks.tasks` answers without
torch.

In all of them `case` is the loss, `raw` is (batch, outputs) and `target` is (batch,) or (batch, targets), unless
other shapes are stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lossbench.remark import Remark

Grade = Literal["pass", "note", "fail", "open"]
"""Fine; fine, but to be known; broken: a law that every loss of the catalogue keeps; or not checked to the end."""


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
