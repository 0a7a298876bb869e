"""Losses of one raw output z for a yes-or-no target y in {0, 1}; on several labels they are summed.

Written with s = 2y - 1 in {-1, 1} and p = sigmoid(z).
"""

from __future__ import annotations

from functools import partial

from lossbench.lazy import torch
from lossbench.losses.record import Facts
from lossbench.losses.registry import register
from lossbench.spec import Parameter

GAMMA = Parameter("gamma", 2.0, low=0, meaning="how strongly samples that are already right are ignored")
ALPHA = Parameter(
    "alpha", 0.5, low=0, high=1, open_low=True, open_high=True, meaning="weight of the positive class; ½ is even"
)

# The largest slope of focal loss at gamma = 2: (1 - q)²·(1 - q - 2q log q) at q = 0.05785, found numerically.
FOCAL_SLOPE = 1.128984

_binary = partial(register, task="binary", encoding="values")
_multilabel = partial(register, task="multilabel", encoding="values")

_BCE_FACTS = Facts(
    convex=True,
    bounded=False,
    differentiable=True,
    lipschitz=1.0,  # the derivative is p - y
    symmetric=True,
    estimates="probability",
    separable=True,
)
_BRIER_FACTS = Facts(
    convex=False,
    bounded=True,
    differentiable=True,
    lipschitz=8 / 27,  # the slope 2p²(1 - p) is largest at p = 2/3
    symmetric=True,
    estimates="probability",
    separable=True,
)
_SQUARED_FACTS = Facts(
    convex=True,
    bounded=False,
    differentiable=True,
    lipschitz=None,
    symmetric=True,
    estimates="probability",
    separable=True,
)
_FOCAL_FACTS = Facts(
    convex=False,
    bounded=False,
    differentiable=True,
    lipschitz=FOCAL_SLOPE,
    symmetric=False,  # alpha tells the classes apart
    estimates="a probability drawn towards ½",
    separable=True,
)


@_multilabel(
    name="bce",
    core=True,
    link="sigmoid",
    formula="Σ over labels of -y log p - (1 - y) log(1 - p), with p = sigmoid(z)",
    source="Nam, Kim, Loza Mencía, Gurevych and Fürnkranz (2014), Large-scale multi-label text classification, "
    "ECML PKDD",
    facts=_BCE_FACTS,
)
@_binary(
    name="bce",
    core=True,
    link="sigmoid",
    formula="-y log p - (1 - y) log(1 - p), with p = sigmoid(z)",
    source="Cox (1958), The regression analysis of binary sequences, J. R. Stat. Soc. B 20",
    facts=_BCE_FACTS,
)
def bce(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy from raw outputs: the logistic loss.

    Σ over labels of -y log p - (1 - y) log(1 - p), with p = sigmoid(z).
    Source: Cox (1958), The regression analysis of binary sequences, J. R. Stat. Soc. B 20.

    Args:
        raw: (..., batch, labels) raw outputs z.
        target: (..., batch, labels) of 0 and 1.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> bce(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([6.9315e-01, 1.0000e+03])
    """
    # From z and not from p: in float32 p is exactly 1 from z = 17 on, which loses both the value and the gradient.
    return ((1 - target) * raw - torch.nn.functional.logsigmoid(raw)).sum(-1)


@_multilabel(
    name="mse",
    core=True,
    link="sigmoid",
    aliases=("brier",),
    formula="Σ over labels of (p - y)², with p = sigmoid(z)",
    source="Brier (1950), Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78",
    facts=_BRIER_FACTS,
)
@_binary(
    name="mse",
    core=True,
    link="sigmoid",
    aliases=("brier",),
    formula="(p - y)², with p = sigmoid(z)",
    source="Brier (1950), Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78",
    facts=_BRIER_FACTS,
)
def mse(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error on probabilities: the Brier score.

    Σ over labels of (p - y)², with p = sigmoid(z).
    Source: Brier (1950), Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78.

    Args:
        raw: (..., batch, labels) raw outputs z.
        target: (..., batch, labels) of 0 and 1.

    Returns:
        (..., batch), in [0, labels].

    Example:
        >>> import torch
        >>> mse(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.2500, 1.0000])
    """
    return (raw.sigmoid() - target).square().sum(-1)


@_binary(
    name="mse_logits",
    core=True,
    link="clip",
    formula="(z - y)²",
    source="Hui and Belkin (2021), Evaluation of neural architectures trained with square loss vs cross-entropy "
    "in classification tasks, ICLR",
    facts=_SQUARED_FACTS,
)
def mse_logits(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error of the raw output against 0 or 1.

    (z - y)². Source: Hui and Belkin (2021), Evaluation of neural architectures trained with square loss vs
    cross-entropy in classification tasks, ICLR. The raw output itself estimates the probability.

    Args:
        raw: (..., batch, 1) raw output z.
        target: (..., batch, 1) of 0 and 1.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> mse_logits(torch.tensor([[0.5], [3.0]]), torch.tensor([[1.0], [1.0]]))
        tensor([0.2500, 4.0000])
    """
    return (raw - target).square().sum(-1)


@_binary(
    name="mse_pm1",
    core=True,
    link="signed",
    formula="(z - s)², with s = 2y - 1",
    source="Widrow and Hoff (1960), Adaptive switching circuits, IRE WESCON Convention Record 4",
    facts=_SQUARED_FACTS,
)
def mse_pm1(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error of the raw output against -1 or 1.

    (z - s)², with s = 2y - 1. Source: Widrow and Hoff (1960), Adaptive switching circuits, IRE WESCON Convention
    Record 4. The raw output estimates 2p - 1. It is four times `mse_logits` at (z + 1) / 2.

    Args:
        raw: (..., batch, 1) raw output z.
        target: (..., batch, 1) of 0 and 1.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> mse_pm1(torch.tensor([[0.5], [0.5]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.2500, 2.2500])
    """
    return (raw - _sign(target)).square().sum(-1)


@_binary(
    name="mae",
    core=True,
    link="sigmoid",
    formula="|p - y|, with p = sigmoid(z)",
    source="Ghosh, Kumar and Sastry (2017), Robust loss functions under label noise for deep neural networks, "
    "AAAI, section 3",
    facts=Facts(
        convex=False,
        bounded=True,
        differentiable=True,  # p never reaches y, where the kink of the absolute value is
        lipschitz=1 / 4,  # the slope p(1 - p) is largest at p = 1/2
        symmetric=True,
        estimates="most probable class",
        separable=True,
    ),
)
def mae(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error on probabilities, which tolerates flipped labels and learns slowly.

    |p - y|, with p = sigmoid(z). Source: Ghosh, Kumar and Sastry (2017), Robust loss functions under label noise
    for deep neural networks, AAAI, section 3. Its values for the two classes add up to a constant.

    Args:
        raw: (..., batch, 1) raw output z.
        target: (..., batch, 1) of 0 and 1.

    Returns:
        (..., batch), in [0, 1].

    Example:
        >>> import torch
        >>> mae(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.5000, 1.0000])
    """
    return (raw.sigmoid() - target).abs().sum(-1)


@_binary(
    name="hinge",
    core=True,
    link="margin",
    formula="max(0, 1 - s z), with s = 2y - 1",
    source="Cortes and Vapnik (1995), Support-vector networks, Machine Learning 20",
    facts=Facts(
        convex=True,
        bounded=False,
        differentiable=False,
        lipschitz=1.0,
        symmetric=True,
        estimates="most probable class",
        separable=True,
    ),
)
def hinge(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Distance by which the raw output misses a margin of 1: the loss of the support vector machine.

    max(0, 1 - s z), with s = 2y - 1. Source: Cortes and Vapnik (1995), Support-vector networks, Machine
    Learning 20.

    Args:
        raw: (..., batch, 1) decision value z.
        target: (..., batch, 1) of 0 and 1.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> hinge(torch.tensor([[0.5], [0.5]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.5000, 1.5000])
    """
    return (1 - _sign(target) * raw).relu().sum(-1)


@_binary(
    name="squared_hinge",
    core=True,
    link="margin",
    formula="max(0, 1 - s z)², with s = 2y - 1",
    source="Lee and Mangasarian (2001), SSVM: a smooth support vector machine for classification, "
    "Comput. Optim. Appl. 20",
    facts=Facts(
        convex=True,
        bounded=False,
        differentiable=True,
        lipschitz=None,
        symmetric=True,
        estimates="2p - 1",
        separable=True,
    ),
)
def squared_hinge(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Square of the hinge loss, smooth where the margin is met.

    max(0, 1 - s z)², with s = 2y - 1. Source: Lee and Mangasarian (2001), SSVM: a smooth support vector machine
    for classification, Comput. Optim. Appl. 20.

    Args:
        raw: (..., batch, 1) decision value z.
        target: (..., batch, 1) of 0 and 1.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> squared_hinge(torch.tensor([[0.5], [0.5]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.2500, 2.2500])
    """
    return (1 - _sign(target) * raw).relu().square().sum(-1)


@_multilabel(
    name="focal",
    core=True,
    link="sigmoid",
    formula="Σ over labels of -w (1 - q)^gamma log q, q the probability of the true value of y, "
    "w = 2 alpha if y = 1 else 2 (1 - alpha)",
    source="Lin, Goyal, Girshick, He and Dollár (2017), Focal loss for dense object detection, ICCV, section 3",
    parameters=(GAMMA, ALPHA),
    facts=_FOCAL_FACTS,
)
@_binary(
    name="focal",
    core=True,
    link="sigmoid",
    formula="-w (1 - q)^gamma log q, q = sigmoid(s z), s = 2y - 1, w = 2 alpha if y = 1 else 2 (1 - alpha)",
    source="Lin, Goyal, Girshick, He and Dollár (2017), Focal loss for dense object detection, ICCV, section 3",
    parameters=(GAMMA, ALPHA),
    facts=_FOCAL_FACTS,
)
def focal(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    gamma: float | torch.Tensor = GAMMA.default,
    alpha: float | torch.Tensor = ALPHA.default,
) -> torch.Tensor:
    """Cross-entropy that fades for samples which are already right; `bce` at gamma = 0.

    Σ over labels of -w (1 - q)^gamma log q, with q = sigmoid(s z) the probability of the true value, s = 2y - 1,
    and w = 2 alpha where y = 1, else 2 (1 - alpha).
    Source: Lin, Goyal, Girshick, He and Dollár (2017), Focal loss for dense object detection, ICCV, section 3.
    The paper's weights are alpha and 1 - alpha. Here they are doubled, so that alpha = ½ weighs nothing and alpha
    shifts weight between the classes without changing their sum. The value is never divided by the weights.

    Args:
        raw: (..., batch, labels) raw outputs z.
        target: (..., batch, labels) of 0 and 1.
        gamma: at least 0.
        alpha: in (0, 1), the weight of the positive class.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> focal(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [0.0]]), gamma=1, alpha=0.25)
        tensor([0.1733, 0.5199])
    """
    weight = 2 * (alpha * target + (1 - alpha) * (1 - target))
    margin = _sign(target) * raw
    # Both logarithms from the margin: 1 - q taken as a difference is 0 for a sure sample, and 0^gamma has a slope
    # of 0, infinity or nothing at all, depending on gamma.
    log_right = torch.nn.functional.logsigmoid(margin)
    log_wrong = torch.nn.functional.logsigmoid(-margin)
    return (-weight * (gamma * log_wrong).exp() * log_right).sum(-1)


def _sign(target: torch.Tensor) -> torch.Tensor:
    """Return -1 and 1 for 0 and 1."""
    return 2 * target - 1
