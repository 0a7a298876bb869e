"""Losses of an error e = target - raw; several targets are averaged, so that their number scales no step."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from lossbench.lazy import torch
from lossbench.losses.record import Domain, Facts
from lossbench.losses.registry import register
from lossbench.spec import Parameter

DELTA = Parameter("delta", 1.0, low=0, open_low=True, meaning="error from which the growth is linear")
TAU = Parameter("tau", 0.5, low=0, high=1, open_low=True, open_high=True, meaning="the quantile estimated")

_register = partial(register, task="regression", link="identity", encoding="values")


@_register(
    name="mse",
    core=True,
    formula="mean over targets of (y - f)²",
    source="Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes, appendix",
    facts=Facts(
        convex=True,
        bounded=False,
        differentiable=True,
        lipschitz=None,
        symmetric=True,
        estimates="mean",
        separable=True,
    ),
)
def mse(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error, without the factor ½.

    mean over targets of (y - f)². Source: Legendre (1805), Nouvelles méthodes pour la détermination des orbites
    des comètes, appendix.

    Args:
        raw: (..., batch, targets) predictions f.
        target: (..., batch, targets) values y.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> mse(torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([2.])
    """
    return (target - raw).square().mean(-1)


@_register(
    name="mae",
    core=True,
    formula="mean over targets of |y - f|",
    source="Edgeworth (1887), On observations relating to several quantities, Hermathena 6",
    facts=Facts(
        convex=True,
        bounded=False,
        differentiable=False,
        lipschitz=1.0,
        symmetric=True,
        estimates="median",
        separable=True,
    ),
)
def mae(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error.

    mean over targets of |y - f|. Source: Edgeworth (1887), On observations relating to several quantities,
    Hermathena 6.

    Args:
        raw: (..., batch, targets) predictions f.
        target: (..., batch, targets) values y.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> mae(torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([1.])
    """
    return (target - raw).abs().mean(-1)


@_register(
    name="huber",
    core=True,
    formula="mean over targets of ½e² where |e| ≤ delta, else delta·(|e| - ½delta), with e = y - f",
    source="Huber (1964), Robust estimation of a location parameter, Ann. Math. Statist. 35, section 1",
    parameters=(DELTA,),
    facts=Facts(
        convex=True,
        bounded=False,
        differentiable=True,
        lipschitz=DELTA.default,
        symmetric=True,
        estimates="a value between median and mean",
        separable=True,
    ),
)
def huber(raw: torch.Tensor, target: torch.Tensor, *, delta: float | torch.Tensor = DELTA.default) -> torch.Tensor:
    """Squared error near zero, absolute error beyond delta; half of `mse` for a large delta.

    mean over targets of ½e² where |e| ≤ delta, else delta·(|e| - ½delta), with e = y - f.
    Source: Huber (1964), Robust estimation of a location parameter, Ann. Math. Statist. 35, section 1.

    Args:
        raw: (..., batch, targets) predictions f.
        target: (..., batch, targets) values y.
        delta: above 0, in units of the target; it means little unless the target is standardised.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> huber(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [3.0]]))
        tensor([0.5000, 2.5000])
    """
    size = (target - raw).abs()
    capped = size.clamp(max=delta)  # one expression for both pieces: c·(|e| - ½c) with c = min(|e|, delta)
    return (capped * (size - 0.5 * capped)).mean(-1)


@_register(
    name="log_cosh",
    core=True,
    formula="mean over targets of log cosh(y - f)",
    source="Green (1990), Bayesian reconstructions from emission tomography data using a modified EM "
    "algorithm, IEEE Trans. Med. Imaging 9",
    facts=Facts(
        convex=True,
        bounded=False,
        differentiable=True,
        lipschitz=1.0,  # the derivative is -tanh(e)
        symmetric=True,
        estimates="a value between median and mean",
        separable=True,
    ),
)
def log_cosh(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Logarithm of the hyperbolic cosine: half the squared error near zero, absolute error far off.

    mean over targets of log cosh(y - f). Source: Green (1990), Bayesian reconstructions from emission tomography
    data using a modified EM algorithm, IEEE Trans. Med. Imaging 9.

    Args:
        raw: (..., batch, targets) predictions f.
        target: (..., batch, targets) values y.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> log_cosh(torch.tensor([[0.0], [0.0]]), torch.tensor([[0.0], [100.0]]))
        tensor([ 0.0000, 99.3069])
    """
    error = target - raw
    # logaddexp(e, -e) is log(2 cosh e); cosh itself overflows in float32 from e = 90 on.
    return (torch.logaddexp(error, -error) - math.log(2)).mean(-1)


@_register(
    name="pinball",
    core=True,
    formula="mean over targets of tau·max(e, 0) + (1 - tau)·max(-e, 0), with e = y - f",
    source="Koenker and Bassett (1978), Regression quantiles, Econometrica 46",
    parameters=(TAU,),
    facts=Facts(
        convex=True,
        bounded=False,
        differentiable=False,
        lipschitz=max(TAU.default, 1 - TAU.default),
        symmetric=False,
        estimates="quantile tau",
        separable=True,
    ),
)
def pinball(raw: torch.Tensor, target: torch.Tensor, *, tau: float | torch.Tensor = TAU.default) -> torch.Tensor:
    """Absolute error with one weight above and another below; half of `mae` at tau = ½.

    mean over targets of tau·max(e, 0) + (1 - tau)·max(-e, 0), with e = y - f.
    Source: Koenker and Bassett (1978), Regression quantiles, Econometrica 46.

    Args:
        raw: (..., batch, targets) predictions f.
        target: (..., batch, targets) values y.
        tau: in (0, 1), the share of targets that should lie below the prediction.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> pinball(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [-1.0]]), tau=0.75)
        tensor([0.7500, 0.2500])
    """
    error = target - raw
    return (tau * error.relu() + (1 - tau) * (-error).relu()).mean(-1)


def near_zero(targets: np.ndarray) -> np.ndarray:
    """Mark the rows where some target is within one per cent of its mean size from zero.

    Args:
        targets: (rows, targets), in original units.

    Returns:
        (rows,) of booleans.

    Example:
        >>> near_zero(np.array([[10.0], [0.01], [-12.0], [0.0]])).tolist()
        [False, True, False, True]
    """
    size = np.abs(targets)
    marked: np.ndarray = (size <= 0.01 * size.mean(axis=0)).any(axis=1)
    return marked


@_register(
    name="mape",
    core=True,
    formula="mean over targets of |y - f| / |y|",
    source="de Myttenaere, Golden, Le Grand and Rossi (2016), Mean absolute percentage error for regression "
    "models, Neurocomputing 192",
    natural_zero=True,
    domain=Domain(
        description="targets away from zero: |y| above 1 % of the mean |y|",
        violations=near_zero,
        advice="use mae, huber or pinball, whose errors are not relative",
    ),
    facts=Facts(
        convex=True,
        bounded=False,
        differentiable=False,
        lipschitz=None,  # 1 / |y|: no bound holds for every target
        symmetric=True,
        estimates="median weighted by 1/|y|",
        separable=True,
    ),
)
def mape(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error relative to the target, as a fraction: 0.1 is ten per cent.

    mean over targets of |y - f| / |y|. Source: de Myttenaere, Golden, Le Grand and Rossi (2016), Mean absolute
    percentage error for regression models, Neurocomputing 192. Its minimiser is a median in which small targets
    weigh more, so it predicts too low on skewed data.

    Args:
        raw: (..., batch, targets) predictions f.
        target: (..., batch, targets) values y, none of them zero.

    Returns:
        (..., batch), in [0, inf).

    Example:
        >>> import torch
        >>> mape(torch.tensor([[90.0], [30.0]]), torch.tensor([[100.0], [20.0]]))
        tensor([0.1000, 0.5000])
    """
    return ((target - raw).abs() / target.abs()).mean(-1)
