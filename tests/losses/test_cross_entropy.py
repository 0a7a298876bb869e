from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses import get_loss
from lossbench.losses.cross_entropy import kl, poly1, squentropy
from lossbench.losses.multiclass import ce, label_smoothing
from lossbench.losses.softmax import one_hot

from .cases import close
from .strategies import several_classes

shares = st.floats(0, 0.99)


@settings(deadline=None, max_examples=25)
@given(several_classes(), shares)
def test_agrees_with_torch(sample, epsilon):
    """The relative entropy is torch's KLDivLoss, to the one-hot target and to a smoothed one."""
    raw, target = sample
    q = (1 - epsilon) * one_hot(raw, target) + epsilon / raw.shape[-1]
    expected = torch.nn.KLDivLoss(reduction="none")(raw.log_softmax(-1), q).sum(-1)
    close(kl(raw, target, epsilon=epsilon), expected)


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_cross_entropy_by_another_road(sample):
    """Relative entropy to the one-hot target and poly1 with epsilon = 0 are CE."""
    raw, target = sample
    close(kl(raw, target), ce(raw, target))
    close(poly1(raw, target, epsilon=0), ce(raw, target))


@settings(deadline=None, max_examples=25)
@given(several_classes(), shares)
def test_relative_entropy_is_smoothing_less_a_constant(sample, epsilon):
    """It differs from label smoothing by the entropy of the target, and is zero where p is the target."""
    raw, target = sample
    q = (1 - epsilon) * one_hot(raw, target) + epsilon / raw.shape[-1]
    entropy = torch.special.entr(q).sum(-1)
    close(kl(raw, target, epsilon=epsilon), label_smoothing(raw, target, epsilon=epsilon) - entropy)
    close(kl(q.clamp(min=1e-300).log(), target, epsilon=epsilon), torch.zeros_like(entropy))


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.floats(-1, 10))
def test_poly1_adds_the_wrong_probability(sample, epsilon):
    """It is CE and epsilon times half of the absolute error; at -1 the first term of the series is gone."""
    raw, target = sample
    wrong = 1 - (raw.softmax(-1) * one_hot(raw, target)).sum(-1)
    close(poly1(raw, target, epsilon=epsilon), ce(raw, target) + epsilon * wrong)
    near = (wrong < 0.01) & (wrong > 1e-5)
    rest = poly1(raw, target, epsilon=-1)[near]
    torch.testing.assert_close(rest, wrong[near] ** 2 / 2, rtol=0.01, atol=0)


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_squentropy_adds_the_mean_square_of_the_wrong_outputs(sample):
    """The true class's own raw output is not pulled towards zero."""
    raw, target = sample
    wrong = torch.stack([torch.cat([row[:t], row[t + 1 :]]) for row, t in zip(raw, target, strict=True)])
    close(squentropy(raw, target), ce(raw, target) + wrong.square().mean(-1))


def test_the_placebo_has_the_slope_of_cross_entropy():
    """What is the same function learns the same, to the last bit."""
    generator = torch.Generator().manual_seed(0)
    raw, target = 3 * torch.randn(50, 4, generator=generator), torch.arange(50) % 4
    placebo = get_loss("kl", "multiclass")
    assert placebo.record.placebo == "ce"
    reference = get_loss("ce", "multiclass").record.slope(raw, target)
    assert torch.equal(placebo.record.slope(raw, target, **placebo.parameters), reference)
