from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from scipy.stats import wasserstein_distance

from lossbench.losses.multiclass import mse
from lossbench.losses.ordered import cumulative, emd

from .cases import close
from .strategies import several_classes


@settings(deadline=None, max_examples=25)
@given(several_classes(most=2))
def test_two_classes_have_no_order(sample):
    """With two classes it is (p_0 - y_0)², half of the Brier score."""
    raw, target = sample
    close(emd(raw, target), (raw.softmax(-1)[:, 0] - (target == 0).to(raw.dtype)).square())
    close(emd(raw, target), mse(raw, target) / 2)


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_order_may_be_reversed(sample):
    """Counting the classes from the other end changes nothing."""
    raw, target = sample
    close(emd(raw.flip(-1), raw.shape[-1] - 1 - target), emd(raw, target))


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_sure_predictions_cost_their_distance(sample):
    """All probability on one class costs the number of classes between it and the true one."""
    raw, target = sample
    sure = 1e3 * torch.nn.functional.one_hot(raw.argmax(-1), raw.shape[-1]).to(raw.dtype)
    close(emd(sure, target), (raw.argmax(-1) - target).abs().to(raw.dtype))


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_bounds_the_square_of_the_distance(sample):
    """By Cauchy and Schwarz, scipy's earth mover's distance is at most the root of it times C - 1."""
    raw, target = sample
    classes = np.arange(raw.shape[-1])
    for p, t, value in zip(raw.softmax(-1).numpy(), target.tolist(), emd(raw, target).tolist(), strict=True):
        distance = wasserstein_distance(classes, [t], p)
        assert distance**2 <= value * (len(classes) - 1) + 1e-9
        assert distance >= value - 1e-9


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_cumulative_sums_are_torch_s(sample):
    """Along the last axis, whatever the layout."""
    raw, _ = sample
    close(cumulative(raw), raw.cumsum(-1))
