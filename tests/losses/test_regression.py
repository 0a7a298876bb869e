from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from sklearn import metrics

from lossbench.checks.case import gradient
from lossbench.losses.regression import (
    epsilon_insensitive,
    expectile,
    huber,
    log_cosh,
    mae,
    mse,
    pinball,
    quadratic,
)

from .cases import CASES, close
from .strategies import above_zero, between_0_and_1, pairs

functional = torch.nn.functional


@settings(deadline=None, max_examples=25)
@given(pairs(), above_zero)
def test_agrees_with_torch(pair, delta):
    """Where torch has the loss, the values are torch's, averaged over the targets."""
    close(mse(*pair), functional.mse_loss(*pair, reduction="none").mean(-1))
    close(mae(*pair), functional.l1_loss(*pair, reduction="none").mean(-1))
    close(huber(*pair, delta=delta), functional.huber_loss(*pair, reduction="none", delta=delta).mean(-1))


@settings(deadline=None, max_examples=25)
@given(pairs(), between_0_and_1)
def test_agrees_with_scikit_learn(pair, tau):
    """The mean over samples is scikit-learn's metric of the same name."""
    raw, target = (array.numpy() for array in pair)
    assert float(mse(*pair).mean()) == pytest.approx(metrics.mean_squared_error(target, raw), abs=1e-9)
    assert float(mae(*pair).mean()) == pytest.approx(metrics.mean_absolute_error(target, raw), abs=1e-9)
    expected = metrics.mean_pinball_loss(target, raw, alpha=tau)
    assert float(pinball(*pair, tau=tau).mean()) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(pairs())
def test_same_function_by_another_road(pair):
    """Half of MSE: quadratic, Huber with a huge delta, expectile at ½. MAE: twice pinball at ½, no tube."""
    for half in (quadratic(*pair), huber(*pair, delta=1e6), expectile(*pair, tau=0.5)):
        close(half, mse(*pair) / 2)
    torch.testing.assert_close(huber(*pair, delta=1e-9) / 1e-9, mae(*pair), rtol=1e-8, atol=1e-8)
    close(2 * pinball(*pair, tau=0.5), mae(*pair))
    close(epsilon_insensitive(*pair, epsilon=0), mae(*pair))


@settings(deadline=None, max_examples=25)
@given(pairs(), between_0_and_1)
@pytest.mark.parametrize(("lopsided", "whole"), [(pinball, mae), (expectile, mse)])
def test_lopsided_losses_reflect(lopsided, whole, pair, tau):
    """What lies above for tau lies below for 1 - tau, and the two add up to the even loss."""
    raw, target = pair
    close(lopsided(raw, target, tau=tau), lopsided(target, raw, tau=1 - tau))
    close(lopsided(raw, target, tau=tau) + lopsided(raw, target, tau=1 - tau), whole(raw, target))


@settings(deadline=None, max_examples=25)
@given(pairs(), above_zero)
def test_tube_costs_what_sticks_out(pair, epsilon):
    """Between MAE less epsilon and MAE, and nothing where all errors are inside."""
    value, error = epsilon_insensitive(*pair, epsilon=epsilon), mae(*pair)
    assert (value <= error + 1e-9).all()
    assert (value >= error - epsilon - 1e-9).all()
    close(epsilon_insensitive(*pair, epsilon=3e3), torch.zeros_like(error))


@settings(deadline=None, max_examples=25)
@given(pairs(), above_zero)
def test_errors_scale(pair, factor):
    """In other units of the target: MSE by the square, Huber too if delta goes along; a tube by the factor."""
    raw, target = pair
    scaled = raw * factor, target * factor
    torch.testing.assert_close(mse(*scaled), factor**2 * mse(*pair), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(
        huber(*scaled, delta=factor), factor**2 * huber(*pair, delta=1), rtol=1e-9, atol=1e-9
    )
    narrow = epsilon_insensitive(*pair, epsilon=1)
    torch.testing.assert_close(epsilon_insensitive(*scaled, epsilon=factor), factor * narrow, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(pairs())
def test_log_cosh_lies_between(pair):
    """Below half of MSE and below MAE, but never more than log 2 below MAE."""
    value = log_cosh(*pair)
    assert (value <= mse(*pair) / 2 + 1e-9).all()
    assert (value <= mae(*pair) + 1e-9).all()
    assert (value >= mae(*pair) - np.log(2) - 1e-9).all()


SLOPED = [case for case in CASES if case.loss.task == "regression" and case.loss.record.slope]


@pytest.mark.parametrize("case", SLOPED, ids=str)
def test_slope_at_the_kinks_is_autograd_s(case):
    """Where an error is zero, or just as large as a parameter, the stated slope is the one that autograd takes."""
    marks = torch.tensor([0.0, *case.loss.parameters.values()], dtype=torch.float64)
    target = torch.cat([marks, -marks, torch.ones_like(marks)]).abs()[:, None] + 0.25
    raw = (target + torch.cat([marks, -marks, 0 * marks])[:, None]).repeat(1, case.loss.record.width(1))
    slope = case.loss.record.slope(raw, target, **case.loss.parameters)
    close(slope, gradient(case, raw, target))


def test_every_regression_loss_states_its_slope():
    """None is left to autograd: the family's derivatives are all short."""
    assert [case for case in CASES if case.loss.task == "regression"] == SLOPED
