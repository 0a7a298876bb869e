"""Losses of what is given back, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from lossbench.errors import BadValue
from lossbench.losses import get_loss

from .cases import close

GENERATOR = torch.Generator().manual_seed(0)
RAW = torch.randn(20, 5, generator=GENERATOR, dtype=torch.float64) * 3
GREY = torch.rand(20, 5, generator=GENERATOR, dtype=torch.float64)

THEIRS = {
    "mse": lambda p, x: functional.mse_loss(p, x, reduction="none"),
    "bce": lambda p, x: functional.binary_cross_entropy(p, x, reduction="none"),
    "mae": lambda p, x: functional.l1_loss(p, x, reduction="none"),
}


@pytest.mark.parametrize("name", THEIRS)
def test_values_and_slopes_are_torchs_own_summed_over_columns(name) -> None:
    """On targets between 0 and 1, value and slope are those of torch's loss of the sigmoid."""
    loss = get_loss(name, "anomaly")
    leaf = RAW.clone().requires_grad_()
    theirs = THEIRS[name](leaf.sigmoid(), GREY).sum(-1)
    close(loss(RAW, GREY), theirs.detach())
    (slope,) = torch.autograd.grad(theirs.sum(), leaf)
    close(loss.record.slope(RAW, GREY), slope)


@pytest.mark.parametrize("name", THEIRS)
def test_a_column_is_given_back_at_its_least(name) -> None:
    """No output does better than the one that gives the column back."""
    right = (GREY / (1 - GREY)).log()
    loss = get_loss(name, "anomaly")
    for moved in (right + 0.1, right - 0.1, -right):
        assert (loss(right, GREY) <= loss(moved, GREY) + 1e-12).all()


def test_a_target_beyond_0_and_1_is_refused() -> None:
    """It is no column that a sigmoid could give back."""
    with pytest.raises(BadValue, match="wants targets from 0 to 1"):
        get_loss("bce", "anomaly")(torch.zeros(1, 2), torch.tensor([[0.5, 1.5]]))
