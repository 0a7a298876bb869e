"""Losses that know how frequent the classes are: π_c is the share of class c in the training rows.

Written as in `multiclass`: p = softmax(z), t is the true class, y_t = 1, all other y_c = 0.
"""

from __future__ import annotations

import math

from lossbench.lazy import torch
from lossbench.losses.multiclass import ce, ce_slope, multiclass_loss
from lossbench.losses.record import Facts
from lossbench.losses.softmax import of_true
from lossbench.spec import Parameter

TAU = Parameter("tau", 1.0, low=0, meaning="how much of the classes' shares is taken out; 1 is all of it")
BETA = Parameter("beta", 0.999, low=0, high=0.999999, meaning="how much each further row of a class adds")
N = Parameter("n", 1000.0, low=1, meaning="number of training rows for which beta is meant")


def _logit_adjusted_slope(
    raw: torch.Tensor, target: torch.Tensor, *, prior: torch.Tensor, tau: float | torch.Tensor
) -> torch.Tensor:
    """Return p - y, with p = softmax(z + tau log π)."""
    return ce_slope(raw + tau * prior.log(), target)


@multiclass_loss(
    prior=True,
    formula="-log p_t, with p = softmax(z + tau log π) and π the shares of the classes",
    source="Menon, Jayasumana, Rawat, Jain, Veit and Kumar (2021), Long-tail learning via logit adjustment, ICLR",
    parameters=(TAU,),
    slope=_logit_adjusted_slope,
    # Lipschitz: that of ce
    # not symmetric: the shares tell the classes apart
    facts=Facts(
        convex=True,
        differentiable=True,
        lipschitz=math.sqrt(2),
        estimates="probability / share^tau, scaled to a sum of 1",
    ),
)
def logit_adjusted(
    raw: torch.Tensor, target: torch.Tensor, *, prior: torch.Tensor, tau: float | torch.Tensor = TAU.default
) -> torch.Tensor:
    """Cross-entropy of raw outputs that are raised for frequent classes; `ce` at tau = 0.

    At tau = 1 softmax(z) estimates the probabilities that the classes would have if they were equally frequent.

    Example:
        >>> logit_adjusted(torch.zeros(2, 2), torch.tensor([0, 1]), prior=torch.tensor([[0.75, 0.25]]))
        tensor([0.2877, 1.3863])
    """
    return ce(raw + tau * prior.log(), target)


def class_weights(prior: torch.Tensor, beta: float | torch.Tensor, n: float | torch.Tensor) -> torch.Tensor:
    """Return weights (..., 1, classes) in proportion to 1 / (1 - beta^(n π)); they add up to their number.

    Args:
        prior: (..., 1, classes) shares π of the classes.
        beta: in [0, 1).
        n: number of training rows.

    Example:
        >>> import torch
        >>> class_weights(torch.tensor([[0.75, 0.25]]), 0.5, 4)
        tensor([[0.7273, 1.2727]])
    """
    # expm1, since 1 - beta^(n π) as a difference has few digits where beta is near 1.
    scarcity = -1 / torch.expm1(torch.xlogy(n * prior, beta))
    return scarcity * (prior.shape[-1] / scarcity.sum(-1, keepdim=True))


def _class_balanced_slope(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    prior: torch.Tensor,
    beta: float | torch.Tensor,
    n: float | torch.Tensor,
) -> torch.Tensor:
    """Return w_t (p - y)."""
    weights = class_weights(prior, beta, n).expand_as(raw)
    return of_true(weights, target) * ce_slope(raw, target)


@multiclass_loss(
    prior=True,
    formula="-w_t log p_t, with p = softmax(z), w_c in proportion to 1 / (1 - beta^(n π_c)), Σ w_c = C, "
    "and π the shares of the classes",
    source="Cui, Jia, Lin, Song and Belongie (2019), Class-balanced loss based on effective number of samples, "
    "CVPR",
    parameters=(BETA, N),
    slope=_class_balanced_slope,
    # no Lipschitz constant: √2 times the weight of the rarest class: no bound holds for every number of classes
    # not symmetric: the shares tell the classes apart
    facts=Facts(convex=True, differentiable=True, estimates="probability times weight, scaled to a sum of 1"),
)
def class_balanced(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    prior: torch.Tensor,
    beta: float | torch.Tensor = BETA.default,
    n: float | torch.Tensor = N.default,
) -> torch.Tensor:
    """Cross-entropy with more weight on rare classes, by the effective number of their rows; `ce` at beta = 0.

    The paper has the number of rows of each class. A loss here knows only its share π_c, so n is a parameter, and
    the weights are the paper's where n is the number of training rows. Only -n log beta matters: near 0 the
    weights go as 1 / π_c, far from it all are 1. Single precision has few numbers between beta = 0.999999 and 1.
    The mean over samples divides by their number, not by the sum of the weights.

    Example:
        >>> class_balanced(torch.zeros(2, 2), torch.tensor([0, 1]), prior=torch.tensor([[0.75, 0.25]]))
        tensor([0.4095, 0.9768])
    """
    weights = class_weights(prior, beta, n).expand_as(raw)
    return (of_true(weights, target) * ce(raw, target).unsqueeze(-1)).sum(-1)
