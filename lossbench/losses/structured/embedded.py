"""Losses of embeddings: they compare the rows of a batch with one another, and there is no head.

Embeddings are scaled to length one, so that the squared distance of two is d² = 2 - 2 cos, in [0, 4]. For an
anchor a, a positive p is another row of its class, a negative n a row of another class. The batch is part of such
a loss. A row without a positive, or without a negative, does not count, and a batch of only such rows has loss
zero.
"""

from __future__ import annotations

from functools import partial

from lossbench.lazy import torch
from lossbench.losses.multiclass import TINY
from lossbench.losses.record import Facts
from lossbench.losses.registry import register
from lossbench.spec import Parameter

MARGIN = Parameter("margin", 0.2, low=0, high=4, open_low=True, meaning="lead in squared distance")
APART = Parameter("margin", 1.0, low=0, high=2, open_low=True, meaning="distance at which negatives are apart")
SHORTEST = 1e-4
"""Length below which an embedding is not made one of length one: its slope would have no bound."""

NOBODY = -1e30
"""The logit of what is no neighbour; an infinite one would have no slope in a batch of one row."""

TAU = Parameter("tau", 0.1, low=0, open_low=True, meaning="temperature")

# Facts are those of a batch of one row, which has nothing to be compared with and so has loss zero.
_embedded = partial(
    register,
    task="embedding",
    encoding="index",
    link="embedding",
    whole_batch=True,
    core=True,
    facts=Facts(bounded=True, estimates="embeddings whose nearest rows are of one class"),
)


@_embedded(
    formula="mean over anchors of max(0, margin + max over p of d²(a, p) - min over n of d²(a, n))",
    source="Hermans, Beyer and Leibe (2017), In defense of the triplet loss for person re-identification, "
    "section 2, with the squared distances on the sphere of Schroff, Kalenichenko and Philbin (2015), FaceNet",
    range="[0, 4 + margin]",
    parameters=(MARGIN,),
)
def triplet(
    raw: torch.Tensor, target: torch.Tensor, *, margin: float | torch.Tensor = MARGIN.default
) -> torch.Tensor:
    """Triplet loss of the hardest positive and the hardest negative in the batch.

    Example:
        >>> raw = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-1.0, 0.0]])
        >>> triplet(raw, torch.tensor([0, 0, 1, 1]))
        tensor(0.0500)
    """
    distance, positive, negative = _compared(raw, target)
    farthest = torch.where(positive, distance, -1.0).amax(-1, keepdim=True)
    nearest = torch.where(negative, distance, 5.0).amin(-1, keepdim=True)
    short = (margin + farthest - nearest).clamp(min=0)
    return _mean(short, positive.any(-1, keepdim=True) & negative.any(-1, keepdim=True))


@_embedded(
    formula="mean over a and p of max(0, margin + d²(a, p) - d²(a, n)), n the nearest negative farther than p, or "
    "the farthest negative if none is",
    source="Schroff, Kalenichenko and Philbin (2015), FaceNet: a unified embedding for face recognition and "
    "clustering, CVPR, section 3.2",
    range="[0, 4 + margin]",
    parameters=(MARGIN,),
)
def triplet_semi_hard(
    raw: torch.Tensor, target: torch.Tensor, *, margin: float | torch.Tensor = MARGIN.default
) -> torch.Tensor:
    """Triplet loss of every positive pair with the nearest negative that lies beyond it.

    Where no negative lies beyond, the paper leaves the choice open; here, as in TensorFlow Addons, it is the
    farthest.

    Example:
        >>> raw = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
        >>> triplet_semi_hard(raw, torch.tensor([0, 0, 1]))
        tensor(0.1000)
    """
    distance, positive, negative = _compared(raw, target)
    outward = torch.where(negative, distance, torch.inf).sort(-1)[0]
    beyond = torch.searchsorted(outward.detach().contiguous(), distance.detach().contiguous(), right=True)
    count = negative.sum(-1, keepdim=True)
    chosen = torch.minimum(beyond, (count - 1).clamp(min=0))
    there = torch.where(count > 0, outward.gather(-1, chosen), 5.0)
    short = (margin + distance - there).clamp(min=0)
    return _mean(short, positive & (count > 0))


@_embedded(
    formula="½ (mean over positive pairs of d² + mean over negative pairs of max(0, margin - d)²)",
    source="Hadsell, Chopra and LeCun (2006), Dimensionality reduction by learning an invariant mapping, CVPR, "
    "section 2.1",
    range="[0, (4 + margin²) / 2]",
    parameters=(APART,),
)
def contrastive(
    raw: torch.Tensor, target: torch.Tensor, *, margin: float | torch.Tensor = APART.default
) -> torch.Tensor:
    """Positive pairs are drawn together; negative pairs are pushed apart, up to a margin.

    The paper sums over pairs; both kinds have a mean of their own here, since in a batch nearly all pairs are
    negative.

    Example:
        >>> contrastive(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, 0, 1]))
        tensor(1.2500)
    """
    distance, positive, negative = _compared(raw, target)
    # The root has no slope at zero, where rows of two classes coincide.
    near = (margin - distance.clamp(min=TINY).sqrt()).clamp(min=0).square()
    return (_mean(distance, positive) + _mean(near, negative)) / 2


@_embedded(
    formula="mean over anchors and their p of -log(exp(cos(a, p) / tau) / Σ over rows i ≠ a of "
    "exp(cos(a, i) / tau))",
    source="Khosla et al. (2020), Supervised contrastive learning, NeurIPS, equation 2 (the sum outside)",
    range="[0, 2 / tau + log of the rows in the batch]",
    parameters=(TAU,),
)
def supcon(raw: torch.Tensor, target: torch.Tensor, *, tau: float | torch.Tensor = TAU.default) -> torch.Tensor:
    """Softmax cross-entropy of who among the batch is of the anchor's class, by cosines over a temperature.

    Example:
        >>> supcon(torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]), torch.tensor([0, 0, 1]), tau=1.0)
        tensor(0.1269)
    """
    distance, positive, _ = _compared(raw, target)
    logits = (1 - distance / 2) / tau
    itself = torch.eye(raw.shape[-2], dtype=torch.bool, device=raw.device)
    others = logits.masked_fill(itself, NOBODY)
    logarithms = logits - others.logsumexp(-1, keepdim=True)
    count = positive.sum(-1, keepdim=True)
    each = -torch.where(positive, logarithms, 0.0).sum(-1, keepdim=True) / count.clamp(min=1)
    return _mean(each, count > 0)


def _compared(raw: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return squared distances on the sphere (..., batch, batch), and masks of positive and negative pairs."""
    length = raw.square().sum(-1, keepdim=True).clamp(min=SHORTEST**2).sqrt()
    unit = raw / length
    distance = (2 - 2 * unit @ unit.transpose(-1, -2)).clamp(min=0)
    same = target.unsqueeze(-1) == target.unsqueeze(-2)
    itself = torch.eye(raw.shape[-2], dtype=torch.bool, device=raw.device)
    return distance, same & ~itself, ~same


def _mean(values: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """Return the mean over some of the values (..., batch, n), (...); zero where there are none."""
    count = which.sum((-2, -1))
    return torch.where(which, values, 0.0).sum((-2, -1)) / count.clamp(min=1)
