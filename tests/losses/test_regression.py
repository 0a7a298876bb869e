from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn import metrics

from lossbench.losses import get_loss
from lossbench.losses.regression import huber, log_cosh, mae, mape, mse, near_zero, pinball

from .cases import close

functional = torch.nn.functional

sizes = st.floats(-1e3, 1e3).filter(lambda value: value == 0 or abs(value) > 1e-6)
above_zero = st.floats(1e-3, 1e3)
between_0_and_1 = st.floats(0.01, 0.99)


@st.composite
def pairs(draw):
    """Raw outputs and targets of shape (rows, targets), in float64."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 3)))
    values = st.lists(sizes, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    return tuple(torch.tensor(draw(values), dtype=torch.float64).reshape(shape) for _ in range(2))


@settings(deadline=None, max_examples=25)
@given(pairs(), above_zero)
def test_agrees_with_torch(pair, delta):
    """Where torch has the loss, the values are torch's, averaged over the targets."""
    close(mse(*pair), functional.mse_loss(*pair, reduction="none").mean(-1))
    close(mae(*pair), functional.l1_loss(*pair, reduction="none").mean(-1))
    close(huber(*pair, delta=delta), functional.huber_loss(*pair, reduction="none", delta=delta).mean(-1))
    smooth = functional.smooth_l1_loss(*pair, reduction="none", beta=delta).mean(-1)
    close(huber(*pair, delta=delta) / delta, smooth)


@settings(deadline=None, max_examples=25)
@given(pairs(), between_0_and_1)
def test_agrees_with_scikit_learn(pair, tau):
    """The mean over samples is scikit-learn's measure of the same name."""
    raw, target = (array.numpy() for array in pair)
    assert float(mse(*pair).mean()) == pytest.approx(metrics.mean_squared_error(target, raw), abs=1e-9)
    assert float(mae(*pair).mean()) == pytest.approx(metrics.mean_absolute_error(target, raw), abs=1e-9)
    expected = metrics.mean_pinball_loss(target, raw, alpha=tau)
    assert float(pinball(*pair, tau=tau).mean()) == pytest.approx(expected, abs=1e-9)
    if (target != 0).all():
        expected = metrics.mean_absolute_percentage_error(target, raw)
        assert float(mape(*pair).mean()) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=25)
@given(pairs())
def test_same_function_by_another_road(pair):
    """Huber with a huge delta is half of MSE, over a tiny delta it is MAE; pinball at ½ is half of MAE."""
    close(huber(*pair, delta=1e6), mse(*pair) / 2)
    torch.testing.assert_close(huber(*pair, delta=1e-9) / 1e-9, mae(*pair), rtol=1e-8, atol=1e-8)
    close(2 * pinball(*pair, tau=0.5), mae(*pair))


@settings(deadline=None, max_examples=25)
@given(pairs(), between_0_and_1)
def test_pinball_reflects(pair, tau):
    """What lies above for tau lies below for 1 - tau, and the two add up to the absolute error."""
    raw, target = pair
    close(pinball(raw, target, tau=tau), pinball(target, raw, tau=1 - tau))
    close(pinball(raw, target, tau=tau) + pinball(raw, target, tau=1 - tau), mae(raw, target))


@settings(deadline=None, max_examples=25)
@given(pairs(), above_zero)
def test_errors_scale(pair, factor):
    """In other units of the target: MSE by the square, Huber too if delta goes along, MAPE not at all."""
    raw, target = pair
    scaled = raw * factor, target * factor
    torch.testing.assert_close(mse(*scaled), factor**2 * mse(*pair), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(
        huber(*scaled, delta=factor), factor**2 * huber(*pair, delta=1), rtol=1e-9, atol=1e-9
    )
    if (target != 0).all():
        torch.testing.assert_close(mape(*scaled), mape(*pair), rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(pairs())
def test_log_cosh_lies_between(pair):
    """Below half of MSE and below MAE, but never more than log 2 below MAE."""
    value = log_cosh(*pair)
    assert (value <= mse(*pair) / 2 + 1e-9).all()
    assert (value <= mae(*pair) + 1e-9).all()
    assert (value >= mae(*pair) - np.log(2) - 1e-9).all()


SAMPLE = np.array([1.0, 2.0, 2.5, 4.0, 7.0, 11.0, 30.0])


def best_constant(spec: str) -> float:
    """Return the prediction with the least total loss on SAMPLE."""
    target, loss = torch.as_tensor(SAMPLE)[:, None], get_loss(spec, "regression")

    def risk(value: float) -> float:
        return float(loss.per_sample(torch.full_like(target, value), target).sum())

    return minimize_scalar(risk, bounds=(0, 31), method="bounded", options={"xatol": 1e-9}).x


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the first value at which half of the weight is reached; the values are sorted."""
    return values[np.searchsorted(weights.cumsum(), weights.sum() / 2)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("mse", SAMPLE.mean()),
        ("mae", np.median(SAMPLE)),
        ("pinball", np.median(SAMPLE)),
        ("pinball:tau=0.8", np.quantile(SAMPLE, 0.8, method="inverted_cdf")),
        ("pinball:tau=0.2", np.quantile(SAMPLE, 0.2, method="inverted_cdf")),
        ("mape", weighted_median(SAMPLE, 1 / SAMPLE)),
        ("huber:delta=100", SAMPLE.mean()),
    ],
)
def test_estimates_what_the_record_says(spec, expected):
    """The best constant prediction is the mean, the median or the quantile of the sample."""
    assert best_constant(spec) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("spec", ["huber:delta=3", "log_cosh"])
def test_robust_losses_estimate_a_compromise(spec):
    """The best constant prediction lies between median and mean."""
    assert np.median(SAMPLE) < best_constant(spec) < SAMPLE.mean()


@settings(deadline=None, max_examples=25)
@given(st.lists(sizes, min_size=1, max_size=20), above_zero)
def test_near_zero_does_not_depend_on_units(values, factor):
    """The rows refused by mape are the same in every unit, and zeros are always among them."""
    targets = np.array(values)[:, None]
    size = np.abs(targets)
    marked = near_zero(targets)
    if not np.isclose(size, 0.01 * size.mean(), rtol=1e-9).any():
        np.testing.assert_array_equal(marked, near_zero(targets * factor))
    assert marked[targets[:, 0] == 0].all()
    assert not marked[np.argmax(size)] or not targets.any()


def test_near_zero_looks_at_each_target():
    """One target near zero, on its own scale, is enough to mark the row."""
    targets = np.array([[1.0, 1000.0], [2.0, 1.0], [1e-3, 900.0], [1.0, 800.0]])
    assert near_zero(targets).tolist() == [False, True, True, False]
