"""Cross-entropy of one raw output z for a yes-or-no target y in {0, 1}, with more weight on some samples.

Written with p = sigmoid(z), s = 2y - 1 in {-1, 1} and q = sigmoid(s z), the probability of the true value. On
several labels they are summed. No value is divided by the weights.
"""

from __future__ import annotations

from functools import partial

from lossbench.lazy import torch
from lossbench.losses.binary import bce, minus_sign
from lossbench.losses.record import separable, smooth_terms
from lossbench.losses.registry import register, register_per_label
from lossbench.spec import Parameter

GAMMA = Parameter("gamma", 2.0, low=0, meaning="how strongly samples that are already right are ignored")
ALPHA = Parameter(
    "alpha", 0.5, low=0, high=1, open_low=True, open_high=True, meaning="weight of the positive class; ½ is even"
)
GAMMA_POS = Parameter("gamma_pos", 1.0, low=0, meaning="how strongly positives that are already right are ignored")
GAMMA_NEG = Parameter("gamma_neg", 4.0, low=0, meaning="how strongly negatives that are already right are ignored")
M = Parameter("m", 0.05, low=0, high=1, open_high=True, meaning="probability up to which a negative costs nothing")
POS_WEIGHT = Parameter(
    "pos_weight", 0.0, low=0, meaning="how many times as much a positive counts as a negative; 0: by the shares"
)
EPSILON = Parameter("epsilon", 1.0, low=-1, meaning="what is added to the weight of 1 - q in the expansion of bce")

# The largest slope of focal loss at gamma = 2: (1 - q)²·(1 - q - 2q log q) at q = 0.05785, found numerically.
FOCAL_SLOPE = 1.128984

_binary = partial(register, task="binary", encoding="values", link="sigmoid")


def focal_slope(
    raw: torch.Tensor, target: torch.Tensor, *, gamma: float | torch.Tensor, alpha: float | torch.Tensor
) -> torch.Tensor:
    """Return s w (1 - q)^gamma (gamma q log q - (1 - q)), where s w = s + 2 alpha - 1."""
    turned = minus_sign(target)
    wrong = turned * raw
    log_right = torch.nn.functional.logsigmoid(-wrong)
    log_wrong = log_right + wrong
    weight = (2 * alpha - 1) - turned
    return weight * (gamma * log_wrong).exp() * (gamma * log_right.exp() * log_right - log_wrong.exp())


@register_per_label(
    core=True,
    link="sigmoid",
    formula="-w (1 - q)^gamma log q, q = sigmoid(s z), s = 2y - 1, w = 2 alpha if y = 1 else 2 (1 - alpha)",
    source="Lin, Goyal, Girshick, He and Dollár (2017), Focal loss for dense object detection, ICCV, section 3",
    parameters=(GAMMA, ALPHA),
    slope=focal_slope,
    # not symmetric: alpha tells the classes apart
    facts=separable(differentiable=True, lipschitz=FOCAL_SLOPE, estimates="a probability drawn towards ½"),
)
def focal(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    gamma: float | torch.Tensor = GAMMA.default,
    alpha: float | torch.Tensor = ALPHA.default,
) -> torch.Tensor:
    """Cross-entropy that fades for samples which are already right; `bce` at gamma = 0.

    The paper's weights are alpha and 1 - alpha. Here they are doubled, so that alpha = ½ weighs nothing and alpha
    shifts weight between the classes without changing their sum. The value is never divided by the weights.

    Example:
        >>> focal(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [0.0]]), gamma=1, alpha=0.25)
        tensor([0.1733, 0.5199])
    """
    weight = 2 * (alpha * target + (1 - alpha) * (1 - target))
    turned = minus_sign(target) * raw
    # Both logarithms from the margin: 1 - q taken as a difference is 0 for a sure sample, and 0^gamma has a slope
    # of 0, infinity or nothing at all, depending on gamma.
    log_right = torch.nn.functional.logsigmoid(-turned)
    log_wrong = torch.nn.functional.logsigmoid(turned)
    return (-weight * (gamma * log_wrong).exp() * log_right).sum(-1)


def _weighted_bce_slope(
    raw: torch.Tensor, target: torch.Tensor, *, prior: torch.Tensor, pos_weight: float | torch.Tensor
) -> torch.Tensor:
    """Return w (p - y)."""
    return _class_weight(target, prior, pos_weight) * (raw.sigmoid() - target)


@_binary(
    formula="w (-y log p - (1 - y) log(1 - p)), p = sigmoid(z), w = 1 / (2 π) if y = 1 else 1 / (2 (1 - π)), "
    "π the share of positives in training; where pos_weight > 0, w = pos_weight if y = 1 else 1",
    source="King and Zeng (2001), Logistic regression in rare events data, Political Analysis 9",
    prior=True,
    parameters=(POS_WEIGHT,),
    slope=_weighted_bce_slope,
    # no Lipschitz constant: the weight of a class has no bound as the class becomes rare
    # not symmetric: its weight tells the rarer class apart
    facts=separable(
        convex=True,
        differentiable=True,
        estimates="the probability if both classes were equally frequent",
        given="pos_weight = 0",
    ),
)
def weighted_bce(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    prior: torch.Tensor,
    pos_weight: float | torch.Tensor = POS_WEIGHT.default,
) -> torch.Tensor:
    """Binary cross-entropy with both classes of equal weight in total, however rare one is, or as given.

    By default the weights are 1 on average over the training rows, so a mean over samples is divided by the
    number of samples, and it is `bce` at π = ½.

    A `pos_weight` above 0 takes the place of the shares, which then count for nothing: a positive weighs that, a
    negative 1, as in torch's `BCEWithLogitsLoss(pos_weight=...)`. At 1 it is `bce`; at w it estimates
    w p / (w p + 1 - p). That of w = (1 - π) / π, over 2 (1 - π), is the default.

    Example:
        >>> raw, target, prior = torch.zeros(2, 1), torch.tensor([[1.0], [0.0]]), torch.tensor([[0.1]])
        >>> weighted_bce(raw, target, prior=prior)
        tensor([3.4657, 0.3851])
        >>> weighted_bce(raw, target, prior=prior, pos_weight=3)
        tensor([2.0794, 0.6931])
    """
    # torch's form starts from z as `bce` does: log p from p is lost to rounding for sure samples.
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    return entropy(raw, target, _class_weight(target, prior, pos_weight), reduction="none").sum(-1)


def _class_weight(target: torch.Tensor, prior: torch.Tensor, pos_weight: float | torch.Tensor) -> torch.Tensor:
    """Return pos_weight, or 1 / (2 π) where that is 0, if y = 1; else 1, or 1 / (2 (1 - π))."""
    given = torch.as_tensor(pos_weight, dtype=target.dtype, device=target.device)
    # By `where`, since either may be asked for by one of the models that share a tensor.
    positive = torch.where(given > 0, given, 0.5 / prior)
    negative = torch.where(given > 0, 1.0, 0.5 / (1 - prior))
    return torch.lerp(negative, positive, target)


def _asymmetric_slope(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    gamma_pos: float | torch.Tensor,
    gamma_neg: float | torch.Tensor,
    m: float | torch.Tensor,
) -> torch.Tensor:
    """Return that of focal for y = 1; else r p_m^gamma_neg (1 - gamma_neg (1 - p_m) log(1 - p_m) / p_m).

    Here r = p (1 - p) / (1 - p_m) where p > m, else 0.
    """
    log_p, log_rest = torch.nn.functional.logsigmoid(raw), torch.nn.functional.logsigmoid(-raw)
    p = log_p.exp()
    positive = (gamma_pos * log_rest).exp() * (gamma_pos * p * log_p - log_rest.exp())
    shifted = _log_with_margin(log_rest, m)
    counts, shifted = shifted <= 0, shifted.clamp(max=0)
    p_m = _above_zero(-shifted.expm1())
    rate = counts * p * (log_rest - shifted).exp()
    negative = rate * p_m**gamma_neg * (1 - gamma_neg * shifted * (1 - p_m) / p_m)
    return torch.lerp(negative, positive, target)


@register_per_label(
    link="sigmoid",
    formula="-(1 - p)^gamma_pos log p if y = 1 else -p_m^gamma_neg log(1 - p_m), p = sigmoid(z), "
    "p_m = max(0, p - m)",
    source="Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter and Zelnik-Manor (2021), Asymmetric loss for "
    "multi-label classification, ICCV",
    parameters=(GAMMA_POS, GAMMA_NEG, M),
    slope=_asymmetric_slope,
    # not differentiable: at gamma_neg = 0 negatives have a kink at p = m
    # Lipschitz: of a positive, (1 - p)(1 - p - p log p) at p = 0.0432, found numerically
    facts=separable(
        lipschitz=1.045333, estimates="a score that grows with the probability and reaches ½ where that is 0.15"
    ),
)
def asymmetric(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    gamma_pos: float | torch.Tensor = GAMMA_POS.default,
    gamma_neg: float | torch.Tensor = GAMMA_NEG.default,
    m: float | torch.Tensor = M.default,
) -> torch.Tensor:
    """Focal loss with one exponent for positives and another for negatives, the surest of which are left out.

    The defaults are those of the authors' code. It is `bce` where all three are 0. Negatives weigh so little that,
    by default, the decision is positive from a probability of 0.15 on.

    Example:
        >>> asymmetric(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([0.3466, 0.0245])
    """
    log_p, log_rest = torch.nn.functional.logsigmoid(raw), torch.nn.functional.logsigmoid(-raw)
    shifted = _log_with_margin(log_rest, m).clamp(max=0)
    positive = (gamma_pos * log_rest).exp() * log_p
    negative = _above_zero(-shifted.expm1()) ** gamma_neg * shifted
    return -torch.lerp(negative, positive, target).sum(-1)


def _log_with_margin(log_rest: torch.Tensor, m: float | torch.Tensor) -> torch.Tensor:
    """Return log(1 - p + m) from log(1 - p): log(1 - p_m), but above 0 where p < m."""
    # In logarithms, since at m = 0 the sum 1 - p + m is 0 for a sure mistake.
    return torch.logaddexp(log_rest, torch.as_tensor(m, dtype=log_rest.dtype, device=log_rest.device).log())


def _above_zero(p_m: torch.Tensor) -> torch.Tensor:
    # The power of zero has a slope of infinity for exponents below 1, and autograd multiplies it by zero.
    return p_m.clamp(min=torch.finfo(p_m.dtype).tiny)


def _poly1_slope(raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor) -> torch.Tensor:
    """Return (p - y) (1 + epsilon q), where q = 1 - |p - y|."""
    error = raw.sigmoid() - target
    return error * ((1 + epsilon) - epsilon * error.abs())


@_binary(
    formula="-log q + epsilon (1 - q), q = sigmoid(s z), s = 2y - 1",
    source="Leng, Tan, Liu, Cubuk, Shi, Cheng and Anguelov (2022), PolyLoss: a polynomial expansion perspective "
    "of classification loss functions, ICLR",
    parameters=(EPSILON,),
    slope=_poly1_slope,
    # not convex: only for epsilon in [-1, 1]
    # Lipschitz: the slope (1 - q)(1 + epsilon q) is 1 - q² at epsilon = 1
    facts=smooth_terms(lipschitz=1.0, estimates="a probability drawn away from ½"),
)
def poly1(
    raw: torch.Tensor, target: torch.Tensor, *, epsilon: float | torch.Tensor = EPSILON.default
) -> torch.Tensor:
    """Cross-entropy with another weight on the first term of its expansion in powers of 1 - q.

    It is `bce` at epsilon = 0, and `bce` plus epsilon times `mae` elsewhere. Below 0 it draws probabilities
    towards ½; below -1 right decisions would be pushed away from being sure.

    Example:
        >>> poly1(torch.tensor([[0.0], [1000.0]]), torch.tensor([[1.0], [0.0]]))
        tensor([   1.1931, 1001.0000])
    """
    return bce(raw, target) + (epsilon * (raw.sigmoid() - target).abs()).sum(-1)
