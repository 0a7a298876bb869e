"""Two classes as a softmax of two outputs, or as a sigmoid of one: the same function in two parametrisations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.exact.properties import POINTS, agreement, draw
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import Loss, get_loss

if TYPE_CHECKING:
    from torch import Tensor

STEPS, RATE = 200, 0.1


@experiment("two_classes")
def two_classes(claim: Claim, study: Study) -> list[Evidence]:
    """Compare softmax cross-entropy of two outputs with binary cross-entropy of their difference, and train both.

    Value and gradient are compared at random outputs. In training, the difference of the two outputs of a linear
    model is compared with the single output of another one, with the same start and twice the rate.
    """
    return [value(), slope(), path()]


def agreement_of_losses(what: str, gap: np.ndarray, n: int, detail: str, more: str = "") -> Evidence:
    """Return the evidence that some differences of the two losses are all zero, by the largest of them."""
    note = f"{what}: at most {np.abs(gap).max():.1g}{more}"
    return replace(agreement(what, gap, n, detail=detail, note=note), arms=("ce", "bce"))


def losses() -> tuple[Loss, Loss]:
    """Return the softmax cross-entropy of two outputs, and the binary cross-entropy of one."""
    return get_loss("ce", "binary"), get_loss("bce", "binary")


def outputs() -> tuple[Tensor, Tensor]:
    """Return two outputs of any size for each of many samples, (n, 2), and the classes, (n,)."""
    raw = torch.tensor(draw(POINTS, 2) * np.geomspace(0.1, 100, POINTS)[:, None], requires_grad=True)
    return raw, torch.arange(POINTS) % 2


def value() -> Evidence:
    """Compare the values, relatively where they are large."""
    (softmax, sigmoid), (raw, target) = losses(), outputs()
    one, other = softmax(raw, target), sigmoid(raw[:, 1:] - raw[:, :1], target)
    gap = ((one - other) / (1 + other)).detach()
    return agreement_of_losses("ce of two outputs minus bce of their difference", np.asarray(gap), POINTS, "value")


def slope() -> Evidence:
    """Compare the gradient in the two outputs with minus and plus that in their difference."""
    (softmax, sigmoid), (raw, target) = losses(), outputs()
    difference = (raw[:, 1:] - raw[:, :1]).detach().requires_grad_()
    (pair,) = torch.autograd.grad(softmax(raw, target).sum(), raw)
    (single,) = torch.autograd.grad(sigmoid(difference, target).sum(), difference)
    gap = np.asarray(pair - torch.cat([-single, single], dim=1))
    return agreement_of_losses("slope of ce minus that of bce, in each output", gap, POINTS, "slope")


def path() -> Evidence:
    """Compare two linear models in training, the one with a single output at twice the rate."""
    (softmax, sigmoid), features = losses(), torch.tensor(draw(POINTS, 5))
    target = (torch.tensor(draw(POINTS, seed=1)) + features[:, 0] > 0).long()
    pair = torch.tensor(draw(5, 2, seed=2))
    single = pair[:, 1:] - pair[:, :1]
    gaps = []
    for _ in range(STEPS):
        pair, single = (
            step(softmax, pair, features, target, RATE),
            step(sigmoid, single, features, target, 2 * RATE),
        )
        gaps.append(np.asarray(pair[:, 1:] - pair[:, :1] - single))
    what = "difference of the outputs' weights minus those of one output at twice the rate"
    more = "; with hidden layers, the last layer alone moves at twice the rate"
    return agreement_of_losses(what, np.stack(gaps), STEPS, "gradient descent", more)


def step(loss: Loss, weights: Tensor, features: Tensor, target: Tensor, rate: float) -> Tensor:
    """Return the weights (inputs, outputs) of a linear model after a step along the gradient of its mean loss."""
    leaf = weights.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(features @ leaf, target).mean(), leaf)
    return (leaf - rate * gradient).detach()
