"""Losses of the cosines between an embedding and class vectors: against angles, and what they push apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses.multiclass import ce
from lossbench.losses.structured.proxies import arcface, proxy

angles = st.lists(st.floats(0.05, 3.1), min_size=3, max_size=3)


def row(angle: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the cosines of a row whose angle to each class vector is given; it is of the first class."""
    return torch.tensor([angle], dtype=torch.float64).cos(), torch.tensor([0])


@settings(deadline=None, max_examples=25)
@given(angles, st.floats(0.02, 2))
def test_without_a_margin_both_are_softmax_cross_entropy_of_scaled_cosines(angle, tau: float) -> None:
    """They differ in what they call the scale."""
    raw, target = row(angle)
    wanted = ce(raw / tau, target)
    torch.testing.assert_close(proxy(raw, target, tau=tau), wanted)
    torch.testing.assert_close(arcface(raw, target, margin=0.0, scale=1 / tau), wanted, rtol=1e-6, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(angles, st.floats(0, 1.5), st.floats(1, 64))
def test_the_angle_to_the_own_vector_is_widened(angle, margin: float, scale: float) -> None:
    """By the margin, as long as it is no more than π then."""
    raw, target = row([min(angle[0], np.pi - margin - 1e-9), *angle[1:]])
    wider = [raw[0, 0].acos() + margin, *raw[0, 1:].acos()]
    wanted = ce(scale * torch.stack([torch.as_tensor(one) for one in wider])[None].cos(), target)
    torch.testing.assert_close(arcface(raw, target, margin=margin, scale=scale), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("margin", [0.1, 0.5, 1.5])
def test_the_loss_grows_with_the_angle_to_the_own_vector(margin: float) -> None:
    """From none to the opposite direction, without a jump where the wider angle passes π."""
    angle = torch.linspace(0, torch.pi, 2000, dtype=torch.float64)
    raw = torch.stack([angle.cos(), torch.zeros_like(angle)], dim=-1)
    steps = arcface(raw, torch.zeros(2000, dtype=torch.int64), margin=margin, scale=8.0).diff()
    assert (steps >= 0).all()
    assert steps.max() < 0.02
