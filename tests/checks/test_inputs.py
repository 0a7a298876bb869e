from __future__ import annotations

import torch

from lossbench.checks.inputs import check_broadcasting, check_inputs

from .made import made, squared


def test_a_change_in_place_is_found() -> None:
    """What writes into the target is told what it changes."""
    seen = check_inputs(made(lambda raw, target: squared(raw, target.mul_(2))))
    assert (seen.grade, "its target in place" in seen.saw) == ("fail", True)
    seen = check_inputs(made(lambda raw, target: squared(raw.add_(1), target)))
    assert (seen.grade, "its raw outputs in place" in seen.saw) == ("fail", True)
    assert check_inputs(made(squared)).grade == "pass"


def test_silent_broadcasting_of_a_users_own_is_to_be_known() -> None:
    """A difference of (n, 1) and (n,) pairs everything with everything; what refuses it, or mends it, does not."""

    def refusing(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if raw.shape != target.shape:
            raise RuntimeError("shapes differ")
        return squared(raw, target)

    assert check_broadcasting(made(squared)).grade == "note"
    assert check_broadcasting(made(refusing)).grade == "pass"
    assert check_broadcasting(made(lambda raw, target: squared(raw, target.reshape(raw.shape)))).grade == "pass"
    assert check_broadcasting(made(squared, code="")).grade == "pass"
