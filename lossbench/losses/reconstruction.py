"""Losses of an autoencoder: p = sigmoid(z) should give back a column x in [0, 1]; summed over columns.

Cross-entropy and squared error are the functions of a yes-or-no target, with all between 0 and 1 allowed.
"""

from __future__ import annotations

from functools import partial

from lossbench.lazy import torch
from lossbench.losses import binary
from lossbench.losses.record import separable, smooth_terms
from lossbench.losses.registry import register

_register = partial(register, task="anomaly", encoding="values", core=True, link="sigmoid")

_register(
    formula="Σ over columns of (p - x)², with p = sigmoid(z)",
    source="Hawkins, He, Williams and Baxter (2002), Outlier detection using replicator neural networks, DaWaK",
    range="[0, columns]",
    slope=binary.mse_slope,
    facts=smooth_terms(bounded=True, lipschitz=8 / 27, estimates="mean"),
)(binary.mse)

_register(
    formula="Σ over columns of -x log p - (1 - x) log(1 - p), with p = sigmoid(z)",
    source="Vincent, Larochelle, Bengio and Manzagol (2008), Extracting and composing robust features with "
    "denoising autoencoders, ICML, section 2.1",
    slope=binary.bce_slope,
    facts=smooth_terms(convex=True, lipschitz=1.0, estimates="mean"),
)(binary.bce)


def _mae_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return sign(p - x) p (1 - p)."""
    p = raw.sigmoid()
    return (p - target).sign() * p * (1 - p)


@_register(
    formula="Σ over columns of |p - x|, with p = sigmoid(z)",
    source="Zhou and Paffenroth (2017), Anomaly detection with robust deep autoencoders, KDD, section 3",
    range="[0, columns]",
    slope=_mae_slope,
    # Lipschitz: the slope p(1 - p) is largest at p = 1/2
    facts=separable(bounded=True, symmetric=True, lipschitz=1 / 4, estimates="median"),
)
def mae(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error of what is given back.

    Example:
        >>> mae(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.5, 0.75]]))
        tensor([0.2500])
    """
    return (raw.sigmoid() - target).abs().sum(-1)
