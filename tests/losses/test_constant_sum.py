from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses import binary, get_loss, margin
from lossbench.losses.constant_sum import nce, rce, unhinged
from lossbench.losses.multiclass import ce, mae
from lossbench.losses.noise_robust import nce_rce, sce
from lossbench.losses.softmax import one_hot

from .cases import close
from .strategies import several_classes, yes_or_no

weights = st.floats(0.01, 10)
below_zero = st.floats(-10, -0.1)


def by_class(loss, raw, **parameters):
    """Return a loss (classes, rows) for each possible true class."""
    rows, classes = raw.shape
    return torch.stack([loss(raw, torch.full((rows,), c), **parameters) for c in range(classes)])


@settings(deadline=None, max_examples=25)
@given(several_classes(), below_zero)
def test_values_for_all_true_classes_add_up_to_a_constant(sample, A):
    """What makes a loss tolerate flipped labels: 1 for `nce`, -A (C - 1) for `rce`, C for `unhinged`."""
    raw, _ = sample
    classes = raw.shape[-1]
    one = torch.ones(len(raw), dtype=raw.dtype)
    close(by_class(nce, raw).sum(0), one)
    close(by_class(rce, raw, A=A).sum(0), -A * (classes - 1) * one)
    close(by_class(unhinged, raw).sum(0), classes * one)


@settings(deadline=None, max_examples=25)
@given(several_classes(), st.sampled_from([nce, rce, unhinged]), st.floats(0, 0.9))
def test_even_flips_only_scale_the_expected_loss(sample, loss, flipped):
    """With a share of the labels moved evenly to the other classes, the mean is scaled and shifted."""
    raw, target = sample
    classes = raw.shape[-1]
    values, clean = by_class(loss, raw), loss(raw, target)
    noisy = (1 - flipped) * clean + flipped / (classes - 1) * (values.sum(0) - clean)
    close(noisy, (1 - flipped * classes / (classes - 1)) * clean + flipped / (classes - 1) * values.sum(0))
    assert (values.sum(0) - values.sum(0)[0]).abs().max() < 1e-9


@settings(deadline=None, max_examples=25)
@given(several_classes(), weights, weights, below_zero)
def test_the_active_and_passive_loss_is_their_weighted_sum(sample, alpha, beta, A):
    """`nce_rce` is alpha `nce` + beta `rce`, and `sce` is alpha `ce` + beta `rce`; slopes too."""
    raw, target = sample
    given = {"alpha": alpha, "beta": beta, "A": A}
    reverse = beta * rce(raw, target, A=A)
    close(nce_rce(raw, target, **given), alpha * nce(raw, target) + reverse)
    close(sce(raw, target, **given), alpha * ce(raw, target) + reverse)
    slopes = {name: get_loss(name, "multiclass").record.slope for name in ("nce", "rce", "nce_rce")}
    parts = alpha * slopes["nce"](raw, target) + beta * slopes["rce"](raw, target, A=A)
    close(slopes["nce_rce"](raw, target, **given), parts)


@settings(deadline=None, max_examples=25)
@given(several_classes(), below_zero)
def test_each_is_what_its_name_says(sample, A):
    """`nce` is CE over its sum for all classes; `rce` is -Σ p log y with A for log 0, and -A / 2 times MAE."""
    raw, target = sample
    close(nce(raw, target), ce(raw, target) / by_class(ce, raw).sum(0))
    close(rce(raw, target, A=A), -(raw.softmax(-1) * A * (1 - one_hot(raw, target))).sum(-1))
    close(rce(raw, target, A=A), -A / 2 * mae(raw, target))


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_unhinged_is_cross_entropy_less_its_mean_over_the_classes(sample):
    """The linear part of CE: C / (C - 1) times the difference, plus 1."""
    raw, target = sample
    classes = raw.shape[-1]
    centred = ce(raw, target) - by_class(ce, raw).mean(0)
    close(unhinged(raw, target), 1 + classes / (classes - 1) * centred)


@settings(deadline=None, max_examples=25)
@given(yes_or_no())
def test_with_two_classes_they_are_the_binary_losses_of_the_difference(sample):
    """Outputs 0 and z of two classes are one output z; the values of both classes of binary `nce` add up to 1."""
    z, y = sample
    raw, target = torch.cat([0 * z, z], dim=-1), y[:, 0].long()
    close(unhinged(raw, target), margin.unhinged(z, y))
    close(nce(raw, target), binary.nce(z, y))
    close(binary.nce(z, y) + binary.nce(z, 1 - y), torch.ones(len(z), dtype=z.dtype))


@pytest.mark.parametrize("shares", [(0.2, 0.65, 0.15), (0.9, 0.06, 0.04), (0.3, 0.3, 0.2, 0.2)])
def test_normalised_cross_entropy_alone_only_rules_out_the_least_probable_class(shares):
    """Its expected value nears the smallest share there, below which it never is, whatever the other outputs."""
    share = torch.tensor(shares, dtype=torch.float64)
    raw = torch.randn(1000, len(shares), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 5
    assert (share @ by_class(nce, raw) >= share.min() - 1e-12).all()
    ruled_out = raw.clone()
    ruled_out[:, -1] = -1e9
    expected = share @ by_class(nce, ruled_out)
    torch.testing.assert_close(expected, share.min().expand(1000), rtol=0, atol=1e-6)
