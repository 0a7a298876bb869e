"""Losses of masks: those of pixels are means, those of overlap are of each image by itself."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses import binary, get_loss, modulated, overlap
from lossbench.losses.registry import losses_of
from lossbench.losses.structured import segmentation

from ..cases import close
from ..strategies import above_zero, between_0_and_1, yes_or_no

images = yes_or_no(labels=st.integers(1, 9))
drawn = settings(deadline=None, max_examples=25)


@drawn
@given(images)
def test_losses_of_pixels_are_the_mean_of_the_losses_of_two_classes(sample):
    """A mask of several pixels costs what its pixels cost on the average, each as a row of two classes."""
    raw, target = sample
    for own, row in (
        (segmentation.bce, binary.bce),
        (segmentation.mse, binary.mse),
        (segmentation.focal, modulated.focal),
    ):
        close(own(raw, target), row(raw[..., None], target[..., None]).mean(-1))


@drawn
@given(images, above_zero, between_0_and_1, between_0_and_1)
def test_losses_of_overlap_are_those_of_a_batch_that_is_the_image(sample, epsilon, alpha, beta):
    """`dice` and `tversky` of an image are those of two classes with its pixels as the batch."""
    raw, target = sample
    close(
        segmentation.dice(raw, target, epsilon=epsilon),
        overlap.dice(raw[..., None], target[..., None], epsilon=epsilon),
    )
    weights = {"alpha": alpha, "beta": beta, "epsilon": epsilon}
    close(
        segmentation.tversky(raw, target, **weights), overlap.tversky(raw[..., None], target[..., None], **weights)
    )


@drawn
@given(images, above_zero)
def test_jaccard_and_the_sum_follow_from_their_parts(sample, epsilon):
    """The formula of one, and cross-entropy plus the weighted Dice loss."""
    raw, target = sample
    p = raw.sigmoid()
    tp, wrong = (p * target).sum(-1), (p - target).abs().sum(-1)
    close(segmentation.jaccard(raw, target, epsilon=epsilon), 1 - (tp + epsilon) / (tp + wrong + epsilon))
    both = segmentation.bce(raw, target) + 3 * segmentation.dice(raw, target, epsilon=epsilon)
    close(segmentation.bce_dice(raw, target, weight=3.0, epsilon=epsilon), both)


def lost(wrong: set[int], truth: set[int]) -> float:
    """Return one minus the Jaccard index where some pixels are decided wrong."""
    union = truth | wrong
    return len(wrong) / len(union) if union else 0.0


@drawn
@given(yes_or_no(labels=st.integers(1, 4)))
def test_lovasz_is_the_largest_of_all_orders(sample):
    """It is the convex closure: of all orders in which pixels may be counted, the one that costs most."""
    raw, target = sample
    margins = (1 - (2 * target - 1) * raw).clamp(min=0).numpy()
    found = segmentation.lovasz(raw, target).numpy()
    for margin, mask, value in zip(margins, target.numpy(), found, strict=True):
        truth, pixels = set(np.flatnonzero(mask).tolist()), range(len(mask))
        costs = [
            sum(
                margin[pixel] * (lost(set(order[: place + 1]), truth) - lost(set(order[:place]), truth))
                for place, pixel in enumerate(order)
            )
            for order in permutations(pixels)
        ]
        assert value == pytest.approx(max(costs), abs=1e-9)


@pytest.mark.parametrize("name", ["dice", "tversky", "jaccard", "lovasz"])
def test_sure_masks_have_the_index_that_they_are_named_for(name):
    """Of decisions that are certain; the Lovász hinge where every margin is one pixel's error or none."""
    target = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    raw = torch.tensor([[1.0, -1.0, 1.0, -1.0]])  # one hit, one missed, one too many
    index = {"dice": 1 / 2, "tversky": 1 / (1 + 0.3 + 0.7), "jaccard": 1 / 3, "lovasz": 1 / 3}[name]
    sharp = {} if name == "lovasz" else {"epsilon": 1e-9}
    value = getattr(segmentation, name)(raw if name == "lovasz" else 100 * raw, target, **sharp)
    assert float(value) == pytest.approx((1 - index) * (2 if name == "lovasz" else 1), abs=1e-6)


@pytest.mark.parametrize("record", losses_of("segmentation"), ids=lambda record: record.name)
def test_an_image_without_an_object_pushes_down(record):
    """It has a value and a direction, and costs nothing where nothing is seen."""
    loss = get_loss(record.name, "segmentation")
    raw, nothing = torch.linspace(-1, 1, 6)[None].requires_grad_(), torch.zeros(1, 6)
    value = loss(raw, nothing)
    (slope,) = torch.autograd.grad(value.sum(), raw)
    assert value.item() > 0
    assert (slope >= 0).all()
    assert slope.any()
    assert float(loss(torch.full((1, 6), -100.0), nothing)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("record", losses_of("segmentation"), ids=lambda record: record.name)
def test_no_image_has_a_say_in_another(record):
    """The loss of an image is the same alone and in a batch."""
    loss = get_loss(record.name, "segmentation")
    random = np.random.default_rng(0)
    raw, target = torch.tensor(random.normal(size=(5, 16))), torch.tensor(random.integers(2, size=(5, 16)))
    together = loss(raw, target)
    close(together, torch.cat([loss(raw[k : k + 1], target[k : k + 1]) for k in range(5)]))


def test_a_training_loop_hands_it_images():
    """The module takes (batch, 1, height, width), as networks of images give it."""
    raw, target = torch.randn(3, 1, 4, 4), torch.randint(0, 2, (3, 1, 4, 4))
    loss = get_loss("dice", "segmentation")
    assert torch.equal(loss.module()(raw, target), loss(raw.flatten(1), target.flatten(1)).mean())
