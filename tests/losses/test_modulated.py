from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.checks.case import gradient
from lossbench.losses import get_loss
from lossbench.losses.binary import bce, mae
from lossbench.losses.modulated import asymmetric, focal, poly1, weighted_bce

from .cases import CASES, close
from .strategies import between_0_and_1, yes_or_no

exponents = st.floats(0, 5)


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_nothing_modulated_is_cross_entropy(sample):
    """With every exponent, margin or coefficient at zero, or even classes, nothing but `bce` is left."""
    raw, target = sample
    expected = bce(raw, target)
    close(focal(raw, target, gamma=0), expected)
    close(asymmetric(raw, target, gamma_pos=0, gamma_neg=0, m=0), expected)
    close(poly1(raw, target, epsilon=0), expected)
    close(weighted_bce(raw, target, prior=torch.full((1, 1), 0.5, dtype=raw.dtype)), expected)


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), exponents, between_0_and_1)
def test_focal_weighs_cross_entropy(sample, gamma, alpha):
    """It is cross-entropy times the wrong probability to the power gamma, times twice alpha or 1 - alpha."""
    raw, target = sample
    wrong = (raw.sigmoid() * (1 - target) + (-raw).sigmoid() * target)[:, 0]
    weight = 2 * (alpha * target + (1 - alpha) * (1 - target))[:, 0]
    close(focal(raw, target, gamma=gamma, alpha=alpha), weight * wrong**gamma * bce(raw, target))


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), exponents, exponents)
def test_asymmetric_is_focal_on_each_side(sample, gamma_pos, gamma_neg):
    """Without a margin, positives have the focal loss of one exponent and negatives that of the other."""
    raw, target = sample
    each = [focal(raw, target, gamma=gamma) for gamma in (gamma_neg, gamma_pos)]
    expected = torch.where(target[:, 0] == 1, each[1], each[0])
    close(asymmetric(raw, target, gamma_pos=gamma_pos, gamma_neg=gamma_neg, m=0), expected)


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), exponents, between_0_and_1)
def test_asymmetric_shifts_the_probability_of_negatives(sample, gamma, m):
    """A negative costs what one of probability p - m costs, and nothing below m; positives do not see m."""
    raw, target = sample
    shifted = (raw.sigmoid() - m).clamp(min=0)
    expected = -(shifted**gamma * (1 - shifted).log())[:, 0]
    absent = target[:, 0] == 0
    value = asymmetric(raw, target, gamma_neg=gamma, m=m)
    close(value[absent], expected[absent])
    close(value[~absent], asymmetric(raw, target, gamma_neg=gamma, m=0)[~absent])


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), st.floats(-1, 5))
def test_poly1_adds_absolute_error(sample, epsilon):
    """It is cross-entropy plus epsilon times the absolute error, whose first power it is in the expansion."""
    raw, target = sample
    close(poly1(raw, target, epsilon=epsilon), bce(raw, target) + epsilon * mae(raw, target))


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), between_0_and_1)
def test_class_weights_are_torch_s_but_for_the_scale(sample, share):
    """`weighted_bce` is torch's cross-entropy with a weight on positives, and has a mean weight of 1."""
    raw, target = sample
    prior = torch.tensor([[share]], dtype=raw.dtype)
    torch_s = torch.nn.BCEWithLogitsLoss(pos_weight=(1 - prior) / prior)(raw, target)
    close(weighted_bce(raw, target, prior=prior).mean(), torch_s / (2 * (1 - share)))
    both = torch.tensor([[0.0], [1.0]], dtype=raw.dtype)
    weights = weighted_bce(torch.zeros_like(both), both, prior=prior) / bce(torch.zeros_like(both), both)
    close(weights @ torch.tensor([1 - share, share], dtype=raw.dtype), torch.tensor(1.0, dtype=raw.dtype))


@settings(deadline=None, max_examples=25)
@given(yes_or_no(), between_0_and_1, st.floats(0.01, 100))
def test_a_positive_weighs_what_is_given(sample, share, weight):
    """`pos_weight` is torch's: at 1 it is `bce`, at the odds the default times a constant."""
    raw, target = sample
    prior = torch.tensor([[share]], dtype=raw.dtype)
    entropy = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor([weight], dtype=raw.dtype), reduction="none")
    close(weighted_bce(raw, target, prior=prior, pos_weight=weight), entropy(raw, target)[:, 0])
    close(weighted_bce(raw, target, prior=prior, pos_weight=1), bce(raw, target))
    odds = weighted_bce(raw, target, prior=prior, pos_weight=(1 - share) / share)
    close(weighted_bce(raw, target, prior=prior), odds / (2 * (1 - share)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_without_a_weight_the_numbers_are_those_of_the_shares(dtype):
    """To the last bit, value and slope: the form that had no `pos_weight`."""
    record = get_loss("weighted_bce").record
    generator = torch.Generator().manual_seed(0)
    raw = 20 * torch.randn(3, 50, 1, generator=generator, dtype=dtype)
    target = torch.randint(2, (3, 50, 1), generator=generator).to(dtype)
    prior = torch.tensor([0.5, 0.1, 0.007], dtype=dtype).reshape(3, 1, 1)
    weight = torch.lerp(0.5 / (1 - prior), 0.5 / prior, target)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(raw, target, weight, reduction="none")
    for none in (0.0, torch.zeros(3, 1, 1, dtype=dtype)):
        assert torch.equal(weighted_bce(raw, target, prior=prior, pos_weight=none), entropy.sum(-1))
        slope = record.slope(raw, target, prior=prior, pos_weight=none)
        assert torch.equal(slope, weight * (raw.sigmoid() - target))


@pytest.mark.parametrize("raw", [17.0, 20.0, 90.0])
def test_a_sure_mistake_still_has_a_gradient(raw):
    """In single precision the gradient at a sure mistake is 1, not 0."""
    for loss in (focal, poly1, lambda *sample: asymmetric(*sample, m=0)):
        leaf = torch.tensor([[raw]], requires_grad=True)
        (slope,) = torch.autograd.grad(loss(leaf, torch.zeros(1, 1)).sum(), leaf)
        assert float(slope) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("gamma_neg", [0.0, 0.5, 1.0, 4.0])
def test_asymmetric_has_a_slope_where_it_is_flat(gamma_neg):
    """Below the margin m and at it, slope and autograd are zero or that of one side, never infinite times zero."""
    case = next(case for case in CASES if case.loss.name == "asymmetric")
    parameters = {"gamma_pos": 1.0, "gamma_neg": gamma_neg, "m": 0.5}
    raw = torch.tensor([[-200.0], [-3.0], [0.0]], requires_grad=True)
    (expected,) = torch.autograd.grad(case.loss.record.fn(raw, torch.zeros(3, 1), **parameters).sum(), raw)
    slope = case.loss.record.slope(raw.detach(), torch.zeros(3, 1), **parameters)
    torch.testing.assert_close(slope, expected)
    assert (slope[:2] == 0).all()


def test_rare_positives_weigh_more():
    """With one positive in ten, it pulls nine times as hard as a negative pushes."""
    case = next(case for case in CASES if case.loss.name == "weighted_bce")
    raw, target = torch.zeros(2, 1), torch.tensor([[0.0], [1.0]])
    push, pull = gradient(case, raw, target, prior=torch.tensor([[0.1]]))
    assert float(-pull / push) == pytest.approx(9)
