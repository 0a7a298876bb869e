"""An experiment is checked whole before anything is trained."""

from __future__ import annotations

import pytest

from lossbench.errors import BadValue
from plan.planned import planned


@pytest.mark.parametrize(
    "changes",
    [{"models": ["linear", "mlp:0"]}, {"optimizers": ["adam", "sgd:momentum=1"]}, {"losses": ["focal:gamma=-1"]}],
    ids=str,
)
def test_every_part_is_checked(changes: dict[str, list[str]]) -> None:
    """A mistake in any value of any axis is found by planning alone."""
    with pytest.raises(BadValue):
        planned("iris", **changes)
