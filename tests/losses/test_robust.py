from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from lossbench.checks.case import gradient
from lossbench.losses import get_loss
from lossbench.losses.regression import huber, mse
from lossbench.losses.robust import barron, cauchy, geman_mcclure, pseudo_huber, smooth_l1, tukey, welsch

from .cases import case_of, close
from .strategies import above_zero, pairs

REDESCENDING = (cauchy, geman_mcclure, welsch, tukey)
scales = st.floats(0.1, 10)


def scaled_by(loss):
    """Return the loss as a function of its scale, whatever that is called."""
    key = "delta" if loss in (huber, pseudo_huber) else "c"
    return lambda raw, target, scale: loss(raw, target, **{key: scale})


@settings(deadline=None, max_examples=25)
@given(pairs(), above_zero)
def test_smooth_l1_is_huber_over_beta(pair, beta):
    """The same function but for a factor, and torch's."""
    close(smooth_l1(*pair, beta=beta), huber(*pair, delta=beta) / beta)
    expected = torch.nn.functional.smooth_l1_loss(*pair, reduction="none", beta=beta).mean(-1)
    close(smooth_l1(*pair, beta=beta), expected)


@settings(deadline=None, max_examples=25)
@given(pairs(), scales)
def test_pseudo_huber_lies_below_huber(pair, delta):
    """Never above it, and less than ½delta² below."""
    gap = huber(*pair, delta=delta) - pseudo_huber(*pair, delta=delta)
    assert (gap >= -1e-9).all()
    assert (gap <= delta**2 / 2 + 1e-9).all()


@settings(deadline=None, max_examples=25)
@given(pairs(), scales)
def test_barron_is_a_family(pair, c):
    """Squared error at 2, pseudo-Huber at 1, Cauchy at 0, Geman-McClure at -2, Welsch far below, each over c²."""
    members = {
        2: mse(*pair) / 2,
        1: pseudo_huber(*pair, delta=c),
        0: cauchy(*pair, c=c * math.sqrt(2)),
        -2: geman_mcclure(*pair, c=2 * c),
    }
    for alpha, member in members.items():
        torch.testing.assert_close(barron(*pair, alpha=alpha, c=c), member / c**2, rtol=1e-10, atol=1e-10)
    limit = welsch(*pair, c=c * math.sqrt(2)) / c**2
    torch.testing.assert_close(barron(*pair, alpha=-1e9, c=c), limit, rtol=1e-6, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(pairs(), scales)
def test_other_conventions_are_these_times_a_factor(pair, k):
    """Barron's own formulas at 0, -2 and -inf, where the scale is k; and those without the factor ½c²."""
    error = pair[1] - pair[0]
    square = (error / k).square()
    theirs = {
        cauchy: ((0.5 * square + 1).log(), math.sqrt(2), square.log1p()),
        geman_mcclure: (2 * square / (square + 4), 2, error.square() / (k**2 + error.square())),
        welsch: (1 - (-0.5 * square).exp(), math.sqrt(2), 1 - (-square).exp()),
    }
    for loss, (barron_s, ratio, plain) in theirs.items():
        close(loss(*pair, c=ratio * k) / k**2, barron_s.mean(-1))
        close(loss(*pair, c=k) / (0.5 * k**2), plain.mean(-1))
    torch.testing.assert_close(barron(*pair, alpha=-1e18, c=k), theirs[welsch][0].mean(-1), rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=25)
@given(pairs(), scales)
def test_cauchy_has_the_scale_of_scipy(pair, c):
    """The cost that `scipy.optimize.least_squares` reports for `loss="cauchy"` with f_scale = c."""
    error = (pair[1] - pair[0]).flatten().numpy()
    fitted = least_squares(
        lambda _: error, [0.0], jac=lambda _: np.zeros((len(error), 1)), loss="cauchy", f_scale=c
    )
    assert float(cauchy(*pair, c=c).sum()) * pair[0].shape[-1] == pytest.approx(fitted.cost, rel=1e-10, abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(pairs(), scales, st.floats(-1e3, 2), st.floats(-1e3, 2))
def test_barron_grows_with_alpha(pair, c, one, other):
    """The larger alpha, the more an error costs."""
    lower, upper = (barron(*pair, alpha=alpha, c=c) for alpha in sorted((one, other)))
    assert (lower <= upper + 1e-9 * (1 + upper)).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_barron_is_smooth_in_alpha(dtype):
    """In the middle of its limits at 2 and 0, value and slope are those a hair beside, without a NaN anywhere."""
    raw, target = case_of(get_loss("barron")).draw(5, 20)
    raw, target = raw.to(dtype).requires_grad_(), target.to(dtype)
    for limit in (2.0, 0.0):
        alpha = torch.tensor([limit, limit - 1e-6, limit - 1e-5], dtype=dtype).reshape(3, 1, 1, 1)
        values = barron(raw, target, alpha=alpha, c=0.5)
        slopes = torch.stack([torch.autograd.grad(v.sum(), raw, retain_graph=True)[0] for v in values])
        for field in (values, slopes):
            torch.testing.assert_close(field, field[:1].expand_as(field), rtol=1e-3, atol=1e-4)
        stated = get_loss("barron").record.slope(raw.detach(), target, alpha=alpha, c=0.5)
        torch.testing.assert_close(stated, slopes, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loss", [huber, pseudo_huber, *REDESCENDING])
@settings(deadline=None, max_examples=25)
@given(pairs(), scales)
def test_small_errors_cost_half_their_square(loss, pair, scale):
    """Errors far below the scale: half of MSE."""
    small = tuple(part * 1e-8 * scale for part in pair)
    torch.testing.assert_close(scaled_by(loss)(*small, scale), mse(*small) / 2, rtol=1e-8, atol=0)


@pytest.mark.parametrize("loss", [pseudo_huber, *REDESCENDING])
@settings(deadline=None, max_examples=25)
@given(pairs(), above_zero)
def test_scale_goes_along_with_the_unit(loss, pair, factor):
    """In other units of the target, and the scale with it, the loss goes by the square of the factor."""
    bigger = tuple(part * factor for part in pair)
    found, wanted = scaled_by(loss)(*bigger, 2 * factor), factor**2 * scaled_by(loss)(*pair, 2)
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["cauchy", "geman_mcclure", "welsch", "tukey", "barron:alpha=-2"])
def test_far_errors_have_no_pull(name):
    """The slope rises with the error, then falls again towards zero."""
    case = case_of(get_loss(name))
    error = torch.linspace(0, 1000, 100_001, dtype=torch.float64)[:, None]
    slope = gradient(case, error, 0 * error).flatten()
    peak = int(slope.argmax())
    assert 0 < peak < 1000
    assert (slope[: peak + 1].diff() >= -1e-15).all()
    assert (slope[peak:].diff() <= 1e-15).all()
    assert slope[-1] <= slope[peak] / 100


def test_tukey_is_constant_beyond_c():
    """Errors larger than c cost c²/6 and have no slope at all."""
    error = torch.tensor([[3.0], [3.001], [-50.0], [1e4]])
    close(tukey(error, 0 * error, c=3.0), torch.full((4,), 1.5))
    assert not gradient(case_of(get_loss("tukey:c=3")), error, 0 * error).any()
