from __future__ import annotations

import torch

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.exact.saturation import RAW, after_sigmoid, remaining, saturation
from lossbench.losses import get_loss


def test_cross_entropy_keeps_its_gradient_and_loses_it_after_a_sigmoid():
    """From raw outputs the gradient doubles, p - y from a half to one; after a sigmoid nothing is left."""
    direct, after = saturation(Claim("x", "y"), Study(read_terms()))
    assert (direct.verdict, direct.measured) == ("contradicted", 2.0)
    assert (after.verdict, after.measured) == ("reproduced", 0.0)


def test_the_squared_error_on_a_sigmoid_loses_its_gradient():
    """What is left is 8 p² (1 - p), in double precision too."""
    left = remaining(get_loss("mse", "binary").per_sample, torch.float64)
    p = torch.tensor(RAW, dtype=torch.float64).sigmoid()
    assert abs(left - float(8 * p**2 * (1 - p))) < 1e-15


def test_both_ways_to_write_it_agree_where_nothing_is_saturated():
    """It is the same function: only rounding tells them apart."""
    raw, target = torch.linspace(-3, 3, 13)[:, None], torch.ones(13, 1)
    assert torch.allclose(after_sigmoid(raw, target), get_loss("bce", "binary").per_sample(raw, target), atol=1e-6)
