from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from sklearn import metrics
from sklearn.linear_model import _sgd_fast

from lossbench.checks.case import gradient
from lossbench.losses import binary
from lossbench.losses.margin import (
    expected_cost,
    exponential,
    hinge,
    modified_huber,
    savage,
    squared_hinge,
    unhinged,
    zero_one,
)

from .cases import CASES, close
from .strategies import above_zero, yes_or_no

MARGIN = (hinge, squared_hinge, modified_huber, exponential, savage, unhinged)


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_agrees_with_scikit_learn(sample):
    """The mean over samples is scikit-learn's hinge loss."""
    raw, target = (column[:, 0].numpy() for column in sample)
    if len(set(target)) == 2:
        assert float(hinge(*sample).mean()) == pytest.approx(metrics.hinge_loss(target, raw), abs=1e-12)


PEERS = {
    "hinge": _sgd_fast.Hinge(1.0),
    "squared_hinge": _sgd_fast.SquaredHinge(1.0),
    "modified_huber": _sgd_fast.ModifiedHuber(),
}


@pytest.mark.parametrize("name", PEERS)
def test_agrees_with_the_losses_that_scikit_learn_trains_by(name):
    """Value and slope are those of `SGDClassifier`, at the kinks too, but for the hinge's choice at its own."""
    case = next(case for case in CASES if (case.loss.task, case.loss.name) == ("binary", name))
    raw = torch.linspace(-6, 6, 97, dtype=torch.float64)
    raw = raw[raw.abs() != 1] if name == "hinge" else raw
    for label in (0.0, 1.0):
        target = torch.full_like(raw, label)
        columns = raw[:, None], target[:, None]
        slope = case.loss.record.slope(*columns)[:, 0]
        for ours, theirs in ((case.value(*columns), PEERS[name].py_loss), (slope, PEERS[name].py_dloss)):
            expected = [theirs(float(value), 2 * label - 1) for value in raw]
            np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-12)


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_same_function_by_another_road(sample):
    """Squared hinge is hinge squared, hinge is the positive part of unhinged, savage is Brier at twice z."""
    raw, target = sample
    margin = ((2 * target - 1) * raw)[:, 0]
    close(squared_hinge(raw, target), hinge(raw, target).square())
    close(hinge(raw, target), unhinged(raw, target).relu())
    close(savage(raw, target), binary.mse(2 * raw, target))
    close(savage(raw, target), 1 / (1 + (2 * margin).exp()).square())


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_modified_huber_is_squared_hinge_up_to_its_straight_line(sample):
    """The two agree for margins from -1 on; below, the straight line lies lower, and is four times the mistake."""
    raw, target = sample
    margin = ((2 * target - 1) * raw)[:, 0]
    close(modified_huber(raw, target), torch.where(margin >= -1, squared_hinge(raw, target), -4 * margin))
    assert (modified_huber(raw, target) <= squared_hinge(raw, target)).all()


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_exponential_is_exact_up_to_its_straight_line(sample):
    """It is exp(-s z) for margins from -16 on; below it is the tangent, which lies lower."""
    raw, target = sample
    margin = ((2 * target - 1) * raw)[:, 0]
    value, near = exponential(raw, target), margin >= -16
    torch.testing.assert_close(value[near], (-margin[near]).exp(), rtol=1e-12, atol=0)
    torch.testing.assert_close(value[~near], np.exp(16) * (-15 - margin[~near]), rtol=1e-12, atol=0)
    assert (value[~near] < (-margin[~near]).exp()).all()


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_unhinged_values_of_both_classes_add_up(sample):
    """Unhinged of a class and of its opposite sum to 2 everywhere: what makes it tolerate flipped labels."""
    raw, target = sample
    close(unhinged(raw, target) + unhinged(raw, 1 - target), torch.full((len(raw),), 2.0, dtype=raw.dtype))


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_only_the_margin_counts(sample):
    """The other class with the other sign costs the same, and a larger margin never costs more."""
    raw, target = sample
    further = raw + 0.5 * (2 * target - 1)
    for loss in MARGIN:
        torch.testing.assert_close(loss(raw, target), loss(-raw, 1 - target), rtol=1e-12, atol=0)
        assert (loss(further, target) <= loss(raw, target)).all(), loss.__name__


BY_MARGIN = [case for case in CASES if case.loss.record.fn in MARGIN]


@pytest.mark.parametrize("case", BY_MARGIN, ids=str)
def test_slope_at_the_kinks_is_autograd_s(case):
    """Where one piece of a loss meets the next, the stated slope is the one that autograd takes."""
    raw = torch.tensor([-16.0, -1, 0, 1, 16], dtype=torch.float64).repeat(2)[:, None].repeat(1, case.outputs)
    target = torch.arange(2, dtype=torch.float64).repeat_interleave(5)[:, None].repeat(1, case.outputs)
    close(case.loss.record.slope(raw, target), gradient(case, raw, target))


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), above_zero, above_zero)
def test_expected_cost_is_what_the_matrix_says(sample, alpha, beta):
    """It is the confusion matrix times that of costs; with equal costs it is so many times zero_one."""
    raw, target = torch.where(sample[0] > 0, sample[0], sample[0] - 1), sample[1]
    counts = metrics.confusion_matrix(target[:, 0], raw[:, 0] > 0, labels=[0.0, 1.0])
    costs = np.array([[0, alpha], [beta, 0]])
    total = float(expected_cost(raw, target, alpha=alpha, beta=beta).sum())
    assert total == pytest.approx((counts * costs).sum(), rel=1e-9)
    close(expected_cost(raw, target, alpha=alpha, beta=alpha), alpha * zero_one(raw, target))
