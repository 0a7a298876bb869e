"""Losses of several classes that are made to learn less from labels which are likely to be wrong.

Written as in `multiclass`: p = softmax(z), t is the true class, y_t = 1, all other y_c = 0. All but `nce_rce` and
`bi_tempered` depend on p_t alone; their derivative is a weight times p - y. The two parts of `nce_rce` are in
`constant_sum`.
"""

from __future__ import annotations

import math
from functools import partial

from lossbench.lazy import torch
from lossbench.losses.constant_sum import A
from lossbench.losses.multiclass import TINY, multiclass_loss
from lossbench.losses.record import smooth
from lossbench.losses.softmax import add_to_true_, log_softmax, of_true, softmax
from lossbench.spec import Parameter

Q = Parameter("q", 0.7, low=0, high=1, open_low=True, meaning="from cross-entropy (near 0) to absolute error (1)")
SCE_ALPHA = Parameter("alpha", 0.1, low=0, open_low=True, meaning="weight of cross-entropy")
NCE_ALPHA = Parameter("alpha", 1.0, low=0, open_low=True, meaning="weight of the normalised cross-entropy")
BETA = Parameter("beta", 1.0, low=0, meaning="weight of the reverse cross-entropy")
T = Parameter("t", 2.0, low=1, high=30, meaning="number of terms of the series")
T1 = Parameter("t1", 0.8, low=0, high=1, meaning="temperature of the logarithm; below 1 it bounds the loss")
T2 = Parameter("t2", 1.2, low=1, high=4, meaning="temperature of the softmax; gives it a heavy tail")

_REVERSE = -BETA.default * A.default  # the largest value of the reverse cross-entropy at the defaults

_drawn = partial(smooth, estimates="a probability drawn towards the most probable class")

# Newton's steps towards the normalisation of a tempered softmax. Exact but for rounding up to twenty classes at
# the largest temperature, and up to a thousand at temperature 2.
STEPS = 8


def _gce_slope(raw: torch.Tensor, target: torch.Tensor, *, q: float | torch.Tensor) -> torch.Tensor:
    """Return p_t^q (p - y)."""
    logarithms = log_softmax(raw)  # p_t^q may be above 0 where p_t itself is rounded to 0
    weight = (q * of_true(logarithms, target)).exp()
    return weight * add_to_true_(logarithms.exp(), target, -1)


@multiclass_loss(
    formula="(1 - p_t^q) / q, with p = softmax(z)",
    source="Zhang and Sabuncu (2018), Generalized cross entropy loss for training deep neural networks with noisy "
    "labels, NeurIPS",
    range="[0, 1 / q]",
    parameters=(Q,),
    slope=_gce_slope,
    # Lipschitz: with one rival √2 p_t^q (1 - p_t), largest at p_t = q / (1 + q).
    facts=_drawn(bounded=True, lipschitz=math.sqrt(2) * Q.default**Q.default / (1 + Q.default) ** (1 + Q.default)),
)
def gce(raw: torch.Tensor, target: torch.Tensor, *, q: float | torch.Tensor = Q.default) -> torch.Tensor:
    """Generalised cross-entropy: `ce` as q goes to 0, half of `mae` at q = 1.

    Its minimiser has p in proportion to the true probabilities to the power 1 / (1 - q).

    Example:
        >>> gce(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]), q=0.5)
        tensor([0.5858, 2.0000])
    """
    # From log p_t: the slope of p_t^q is infinite where p_t is 0. By expm1: for a small q, 1 - p_t^q loses digits.
    return (-torch.expm1(q * of_true(log_softmax(raw), target)) / q).sum(-1)


def _sce_slope(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor,
    beta: float | torch.Tensor,
    A: float | torch.Tensor,
) -> torch.Tensor:
    """Return (alpha - beta A p_t) (p - y)."""
    p = softmax(raw)
    weight = alpha - beta * A * of_true(p, target)
    return weight * add_to_true_(p, target, -1)


@multiclass_loss(
    formula="-alpha log p_t - beta A (1 - p_t), with p = softmax(z)",
    source="Wang, Ma, Chen, Luo, Yi and Bailey (2019), Symmetric cross entropy for robust learning with noisy "
    "labels, ICCV",
    parameters=(SCE_ALPHA, BETA, A),
    slope=_sce_slope,
    # Lipschitz: with one rival √2 (alpha + b p_t)(1 - p_t), b = -beta A, largest at p_t = (b - alpha) / 2b.
    facts=_drawn(lipschitz=math.sqrt(2) * (SCE_ALPHA.default + _REVERSE) ** 2 / (4 * _REVERSE)),
)
def sce(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor = SCE_ALPHA.default,
    beta: float | torch.Tensor = BETA.default,
    A: float | torch.Tensor = A.default,
) -> torch.Tensor:
    """Symmetric cross-entropy: that to the target plus that from it; `ce` at alpha = 1 and beta = 0.

    The second term is the reverse cross-entropy -Σ over classes of p_c log y_c with A in the place of log 0: -A /
    2 times `mae`. Only beta A matters.

    Example:
        >>> sce(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([  2.0693, 104.0000])
    """
    log_right = of_true(log_softmax(raw), target)
    return (-alpha * log_right - beta * A * (1 - log_right.exp())).sum(-1)


def _nce_rce_slope(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor,
    beta: float | torch.Tensor,
    A: float | torch.Tensor,
) -> torch.Tensor:
    """Return (alpha / S - beta A p_t) (p - y) - alpha N (C p - 1) / S, with S = -Σ log p_c, N = -log p_t / S."""
    logarithms = log_softmax(raw)
    p = logarithms.exp()
    total = logarithms.sum(-1, keepdim=True)
    normalised = of_true(logarithms, target) / total
    weight = alpha / total + beta * A * of_true(p, target)
    spread = alpha / total * normalised * (raw.shape[-1] * p - 1)
    return spread - weight * add_to_true_(p, target, -1)


@multiclass_loss(
    formula="alpha log p_t / Σ over classes of log p_c - beta A (1 - p_t), with p = softmax(z)",
    source="Ma, Huang, Wang, Romano, Erfani and Bailey (2020), Normalized loss functions for deep learning with "
    "noisy labels, ICML",
    range="[0, alpha - beta A]",
    parameters=(NCE_ALPHA, BETA, A),
    slope=_nce_rce_slope,
    # Lipschitz: both terms are steepest at p_t = 1/2 with one rival. More rivals only lessen it (numerically).
    facts=smooth(
        bounded=True,
        lipschitz=math.sqrt(2) / 4 * (NCE_ALPHA.default / math.log(2) + _REVERSE),
        estimates="most probable class",
    ),
)
def nce_rce(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float | torch.Tensor = NCE_ALPHA.default,
    beta: float | torch.Tensor = BETA.default,
    A: float | torch.Tensor = A.default,
) -> torch.Tensor:
    """Active and passive loss: normalised plus reverse cross-entropy, both tolerant of flipped labels.

    The reverse cross-entropy is -Σ over classes of p_c log y_c with A in the place of log 0. The values of either
    term for all possible true classes add up to a constant. Only beta A matters.

    Example:
        >>> nce_rce(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([2.5000, 5.0000])
    """
    logarithms = log_softmax(raw)
    log_right = of_true(logarithms, target)
    normalised = log_right / logarithms.sum(-1, keepdim=True)
    return (alpha * normalised - beta * A * (1 - log_right.exp())).sum(-1)


def _taylor_ce_slope(raw: torch.Tensor, target: torch.Tensor, *, t: float | torch.Tensor) -> torch.Tensor:
    """Return (1 - (1 - p_t)^t) (p - y)."""
    p = softmax(raw)
    right = of_true(p, target)
    whole = t // 1
    weight = 1 - (1 - right) ** whole * (1 - (t - whole) * right)
    return weight * add_to_true_(p, target, -1)


@multiclass_loss(
    formula="Σ over j = 1 ... t of (1 - p_t)^j / j, with p = softmax(z)",
    source="Feng, Shu, Lin, Lv, Li and An (2020), Can cross entropy loss be robust to label noise?, IJCAI",
    range="[0, 1 + 1/2 + ... + 1/t]",
    parameters=(T,),
    slope=_taylor_ce_slope,
    # Lipschitz: with one rival √2 (1 - x^t) x, x = 1 - p_t, largest at x = (t + 1)^(-1 / t).
    facts=_drawn(
        bounded=True, lipschitz=math.sqrt(2) * (T.default + 1) ** (-1 / T.default) * T.default / (T.default + 1)
    ),
)
def taylor_ce(raw: torch.Tensor, target: torch.Tensor, *, t: float | torch.Tensor = T.default) -> torch.Tensor:
    """First terms of the Taylor series of cross-entropy: half of `mae` with one, `ce` with all.

    Between two whole numbers the next term counts by the fraction of t.

    Example:
        >>> taylor_ce(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([0.6250, 1.5000])
    """
    orders = torch.arange(1, int(T.high) + 1, dtype=raw.dtype, device=raw.device)
    # All orders, most with weight 0: so t may differ between models, and no shape depends on the data.
    weights = (t + 1 - orders).clamp(min=0, max=1) / orders
    return (weights * (1 - of_true(softmax(raw), target)) ** orders).sum(-1)


def tempered_softmax(raw: torch.Tensor, t2: float | torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return log p_c = -log(v_c) / (t2 - 1) and v_c = 1 + (t2 - 1)(λ - z_c), with λ such that Σ p_c = 1.

    Both are (..., batch, classes), as the raw outputs. Softmax at t2 = 1; above, p falls only as a power of the
    distance.

    Example:
        >>> import torch
        >>> tempered_softmax(torch.tensor([[0.0, 9.0]]), 2.0)[0].exp()
        tensor([[0.0989, 0.9011]])
    """
    # At t2 = 1 a tiny excess stands for the limit, to the last digit: log1p and expm1 are exact for small numbers.
    excess = (torch.as_tensor(t2, dtype=raw.dtype, device=raw.device) - 1).clamp(min=TINY)
    below = raw - raw.detach().amax(-1, keepdim=True)
    shift = torch.zeros_like(below[..., :1])
    rate = -1 / (math.log(2) * excess)  # p as a power of two, which takes a quarter of the time of a power of e
    for _ in range(STEPS):
        # Newton on (S^(1 - t2) - 1) / (t2 - 1), with S = Σ p_c: rising and concave in λ, and a straight line where
        # one class or all equal ones make up S. So it nears the zero from below, whatever the raw outputs.
        distance = excess * (shift - below)
        p = (rate * distance.log1p()).exp2()
        total = p.sum(-1, keepdim=True)
        fall = (p / (1 + distance)).sum(-1, keepdim=True)
        shift = shift + total * (excess * total.log()).expm1() / (excess * fall)
    distance = excess * (shift - below)
    return -distance.log1p() / excess, 1 + distance


def _above_zero(cooling: float | torch.Tensor) -> float | torch.Tensor:
    """Return 1 - t1, but at least a tiny number: at t1 = 1 dividing by it gives the limit, to the last digit."""
    # A number stays a number: torch rounds it differently from a tensor, and values below 1 are what they were.
    return cooling.clamp(min=TINY) if isinstance(cooling, torch.Tensor) else max(cooling, TINY)


def _bi_tempered_slope(
    raw: torch.Tensor, target: torch.Tensor, *, t1: float | torch.Tensor, t2: float | torch.Tensor
) -> torch.Tensor:
    """Return g - s Σ g / Σ s, with g = (p - y) p^(t2 - t1) and s = p^t2."""
    logarithms, stretched = tempered_softmax(raw, t2)
    p = logarithms.exp()
    escort = p / stretched  # p^(t2 - 1) is 1 / stretched
    slope = add_to_true_(p, target, -1) * ((1 - t1) * logarithms).exp() / stretched
    return slope - escort * (slope.sum(-1, keepdim=True) / escort.sum(-1, keepdim=True))


@multiclass_loss(
    link="margin",
    formula="-log_t1 p_t - (1 - Σ over classes of p_c^(2 - t1)) / (2 - t1), with p = exp_t2(z - λ), Σ p = 1, "
    "log_t x = (x^(1 - t) - 1) / (1 - t), exp_t its inverse",
    source="Amid, Warmuth, Anil and Koren (2019), Robust bi-tempered logistic loss based on Bregman divergences, "
    "NeurIPS",
    range="[0, 1 / (1 - t1)]; [0, inf) at t1 = 1",
    parameters=(T1, T2),
    slope=_bi_tempered_slope,
    # not bounded: only for t1 below 1
    # Lipschitz: with one rival, found numerically; more rivals only lessen it (numerically)
    facts=smooth(lipschitz=0.6810466, estimates="probability, by the tempered softmax"),
)
def bi_tempered(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    t1: float | torch.Tensor = T1.default,
    t2: float | torch.Tensor = T2.default,
) -> torch.Tensor:
    """Logistic loss with a bounded logarithm and a softmax of heavy tails; `ce` where both temperatures are 1.

    At t1 = 1 and at t2 = 1 it is the limit of the formula: logarithm and softmax are the ordinary ones. The
    probabilities that it estimates are those of its own softmax. The link is "margin", since an ordinary softmax
    of the raw outputs gives others.

    Example:
        >>> bi_tempered(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor([0.5394, 4.9751])
    """
    logarithms, _ = tempered_softmax(raw, t2)
    cooling = _above_zero(1 - t1)
    missing = -torch.expm1(cooling * of_true(logarithms, target)) / cooling
    power = ((2 - t1) * logarithms).exp().sum(-1, keepdim=True)
    return (missing - (1 - power) / (2 - t1)).sum(-1)
