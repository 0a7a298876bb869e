"""Losses of the cosines between an embedding and a vector for each class, which is trained beside the network.

The raw outputs c are those of a head whose inputs and weights have length one and that has no bias: c_k = cos θ_k,
θ_k the angle between a row's embedding and the vector of class k. Without such a head a raw output may be any
number.
"""

from __future__ import annotations

import math
from functools import partial

from lossbench.lazy import torch
from lossbench.losses.multiclass import ce
from lossbench.losses.record import Facts, smooth
from lossbench.losses.registry import register
from lossbench.losses.softmax import add_to_true_, of_true
from lossbench.losses.structured.embedded import TAU
from lossbench.spec import Parameter

MARGIN = Parameter(
    "margin", 0.5, low=0, high=1.5, meaning="by which the angle to the class's own vector is widened"
)
SCALE = Parameter("scale", 64.0, low=0, open_low=True, meaning="of the cosines, the inverse of a temperature")

FLATTEST = 1e-6
"""The least squared sine of an angle, where its slope in the cosine would have no bound."""

_proxied = partial(
    register, task="embedding", encoding="index", link="margin", head="cosine", core=True, range="[0, inf)"
)


@_proxied(
    formula="-log p_t, with p = softmax(c / tau), c the cosines of the embedding and the class vectors",
    source="Movshovitz-Attias, Toshev, Leung, Ioffe and Singh (2017), No fuss distance metric learning using "
    "proxies, ICCV; with the true class in the sum, as Zhai and Wu (2019), Classification is a strong baseline "
    "for deep metric learning, BMVC",
    parameters=(TAU,),
    # Lipschitz: that of softmax cross-entropy, √2, over tau
    facts=smooth(convex=True, lipschitz=math.sqrt(2) / TAU.default, estimates="most probable class"),
)
def proxy(raw: torch.Tensor, target: torch.Tensor, *, tau: float | torch.Tensor = TAU.default) -> torch.Tensor:
    """Softmax cross-entropy of which class vector an embedding points to, by cosines over a temperature.

    In the paper, proxy-NCA, the true class is left out of the sum, so that its vector is never near enough.

    Example:
        >>> proxy(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1]), tau=1.0)
        tensor([0.3133, 1.3133])
    """
    return ce(raw / tau, target)


@_proxied(
    formula="-log p_t, with p = softmax(scale · c), where c_t = cos θ_t gives way to cos(θ_t + margin); beyond "
    "π, where θ_t + margin is more, to a line of slope 1 in c_t",
    source="Deng, Guo, Xue and Zafeiriou (2019), ArcFace: additive angular margin loss for deep face recognition, "
    "CVPR, equation 3",
    parameters=(MARGIN, SCALE),
    facts=Facts(symmetric=True, estimates="most probable class, with a margin"),
)
def arcface(
    raw: torch.Tensor,
    target: torch.Tensor,
    *,
    margin: float | torch.Tensor = MARGIN.default,
    scale: float | torch.Tensor = SCALE.default,
) -> torch.Tensor:
    """Softmax cross-entropy of scaled cosines, the angle to the class's own vector made wider by a margin.

    Without a margin it is `proxy` at tau = 1 / scale. By the equation the loss would fall again where the wider
    angle passes π; the paper's code goes on as a straight line there, with a jump, and here it goes on without
    one.

    Example:
        >>> arcface(torch.tensor([[1.0, 0.0], [0.5, 0.0]]), torch.tensor([0, 0]), scale=1.0)
        tensor([0.3478, 0.6814])
    """
    margin = torch.as_tensor(margin, dtype=raw.dtype, device=raw.device)
    cosine, across = of_true(raw, target), margin.cos()
    sine = (1 - cosine.square()).clamp(min=FLATTEST).sqrt()
    widened = torch.where(cosine > -across, cosine * across - sine * margin.sin(), cosine + across - 1)
    return ce(scale * add_to_true_(raw.clone(), target, widened - cosine), target)
