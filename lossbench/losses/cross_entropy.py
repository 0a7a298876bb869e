"""Softmax cross-entropy with a term more, or towards another target.

Written as in `multiclass`: p = softmax(z), t is the true class, y_t = 1, all other y_c = 0.
"""

from __future__ import annotations

import math

from lossbench.lazy import torch
from lossbench.losses.multiclass import label_smoothing_slope, multiclass_loss
from lossbench.losses.record import smooth
from lossbench.losses.softmax import add_to_true_, log_softmax, of_true, one_hot, softmax
from lossbench.spec import Parameter

EPSILON = Parameter(
    "epsilon", 0.0, low=0, high=1, open_high=True, meaning="share spread evenly over all classes, the true one too"
)
POLY_EPSILON = Parameter("epsilon", 1.0, low=-1, meaning="what is added to the weight of 1 - p_t")


@multiclass_loss(
    placebo="ce",
    formula="Σ over classes of q_c log(q_c / p_c), with q = (1 - epsilon) y + epsilon / C, p = softmax(z)",
    source="Kullback and Leibler (1951), On information and sufficiency, Ann. Math. Statist. 22",
    parameters=(EPSILON,),
    slope=label_smoothing_slope,
    # Lipschitz: that of ce
    facts=smooth(convex=True, lipschitz=math.sqrt(2), estimates="probability", given="epsilon = 0"),
)
def kl(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = EPSILON.default
) -> torch.Tensor:
    """Relative entropy of the target to the prediction: `ce` at epsilon = 0, written another way.

    Away from epsilon = 0 it is `label_smoothing` less the entropy of q, a constant: it has the same gradient, and
    its smallest value is zero.

    Example:
        >>> kl(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([6.9315e-01, 1.0000e+03])
    """
    q = (1 - epsilon) * one_hot(raw, target) + epsilon / raw.shape[-1]
    # xlogy is 0 where q is 0; log p comes from the raw outputs, since p itself is 0 for a lost class.
    return (torch.xlogy(q, q) - q * log_softmax(raw)).sum(-1)


def _poly1_slope(raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor) -> torch.Tensor:
    """Return (1 + epsilon p_t) (p - y)."""
    p = softmax(raw)
    weight = 1 + epsilon * of_true(p, target)
    return weight * add_to_true_(p, target, -1)


@multiclass_loss(
    formula="-log p_t + epsilon (1 - p_t), with p = softmax(z)",
    source="Leng, Tan, Liu, Cubuk, Shi, Cheng and Anguelov (2022), PolyLoss: a polynomial expansion perspective "
    "of classification loss functions, ICLR",
    parameters=(POLY_EPSILON,),
    slope=_poly1_slope,
    # Lipschitz: with one rival √2 (1 + p_t)(1 - p_t), largest at p_t = 0
    facts=smooth(
        lipschitz=math.sqrt(2),
        estimates="a probability drawn towards the most probable class",
        given="epsilon above 0",
    ),
)
def poly1(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = POLY_EPSILON.default
) -> torch.Tensor:
    """Cross-entropy plus epsilon times the wrong probability; `ce` at epsilon = 0.

    Cross-entropy is the series of (1 - p_t)^j / j; here the coefficient of its first term is 1 + epsilon. At
    epsilon = -1 that term is gone.

    Example:
        >>> poly1(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([   1.1931, 1001.0000])
    """
    logarithms = log_softmax(raw)
    wrong = 1 - of_true(logarithms, target).exp()
    return (epsilon * wrong - of_true(logarithms, target)).sum(-1)


def _squentropy_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return p + 2z / (C - 1), and p - 1 for the true class."""
    pull = 2 / (raw.shape[-1] - 1)
    return add_to_true_(softmax(raw) + pull * raw, target, -1 - pull * of_true(raw, target))


@multiclass_loss(
    formula="-log p_t + (1 / (C - 1)) Σ over c ≠ t of z_c², with p = softmax(z) of C classes",
    source="Hui, Belkin and Wright (2023), Cut your losses with squentropy, ICML",
    slope=_squentropy_slope,
    facts=smooth(convex=True, estimates="a probability drawn towards uniform"),
)
def squentropy(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross-entropy plus the mean square of the raw outputs of the wrong classes.

    Example:
        >>> squentropy(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 0]))
        tensor([0.6931, 0.0000])
    """
    wrong = (1 - one_hot(raw, target)) * raw
    return wrong.square().sum(-1) / (raw.shape[-1] - 1) - of_true(log_softmax(raw), target).sum(-1)
