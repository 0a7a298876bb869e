"""Losses that predict something positive: the mean f of a positive target, or the variance v of any target.

Counts, amounts and durations cannot be negative, nor can f = softplus(z) + POSITIVE for a raw output z, in units
of the target's scale, so that 1 is one standard deviation of the training target. The deviances are halves of the
unit deviance (the loss of log-likelihood against the perfect prediction), so that their gradients are those of the
negative log-likelihood.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from lossbench.lazy import torch
from lossbench.losses.record import POSITIVE, Domain, separable, smooth
from lossbench.losses.regression import regression_loss
from lossbench.spec import Parameter

POWER = Parameter(
    "p",
    1.5,
    low=1,
    high=2,
    open_low=True,
    open_high=True,
    meaning="power of the mean to which the variance is in proportion",
)

_register = partial(regression_loss, link="softplus", natural_zero=True)


def positive(raw: torch.Tensor) -> torch.Tensor:
    """Return the positive prediction of a raw output under the link softplus.

    Args:
        raw: any shape.

    Returns:
        log(1 + exp(raw)) + POSITIVE, of the same shape.

    Example:
        >>> import torch
        >>> positive(torch.tensor([0.0, 50.0]))
        tensor([ 0.6931, 50.0000])
    """
    # From 40 on torch returns raw itself; from its default of 20 on that is an error of 2e-9.
    return torch.nn.functional.softplus(raw, threshold=40.0) + POSITIVE


def below_zero(targets: np.ndarray) -> np.ndarray:
    """Mark the rows of (rows, targets) where some target is negative, or all rows where one is zero throughout.

    Example:
        >>> below_zero(np.array([[1.0], [0.0], [-1.0]])).tolist()
        [False, False, True]
    """
    empty = (targets == 0).all(axis=0)
    return np.asarray(((targets < 0) | empty).any(axis=1))


def not_above_zero(targets: np.ndarray) -> np.ndarray:
    """Mark the rows of (rows, targets) where some target is zero or negative.

    Example:
        >>> not_above_zero(np.array([[1.0], [0.0], [-1.0]])).tolist()
        [False, True, True]
    """
    return np.asarray((targets <= 0).any(axis=1))


_COUNTS = Domain(
    description="targets of zero and more, not all of them zero",
    violations=below_zero,
    advice="use mse, mae or huber, whose targets may have any sign",
)
_AMOUNTS = Domain(
    description="targets above zero",
    violations=not_above_zero,
    advice="use tweedie or poisson where some targets are zero, mse, mae or huber where some are negative",
)
# no Lipschitz constant: it grows with the target
_MEAN_FACTS = separable(differentiable=True, estimates="mean")


def _msle_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """2 (log(1 + f) - log(1 + y)) / (1 + f) · sigmoid(z) / targets."""
    above = 1 + positive(raw)
    return (above.log() - target.log1p()) / above * raw.sigmoid() * (2 / raw.shape[-1])


@_register(
    formula="mean over targets of (log(1 + y) - log(1 + f))², with f = softplus(z)",
    source="Tofallis (2015), A better measure of relative prediction accuracy for model selection and model "
    "estimation, Journal of the Operational Research Society 66",
    domain=_COUNTS,
    slope=_msle_slope,
    # no Lipschitz constant: it grows with the logarithm of the target
    facts=separable(differentiable=True, estimates="geometric mean of 1 + y, less 1"),
)
def msle(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error of logarithms, for targets whose errors grow with their size.

    The source has no 1, which admits zeros. It is in units of the scale that targets are divided by: one standard
    deviation of the training target, not one piece. The loss estimates a geometric mean, so it predicts too low on
    skewed data.

    Example:
        >>> msle(torch.tensor([[0.0]]), torch.tensor([[0.0]]))
        tensor([0.2773])
    """
    return (target.log1p() - positive(raw).log1p()).square().mean(-1)


def _poisson_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(1 - y / f) · sigmoid(z) / targets."""
    return (1 - target / positive(raw)) * raw.sigmoid() / raw.shape[-1]


@_register(
    formula="mean over targets of f - y + y log(y / f), with f = softplus(z)",
    source="McCullagh and Nelder (1989), Generalized Linear Models, section 2.3",
    domain=_COUNTS,
    slope=_poisson_slope,
    facts=_MEAN_FACTS,  # not convex: f stays above POSITIVE, so that the loss is flat far on the negative side
)
def poisson(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Half of the Poisson deviance: for counts, whose variance grows with the mean.

    It is the Poisson negative log-likelihood f - y log f and a constant, chosen so that the perfect prediction has
    loss 0. In other units of the target it is multiplied by the factor.

    Example:
        >>> poisson(torch.tensor([[0.0], [0.0]]), torch.tensor([[0.0], [2.0]]))
        tensor([0.6931, 0.8125])
    """
    predicted = positive(raw)
    # y log y and y log f apart: at y = 0 the logarithm of y / f has no finite gradient.
    return (predicted - target - target * predicted.log() + torch.xlogy(target, target)).mean(-1)


def _gamma_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(1 - y / f) / f · sigmoid(z) / targets."""
    predicted = positive(raw)
    return (1 - target / predicted) / predicted * raw.sigmoid() / raw.shape[-1]


@_register(
    formula="mean over targets of y / f - 1 - log(y / f), with f = softplus(z)",
    source="McCullagh and Nelder (1989), Generalized Linear Models, section 2.3",
    domain=_AMOUNTS,
    slope=_gamma_slope,
    facts=_MEAN_FACTS,
)
def gamma(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Half of the gamma deviance: for amounts and durations, whose standard deviation grows with the mean.

    It is the same in every unit of the target.

    Example:
        >>> gamma(torch.tensor([[0.0]]), torch.tensor([[2.0]]))
        tensor([0.8257])
    """
    ratio = target / positive(raw)
    return (ratio - 1 - ratio.log()).mean(-1)


def _tweedie_slope(raw: torch.Tensor, target: torch.Tensor, *, p: float | torch.Tensor) -> torch.Tensor:
    """(f - y) / f^p · sigmoid(z) / targets."""
    predicted = positive(raw)
    return (predicted - target) * predicted.pow(-p) * raw.sigmoid() / raw.shape[-1]


@_register(
    formula="mean over targets of y^(2-p) / ((1-p)(2-p)) - y f^(1-p) / (1-p) + f^(2-p) / (2-p), f = softplus(z)",
    source="Jørgensen (1987), Exponential dispersion models, J. R. Stat. Soc. B 49",
    parameters=(POWER,),
    domain=_COUNTS,
    slope=_tweedie_slope,
    facts=_MEAN_FACTS,
)
def tweedie(raw: torch.Tensor, target: torch.Tensor, *, p: float | torch.Tensor = POWER.default) -> torch.Tensor:
    """Half of the Tweedie deviance between `poisson` (p = 1) and `gamma` (p = 2): for sums that are often zero.

    Example:
        >>> tweedie(torch.tensor([[0.0], [0.0]]), torch.tensor([[0.0], [2.0]]))
        tensor([1.6651, 0.8127])
    """
    predicted = positive(raw)
    # Three powers and no logarithm of y / f, which is infinite at y = 0.
    perfect = target.pow(2 - p) / ((1 - p) * (2 - p))
    return (perfect - target * predicted.pow(1 - p) / (1 - p) + predicted.pow(2 - p) / (2 - p)).mean(-1)


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
    facts=smooth(estimates="mean, and the variance about it", nonnegative=False),
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
