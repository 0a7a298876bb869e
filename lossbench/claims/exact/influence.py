"""How far one target can pull a fit: bounded or unbounded influence (Hampel 1974)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import Loss, get_loss

TARGETS = 21
NEAR, FAR = 1e3, 1e6
"""How far one target is moved, in standard deviations of the others."""

STEPS = 200  # of bisection: the interval shrinks to the last digit

Influence = Literal["bounded", "unbounded"]


@experiment("influence")
def influence(claim: Claim, study: Study, *, losses: tuple[str, ...], influence: Influence) -> list[Evidence]:
    """Move one of 21 targets far away and see how far the best constant prediction follows.

    The influence is unbounded where the prediction keeps moving as the target does: a thousand times as far moves
    it at least ten times as far. Otherwise it is bounded.
    """
    return [line(get_loss(spec, "regression"), influence) for spec in losses]


def line(loss: Loss, claimed: Influence) -> Evidence:
    """Return what one loss shows."""
    near, far = (shift(loss, distance) for distance in (NEAR, FAR))
    found: Influence = "unbounded" if far > 10 * near else "bounded"
    return Evidence(
        "reproduced" if found == claimed else "contradicted",
        quantity=f"shift of the fit when one of {TARGETS} targets moves by {FAR:g} sd",
        arms=(loss.name,),
        measured=far,
        n=TARGETS,
        note=f"{found}: {near:.3g} sd when it moves by {NEAR:g} sd, {far:.3g} when by {FAR:g}",
    )


def shift(loss: Loss, distance: float) -> float:
    """Return by how much the best constant moves when the middle one of the targets moves up by a distance."""
    from scipy.special import ndtri

    targets = ndtri((np.arange(TARGETS) + 0.5) / TARGETS)
    moved = targets.copy()
    moved[TARGETS // 2] += distance
    return abs(best_constant(loss, moved) - best_constant(loss, targets))


def best_constant(loss: Loss, targets: np.ndarray) -> float:
    """Return the prediction that is best for all targets at once, by bisection on the slope of a convex loss.

    Example:
        >>> round(best_constant(get_loss("mae", "regression"), np.array([0.0, 1.0, 9.0])), 6)
        1.0
    """
    low, high = float(targets.min()), float(targets.max())
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(loss, middle, targets) > 0 else (middle, high)
    return (low + high) / 2


def slope(loss: Loss, constant: float, targets: np.ndarray) -> float:
    """Return the derivative of the cost with respect to a constant prediction."""
    prediction = torch.full((len(targets), 1), constant, dtype=torch.float64, requires_grad=True)
    cost = loss.per_sample(prediction, torch.tensor(targets)[:, None]).sum()
    return float(torch.autograd.grad(cost, prediction)[0].sum())
