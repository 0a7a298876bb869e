"""Losses of one raw output z for a yes-or-no target y in {0, 1}, by the probability or by z itself.

Written with s = 2y - 1 in {-1, 1} and p = sigmoid(z); on several labels they are summed. What rests on the margin
s z stands in `margin`, cross-entropy with uneven weights in `modulated`, what needs a whole batch in `overlap`.
"""

from __future__ import annotations

from functools import partial

from lossbench.lazy import torch
from lossbench.losses.record import Facts
from lossbench.losses.registry import register

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


def minus_sign(target: torch.Tensor) -> torch.Tensor:
    """Return -s = 1 - 2y: 1 and -1 for 0 and 1.

    Example:
        >>> import torch
        >>> minus_sign(torch.tensor([0.0, 1.0]))
        tensor([ 1., -1.])
    """
    return torch.rsub(target, 1, alpha=2)  # one operation; written as the formula it would be two


def _bce_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return p - y."""
    return raw.sigmoid() - target


@_multilabel(
    name="bce",
    core=True,
    link="sigmoid",
    formula="Σ over labels of -y log p - (1 - y) log(1 - p), with p = sigmoid(z)",
    source="Nam, Kim, Loza Mencía, Gurevych and Fürnkranz (2014), Large-scale multi-label text classification, "
    "ECML PKDD",
    slope=_bce_slope,
    facts=_BCE_FACTS,
)
@_binary(
    name="bce",
    core=True,
    link="sigmoid",
    formula="-y log p - (1 - y) log(1 - p), with p = sigmoid(z)",
    source="Cox (1958), The regression analysis of binary sequences, J. R. Stat. Soc. B 20",
    slope=_bce_slope,
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


def _mse_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 (p - y) p (1 - p)."""
    p = raw.sigmoid()
    return (p - target) * p * torch.rsub(p, 2, alpha=2)


@_multilabel(
    name="mse",
    core=True,
    link="sigmoid",
    aliases=("brier",),
    formula="Σ over labels of (p - y)², with p = sigmoid(z)",
    source="Brier (1950), Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78",
    slope=_mse_slope,
    facts=_BRIER_FACTS,
)
@_binary(
    name="mse",
    core=True,
    link="sigmoid",
    aliases=("brier",),
    formula="(p - y)², with p = sigmoid(z)",
    source="Brier (1950), Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78",
    slope=_mse_slope,
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


def _mse_logits_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 (z - y)."""
    return 2 * (raw - target)


@_binary(
    name="mse_logits",
    core=True,
    link="clip",
    formula="(z - y)²",
    source="Hui and Belkin (2021), Evaluation of neural architectures trained with square loss vs cross-entropy "
    "in classification tasks, ICLR",
    slope=_mse_logits_slope,
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


def _mse_pm1_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 (z - s)."""
    return 2 * (raw + minus_sign(target))


@_binary(
    name="mse_pm1",
    core=True,
    link="signed",
    formula="(z - s)², with s = 2y - 1",
    source="Widrow and Hoff (1960), Adaptive switching circuits, IRE WESCON Convention Record 4",
    slope=_mse_pm1_slope,
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
    return (raw + minus_sign(target)).square().sum(-1)


def _mae_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return -s p (1 - p)."""
    p = raw.sigmoid()
    return minus_sign(target) * p * (1 - p)


@_binary(
    name="mae",
    core=True,
    link="sigmoid",
    formula="|p - y|, with p = sigmoid(z)",
    source="Ghosh, Kumar and Sastry (2017), Robust loss functions under label noise for deep neural networks, "
    "AAAI, section 3",
    slope=_mae_slope,
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
