"""Losses of an error relative to the size of target or prediction; they need targets with their own zero."""

from __future__ import annotations

from functools import partial

import numpy as np

from lossbench.lazy import torch
from lossbench.losses.record import Domain, separable
from lossbench.losses.regression import regression_loss

_register = partial(regression_loss, natural_zero=True)


def near_zero(targets: np.ndarray) -> np.ndarray:
    """Mark the rows of (rows, targets) where some target is within one per cent of its mean size from zero.

    Example:
        >>> near_zero(np.array([[10.0], [0.01], [-12.0], [0.0]])).tolist()
        [False, True, False, True]
    """
    size = np.abs(targets)
    return np.asarray((size <= 0.01 * size.mean(axis=0)).any(axis=1))


def _mape_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """sign(f - y) / |y| / targets."""
    return (raw - target).sign() / target.abs() / raw.shape[-1]


@_register(
    core=True,
    formula="mean over targets of |y - f| / |y|",
    source="de Myttenaere, Golden, Le Grand and Rossi (2016), Mean absolute percentage error for regression "
    "models, Neurocomputing 192",
    domain=Domain(
        description="targets away from zero: |y| above 1 % of the mean |y|",
        violations=near_zero,
        advice="use mae, huber or pinball, whose errors are not relative",
    ),
    slope=_mape_slope,
    # no Lipschitz constant: 1 / |y|: no bound holds for every target
    facts=separable(convex=True, symmetric=True, estimates="median weighted by 1/|y|"),
)
def mape(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error relative to the target, as a fraction: 0.1 is ten per cent.

    Its minimiser is a median in which small targets weigh more, so it predicts too low on skewed data.

    Example:
        >>> mape(torch.tensor([[90.0], [30.0]]), torch.tensor([[100.0], [20.0]]))
        tensor([0.1000, 0.5000])
    """
    return ((target - raw).abs() / target.abs()).mean(-1)


def _smape_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """2 sign(f - y) (|y| + y sign(f)) / (|y| + |f|)² / targets: 0 where the signs of y and f differ."""
    size = target.abs()
    total = _total(raw, target)
    steepness = (raw - target).sign() * (size + target * raw.sign())
    # Divided twice: the square of a small total would be zero in single precision.
    return steepness / total / total * (2 / raw.shape[-1])


def _total(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    total = target.abs() + raw.abs()
    return torch.where(total == 0, 1.0, total)  # no error there, so that any divisor will do


@_register(
    formula="mean over targets of 2|y - f| / (|y| + |f|), and 0 where both are zero",
    source="Makridakis (1993), Accuracy measures: theoretical and practical concerns, International Journal of "
    "Forecasting 9",
    range="[0, 2]",
    slope=_smape_slope,
    # no Lipschitz constant: 4 / |y| just off zero: no bound holds for every target
    # not symmetric: in the order of y and f, but not in the sign of the error
    facts=separable(bounded=True, estimates="median weighted by y / (y + f)², for positive targets"),
)
def smape(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error relative to the mean size of target and prediction, as a fraction: 2 is the worst.

    A prediction of the wrong sign costs 2 however wrong it is, and has no gradient; nor has any prediction for a
    target of zero.

    Example:
        >>> smape(torch.tensor([[3.0], [-1.0], [0.0]]), torch.tensor([[1.0], [5.0], [0.0]]))
        tensor([1., 2., 0.])
    """
    return 2 * ((target - raw).abs() / _total(raw, target)).mean(-1)
