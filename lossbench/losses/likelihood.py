"""Losses that predict a distribution: the negative log-likelihood of the target under it."""

from __future__ import annotations

from lossbench.lazy import torch
from lossbench.losses.positive import positive
from lossbench.losses.record import Facts
from lossbench.losses.regression import regression_loss


def _gaussian_nll_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(m - y) / v / targets for the mean, ½(1 - (m - y)² / v) / v · sigmoid(s) / targets for its spread."""
    targets = target.shape[-1]
    mean, spread = raw[..., :targets], raw[..., targets:]
    variance, excess = positive(spread), mean - target
    pull = excess / variance
    widening = 0.5 * (1 - excess * pull) / variance * spread.sigmoid()
    return torch.cat([pull, widening], dim=-1) / targets


@regression_loss(
    link="location",
    formula="mean over targets of ½ log v + ½(y - m)² / v, with v = softplus(s) + POSITIVE",
    source="Nix and Weigend (1994), Estimating the mean and variance of the target probability distribution, "
    "IEEE International Conference on Neural Networks",
    range="[½ log POSITIVE = -6.9, inf)",
    outputs_per_target=2,
    slope=_gaussian_nll_slope,
    # not nonnegative: a density may be above 1
    facts=Facts(
        differentiable=True, symmetric=True, estimates="mean, and the variance about it", nonnegative=False
    ),
)
def gaussian_nll(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood of a normal distribution whose mean and variance are both predicted.

    The constant ½ log 2π is left out. Where the network is sure, the loss is negative.

    Example:
        >>> gaussian_nll(torch.tensor([[1.0, 0.0], [1.0, -5.0]]), torch.tensor([[1.0], [1.0]]))
        tensor([-0.1833, -2.5016])
    """
    targets = target.shape[-1]
    variance = positive(raw[..., targets:])  # never zero, so that a sample met exactly has a finite likelihood
    return 0.5 * (variance.log() + (target - raw[..., :targets]).square() / variance).mean(-1)
