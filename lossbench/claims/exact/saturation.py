"""What is left of the gradient where a sigmoid is saturated on the wrong side, and whether training gets out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import get_loss

if TYPE_CHECKING:
    from torch import Tensor

RAW = 20.0  # raw output of a sample that is wrong beyond doubt: the sigmoid of 20 is 1 in single precision
VANISHED = 1e-3  # of the gradient at a raw output of 0

WEIGHT = -20.0  # raw outputs of ∓20 for samples of ±1, all of them wrong
STEPS = 1000
RATE = 0.1


@experiment("saturation")
def saturation(claim: Claim, study: Study) -> list[Evidence]:
    """Take the gradient of binary cross-entropy at a raw output of 20 whose target is 0, and of `mse` beside it.

    It vanishes where less than a thousandth is left of the gradient at a raw output of 0. The loss is computed
    twice in single precision: from the raw output, and from the probability that a sigmoid makes of it first.
    At last a model is trained from there.
    """
    squared = remaining(get_loss("mse", "binary").per_sample, torch.float64)
    direct = remaining(get_loss("bce", "binary").per_sample, torch.float32)
    return [
        line(direct, "cross-entropy of raw outputs", squared),
        line(remaining(after_sigmoid, torch.float32), "cross-entropy after a sigmoid", squared),
        saturated_start(),
    ]


def line(left: float, case: str, squared: float) -> Evidence:
    """Return whether the gradient vanishes."""
    return Evidence(
        "reproduced" if left < VANISHED else "contradicted",
        quantity="gradient left at a wrong raw output of 20",
        detail=case,
        measured=left,
        note=f"as a multiple of the gradient at 0; mse on a sigmoid keeps {squared:.1g}",
    )


def remaining(loss: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype) -> float:
    """Return the gradient at a wrong and saturated raw output, as a multiple of that at 0."""
    raw = torch.tensor([[0.0], [RAW]], dtype=dtype, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(raw, torch.zeros(2, 1, dtype=dtype)).sum(), raw)
    return float(gradient[1] / gradient[0])


def after_sigmoid(raw: Tensor, target: Tensor) -> Tensor:
    """Return binary cross-entropy as it is often written: a sigmoid first, and the logarithm of what it gives."""
    return torch.nn.functional.binary_cross_entropy(raw.sigmoid(), target, reduction="none").sum(-1)


def saturated_start() -> Evidence:
    """Train a model of one weight from raw outputs of 20 that are all wrong, by 1000 steps at a rate of 0.1.

    The samples -1 and 1 have the classes 0 and 1. Cross-entropy suffers where it never gets out of the wrong
    answers; what `mse` on a sigmoid does from there stands beside it.
    """
    needed, beside = (steps_to_right(loss) for loss in ("bce", "mse"))
    return Evidence(
        "reproduced" if needed is None else "contradicted",
        quantity="steps until all answers are right, from raw outputs of 20 that are all wrong",
        detail="training from a saturated start",
        measured=needed,
        n=STEPS,
        note=f"mse on a sigmoid: {beside if beside is not None else f'not within {STEPS} steps'}",
    )


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
