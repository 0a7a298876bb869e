"""Losses of classes that have an order: a mistake costs more the farther off it is.

Written as in `multiclass`: p = softmax(z), t is the true class, y_t = 1, all other y_c = 0.
"""

from __future__ import annotations

from lossbench.lazy import torch
from lossbench.losses.multiclass import multiclass_loss
from lossbench.losses.record import Facts
from lossbench.losses.softmax import add_to_true_, one_hot, softmax, through_softmax


def cumulative(values: torch.Tensor) -> torch.Tensor:
    """Return the sums over each class and all before it, (..., batch, classes) as the values.

    Example:
        >>> import torch
        >>> cumulative(torch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[1., 3., 6.]])
    """
    return values.transpose(-1, -2).cumsum(-2).transpose(-1, -2)  # keeps the layout in memory, see `softmax`


def _emd_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return p (g - Σ p g), with g_c = 2 Σ over k ≥ c of (P_k - Y_k)."""
    p = softmax(raw)
    excess = cumulative(add_to_true_(p.clone(), target, -1))
    return through_softmax(p, 2 * (excess - cumulative(excess)))  # Σ p g takes out the sum over all k


@multiclass_loss(
    aliases=("rps",),
    formula="Σ over classes of (P_c - Y_c)², with P_c = Σ over k ≤ c of p_k, Y_c likewise, p = softmax(z)",
    source="Hou, Yu and Samaras (2016), Squared earth mover's distance-based loss for training deep neural "
    "networks, arXiv 1611.05916",
    range="[0, classes - 1]",
    slope=_emd_slope,
    # no Lipschitz constant: it grows with the number of classes
    # not symmetric: it is the same when the order is reversed, but not when any two classes are exchanged
    facts=Facts(bounded=True, differentiable=True, estimates="probability"),
)
def emd(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared earth mover's distance over ordered classes: the ranked probability score.

    The score is Epstein (1969), A scoring system for probability forecasts of ranked categories, J. Appl.
    Meteorol. 8. The order is that of the class indices; where it has no meaning, neither has this loss.

    Example:
        >>> emd(torch.tensor([[0.0, 0.0, 99.0], [0.0, 99.0, 0.0]]), torch.tensor([0, 0]))
        tensor([2., 1.])
    """
    return cumulative(softmax(raw) - one_hot(raw, target)).square().sum(-1)
