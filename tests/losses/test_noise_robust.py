from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses import get_loss
from lossbench.losses.multiclass import ce, mae
from lossbench.losses.noise_robust import bi_tempered, gce, nce_rce, sce, taylor_ce, tempered_softmax
from lossbench.losses.softmax import one_hot

from .cases import close
from .strategies import several_classes

weights = st.floats(0.01, 10)
below_zero = st.floats(-10, -0.1)


def over_all_classes(loss, raw, **parameters):
    """Return the sum of a loss over all possible true classes."""
    rows, classes = raw.shape
    return sum(loss(raw, torch.full((rows,), c), **parameters) for c in range(classes))


def expanded(left, right, tolerance):
    """Require two results to agree to a tolerance relative to 1 + their size."""
    torch.testing.assert_close(left, right, rtol=tolerance, atol=tolerance)


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_generalised_cross_entropy_lies_between(sample):
    """It is half of the absolute error at q = 1, and CE as q goes to 0."""
    raw, target = sample
    close(gce(raw, target, q=1), mae(raw, target) / 2)
    expanded(gce(raw, target, q=1e-9), ce(raw, target), 1e-6)


@settings(deadline=None, max_examples=25)
@given(several_classes(), weights, weights, below_zero)
def test_symmetric_cross_entropy_adds_the_reverse(sample, alpha, beta, A):
    """It is CE at (1, 0); the reverse cross-entropy is -Σ p log y with A for log 0, and -A / 2 times MAE."""
    raw, target = sample
    reverse = -(raw.softmax(-1) * A * (1 - one_hot(raw, target))).sum(-1)
    close(reverse, -A / 2 * mae(raw, target))
    close(sce(raw, target, alpha=1, beta=0), ce(raw, target))
    close(sce(raw, target, alpha=alpha, beta=beta, A=A), alpha * ce(raw, target) + beta * reverse)


@settings(deadline=None, max_examples=25)
@given(several_classes(), weights, weights, below_zero)
def test_active_and_passive_loss_is_the_sum_of_its_parts(sample, alpha, beta, A):
    """The active part is CE over the sum of CE for all classes; the passive part is the reverse cross-entropy."""
    raw, target = sample
    active = ce(raw, target) / over_all_classes(ce, raw)
    passive = -A / 2 * mae(raw, target)
    close(nce_rce(raw, target, alpha=alpha, beta=beta, A=A), alpha * active + beta * passive)


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_tolerant_losses_add_up_to_a_constant(sample):
    """Over all possible true classes: what makes a loss tolerate flipped labels. That of CE is not constant."""
    raw, _ = sample
    classes = raw.shape[-1]
    one = torch.ones(len(raw), dtype=raw.dtype)
    close(over_all_classes(nce_rce, raw, alpha=1, beta=0), one)
    close(over_all_classes(nce_rce, raw, alpha=0, beta=1, A=-3), 3 * (classes - 1) * one)
    close(over_all_classes(gce, raw, q=1), (classes - 1) * one)


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_taylor_series_goes_from_absolute_error_to_cross_entropy(sample):
    """One term is half of MAE; each term brings it nearer to CE, which it reaches where p_t is not small."""
    raw, target = sample
    close(taylor_ce(raw, target, t=1), mae(raw, target) / 2)
    sums = torch.stack([taylor_ce(raw, target, t=t) for t in (1, 2, 5, 12, 30)])
    assert (sums.diff(dim=0) >= -1e-12).all()
    assert (sums <= ce(raw, target) + 1e-12).all()
    near = ce(raw, target) < 0.7
    expanded(sums[-1][near], ce(raw, target)[near], 1e-9)


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.integers(1, 29), st.floats(0, 1))
def test_taylor_series_is_cut_between_terms_in_proportion(sample, t, part):
    """A fraction of t is that share of the next term."""
    raw, target = sample
    here, there = taylor_ce(raw, target, t=t), taylor_ce(raw, target, t=t + 1)
    close(taylor_ce(raw, target, t=t + part), (1 - part) * here + part * there)


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.floats(1, 4))
def test_tempered_softmax_is_a_distribution(sample, t2):
    """It adds up to 1, and p^(1 - t2) falls in a straight line of the raw outputs; at t2 = 1 it is softmax."""
    raw, _ = sample
    logarithms, stretched = tempered_softmax(raw, t2)
    close(logarithms.exp().sum(-1), torch.ones(len(raw), dtype=raw.dtype))
    close(stretched.diff(dim=-1), (1 - t2) * raw.diff(dim=-1))
    torch.testing.assert_close(((1 - t2) * logarithms).exp(), stretched, rtol=1e-9, atol=0)
    close(tempered_softmax(raw, 1.0)[0], raw.log_softmax(-1))


@pytest.mark.parametrize(("classes", "t2"), [(20, 4.0), (1000, 2.0)])
def test_tempered_softmax_has_converged(classes, t2):
    """The steps suffice for raw outputs of every width, also where one class stands out from many equal ones."""
    raw = torch.zeros(200, classes, dtype=torch.float64)
    raw[:, 0] = torch.logspace(-2, 7, 200, dtype=torch.float64)
    raw[100:, 1] = raw[100:, 0]
    total = tempered_softmax(raw, t2)[0].exp().sum(-1)
    close(total, torch.ones_like(total))


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.sampled_from([torch.float32, torch.float64]))
def test_bi_tempered_loss_is_cross_entropy_at_one(sample, dtype):
    """Value, slope and autograd's slope, where both temperatures are 1, as numbers or as tensors."""
    raw, target = sample
    raw = raw.to(dtype).requires_grad_()
    tolerance = 1e-12 if dtype is torch.float64 else 1e-5
    (wanted,) = torch.autograd.grad(ce(raw, target).sum(), raw)
    for one in (1.0, torch.ones(1, 1, dtype=dtype)):
        value = bi_tempered(raw, target, t1=one, t2=one)
        expanded(value, ce(raw, target), tolerance)
        (slope,) = torch.autograd.grad(value.sum(), raw)
        expanded(slope, wanted, tolerance)
        expanded(get_loss("bi_tempered").record.slope(raw.detach(), target, t1=one, t2=one), wanted, tolerance)


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.floats(1, 4), st.floats(1e-9, 1e-4))
def test_bi_tempered_loss_is_continuous_at_one(sample, t2, below):
    """In t1, at any t2, and in both: value and slope differ from those at 1 in proportion to the distance."""
    raw, target = sample
    slope = get_loss("bi_tempered").record.slope
    for near, limit in (((1 - below, t2), (1, t2)), ((1 - below, 1 + below), (1, 1))):
        for fn in (bi_tempered, slope):
            here, there = (fn(raw, target, t1=t1, t2=t2) for t1, t2 in (near, limit))
            # The logarithm is at most 61: its square is what the first order leaves.
            torch.testing.assert_close(here, there, rtol=0, atol=1e4 * below + 1e-7)


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.floats(0, 0.95), st.floats(1, 4))
def test_bi_tempered_loss_is_a_bregman_divergence(sample, t1, t2):
    """It is that of Σ (x log_t1 x - x^(2 - t1) / (2 - t1)) between y and p, and is at most 1 / (1 - t1)."""
    raw, target = sample
    y, p = one_hot(raw, target), tempered_softmax(raw, t2)[0].exp()

    def log_t1(x):
        return (x ** (1 - t1) - 1) / (1 - t1)

    def potential(x):
        return (x * log_t1(x) - x ** (2 - t1) / (2 - t1)).sum(-1)

    value = bi_tempered(raw, target, t1=t1, t2=t2)
    expanded(value, potential(y) - potential(p) - ((y - p) * log_t1(p)).sum(-1), 1e-9)
    assert (value <= 1 / (1 - t1) + 1e-12).all()


@pytest.mark.parametrize("q", [0.2, 0.7, 0.9])
def test_generalised_cross_entropy_sharpens(q):
    """Its minimiser has p in proportion to the shares to the power 1 / (1 - q): a zero of the expected slope."""
    shares = torch.tensor([0.2, 0.65, 0.15], dtype=torch.float64)
    best = (shares.log() / (1 - q)).expand(3, 3)
    slope = shares @ get_loss("gce").record.slope(best, torch.arange(3), q=q)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)
