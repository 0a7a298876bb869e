"""Losses of one raw output z for a yes-or-no target y in {0, 1}, by the probability or by z itself.

Cross-entropy, squared and absolute error also compare an autoencoder's reconstruction, p = sigmoid(z), with a
column x in [0, 1]; they are summed over columns.

Written with s = 2y - 1 in {-1, 1} and p = sigmoid(z); several labels are summed. Losses of the margin s z are in
`margin`, weighted cross-entropies in `modulated`, losses of a whole batch in `overlap`.
"""

from __future__ import annotations

import math
from functools import partial

from lossbench.lazy import torch
from lossbench.losses.record import separable, smooth_terms
from lossbench.losses.registry import register, register_per_label

_binary = partial(register, task="binary", encoding="values")
_of_columns = partial(register, task="anomaly", encoding="values", core=True, link="sigmoid")


def minus_sign(target: torch.Tensor) -> torch.Tensor:
    """Return -s = 1 - 2y, of any shape: 1 and -1 for 0 and 1.

    Example:
        >>> import torch
        >>> minus_sign(torch.tensor([0.0, 1.0]))
        tensor([ 1., -1.])
    """
    return torch.rsub(target, 1, alpha=2)  # one operation; written as the formula it would be two


def _bce_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return p - y."""
    return raw.sigmoid() - target


@register_per_label(
    core=True,
    link="sigmoid",
    formula="-y log p - (1 - y) log(1 - p), with p = sigmoid(z)",
    source="Cox (1958), The regression analysis of binary sequences, J. R. Stat. Soc. B 20",
    labels={
        "source": "Nam, Kim, Loza Mencía, Gurevych and Fürnkranz (2014), Large-scale multi-label text "
        "classification, ECML PKDD"
    },
    slope=_bce_slope,
    # Lipschitz: the derivative is p - y
    facts=smooth_terms(convex=True, lipschitz=1.0, estimates="probability"),
)
@_of_columns(
    formula="Σ over columns of -x log p - (1 - x) log(1 - p), with p = sigmoid(z)",
    source="Vincent, Larochelle, Bengio and Manzagol (2008), Extracting and composing robust features with "
    "denoising autoencoders, ICML, section 2.1",
    slope=_bce_slope,
    facts=smooth_terms(convex=True, lipschitz=1.0, estimates="mean"),
)
def bce(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy from raw outputs: the logistic loss.

    Example:
        >>> bce(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([6.9315e-01, 1.0000e+03])
    """
    # From z and not from p: in float32 p is exactly 1 from z = 17 on, which loses both the value and the gradient.
    return ((1 - target) * raw - torch.nn.functional.logsigmoid(raw)).sum(-1)


def _mse_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 (p - y) p (1 - p)."""
    p = raw.sigmoid()
    return (p - target) * p * torch.rsub(p, 2, alpha=2)


@register_per_label(
    core=True,
    link="sigmoid",
    aliases=("brier",),
    formula="(p - y)², with p = sigmoid(z)",
    source="Brier (1950), Verification of forecasts expressed in terms of probability, Mon. Weather Rev. 78",
    range="[0, 1]",
    labels={"range": "[0, labels]"},
    slope=_mse_slope,
    # Lipschitz: the slope 2p²(1 - p) is largest at p = 2/3
    facts=smooth_terms(bounded=True, lipschitz=8 / 27, estimates="probability"),
)
@_of_columns(
    formula="Σ over columns of (p - x)², with p = sigmoid(z)",
    source="Hawkins, He, Williams and Baxter (2002), Outlier detection using replicator neural networks, DaWaK",
    range="[0, columns]",
    slope=_mse_slope,
    facts=smooth_terms(bounded=True, lipschitz=8 / 27, estimates="mean"),
)
def mse(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error on probabilities: the Brier score.

    Example:
        >>> mse(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.2500, 1.0000])
    """
    return (raw.sigmoid() - target).square().sum(-1)


def _mse_logits_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 (z - y)."""
    return 2 * (raw - target)


@_binary(
    core=True,
    link="clip",
    formula="(z - y)²",
    source="Hui and Belkin (2021), Evaluation of neural architectures trained with square loss vs cross-entropy "
    "in classification tasks, ICLR",
    slope=_mse_logits_slope,
    facts=smooth_terms(convex=True, estimates="probability"),
)
def mse_logits(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error of the raw output against 0 or 1.

    The raw output itself estimates the probability.

    Example:
        >>> mse_logits(torch.tensor([[0.5], [3.0]]), torch.tensor([[1.0], [1.0]]))
        tensor([0.2500, 4.0000])
    """
    return (raw - target).square().sum(-1)


def _mse_pm1_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 2 (z - s)."""
    return 2 * (raw + minus_sign(target))


@_binary(
    core=True,
    link="signed",
    formula="(z - s)², with s = 2y - 1",
    source="Widrow and Hoff (1960), Adaptive switching circuits, IRE WESCON Convention Record 4",
    slope=_mse_pm1_slope,
    facts=smooth_terms(convex=True, estimates="probability"),
)
def mse_pm1(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error of the raw output against -1 or 1.

    The raw output estimates 2p - 1. It is four times `mse_logits` at (z + 1) / 2.

    Example:
        >>> mse_pm1(torch.tensor([[0.5], [0.5]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.2500, 2.2500])
    """
    return (raw + minus_sign(target)).square().sum(-1)


def _mae_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return -s p (1 - p)."""
    p = raw.sigmoid()
    return minus_sign(target) * p * (1 - p)


def _mae_of_columns_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return sign(p - x) p (1 - p)."""
    p = raw.sigmoid()
    return (p - target).sign() * p * (1 - p)


@_binary(
    core=True,
    link="sigmoid",
    formula="|p - y|, with p = sigmoid(z)",
    source="Ghosh, Kumar and Sastry (2017), Robust loss functions under label noise for deep neural networks, "
    "AAAI, section 3",
    range="[0, 1]",
    slope=_mae_slope,
    # differentiable: p never reaches y, where the kink of the absolute value is
    # Lipschitz: the slope p(1 - p) is largest at p = 1/2
    facts=smooth_terms(bounded=True, lipschitz=1 / 4, estimates="most probable class"),
)
@_of_columns(
    formula="Σ over columns of |p - x|, with p = sigmoid(z)",
    source="Zhou and Paffenroth (2017), Anomaly detection with robust deep autoencoders, KDD, section 3",
    range="[0, columns]",
    slope=_mae_of_columns_slope,
    # not differentiable: between 0 and 1, p reaches x
    facts=separable(bounded=True, symmetric=True, lipschitz=1 / 4, estimates="median"),
)
def mae(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error on probabilities, which tolerates flipped labels and learns slowly.

    Its values for the two classes add up to a constant.

    Example:
        >>> mae(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.5000, 1.0000])
    """
    return (raw.sigmoid() - target).abs().sum(-1)


def _nce_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return -s (1 - q + N (2q - 1)) / S, with q = sigmoid(s z), S = -log q - log(1 - q), N = -log q / S."""
    turned = minus_sign(target)
    wrong = turned * raw
    log_right, log_wrong = torch.nn.functional.logsigmoid(-wrong), torch.nn.functional.logsigmoid(wrong)
    total = log_right + log_wrong
    share = log_wrong.exp()
    return -turned * (share + log_right / total * (1 - 2 * share)) / total


@_binary(
    link="sigmoid",
    formula="log q / (log q + log(1 - q)), with q = sigmoid(s z), s = 2y - 1",
    source="Ma, Huang, Wang, Romano, Erfani and Bailey (2020), Normalized loss functions for deep learning with "
    "noisy labels, ICML",
    range="[0, 1]",
    slope=_nce_slope,
    # Lipschitz: steepest at q = 1/2
    facts=smooth_terms(bounded=True, lipschitz=1 / (4 * math.log(2)), estimates="most probable class"),
)
def nce(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Normalised cross-entropy: `bce` over its sum for both classes, which tolerates flipped labels.

    Its values for the two classes add up to 1.

    Example:
        >>> nce(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.5000, 1.0000])
    """
    wrong = minus_sign(target) * raw
    log_right, log_wrong = torch.nn.functional.logsigmoid(-wrong), torch.nn.functional.logsigmoid(wrong)
    return (log_right / (log_right + log_wrong)).sum(-1)
