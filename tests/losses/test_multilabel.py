from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses import get_loss, multiclass, multilabel

from .cases import CASES, close
from .strategies import yes_or_no

samples = yes_or_no(labels=st.integers(1, 5))
MULTILABEL = [case for case in CASES if case.loss.task == "multilabel" and not case.loss.record.whole_batch]


@pytest.mark.parametrize("case", [case for case in MULTILABEL if case.loss.facts.separable], ids=str)
def test_sums_the_binary_losses_of_the_labels(case):
    """The loss of several labels is the sum of the binary losses of each."""
    raw, target = case.draw(200, scale=5)
    single = get_loss(case.loss.spec, "binary")
    alone = [single(raw[:, [label]], target[:, [label]]) for label in range(raw.shape[-1])]
    close(case.value(raw, target), sum(alone))


@settings(deadline=None, max_examples=25)
@given(samples)
def test_agrees_with_torch(sample):
    """Torch's cross-entropy for several labels averages over them where ours, and what reduces to it, sums."""
    raw, target = sample
    expected = torch.nn.MultiLabelSoftMarginLoss(reduction="none")(raw, target) * raw.shape[-1]
    for spec in ("bce", "focal:gamma=0", "asymmetric:gamma_pos=0:gamma_neg=0:m=0"):
        close(get_loss(spec, "multilabel")(raw, target), expected)


@settings(deadline=None, max_examples=25)
@given(samples)
def test_softmax_cross_entropy_sums_over_the_labels_present(sample):
    """It is the multiclass cross-entropy to each label that the sample has, added up."""
    raw, target = sample
    rows, labels = raw.shape
    each = torch.stack([multiclass.ce(raw, torch.full((rows,), label)) for label in range(labels)], dim=-1)
    close(multilabel.ce(raw, target), (each * target).sum(-1))


def test_softmax_cross_entropy_estimates_shares():
    """With labels present in shares q, its gradient vanishes at softmax(z) = q / Σq."""
    q = torch.tensor([0.9, 0.5, 0.1], dtype=torch.float64)
    raw = (q / q.sum()).log().requires_grad_()
    labels = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3)
    chance = torch.where(labels == 1, q, 1 - q).prod(-1)
    (slope,) = torch.autograd.grad(multilabel.ce(raw.expand(8, 3), labels) @ chance, raw)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)
