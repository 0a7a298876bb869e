from __future__ import annotations

import torch

from lossbench.checks.batch import check_batch, check_order, influence

from .made import made, squared


def neighbours(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the squared error and how far a row is from the one before."""
    return squared(raw, target) + (raw - raw.roll(1, -2)).square().mean(-1)


def centred(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the squared error of what lies beside the mean of the batch."""
    return squared(raw - raw.mean(-2, keepdim=True), target)


def test_order_of_the_rows_may_not_matter() -> None:
    """A loss of neighbouring rows fails; one of the whole batch that has no order does not."""
    assert check_order(made(neighbours)).grade == "fail"
    assert check_order(made(centred)).grade == "pass"


def test_rows_that_see_each_other_are_to_be_known() -> None:
    """A value a sample that depends on the other rows is told; of a loss of whole batches it is expected."""
    assert check_batch(made(centred)).grade == "note"
    assert check_batch(made(squared)).grade == "pass"
    whole = made(lambda raw, target: centred(raw, target).mean(-1), whole_batch=True)
    assert check_batch(whole).grade == "pass"


def test_influence_is_a_share_of_the_gradient() -> None:
    """Nothing for rows by themselves; a batch divided by its mean square moves everything."""
    assert float(influence(made(squared))) == 0
    assert float(influence(made(lambda raw, target: squared(raw, target) / raw.square().mean(-2)))) > 0.01
