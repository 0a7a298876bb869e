from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from lossbench.losses import get_loss
from lossbench.losses.relative import mape, near_zero, smape

from .cases import close
from .strategies import above_zero, pairs, sizes


@settings(deadline=None, max_examples=25)
@given(pairs())
def test_mape_agrees_with_scikit_learn(pair):
    """The mean over samples is scikit-learn's metric of the same name."""
    raw, target = pair[0], pair[1].where(pair[1] != 0, 1)
    expected = metrics.mean_absolute_percentage_error(target.numpy(), raw.numpy())
    assert float(mape(raw, target).mean()) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=25)
@given(pairs(), above_zero)
def test_relative_errors_have_no_unit(pair, factor):
    """In other units of the target both losses are the same."""
    raw, target = pair[0], pair[1].where(pair[1] != 0, 1)
    for loss in (mape, smape):
        torch.testing.assert_close(loss(raw * factor, target * factor), loss(raw, target), rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(pairs())
def test_smape_takes_sides_with_neither(pair):
    """Target and prediction may change places; it is at most 2, and just that where their signs differ."""
    raw, target = pair
    value = smape(raw, target)
    close(value, smape(target, raw))
    assert (value <= 2 + 1e-12).all()
    opposite = torch.where(target == 0, 1.0, -target)
    close(smape(opposite, target), torch.full_like(value, 2))


@settings(deadline=None, max_examples=25)
@given(pairs(st.floats(1e-2, 1e3)))
def test_smape_is_relative_to_the_mean(pair):
    """Where target and prediction are above zero it is the error over the mean of the two."""
    raw, target = pair
    close(smape(raw, target), ((raw - target).abs() / ((raw + target) / 2)).mean(-1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_smape_is_defined_at_zero(dtype):
    """Both zero: no loss, no slope. A target of zero alone: the most, whatever is predicted, and no slope."""
    loss = get_loss("smape")
    target = torch.zeros(4, 1, dtype=dtype)
    raw = torch.tensor([[0.0], [1e-30], [-1.0], [1e4]], dtype=dtype, requires_grad=True)
    value = loss.per_sample(raw, target)
    (slope,) = torch.autograd.grad(value.sum(), raw)
    assert value.tolist() == [0, 2, 2, 2]
    close(slope, torch.zeros_like(slope))
    close(loss.record.slope(raw.detach(), target), torch.zeros_like(slope))


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
