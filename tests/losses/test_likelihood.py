from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from lossbench.losses import get_loss
from lossbench.losses.likelihood import gaussian_nll
from lossbench.losses.positive import positive

from .cases import close
from .strategies import pairs

spreads = st.floats(-5, 5)


@settings(deadline=None, max_examples=25)
@given(pairs(), spreads)
def test_agrees_with_torch_and_scipy(pair, spread):
    """Torch's loss of the same variance, and the logarithm of the normal density but for its constant."""
    mean, target = pair
    raw = torch.cat([mean, torch.full_like(mean, spread)], dim=-1)
    variance = positive(raw[..., mean.shape[-1] :])
    value = gaussian_nll(raw, target)
    expected = torch.nn.functional.gaussian_nll_loss(mean, target, variance, eps=0.0, reduction="none")
    torch.testing.assert_close(value, expected.mean(-1), rtol=1e-10, atol=1e-10)
    density = stats.norm.logpdf(target.numpy(), mean.numpy(), np.sqrt(variance.numpy()))
    expected = -density.mean(-1) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(value.numpy(), expected, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=25)
@given(pairs())
def test_targets_keep_their_spread(pair):
    """Targets in another order, with their means and spreads, have the same loss: halves belong to each other."""
    mean, target = pair
    order = list(reversed(range(target.shape[-1])))
    spread = torch.linspace(-1, 1, target.numel(), dtype=target.dtype).reshape(target.shape)
    there = gaussian_nll(torch.cat([mean, spread], dim=-1), target)
    back = gaussian_nll(torch.cat([mean[:, order], spread[:, order]], dim=-1), target[:, order])
    torch.testing.assert_close(there, back, rtol=1e-12, atol=1e-12)


def test_estimates_mean_and_variance():
    """The best constant prediction is the mean of the sample with its variance."""
    target = torch.tensor([[0.5], [1.0], [1.5], [2.5], [6.0]], dtype=torch.float64)
    loss = get_loss("gaussian_nll")

    def risk(raw):
        raw = torch.as_tensor(raw).expand(len(target), 2)
        slope = loss.record.slope(raw, target).mean(0)
        return float(loss.per_sample(raw, target).mean()), slope.numpy()

    best = torch.as_tensor(minimize(risk, x0=[0.0, 0.0], jac=True, options={"gtol": 1e-9}).x)
    assert float(best[0]) == pytest.approx(float(target.mean()), abs=1e-6)
    assert float(positive(best[1])) == pytest.approx(float(target.var(correction=0)), abs=1e-5)


def test_certainty_is_dear():
    """The surer a prediction, the lower its loss where it is right and the higher where it is wrong."""
    raw = torch.tensor([[0.0, spread] for spread in (-8.0, -4.0, 0.0)], dtype=torch.float64)
    assert (gaussian_nll(raw, torch.zeros(3, 1, dtype=torch.float64)).diff() > 0).all()
    assert (gaussian_nll(raw, 5 + torch.zeros(3, 1, dtype=torch.float64)).diff() < 0).all()
    close(gaussian_nll(raw[:1], raw[:1, :1]), 0.5 * positive(raw[0, 1:]).log())
