"""Losses of an error e = y - f made against outliers, with a scale that says which errors are large.

All but `smooth_l1` and `barron` are ½e² for small errors, whatever their scale. The defaults of `cauchy`, `welsch`
and `tukey` are those of Holland and Welsch (1977): 95 % efficient where errors are normal with standard deviation
1.
"""

from __future__ import annotations

import math
from functools import partial

from lossbench.lazy import torch
from lossbench.losses.record import smooth_terms
from lossbench.losses.regression import regression_loss, scale
from lossbench.spec import Parameter

BETA = scale("beta", 1.0, meaning="error from which the growth is linear")
DELTA = scale("delta", 1.0, meaning="error about which the growth becomes linear")
CAUCHY = scale("c", 2.385, meaning="error with the largest slope")
GEMAN_MCCLURE = scale("c", 1.0, meaning="error with the largest slope, times √3")
WELSCH = scale("c", 2.985, meaning="error with the largest slope, times √2")
TUKEY = scale("c", 4.685, meaning="error from which the loss is constant")
BARRON = scale("c", 1.0, meaning="error about which it ceases to be a squared error")
# Above 2 errors would count for more than their squares: not a robust loss, and not finite for large errors.
ALPHA = Parameter(
    "alpha", 1.0, high=2, meaning="shape: 2 squared error, 1 pseudo-Huber, 0 Cauchy, far below Welsch"
)

# The facts of a loss that grows as a square, then as a line; and of one whose slope vanishes for large errors.
_compromise = partial(smooth_terms, convex=True, lipschitz=1.0)
_redescending = partial(smooth_terms, estimates="a centre that far targets hardly move")


def _smooth_l1_slope(raw: torch.Tensor, target: torch.Tensor, *, beta: float | torch.Tensor) -> torch.Tensor:
    """(f - y) cut off at ±beta, / beta / targets."""
    return (raw - target).clamp(max=beta).clamp(min=-beta) / (beta * raw.shape[-1])


@regression_loss(
    formula="mean over targets of ½e² / beta where |e| ≤ beta, else |e| - ½beta, with e = y - f",
    source="Girshick (2015), Fast R-CNN, ICCV",
    placebo="huber",
    parameters=(BETA,),
    slope=_smooth_l1_slope,
    facts=_compromise(estimates="mean of targets moved to within beta of it"),
)
def smooth_l1(
    raw: torch.Tensor, target: torch.Tensor, *, beta: float | torch.Tensor = BETA.default
) -> torch.Tensor:
    """Absolute error, rounded off near zero: `huber` with delta = beta, divided by beta.

    It estimates the mean for a large beta, the median for a small one, and else not always a value between them.

    Example:
        >>> smooth_l1(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [3.0]]), beta=2.0)
        tensor([0.2500, 2.0000])
    """
    size = (target - raw).abs()
    capped = size.clamp(max=beta)  # one expression for both pieces, as in huber
    return (capped * (size - 0.5 * capped) / beta).mean(-1)


def _pseudo_huber_slope(raw: torch.Tensor, target: torch.Tensor, *, delta: float | torch.Tensor) -> torch.Tensor:
    """(f - y) / √(1 + ((f - y) / delta)²) / targets."""
    excess = raw - target
    return excess * (1 + (excess / delta).square()).rsqrt() / raw.shape[-1]


@regression_loss(
    aliases=("charbonnier",),
    formula="mean over targets of delta²(√(1 + (e/delta)²) - 1), with e = y - f",
    source="Charbonnier, Blanc-Féraud, Aubert and Barlaud (1994), Two deterministic half-quadratic "
    "regularization algorithms for computed imaging, ICIP",
    parameters=(DELTA,),
    slope=_pseudo_huber_slope,
    facts=_compromise(estimates="mean weighted by 1/√(1 + ((y - f)/delta)²)"),
)
def pseudo_huber(
    raw: torch.Tensor, target: torch.Tensor, *, delta: float | torch.Tensor = DELTA.default
) -> torch.Tensor:
    """Half the squared error near zero, absolute error beyond delta, as `huber`, but smooth throughout.

    It estimates the mean for a large delta, the median for a small one, and else not always a value between them.

    Example:
        >>> pseudo_huber(torch.tensor([[0.0], [0.0]]), torch.tensor([[1e-4], [1.0]]))
        tensor([5.0000e-09, 4.1421e-01])
    """
    square = (target - raw).square()
    # √(1 + u) - 1 = u / (1 + √(1 + u)); the difference is exactly 0 in float32 from u = 1e-7 down.
    return (square / (1 + (1 + square / delta**2).sqrt())).mean(-1)


def _cauchy_slope(raw: torch.Tensor, target: torch.Tensor, *, c: float | torch.Tensor) -> torch.Tensor:
    """(f - y) / (1 + ((f - y) / c)²) / targets."""
    excess = raw - target
    return excess / (1 + (excess / c).square()) / raw.shape[-1]


@regression_loss(
    aliases=("lorentzian",),
    formula="mean over targets of ½c² log(1 + (e/c)²), with e = y - f; Barron (2019) writes log(½(e/k)² + 1): "
    "this at c = √2 k, over k²",
    source="Holland and Welsch (1977), Robust regression using iteratively reweighted least-squares, "
    "Communications in Statistics - Theory and Methods 6",
    parameters=(CAUCHY,),
    slope=_cauchy_slope,
    facts=_redescending(lipschitz=CAUCHY.default / 2),  # the slope is steepest at e = c
)
def cauchy(raw: torch.Tensor, target: torch.Tensor, *, c: float | torch.Tensor = CAUCHY.default) -> torch.Tensor:
    """Logarithm of the squared error far off: the likelihood of a Cauchy distribution.

    The factor ½c² makes it ½e² for small errors, and c is where the slope is largest; so it is in scipy's
    `least_squares(loss="cauchy")`, with f_scale = c. Elsewhere it is written log(1 + (e/c)²), which is this over
    ½c². `barron` at alpha = 0 and its c = k is this at c = √2 k, over k².

    Example:
        >>> cauchy(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [1000.0]]), c=1.0)
        tensor([0.3466, 6.9078])
    """
    # log1p: in float32 the logarithm of 1 + u is exactly 0 for errors below c / 4000.
    return (0.5 * c**2 * ((target - raw) / c).square().log1p()).mean(-1)


def _geman_mcclure_slope(raw: torch.Tensor, target: torch.Tensor, *, c: float | torch.Tensor) -> torch.Tensor:
    """(f - y) / (1 + ((f - y) / c)²)² / targets."""
    excess = raw - target
    return excess / (1 + (excess / c).square()).square() / raw.shape[-1]


@regression_loss(
    formula="mean over targets of ½e² / (1 + (e/c)²), with e = y - f; Barron (2019) writes "
    "2(e/k)² / ((e/k)² + 4): this at c = 2k, over k²",
    source="Geman and McClure (1985), Bayesian image analysis: an application to single photon emission "
    "tomography, Proc. Amer. Statist. Assoc., Statistical Computing Section",
    range="[0, ½c²)",
    parameters=(GEMAN_MCCLURE,),
    slope=_geman_mcclure_slope,
    facts=_redescending(lipschitz=GEMAN_MCCLURE.default * 9 / (16 * math.sqrt(3)), bounded=True),  # at e = c / √3
)
def geman_mcclure(
    raw: torch.Tensor, target: torch.Tensor, *, c: float | torch.Tensor = GEMAN_MCCLURE.default
) -> torch.Tensor:
    """Squared error that levels off: far outliers cost ½c² each and pull no more.

    The factor ½ makes it ½e² for small errors; the slope is largest at c / √3. Elsewhere it is written e² / (c² +
    e²), which is this over ½c² and at most 1. `barron` at alpha = -2 and its c = k is this at c = 2k, over k².

    Example:
        >>> geman_mcclure(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [1000.0]]))
        tensor([0.2500, 0.5000])
    """
    square = (target - raw).square()
    return (0.5 * square / (1 + square / c**2)).mean(-1)


def _welsch_slope(raw: torch.Tensor, target: torch.Tensor, *, c: float | torch.Tensor) -> torch.Tensor:
    """(f - y) exp(-((f - y) / c)²) / targets."""
    excess = raw - target
    return excess * (-(excess / c).square()).exp() / raw.shape[-1]


@regression_loss(
    formula="mean over targets of ½c²(1 - exp(-(e/c)²)), with e = y - f; Barron (2019) writes 1 - exp(-½(e/k)²): "
    "this at c = √2 k, over k²",
    source="Dennis and Welsch (1978), Techniques for nonlinear least squares and robust regression, "
    "Communications in Statistics - Simulation and Computation 7",
    range="[0, ½c²]",
    parameters=(WELSCH,),
    slope=_welsch_slope,
    facts=_redescending(lipschitz=WELSCH.default * math.sqrt(0.5) * math.exp(-0.5), bounded=True),  # at e = c / √2
)
def welsch(raw: torch.Tensor, target: torch.Tensor, *, c: float | torch.Tensor = WELSCH.default) -> torch.Tensor:
    """Upside-down bell: squared error near zero, constant beyond about 2c.

    The factor ½c² makes it ½e² for small errors; the slope is largest at c / √2. Elsewhere it is written 1 -
    exp(-(e/c)²), which is this over ½c², and the bell exp(-½(e/σ)²) has c = √2 σ. `barron` in the limit alpha to
    -inf and its c = k is this at c = √2 k, over k².

    Example:
        >>> welsch(torch.tensor([[0.0], [0.0]]), torch.tensor([[1e-4], [1000.0]]), c=2.0)
        tensor([5.0000e-09, 2.0000e+00])
    """
    # expm1: in float32 the difference 1 - exp(-u) is exactly 0 for errors below c / 6000.
    return (-0.5 * c**2 * torch.expm1(-((target - raw) / c).square())).mean(-1)


def _tukey_slope(raw: torch.Tensor, target: torch.Tensor, *, c: float | torch.Tensor) -> torch.Tensor:
    """(f - y)(1 - ((f - y) / c)²)² / targets within c, 0 beyond it."""
    excess = raw - target
    return excess * (1 - (excess / c).square()).relu().square() / raw.shape[-1]


@regression_loss(
    aliases=("biweight",),
    formula="mean over targets of c²/6 (1 - (1 - min(e²/c², 1))³), with e = y - f",
    source="Beaton and Tukey (1974), The fitting of power series, meaning polynomials, illustrated on "
    "band-spectroscopic data, Technometrics 16",
    range="[0, c²/6]",
    parameters=(TUKEY,),
    slope=_tukey_slope,
    facts=_redescending(lipschitz=TUKEY.default * 16 / (25 * math.sqrt(5)), bounded=True),  # at e = c / √5
)
def tukey(raw: torch.Tensor, target: torch.Tensor, *, c: float | torch.Tensor = TUKEY.default) -> torch.Tensor:
    """Biweight: errors beyond c count as if they were not there.

    A network that starts with all errors beyond c never learns anything.

    Example:
        >>> tukey(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [1000.0]]), c=3.0)
        tensor([0.4465, 1.5000])
    """
    share = ((target - raw) / c).square().clamp(max=1)
    # Multiplied out: in float32 the difference 1 - (1 - u)³ is exactly 0 for errors below c / 6000.
    return (c**2 / 6 * share * (3 - 3 * share + share.square())).mean(-1)


def _bend(raw: torch.Tensor, alpha: float | torch.Tensor) -> torch.Tensor:
    """Return 2 - alpha, but at least a tiny number: at alpha = 2 the formulas then give the limit."""
    return (2 - torch.as_tensor(alpha, dtype=raw.dtype, device=raw.device)).clamp(min=1e-20)


def _barron_slope(
    raw: torch.Tensor, target: torch.Tensor, *, alpha: float | torch.Tensor, c: float | torch.Tensor
) -> torch.Tensor:
    """(f - y) / c² · (((f - y) / c)² / |alpha - 2| + 1)^(alpha/2 - 1) / targets."""
    excess, bend = (raw - target) / c, _bend(raw, alpha)
    weight = (-0.5 * bend * (excess.square() / bend).log1p()).exp()
    return excess * weight / (c * raw.shape[-1])


@regression_loss(
    formula="mean over targets of |alpha-2|/alpha (((e/c)²/|alpha-2| + 1)^(alpha/2) - 1), with e = y - f",
    source="Barron (2019), A general and adaptive robust loss function, CVPR",
    parameters=(ALPHA, BARRON),
    slope=_barron_slope,
    # not convex: only for alpha from 1 on
    # not bounded: only for alpha below 0
    facts=smooth_terms(
        lipschitz=1 / BARRON.default,
        estimates="from the mean (alpha = 2) to a centre that far targets hardly move",
    ),
)
def barron(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor = ALPHA.default,
    c: float | torch.Tensor = BARRON.default,
) -> torch.Tensor:
    """General robust loss: one family from the squared error down to losses that ignore outliers.

    At alpha = 2 and 0 it is the limit of the formula. It is ½(e/c)² near zero: c² times it is half of `mse` at
    alpha = 2, `pseudo_huber` with delta = c at 1, `cauchy` with √2 c at 0, `geman_mcclure` with 2c at -2, and
    `welsch` with √2 c at -inf.

    Example:
        >>> error = torch.tensor([[2.0]])
        >>> [round(float(barron(error, 0 * error, alpha=alpha)), 3) for alpha in (2, 1, 0, -2, -1e9)]
        [2.0, 1.236, 1.099, 1.0, 0.865]
    """
    bend = _bend(raw, alpha)
    growth = (((target - raw) / c).square() / bend).log1p()
    # The power as exp(alpha · growth / 2): what is divided by alpha is then expm1(x) / x, which is 1 at alpha = 0.
    power = 0.5 * alpha * growth
    ratio = torch.where(power == 0, 1.0, torch.expm1(power) / torch.where(power == 0, 1.0, power))
    return (0.5 * bend * growth * ratio).mean(-1)
