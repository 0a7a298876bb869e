from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.optimize import minimize
from sklearn import metrics

from lossbench.checks.case import gradient
from lossbench.losses import get_loss
from lossbench.losses.positive import (
    below_zero,
    gamma,
    gaussian_nll,
    msle,
    not_above_zero,
    poisson,
    positive,
    tweedie,
)
from lossbench.losses.record import POSITIVE

from .cases import case_of, close
from .strategies import pairs

amounts = st.floats(1e-2, 1e2)
powers = st.floats(1.05, 1.95)
SPECS = ("msle", "poisson", "gamma", "tweedie", "tweedie:p=1.1")


def raw_of(predicted: torch.Tensor) -> torch.Tensor:
    """Return the raw outputs that stand for positive predictions."""
    above = predicted - POSITIVE
    return above + torch.expm1(-above).neg().log()  # log(exp(f) - 1), which overflows


@settings(deadline=None, max_examples=25)
@given(pairs(amounts), powers)
def test_agrees_with_scikit_learn(pair, power):
    """The mean over samples is scikit-learn's, which has the whole deviance instead of its half."""
    raw, target = raw_of(pair[0]), pair[1]
    values = target.numpy().ravel(), pair[0].numpy().ravel()
    for loss, p in ((poisson(raw, target), 1), (gamma(raw, target), 2), (tweedie(raw, target, p=power), power)):
        expected = metrics.mean_tweedie_deviance(*values, power=p)
        assert 2 * float(loss.mean()) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    expected = metrics.mean_squared_log_error(*values)
    assert float(msle(raw, target).mean()) == pytest.approx(expected, rel=1e-7, abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(pairs(amounts))
def test_poisson_is_torch_s_but_for_a_constant(pair):
    """The negative log-likelihood less that of the perfect prediction."""
    raw, target = raw_of(pair[0]), pair[1]

    def likelihood(predicted):
        return torch.nn.functional.poisson_nll_loss(
            predicted, target, log_input=False, eps=0.0, reduction="none"
        ).mean(-1)

    close(poisson(raw, target), likelihood(positive(raw)) - likelihood(target))


@settings(deadline=None, max_examples=25)
@given(pairs(amounts))
def test_tweedie_goes_from_poisson_to_gamma(pair):
    """The limits at p = 1 and p = 2, where its formula divides by zero."""
    for p, limit in ((1 + 1e-7, poisson), (2 - 1e-7, gamma)):
        torch.testing.assert_close(tweedie(*pair, p=p), limit(*pair), rtol=1e-4, atol=1e-4)


@settings(deadline=None, max_examples=25)
@given(pairs(amounts), st.floats(0.1, 10), powers)
def test_deviances_scale(pair, factor, power):
    """In other units of the target a deviance goes by the factor to the power 2 - p: gamma not at all."""
    predicted, target = pair
    for loss, p in ((poisson, 1), (gamma, 2), (lambda *both: tweedie(*both, p=power), power)):
        found = loss(raw_of(predicted * factor), target * factor)
        wanted = factor ** (2 - p) * loss(raw_of(predicted), target)
        torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("spec", SPECS)
def test_perfect_prediction_costs_nothing(spec):
    """At f = y value and slope are zero; on both sides of it the value is above zero."""
    case = case_of(get_loss(spec))
    target = torch.linspace(0.05, 20, 50, dtype=torch.float64)[:, None]
    raw = raw_of(target)
    close(case.value(raw, target), torch.zeros(50, dtype=torch.float64))
    close(gradient(case, raw, target), torch.zeros_like(raw))
    for step in (-0.1, 0.1):
        assert (case.value(raw + step, target) > 1e-6).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec != "gamma"])
def test_targets_may_be_zero(spec, dtype):
    """Value and slope are finite there, the stated slope too, and all the smaller the smaller the prediction."""
    case = case_of(get_loss(spec))
    raw = torch.tensor([[-1e4], [-100.0], [-5.0], [0.0], [5.0], [100.0], [1e4]], dtype=dtype)
    target = torch.zeros_like(raw)
    value, slope = case.value(raw, target), gradient(case, raw, target)
    assert value.isfinite().all()
    assert (value.diff() >= 0).all()
    assert (slope >= 0).all()
    assert slope.isfinite().all()
    torch.testing.assert_close(case.loss.record.slope(raw, target, **case.loss.parameters), slope)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-15)])
def test_positive_is_exact(dtype, tolerance):
    """The numbers are those that numpy computes for the predictions, with no step where torch cuts a corner."""
    raw = torch.linspace(-50, 50, 20_001, dtype=dtype)
    wanted = np.logaddexp(0, raw.numpy().astype(float)) + POSITIVE
    np.testing.assert_allclose(positive(raw).numpy(), wanted, rtol=tolerance)


tables = arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 3)), elements=st.floats(-2, 3).map(round))


@settings(deadline=None, max_examples=25)
@given(tables)
def test_domains_look_at_each_row(targets):
    """A negative target is refused, by gamma a zero too; all rows are where a target is zero throughout."""
    empty = not targets.any(axis=0).all()
    for row, zero_refused, negative_refused in zip(
        targets, not_above_zero(targets), below_zero(targets), strict=True
    ):
        assert zero_refused == (row.min() <= 0)
        assert negative_refused == (empty or row.min() < 0)


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
