from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings

from lossbench.losses.softmax import (
    add_to_true_,
    log_softmax,
    of_true,
    one_hot,
    others,
    softmax,
    through_softmax,
)

from .cases import close
from .strategies import several_classes


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_softmax_is_torch_s(sample):
    """Probabilities and their logarithms are torch's, whichever axis they are computed along."""
    raw, _ = sample
    close(softmax(raw), raw.softmax(-1))
    close(log_softmax(raw), raw.log_softmax(-1))


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_true_class_is_the_one_that_the_index_names(sample):
    """Reading it, adding to it and leaving it out are what a one-hot tensor of torch's says."""
    raw, target = sample
    y = torch.nn.functional.one_hot(target, raw.shape[-1]).to(raw.dtype)
    close(one_hot(raw, target), y)
    close(of_true(raw, target), (y * raw).sum(-1, keepdim=True))
    close(add_to_true_(raw.clone(), target, -2), raw - 2 * y)
    amount = torch.arange(len(raw), dtype=raw.dtype)[:, None]
    close(add_to_true_(raw.clone(), target, amount), raw + amount * y)
    assert torch.equal(others(raw, target), torch.where(y == 1, -torch.inf, raw))


@settings(deadline=None, max_examples=25)
@given(several_classes())
def test_a_derivative_goes_through_softmax(sample):
    """The derivative of any function of the probabilities, taken through softmax, is autograd's."""
    raw, _ = sample
    leaf = raw.clone().requires_grad_()
    p = leaf.softmax(-1)
    (expected,) = torch.autograd.grad((p**3 * torch.arange(raw.shape[-1])).sum(), leaf)
    p = p.detach()
    close(through_softmax(p, 3 * p**2 * torch.arange(raw.shape[-1])), expected)


@pytest.mark.parametrize("function", [softmax, log_softmax, lambda raw: one_hot(raw, torch.ones(3, 5).long())])
def test_layout_is_kept(function):
    """What lies in memory with the batch innermost stays so: the fused engine's products want it."""
    raw = torch.zeros(3, 4, 5).transpose(1, 2)
    assert function(raw).stride() == raw.stride()


def test_a_shared_target_serves_every_model():
    """A target without the models' axis is read by all models, not by the first one only."""
    raw = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([0, 1, 2, 1, 0])
    for function in (one_hot, of_true, others):
        for shared in (target, target[None]):
            assert torch.equal(function(raw, shared), function(raw, target.expand(4, -1)))
