from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses import get_loss, multiclass, multilabel


@st.composite
def samples(draw):
    """Raw outputs and labels of shape (rows, labels), in float64."""
    rows, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    raw = draw(st.lists(st.floats(-30, 30), min_size=rows * width, max_size=rows * width))
    target = draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=rows * width, max_size=rows * width))
    return tuple(torch.tensor(values, dtype=torch.float64).reshape(rows, width) for values in (raw, target))


@pytest.mark.parametrize("spec", ["bce", "mse", "focal", "focal:gamma=1:alpha=0.2"])
@settings(deadline=None, max_examples=20)
@given(sample=samples())
def test_sums_the_binary_losses_of_the_labels(spec, sample):
    """The loss of several labels is the sum of the binary losses of each."""
    raw, target = sample
    single = get_loss(spec, "binary")
    alone = [single(raw[:, [label]], target[:, [label]]) for label in range(raw.shape[-1])]
    torch.testing.assert_close(get_loss(spec, "multilabel")(raw, target), sum(alone))


@settings(deadline=None, max_examples=25)
@given(samples())
def test_softmax_cross_entropy_sums_over_the_labels_present(sample):
    """It is the multiclass cross-entropy to each label that the sample has, added up."""
    raw, target = sample
    rows, labels = raw.shape
    each = torch.stack([multiclass.ce(raw, torch.full((rows,), label)) for label in range(labels)], dim=-1)
    torch.testing.assert_close(multilabel.ce(raw, target), (each * target).sum(-1), rtol=1e-10, atol=1e-10)


def test_softmax_cross_entropy_estimates_shares():
    """With labels present in shares q, its gradient vanishes at softmax(z) = q / Σq."""
    q = torch.tensor([0.9, 0.5, 0.1], dtype=torch.float64)
    raw = (q / q.sum()).log().requires_grad_()
    labels = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3)
    chance = torch.where(labels == 1, q, 1 - q).prod(-1)
    (slope,) = torch.autograd.grad(multilabel.ce(raw.expand(8, 3), labels) @ chance, raw)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)
