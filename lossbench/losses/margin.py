"""Losses of the margin s z of one raw output z, for a yes-or-no target y in {0, 1} with s = 2y - 1 in {-1, 1}.

The margin is above 0 where the decision is right. On several labels they are summed.
"""

from __future__ import annotations

import math
from functools import partial

from lossbench.lazy import torch
from lossbench.losses.binary import minus_sign
from lossbench.losses.record import separable, smooth_terms
from lossbench.losses.registry import register, register_per_label
from lossbench.spec import Parameter

# The exponential loss goes on as a straight line from this margin down. Its slope is exp(16) there, about 2^23: in
# single precision such a sample drowns the rest of a batch. Below -88 it would overflow.
STRAIGHT = -16.0

ALPHA = Parameter("alpha", 1.0, low=0, open_low=True, meaning="cost of a false positive")
BETA = Parameter("beta", 5.0, low=0, open_low=True, meaning="cost of a false negative")

_binary = partial(register, task="binary", encoding="values", link="margin")


def _hinge_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return -s where s z < 1, else 0."""
    turned = minus_sign(target)
    return turned * (turned * raw > -1)


@register_per_label(
    core=True,
    link="margin",
    formula="max(0, 1 - s z), with s = 2y - 1",
    source="Cortes and Vapnik (1995), Support-vector networks, Machine Learning 20",
    labels={
        "core": False,
        "source": "Boutell, Luo, Shen and Brown (2004), Learning multi-label scene classification, "
        "Pattern Recognition 37",
    },
    slope=_hinge_slope,
    facts=separable(convex=True, lipschitz=1.0, symmetric=True, estimates="most probable class"),
)
def hinge(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Distance by which the raw output misses a margin of 1: the loss of the support vector machine.

    Example:
        >>> hinge(torch.tensor([[0.5], [0.5]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.5000, 1.5000])
    """
    return (1 + minus_sign(target) * raw).relu().sum(-1)


def no_slope(raw: torch.Tensor, target: torch.Tensor, **parameters: float | torch.Tensor) -> torch.Tensor:
    """Return the slope of a step, zero wherever there is one, in the shape of raw."""
    return torch.zeros_like(raw)


@_binary(
    flat=True,
    formula="(1 - sign(s z)) / 2, with s = 2y - 1",
    source="Nguyen and Sanner (2013), Algorithms for direct 0-1 loss optimization in binary classification, ICML",
    range="[0, 1]",
    slope=no_slope,
    facts=separable(bounded=True, lipschitz=0.0, symmetric=True, estimates="most probable class"),
)
def zero_one(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Share of wrong decisions, which is a step: only an optimiser without gradients, es, can minimise it.

    An output of zero decides nothing and counts one half.

    Example:
        >>> zero_one(torch.tensor([[0.5], [0.5], [0.0]]), torch.tensor([[1.0], [0.0], [1.0]]))
        tensor([0.0000, 1.0000, 0.5000])
    """
    return wrong(raw, target).sum(-1)


def wrong(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 1 for a wrong decision, 0 for a right one and a half for none, in the shape of raw.

    Example:
        >>> wrong(torch.tensor([0.5, -0.5, 0.0]), torch.tensor([1.0, 1.0, 1.0]))
        tensor([0.0000, 1.0000, 0.5000])
    """
    return (1 + (minus_sign(target) * raw).sign()) / 2


@_binary(
    flat=True,
    formula="c (1 - sign(s z)) / 2, with c = beta if y = 1 else alpha, s = 2y - 1",
    source="Elkan (2001), The foundations of cost-sensitive learning, IJCAI, section 1",
    range="[0, max(alpha, beta)]",
    parameters=(ALPHA, BETA),
    slope=no_slope,
    # not symmetric: one mistake is dearer than the other
    facts=separable(
        bounded=True, lipschitz=0.0, estimates="whether the probability is above alpha / (alpha + beta)"
    ),
)
def expected_cost(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor = ALPHA.default,
    beta: float | torch.Tensor = BETA.default,
) -> torch.Tensor:
    """Mean cost of the decisions, by a matrix of costs: `zero_one` with a price for each mistake.

    The matrix has zeros for right decisions, alpha for a false positive and beta for a false negative. A step as
    well: only an optimiser without gradients, es, can minimise it.

    Example:
        >>> expected_cost(torch.tensor([[0.5], [0.5], [-0.5]]), torch.tensor([[1.0], [0.0], [1.0]]))
        tensor([0., 1., 5.])
    """
    return ((alpha + (beta - alpha) * target) * wrong(raw, target)).sum(-1)


def _squared_hinge_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return -2 s max(0, 1 - s z)."""
    turned = minus_sign(target)
    return 2 * turned * (1 + turned * raw).relu()


@_binary(
    core=True,
    formula="max(0, 1 - s z)², with s = 2y - 1",
    source="Lee and Mangasarian (2001), SSVM: a smooth support vector machine for classification, "
    "Comput. Optim. Appl. 20",
    slope=_squared_hinge_slope,
    facts=smooth_terms(convex=True, estimates="2p - 1"),
)
def squared_hinge(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Square of the hinge loss, smooth where the margin is met.

    Example:
        >>> squared_hinge(torch.tensor([[0.5], [0.5]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.2500, 2.2500])
    """
    return (1 + minus_sign(target) * raw).relu().square().sum(-1)


def _modified_huber_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return -2 s min(2, max(0, 1 - s z))."""
    turned = minus_sign(target)
    return 2 * turned * (1 + turned * raw).clamp(0, 2)


@_binary(
    link="signed",
    formula="max(0, 1 - s z)² where s z ≥ -1, else -4 s z, with s = 2y - 1",
    source="Zhang (2004), Statistical behavior and consistency of classification methods based on convex risk "
    "minimization, Ann. Statist. 32",
    slope=_modified_huber_slope,
    facts=smooth_terms(convex=True, lipschitz=4.0, estimates="2p - 1"),
)
def modified_huber(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared hinge loss that goes on as a straight line for sure mistakes.

    Cut to [-1, 1], the raw output estimates 2p - 1; scikit-learn's `SGDClassifier` reads it so too.

    Example:
        >>> modified_huber(torch.tensor([[0.5], [3.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([ 0.2500, 12.0000])
    """
    miss = (1 + minus_sign(target) * raw).relu()
    capped = miss.clamp(max=2)  # one expression for both pieces: c·(2h - c), h the hinge loss and c = min(h, 2)
    return (capped * (2 * miss - capped)).sum(-1)


def _exponential_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return -s exp(-s z), no steeper than where the straight line starts."""
    turned = minus_sign(target)
    return turned * (turned * raw).clamp(max=-STRAIGHT).exp()


@_binary(
    formula="exp(-s z), with s = 2y - 1; for s z < -16 the tangent at -16: exp(16) (-15 - s z)",
    source="Freund and Schapire (1997), A decision-theoretic generalization of on-line learning and an "
    "application to boosting, J. Comput. Syst. Sci. 55",
    slope=_exponential_slope,
    # Lipschitz: on the straight line; the exponential itself has no bound
    facts=smooth_terms(convex=True, lipschitz=math.exp(-STRAIGHT), estimates="½ log(p / (1 - p))"),
)
def exponential(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Exponential of the negative margin: the loss of AdaBoost, which a few mislabelled samples dominate.

    The tangent keeps value and slope finite in single precision. At that margin one sample outweighs nine million
    that are undecided, so training is lost either way.

    Example:
        >>> exponential(torch.tensor([[1.0], [1.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.3679, 2.7183])
    """
    turned = minus_sign(target) * raw
    capped = turned.clamp(max=-STRAIGHT)  # the exponential never sees more, or its slope would be inf times zero
    return (capped.exp() * (1 + turned - capped)).sum(-1)


def _savage_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 4 (p - y) p (1 - p), with p = sigmoid(2z)."""
    p = (2 * raw).sigmoid()
    return (p - target) * p * torch.rsub(p, 4, alpha=4)


@_binary(
    formula="1 / (1 + exp(2 s z))², with s = 2y - 1",
    source="Masnadi-Shirazi and Vasconcelos (2008), On the design of loss functions for classification: theory, "
    "robustness to outliers, and SavageBoost, NIPS",
    range="[0, 1]",
    slope=_savage_slope,
    # Lipschitz: the slope 4p²(1 - p), with p = sigmoid(2z), is largest at p = 2/3
    facts=smooth_terms(bounded=True, lipschitz=16 / 27, estimates="½ log(p / (1 - p))"),
)
def savage(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Loss that levels off at 1 for sure mistakes, so that outliers lose their pull.

    It is `mse` at twice the raw output, which is how boosting scales it.

    Example:
        >>> savage(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.2500, 1.0000])
    """
    # As a sigmoid, since exp(2 s z) overflows single precision from a margin of 45 on.
    return (2 * minus_sign(target) * raw).sigmoid().square().sum(-1)


def _unhinged_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return -s."""
    return minus_sign(target)


@_binary(
    formula="1 - s z, with s = 2y - 1",
    source="van Rooyen, Menon and Williamson (2015), Learning with symmetric label noise: the importance of being "
    "unhinged, NIPS",
    bottomless=True,
    slope=_unhinged_slope,
    facts=smooth_terms(convex=True, lipschitz=1.0, estimates="most probable class", nonnegative=False),
)
def unhinged(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Hinge loss without the hinge: linear, so that flipped labels only scale it, and without a smallest value.

    Its values for the two classes add up to 2. It pays for every step further out, so raw outputs grow for as long
    as training lasts unless a penalty (`l2`) holds them.

    Example:
        >>> unhinged(torch.tensor([[3.0], [3.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([-2.,  4.])
    """
    return (1 + minus_sign(target) * raw).sum(-1)
