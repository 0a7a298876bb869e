"""Training that starts where a sigmoid is saturated on the wrong side."""

from __future__ import annotations

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import get_loss

WEIGHT = -20.0  # raw outputs of ∓20 for samples of ±1, all of them wrong
STEPS = 1000
RATE = 0.1


@experiment("saturated_start")
def saturated_start(claim: Claim, study: Study) -> list[Evidence]:
    """Train a model of one weight from raw outputs of 20 that are all wrong, by 1000 steps at a rate of 0.1.

    The samples -1 and 1 have the classes 0 and 1. Cross-entropy suffers where it never gets out of the wrong
    answers; what `mse` on a sigmoid does from there stands beside it.
    """
    needed, beside = (steps_to_right(loss) for loss in ("bce", "mse"))
    return [
        Evidence(
            "reproduced" if needed is None else "contradicted",
            what="steps until all answers are right, from raw outputs of 20 that are all wrong",
            case="training from a saturated start",
            measured=needed,
            n=STEPS,
            note=f"mse on a sigmoid: {beside if beside is not None else f'not within {STEPS} steps'}",
        )
    ]


def steps_to_right(spec: str) -> int | None:
    """Return after how many steps both answers are right; None where they never are."""
    samples = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    target, loss = (samples > 0).double(), get_loss(spec, "binary")
    weight = torch.full((1,), WEIGHT, dtype=torch.float64)
    for step in range(1, STEPS + 1):
        weight.requires_grad_()
        (gradient,) = torch.autograd.grad(loss.per_sample(weight * samples, target).mean(), weight)
        weight = (weight - RATE * gradient).detach()
        if weight.item() > 0:
            return step
    return None
