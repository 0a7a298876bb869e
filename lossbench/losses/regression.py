"""Losses of an error e = target - raw; several targets are averaged, so that their number scales no step.

Losses of a relative error are in `relative`, those against outliers in `robust`, and those that predict something
positive in `positive`.
"""

from __future__ import annotations

import math
from functools import partial

from lossbench.lazy import torch
from lossbench.losses.record import separable, smooth_terms
from lossbench.losses.registry import register
from lossbench.spec import Parameter

STANDARD = "standard deviations of the training target"  # targets are divided by these before a loss sees them

scale = partial(Parameter, low=0, open_low=True, unit=STANDARD)
"""A parameter that says which errors are large."""

DELTA = scale("delta", 1.0, meaning="error from which the growth is linear")
_tau = partial(Parameter, "tau", 0.5, low=0, high=1, open_low=True, open_high=True)
TAU = _tau(meaning="the quantile estimated, the share of targets below the prediction")
EXPECTILE = _tau(meaning="the expectile estimated, the share of errors above the prediction in the weight of all")
EPSILON = Parameter("epsilon", 0.1, low=0, meaning="error up to which nothing is lost", unit=STANDARD)

# The other families register through this module, so that mse, the reference loss, always comes first.
regression_loss = partial(register, task="regression", encoding="values", link="identity")


def _mse_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """2(f - y) / targets."""
    return (raw - target) * (2 / raw.shape[-1])


@regression_loss(
    core=True,
    formula="mean over targets of (y - f)²",
    source="Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes, appendix",
    slope=_mse_slope,
    facts=smooth_terms(convex=True, estimates="mean"),
)
def mse(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared error, without the factor ½.

    Example:
        >>> mse(torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([2.])
    """
    return (target - raw).square().mean(-1)


def _quadratic_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(f - y) / targets."""
    return (raw - target) / raw.shape[-1]


@regression_loss(
    formula="mean over targets of ½(y - f)²",
    source="Bishop (2006), Pattern Recognition and Machine Learning, section 1.1",
    placebo="mse",
    slope=_quadratic_slope,
    facts=smooth_terms(convex=True, estimates="mean"),
)
def quadratic(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Half of the squared error: `mse` with steps half as large.

    Example:
        >>> quadratic(torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([1.])
    """
    return 0.5 * (target - raw).square().mean(-1)


def _mae_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """sign(f - y) / targets."""
    return (raw - target).sign() / raw.shape[-1]


@regression_loss(
    core=True,
    formula="mean over targets of |y - f|",
    source="Edgeworth (1887), On observations relating to several quantities, Hermathena 6",
    slope=_mae_slope,
    facts=separable(convex=True, lipschitz=1.0, symmetric=True, estimates="median"),
)
def mae(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error.

    Example:
        >>> mae(torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([1.])
    """
    return (target - raw).abs().mean(-1)


def _huber_slope(raw: torch.Tensor, target: torch.Tensor, *, delta: float | torch.Tensor) -> torch.Tensor:
    """(f - y) cut off at ±delta, / targets."""
    return (raw - target).clamp(max=delta).clamp(min=-delta) / raw.shape[-1]


@regression_loss(
    core=True,
    formula="mean over targets of ½e² where |e| ≤ delta, else delta·(|e| - ½delta), with e = y - f",
    source="Huber (1964), Robust estimation of a location parameter, Ann. Math. Statist. 35, section 1",
    parameters=(DELTA,),
    slope=_huber_slope,
    facts=smooth_terms(
        convex=True, lipschitz=DELTA.default, estimates="mean of targets moved to within delta of it"
    ),
)
def huber(raw: torch.Tensor, target: torch.Tensor, *, delta: float | torch.Tensor = DELTA.default) -> torch.Tensor:
    """Squared error near zero, absolute error beyond delta; half of `mse` for a large delta.

    It estimates the mean for a large delta, the median for a small one, and else not always a value between them.

    Example:
        >>> huber(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [3.0]]))
        tensor([0.5000, 2.5000])
    """
    size = (target - raw).abs()
    capped = size.clamp(max=delta)  # one expression for both pieces: c·(|e| - ½c) with c = min(|e|, delta)
    return (capped * (size - 0.5 * capped)).mean(-1)


def _log_cosh_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """tanh(f - y) / targets."""
    return (raw - target).tanh() / raw.shape[-1]


@regression_loss(
    core=True,
    formula="mean over targets of log cosh(y - f)",
    source="Green (1990), Bayesian reconstructions from emission tomography data using a modified EM "
    "algorithm, IEEE Trans. Med. Imaging 9",
    slope=_log_cosh_slope,
    # Lipschitz: the derivative is -tanh(e)
    facts=smooth_terms(convex=True, lipschitz=1.0, estimates="mean weighted by tanh(y - f)/(y - f)"),
)
def log_cosh(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Logarithm of the hyperbolic cosine: half the squared error near zero, absolute error far off.

    Example:
        >>> log_cosh(torch.tensor([[0.0], [0.0]]), torch.tensor([[0.0], [100.0]]))
        tensor([ 0.0000, 99.3069])
    """
    error = target - raw
    # logaddexp(e, -e) is log(2 cosh e); cosh itself overflows in float32 from e = 90 on.
    return (torch.logaddexp(error, -error) - math.log(2)).mean(-1)


def _pinball_slope(raw: torch.Tensor, target: torch.Tensor, *, tau: float | torch.Tensor) -> torch.Tensor:
    """1 - tau above the target, -tau below it, / targets."""
    side = (raw - target).sign()
    return side * (0.5 + (0.5 - tau) * side) / raw.shape[-1]


@regression_loss(
    core=True,
    formula="mean over targets of tau·max(e, 0) + (1 - tau)·max(-e, 0), with e = y - f",
    source="Koenker and Bassett (1978), Regression quantiles, Econometrica 46",
    parameters=(TAU,),
    slope=_pinball_slope,
    facts=separable(convex=True, lipschitz=max(TAU.default, 1 - TAU.default), estimates="quantile tau"),
)
def pinball(raw: torch.Tensor, target: torch.Tensor, *, tau: float | torch.Tensor = TAU.default) -> torch.Tensor:
    """Absolute error with one weight above and another below; half of `mae` at tau = ½.

    Example:
        >>> pinball(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [-1.0]]), tau=0.75)
        tensor([0.7500, 0.2500])
    """
    error = target - raw
    return (tau * error.relu() + (1 - tau) * (-error).relu()).mean(-1)


def _expectile_slope(raw: torch.Tensor, target: torch.Tensor, *, tau: float | torch.Tensor) -> torch.Tensor:
    """2(1 - tau)(f - y) above the target, 2tau(f - y) below it, / targets."""
    excess = raw - target
    return (excess + (1 - 2 * tau) * excess.abs()) / raw.shape[-1]


@regression_loss(
    formula="mean over targets of tau·max(e, 0)² + (1 - tau)·max(-e, 0)², with e = y - f",
    source="Newey and Powell (1987), Asymmetric least squares estimation and testing, Econometrica 55",
    parameters=(EXPECTILE,),
    slope=_expectile_slope,
    facts=separable(convex=True, differentiable=True, estimates="expectile tau"),
)
def expectile(
    raw: torch.Tensor, target: torch.Tensor, *, tau: float | torch.Tensor = EXPECTILE.default
) -> torch.Tensor:
    """Squared error with one weight above and another below; half of `mse` at tau = ½.

    Example:
        >>> expectile(torch.tensor([[0.0], [0.0]]), torch.tensor([[2.0], [-2.0]]), tau=0.75)
        tensor([3., 1.])
    """
    error = target - raw
    return (tau * error.relu().square() + (1 - tau) * (-error).relu().square()).mean(-1)


def _epsilon_insensitive_slope(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor
) -> torch.Tensor:
    """sign(f - y) / targets outside the tube, 0 inside it."""
    excess = raw - target
    return excess.sign() * (excess.abs() > epsilon) / raw.shape[-1]


@regression_loss(
    formula="mean over targets of max(|y - f| - epsilon, 0)",
    source="Vapnik (1995), The Nature of Statistical Learning Theory",
    parameters=(EPSILON,),
    slope=_epsilon_insensitive_slope,
    facts=separable(
        convex=True,
        lipschitz=1.0,
        symmetric=True,
        estimates="centre of a tube with as many targets above as below",
    ),
)
def epsilon_insensitive(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = EPSILON.default
) -> torch.Tensor:
    """Absolute error beyond a tube of half-width epsilon: the loss of support vector regression.

    It is `mae` at epsilon = 0.

    Example:
        >>> epsilon_insensitive(torch.tensor([[0.0], [0.0]]), torch.tensor([[0.25], [-2.0]]), epsilon=0.5)
        tensor([0.0000, 1.5000])
    """
    return ((target - raw).abs() - epsilon).relu().mean(-1)
