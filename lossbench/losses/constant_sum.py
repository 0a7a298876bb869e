"""Losses of several classes whose values for all possible true classes add up to a constant.

That makes a loss tolerate labels flipped evenly to any other class: in expectation, flips only scale it and add a
constant. Written as in `multiclass`; `nce_rce`, the weighted sum of two of them, stands in `noise_robust`.
"""

from __future__ import annotations

import math

from lossbench.lazy import torch
from lossbench.losses.multiclass import multiclass_loss
from lossbench.losses.record import smooth, smooth_terms
from lossbench.losses.softmax import add_to_true_, log_softmax, of_true, softmax
from lossbench.spec import Parameter

A = Parameter("A", -4.0, high=0, open_high=True, meaning="what stands for the logarithm of zero")


def _nce_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return (p - y) / S - N (C p - 1) / S, with S = -Σ log p_c, N = -log p_t / S."""
    logarithms = log_softmax(raw)
    p, total = logarithms.exp(), -logarithms.sum(-1, keepdim=True)
    normalised = -of_true(logarithms, target) / total
    spread = normalised * (raw.shape[-1] * p - 1)
    return (add_to_true_(p, target, -1) - spread) / total


@multiclass_loss(
    formula="log p_t / Σ over classes of log p_c, with p = softmax(z)",
    source="Ma, Huang, Wang, Romano, Erfani and Bailey (2020), Normalized loss functions for deep learning with "
    "noisy labels, ICML",
    range="[0, 1]",
    slope=_nce_slope,
    # Lipschitz: steepest at p_t = 1/2 with one rival. More rivals only lessen it (numerically).
    facts=smooth(
        bounded=True,
        lipschitz=math.sqrt(2) / (4 * math.log(2)),
        estimates="which class is the least probable; of two classes the most probable one",
    ),
)
def nce(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Normalised cross-entropy: `ce` over its sum for all possible true classes.

    The sum of its values for these is 1. With three or more classes it learns too little by itself: its expected
    value is least where the least probable class is ruled out, whatever the probabilities of the others. Hence
    `nce_rce`, which adds the reverse cross-entropy.

    Example:
        >>> nce(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([0.5000, 1.0000])
    """
    logarithms = log_softmax(raw)
    return (of_true(logarithms, target) / logarithms.sum(-1, keepdim=True)).sum(-1)


def _rce_slope(raw: torch.Tensor, target: torch.Tensor, *, A: float | torch.Tensor) -> torch.Tensor:
    """Return -A p_t (p - y)."""
    p = softmax(raw)
    weight = -A * of_true(p, target)
    return weight * add_to_true_(p, target, -1)


@multiclass_loss(
    placebo="mae",
    formula="-Σ over classes of p_c log y_c, with A for log 0: -A (1 - p_t), with p = softmax(z)",
    source="Wang, Ma, Chen, Luo, Yi and Bailey (2019), Symmetric cross entropy for robust learning with noisy "
    "labels, ICCV",
    range="[0, -A]",
    parameters=(A,),
    slope=_rce_slope,
    # Lipschitz: with one rival -√2 A p_t (1 - p_t), largest at p_t = 1/2
    facts=smooth(bounded=True, lipschitz=-A.default * math.sqrt(2) / 4, estimates="most probable class"),
)
def rce(raw: torch.Tensor, target: torch.Tensor, *, A: float | torch.Tensor = A.default) -> torch.Tensor:
    """Reverse cross-entropy: that from the target to the prediction, with both in each other's place.

    It is -A / 2 times `mae`. The sum of its values for all possible true classes is -A (C - 1), with C classes.
    With a single output for two classes it would be -A times the binary `mae`: `scaled:factor=4:loss=mae`.

    Example:
        >>> rce(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([2., 4.])
    """
    return (-A * (1 - of_true(softmax(raw), target))).sum(-1)


def _unhinged_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 1 / (C - 1), and -1 for the true class."""
    share = 1 / (raw.shape[-1] - 1)
    return add_to_true_(torch.full_like(raw, share), target, -1 - share)


@multiclass_loss(
    link="margin",
    formula="1 - z_t + (1 / (C - 1)) Σ over c ≠ t of z_c, with C classes",
    source="of two classes: van Rooyen, Menon and Williamson (2015), Learning with symmetric label noise: the "
    "importance of being unhinged, NIPS; of several: Lemire Paquin, Chaib-draa and Giguère (2026), Symmetrization "
    "of loss functions for robust training of neural networks in the presence of noisy labels, arXiv 2605.20347",
    bottomless=True,
    slope=_unhinged_slope,
    # Lipschitz: of the term of the true class
    facts=smooth_terms(convex=True, lipschitz=1.0, estimates="most probable class", nonnegative=False),
)
def unhinged(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Distance of the true class from the mean of the others, linear and without a smallest value.

    The sum of its values for all possible true classes is C, since C - 1 outputs of each sum have the weight
    1 / (C - 1): another weight would break that. It is C / (C - 1) times what is left of `ce` when its mean over
    all classes is taken off, plus 1. Raw outputs grow for as long as training lasts unless a penalty (`l2`) holds
    them. With two classes it is the binary `unhinged` of the difference of the outputs.

    Example:
        >>> unhinged(torch.tensor([[3.0, 1.0, 0.0], [3.0, 1.0, 0.0]]), torch.tensor([0, 2]))
        tensor([-1.5000,  3.0000])
    """
    others = (raw.sum(-1, keepdim=True) - of_true(raw, target)) / (raw.shape[-1] - 1)
    return (1 + others - of_true(raw, target)).sum(-1)
