"""Losses of one raw output z_c for each class, against the index t of the true class.

Written with p = softmax(z), and y_c = 1 for the true class, else 0. Variants of cross-entropy are in
`cross_entropy`, losses against wrong labels in `noise_robust`, losses that know how frequent the classes are in
`class_prior`, losses of ordered classes in `ordered`.
"""

from __future__ import annotations

import math
from functools import partial

from lossbench.lazy import torch
from lossbench.losses import binary, modulated
from lossbench.losses.record import Facts, smooth, smooth_terms
from lossbench.losses.registry import register
from lossbench.losses.softmax import add_to_true_, log_softmax, of_true, one_hot, others, softmax, through_softmax
from lossbench.spec import Parameter

K = Parameter("k", 1.0, low=0, open_low=True, meaning="weight of the true class")
M = Parameter("M", 1.0, low=0, open_low=True, meaning="what the raw output of the true class should be")
MARGIN = Parameter("margin", 1.0, low=0, open_low=True, meaning="lead that the true class should have")
EPSILON = Parameter(
    "epsilon", 0.1, low=0, high=1, open_high=True, meaning="share spread evenly over all classes, the true one too"
)

TINY = 1e-30  # a divisor instead of zero; single precision can represent it

# The other families register through this module, so that ce, the reference loss, always comes first.
multiclass_loss = partial(register, task="multiclass", encoding="index", link="softmax")

_led = partial(
    Facts,
    convex=True,
    symmetric=True,
    estimates="most probable class, where it has more than half of the probability",
)
"""The facts of a loss that asks for a lead of the true class."""


def ce_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return p - y, (..., batch, classes)."""
    return add_to_true_(softmax(raw), target, -1)


_ce = partial(
    register,
    encoding="index",
    core=True,
    link="softmax",
    source="Bridle (1990), Probabilistic interpretation of feedforward classification network outputs, "
    "Neurocomputing, NATO ASI F68",
    slope=ce_slope,
    # Lipschitz: |p - y|, all of p on one wrong class
    facts=smooth(convex=True, lipschitz=math.sqrt(2), estimates="probability"),
)


@_ce(task="binary", placebo="bce", outputs_per_target=2, formula="-log p_t, with p = softmax(z) of two outputs")
@_ce(task="embedding", aliases=("cce",), formula="-log p_t, with p = softmax(z) of a linear head on the embedding")
@_ce(task="multiclass", aliases=("cce",), formula="-log p_t, with p = softmax(z)")
def ce(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Softmax cross-entropy; with two classes it is `bce` of the difference of the outputs.

    Example:
        >>> ce(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([6.9315e-01, 1.0000e+03])
    """
    # log_softmax subtracts the largest output first; the logarithm of a softmax would be -inf for a lost class.
    return -of_true(log_softmax(raw), target).sum(-1)


def _mse_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 p (d - Σ p d), with d = p - y."""
    p = softmax(raw)
    return through_softmax(p, 2 * add_to_true_(p.clone(), target, -1))


@multiclass_loss(
    core=True,
    aliases=("brier",),
    formula="Σ over classes of (p_c - y_c)², with p = softmax(z)",
    source="Brier (1950), Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78",
    range="[0, 2]",
    slope=_mse_slope,
    # Lipschitz: with one rival class the loss is 2(1 - p)², of slope 4p(1 - p)² in either output; largest
    # at p = 1/3. More rivals only lessen it (numerically).
    facts=smooth(bounded=True, lipschitz=math.sqrt(2) * 16 / 27, estimates="probability"),
)
def mse(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error on probabilities: the Brier score.

    Example:
        >>> mse(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([0.5000, 2.0000])
    """
    return (softmax(raw) - one_hot(raw, target)).square().sum(-1)


def _mse_logits_slope(
    raw: torch.Tensor, target: torch.Tensor, *, k: float | torch.Tensor, M: float | torch.Tensor
) -> torch.Tensor:
    """Return 2 z, and 2k (z - M) for the true class."""
    excess = (k - 1) * of_true(raw, target) - k * M
    return add_to_true_(2 * raw, target, 2 * excess)


@multiclass_loss(
    core=True,
    link="clip",
    formula="k (z_t - M)² + Σ over the other classes of z_c²",
    source="Hui and Belkin (2021), Evaluation of neural architectures trained with square loss vs cross-entropy "
    "in classification tasks, ICLR",
    parameters=(K, M),
    rescaling=("k", "M"),
    slope=_mse_logits_slope,
    facts=smooth_terms(convex=True, estimates="probability", given="k = M = 1"),
)
def mse_logits(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    k: float | torch.Tensor = K.default,
    M: float | torch.Tensor = M.default,
) -> torch.Tensor:
    """Squared error of the raw outputs against a one-hot target.

    The paper divides by the number of classes; here classes are summed. It rescales (k = 15, M = 30) from some
    fifty classes on. At k = M = 1 a raw output estimates the probability of its class. Otherwise it estimates kMp
    / (kp + 1 - p), which has the same order, so the decision stands, but it is no longer a probability: the link
    is then "margin".

    Example:
        >>> mse_logits(torch.tensor([[0.5, 0.5]]), torch.tensor([0]), k=3, M=2)
        tensor([7.])
    """
    y = one_hot(raw, target)
    return ((1 + (k - 1) * y) * (raw - M * y).square()).sum(-1)


def _mae_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 p_t (p - y)."""
    p = softmax(raw)
    weight = 2 * of_true(p, target)
    return weight * add_to_true_(p, target, -1)


@multiclass_loss(
    core=True,
    formula="Σ over classes of |p_c - y_c| = 2 (1 - p_t), with p = softmax(z)",
    source="Ghosh, Kumar and Sastry (2017), Robust loss functions under label noise for deep neural networks, "
    "AAAI, section 3",
    range="[0, 2]",
    slope=_mae_slope,
    # differentiable: p never reaches y, where the kink of the absolute value is
    # Lipschitz: 2 p_t |y - p| with one rival is 2√2 p_t (1 - p_t), largest at p_t = 1/2
    facts=smooth(bounded=True, lipschitz=1 / math.sqrt(2), estimates="most probable class"),
)
def mae(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error on probabilities, which tolerates flipped labels and learns slowly.

    Its values for all possible true classes add up to a constant.

    Example:
        >>> mae(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([1., 2.])
    """
    return (softmax(raw) - one_hot(raw, target)).abs().sum(-1)


def _hinge_slope(raw: torch.Tensor, target: torch.Tensor, *, margin: float | torch.Tensor) -> torch.Tensor:
    """Return 1 for the best other class, shared among several, -1 for the true one; 0 where the margin is met."""
    rivals = others(raw, target)
    best = rivals.amax(-1, keepdim=True)
    share = 1 - (best - rivals).sign()  # the true class is -inf among the rivals, so its share is 0
    missed = (margin + best - of_true(raw, target)).relu().sign()
    return missed * add_to_true_(share / share.sum(-1, keepdim=True), target, -1)


@multiclass_loss(
    core=True,
    link="margin",
    formula="max(0, margin + max over c ≠ t of z_c - z_t)",
    source="Crammer and Singer (2001), On the algorithmic implementation of multiclass kernel-based vector "
    "machines, JMLR 2",
    parameters=(MARGIN,),
    slope=_hinge_slope,
    # Lipschitz: 1 up for one rival, 1 down for the true class
    facts=_led(lipschitz=math.sqrt(2)),
)
def hinge(
    raw: torch.Tensor, target: torch.Tensor, *, margin: float | torch.Tensor = MARGIN.default
) -> torch.Tensor:
    """Distance by which the true class misses its lead over the best other class.

    Example:
        >>> hinge(torch.tensor([[2.0, 0.5, 0.0], [0.0, 2.0, 0.0]]), torch.tensor([0, 2]))
        tensor([0., 3.])
    """
    rival = others(raw, target).amax(-1, keepdim=True)
    return (margin + rival - of_true(raw, target)).relu().sum(-1)


def _bce_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return s - y."""
    return add_to_true_(raw.sigmoid(), target, -1)


@multiclass_loss(
    core=True,
    link="sigmoid",
    formula="Σ over classes of -y_c log s_c - (1 - y_c) log(1 - s_c), with s = sigmoid(z)",
    source="Rifkin and Klautau (2004), In defense of one-vs-all classification, JMLR 5",
    slope=_bce_slope,
    # Lipschitz: the derivative is s_c - y_c
    facts=smooth_terms(convex=True, lipschitz=1.0, estimates="probability"),
)
def bce(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of each class against the rest.

    Example:
        >>> bce(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([   1.3863, 1000.6932])
    """
    return binary.bce(raw, one_hot(raw, target))


def _focal_slope(raw: torch.Tensor, target: torch.Tensor, *, gamma: float | torch.Tensor) -> torch.Tensor:
    """Return (1 - p_t)^gamma (1 - gamma p_t log p_t / (1 - p_t)) (p - y)."""
    p = softmax(raw)
    right = of_true(p, target)
    wrong = (1 - right).clamp(min=TINY)
    weight = wrong**gamma * (1 - gamma * torch.xlogy(right, right) / wrong)
    return weight * add_to_true_(p, target, -1)


@multiclass_loss(
    core=True,
    formula="-(1 - p_t)^gamma log p_t, with p = softmax(z)",
    source="Lin, Goyal, Girshick, He and Dollár (2017), Focal loss for dense object detection, ICCV, section 3",
    parameters=(modulated.GAMMA,),
    slope=_focal_slope,
    # Lipschitz: the slope in either output, with one rival
    facts=smooth(lipschitz=math.sqrt(2) * modulated.FOCAL_SLOPE, estimates="a probability drawn towards uniform"),
)
def focal(
    raw: torch.Tensor, target: torch.Tensor, *, gamma: float | torch.Tensor = modulated.GAMMA.default
) -> torch.Tensor:
    """Cross-entropy that fades for samples which are already right; `ce` at gamma = 0.

    Example:
        >>> focal(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([1.7329e-01, 1.0000e+03])
    """
    total = raw.logsumexp(-1, keepdim=True)
    # log(1 - p_t) from the other classes: as a difference 1 - p_t is 0 for a sure sample, and 0^gamma has a slope
    # of 0, infinity or nothing at all, depending on gamma.
    log_wrong = others(raw, target).logsumexp(-1, keepdim=True) - total
    log_right = of_true(raw, target) - total
    return (-(gamma * log_wrong).exp() * log_right).sum(-1)


def label_smoothing_slope(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor
) -> torch.Tensor:
    """Return p - (1 - epsilon) y - epsilon / C, (..., batch, classes)."""
    return add_to_true_(softmax(raw) - epsilon / raw.shape[-1], target, epsilon - 1)


@multiclass_loss(
    core=True,
    formula="-Σ over classes of ((1 - epsilon) y_c + epsilon / C) log p_c, with p = softmax(z) of C classes",
    source="Szegedy, Vanhoucke, Ioffe, Shlens and Wojna (2016), Rethinking the Inception architecture for "
    "computer vision, CVPR, section 7",
    parameters=(EPSILON,),
    slope=label_smoothing_slope,
    # Lipschitz: |p - q| with all of p on one wrong class; q, the smoothed target, is 1 - epsilon on the true class
    # and nothing elsewhere when there are many classes. With two classes it is less than 1 % below that.
    facts=smooth(
        convex=True,
        lipschitz=math.sqrt(1 + (1 - EPSILON.default) ** 2),
        estimates="a probability drawn towards uniform",
    ),
)
def label_smoothing(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = EPSILON.default
) -> torch.Tensor:
    """Softmax cross-entropy to a target that leaves a share epsilon for all classes; `ce` at epsilon = 0.

    Its smallest value is not zero: a sure prediction is never optimal.

    Example:
        >>> label_smoothing(torch.tensor([[0.0, 0.0], [20.0, 0.0]]), torch.tensor([0, 0]))
        tensor([0.6931, 1.0000])
    """
    # -log p_c is logsumexp(z) - z_c, and the weights of the classes add up to 1.
    smoothed = (1 - epsilon) * of_true(raw, target) + epsilon * raw.mean(-1, keepdim=True)
    return (raw.logsumexp(-1, keepdim=True) - smoothed).sum(-1)


def _multi_margin_slope(raw: torch.Tensor, target: torch.Tensor, *, margin: float | torch.Tensor) -> torch.Tensor:
    """Return 1 / C for each class that comes too near to the true one, and minus their sum for that one."""
    near = (raw - of_true(raw, target) + margin).relu().sign()  # at the true class it is 1
    return add_to_true_(near, target, -near.sum(-1, keepdim=True)) / raw.shape[-1]


@multiclass_loss(
    link="margin",
    formula="(1 / C) Σ over c ≠ t of max(0, margin + z_c - z_t), with C classes",
    source="Weston and Watkins (1999), Support vector machines for multi-class pattern recognition, ESANN",
    parameters=(MARGIN,),
    slope=_multi_margin_slope,
    # Lipschitz: with all C - 1 rivals too near it is √(C (C - 1)) / C; 1 in the limit of many classes.
    facts=_led(lipschitz=1.0),
)
def multi_margin(
    raw: torch.Tensor, target: torch.Tensor, *, margin: float | torch.Tensor = MARGIN.default
) -> torch.Tensor:
    """Sum of the distances by which the true class misses its lead over each other class, over their number.

    The paper's margin is 2 and its sum is not divided; this is the form of torch's MultiMarginLoss. With two
    classes it is half of `hinge`.

    Example:
        >>> multi_margin(torch.tensor([[2.0, 0.5, 0.0], [0.0, 2.0, 0.0]]), torch.tensor([0, 2]))
        tensor([0.0000, 1.3333])
    """
    near = (raw - of_true(raw, target) + margin).relu()
    return (near.sum(-1, keepdim=True) - margin).sum(-1) / raw.shape[-1]  # at the true class it is the margin
