"""Losses of one raw output z_l for each label that are not a sum over labels.

Sums over labels are with the losses of a single label: in `binary`, `margin`, `modulated` and `overlap`.
"""

from __future__ import annotations

from lossbench.lazy import torch
from lossbench.losses.record import Facts
from lossbench.losses.registry import register
from lossbench.losses.softmax import softmax


def _ce_slope(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return n p - y, with n the number of labels present."""
    return target.sum(-1, keepdim=True) * softmax(raw) - target


@register(
    task="multilabel",
    encoding="values",
    core=True,
    link="softmax",
    formula="-Σ over labels of y_l log p_l, with p = softmax(z) over the labels",
    source="Joulin, van der Maaten, Jabri and Vasilache (2016), Learning visual features from large weakly "
    "supervised data, ECCV",
    slope=_ce_slope,
    # no Lipschitz constant: of a sample with m labels it is √(m² + m): no bound holds for every number of labels
    # not symmetric: an absent label counts for nothing
    facts=Facts(convex=True, differentiable=True, estimates="each label's share of all labels"),
)
def ce(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Softmax cross-entropy over labels: a deliberate mismatch, since labels here do not exclude each other.

    Its probabilities compete for a sum of 1, so a sample with several labels can have none of them above ½, and a
    sample without labels teaches nothing. It is here to show what that costs.

    Example:
        >>> ce(torch.tensor([[0.0, 0.0], [0.0, 0.0]]), torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
        tensor([1.3863, 0.0000])
    """
    # logsumexp subtracts the largest output first; the logarithm of a softmax would be -inf for a lost label.
    return (target * (raw.logsumexp(-1, keepdim=True) - raw)).sum(-1)
