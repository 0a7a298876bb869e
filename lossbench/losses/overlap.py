"""Losses of the overlap between what is predicted and what is there, over a whole batch.

Written with p = sigmoid(z) for a raw output z, a yes-or-no target y in {0, 1}, and soft counts over the batch:
TP = Σ p y, FP = Σ p (1 - y), FN = Σ (1 - p) y; `f_measure` counts decisions. The batch size is part of such a
loss. Its facts are those of a batch of one sample, where its gradient is steepest.
"""

from __future__ import annotations

from functools import partial

from lossbench.lazy import torch
from lossbench.losses.binary import minus_sign
from lossbench.losses.margin import no_slope, wrong
from lossbench.losses.record import separable
from lossbench.losses.registry import register
from lossbench.spec import Parameter

EPSILON = Parameter(
    "epsilon", 1.0, low=0, open_low=True, meaning="smoothing, added to both parts of the fraction", unit="samples"
)
ALPHA = Parameter("alpha", 0.3, low=0, open_low=True, meaning="weight of false positives")
BETA = Parameter("beta", 0.7, low=0, open_low=True, meaning="weight of false negatives")
RECALL = Parameter("beta", 1.0, low=0, open_low=True, meaning="times as much as precision that recall counts")

_register = partial(register, encoding="values", link="sigmoid", whole_batch=True)

# Lipschitz: at epsilon = 1: 3p(1 - p) / (p + 2)² for y = 1, p(1 - p) / (p + 1)² for y = 0
# not symmetric: samples rightly found negative count for nothing
_F1_FACTS = separable(
    bounded=True, differentiable=True, lipschitz=1 / 8, estimates="the decisions with the best F1"
)


def _overlap_slope(raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor) -> torch.Tensor:
    """Return p (1 - p) (-s (H + epsilon) - 2 y E) / (H + E + epsilon)², with H = 2 TP and E = FP + FN."""
    return _missed_slope(raw.sigmoid(), target, minus_sign(target), epsilon)


@_register(
    task="binary",
    formula="1 - (2 TP + epsilon) / (2 TP + FP + FN + epsilon) of a batch, with TP = Σ p y, FP = Σ p (1 - y), "
    "FN = Σ (1 - p) y, p = sigmoid(z)",
    source="Milletari, Navab and Ahmadi (2016), V-Net: fully convolutional neural networks for volumetric medical "
    "image segmentation, 3DV",
    range="[0, 1)",
    parameters=(EPSILON,),
    slope=_overlap_slope,
    facts=_F1_FACTS,
)
def dice(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = EPSILON.default
) -> torch.Tensor:
    """One minus the soft Dice coefficient of a batch, which is its F1 with probabilities in place of decisions.

    The paper squares p in the denominator and has no epsilon; without squares the coefficient of decisions 0 and 1
    is the same, and is F1. Epsilon keeps a batch without positives from being 0 / 0; it weighs as much as epsilon
    samples.

    Example:
        >>> dice(torch.tensor([[0.0], [0.0], [-1000.0]]), torch.tensor([[1.0], [0.0], [0.0]]))
        tensor(0.3333)
    """
    p = raw.sigmoid()
    return _missed(p, target, (p - target).abs(), epsilon)


def _tversky_slope(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor,
    beta: float | torch.Tensor,
    epsilon: float | torch.Tensor,
) -> torch.Tensor:
    """Return that of dice, with E = 2 alpha FP + 2 beta FN."""
    weight = 2 * (alpha * (1 - target) + beta * target)
    return _missed_slope(raw.sigmoid(), target, weight * minus_sign(target), epsilon)


@_register(
    task="binary",
    formula="1 - (2 TP + epsilon) / (2 TP + 2 alpha FP + 2 beta FN + epsilon) of a batch, with TP = Σ p y, "
    "FP = Σ p (1 - y), FN = Σ (1 - p) y, p = sigmoid(z)",
    source="Salehi, Erdogmus and Gholipour (2017), Tversky loss function for image segmentation using 3D fully "
    "convolutional deep networks, MLMI",
    range="[0, 1)",
    parameters=(ALPHA, BETA, EPSILON),
    slope=_tversky_slope,
    # Lipschitz: at y = 1 and p = 4/9
    facts=separable(
        bounded=True, differentiable=True, lipschitz=7 / 48, estimates="the decisions with the best Tversky index"
    ),
)
def tversky(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor = ALPHA.default,
    beta: float | torch.Tensor = BETA.default,
    epsilon: float | torch.Tensor = EPSILON.default,
) -> torch.Tensor:
    """Dice loss with one weight for false positives and another for false negatives; `dice` where both are ½.

    The paper has no epsilon; the twos let it mean what it means in `dice`.

    Example:
        >>> tversky(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [0.0]]))
        tensor(0.3333)
    """
    p = raw.sigmoid()
    weight = 2 * (alpha * (1 - target) + beta * target)
    return _missed(p, target, weight * (p - target).abs(), epsilon)


@_register(
    task="binary",
    link="margin",
    flat=True,
    formula="1 - ((1 + beta²) TP + epsilon) / ((1 + beta²) TP + FP + beta² FN + epsilon) of a batch, with "
    "TP = Σ d y, FP = Σ d (1 - y), FN = Σ (1 - d) y, d = (1 + sign(z)) / 2",
    source="van Rijsbergen (1979), Information Retrieval, 2nd edition, chapter 7",
    range="[0, 1)",
    parameters=(RECALL, EPSILON),
    slope=no_slope,
    facts=separable(bounded=True, lipschitz=0.0, estimates="the decisions with the best F of that beta"),
)
def f_measure(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    beta: float | torch.Tensor = RECALL.default,
    epsilon: float | torch.Tensor = EPSILON.default,
) -> torch.Tensor:
    """One minus the F-measure of the decisions of a batch, which is a step: only es can minimise it.

    That is `dice` of decisions, at beta = 1. Epsilon is that of `dice`; an output of zero is half a decision.

    Example:
        >>> f_measure(torch.tensor([[0.5], [0.5], [-0.5]]), torch.tensor([[1.0], [0.0], [0.0]]))
        tensor(0.2500)
    """
    square = beta**2
    weight = 1 - target + square * target
    hits = (1 + square) * (1 - wrong(raw, target)) * target
    return share_missed(hits, weight * wrong(raw, target), epsilon, axis=-2).sum((-2, -1))


@_register(
    task="multilabel",
    formula="Σ over labels of 1 - (2 TP + epsilon) / (2 TP + FP + FN + epsilon) of a batch, with TP = Σ p y, "
    "FP = Σ p (1 - y), FN = Σ (1 - p) y, p = sigmoid(z)",
    source="Bénédict, Koops, Odijk and de Rijke (2022), sigmoidF1: a smooth F1 score surrogate loss for "
    "multilabel classification, TMLR",
    range="[0, labels)",
    parameters=(EPSILON,),
    slope=_overlap_slope,
    facts=_F1_FACTS,
)
def soft_f1(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = EPSILON.default
) -> torch.Tensor:
    """One minus F1 with probabilities in place of decisions, for each label over the batch: macro F1.

    In the paper p is sigmoid(b (z + c)); here b = 1 and c = 0. Labels are summed, as in `bce`: it is the number of
    labels times one minus the macro average. For one label it is `dice`. A rare label is absent from many batches,
    and epsilon keeps those from being 0 / 0.

    Example:
        >>> soft_f1(torch.tensor([[0.0, 9.0], [0.0, -9.0]]), torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
        tensor(0.3334)
    """
    p = raw.sigmoid()
    return _missed(p, target, (p - target).abs(), epsilon)


def _missed(
    p: torch.Tensor, target: torch.Tensor, errors: torch.Tensor, epsilon: float | torch.Tensor
) -> torch.Tensor:
    """Return errors / (errors + twice the hits + epsilon), summed over outputs, (...)."""
    return share_missed(2 * p * target, errors, epsilon, axis=-2).sum((-2, -1))


def share_missed(
    hits: torch.Tensor, errors: torch.Tensor, epsilon: float | torch.Tensor, axis: int
) -> torch.Tensor:
    """Return errors / (errors + hits + epsilon), each summed along an axis, which is kept with length one.

    Example:
        >>> share_missed(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0]), epsilon=1.0, axis=-1)
        tensor([0.5000])
    """
    # Not as one minus the overlap, which loses digits where the overlap is nearly complete.
    hits, errors = hits.sum(axis, keepdim=True), errors.sum(axis, keepdim=True)
    return errors / (hits + errors + epsilon)


def _missed_slope(
    p: torch.Tensor, target: torch.Tensor, signed: torch.Tensor, epsilon: float | torch.Tensor
) -> torch.Tensor:
    """Return the derivative of `_missed` in raw, given that of each sample's error in p, (..., batch, outputs)."""
    hits = (2 * p * target).sum(-2, keepdim=True) + epsilon
    errors = (signed * (p - target)).sum(-2, keepdim=True)
    # Divided twice, since the square of a large sum may not be finite where the ratio is.
    return (signed * hits - 2 * target * errors) / (hits + errors) / (hits + errors) * p * (1 - p)
