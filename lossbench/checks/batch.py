"""Whether a sample's loss depends on the rest of its batch."""

from __future__ import annotations

import torch

from lossbench.checks.case import Case, gradient, value_and_gradient
from lossbench.checks.observation import Observation, observed

ORDER = torch.tensor([3, 0, 8, 6, 1, 7, 4, 2, 5])

Result = tuple[torch.Tensor, torch.Tensor]


def reordered(case: Case) -> tuple[Result, Result]:
    """Return value and gradient of a batch, and those of its rows in another order, sorted back.

    Returns:
        Two pairs of the value, (batch,) or (), and the gradient, (batch, outputs).
    """
    raw, target = case.draw(len(ORDER))
    value, slope = value_and_gradient(case, raw[ORDER], target[ORDER])
    back = ORDER.argsort()
    return value_and_gradient(case, raw, target), (value[back] if value.dim() else value, slope[back])


def influence(case: Case) -> torch.Tensor:
    """Return how far the gradient of a row moves, as a share of its size, when all other rows are replaced.

    Returns:
        (outputs,), for each raw output.
    """
    raw, target = case.draw(len(ORDER))
    other = torch.cat([raw[:1], case.draw(len(ORDER), seed=1)[0][1:]])
    here, there = gradient(case, raw, target)[0], gradient(case, other, target)[0]
    return (here - there).abs() / here.abs().clamp(min=1e-12)


def check_order(case: Case) -> Observation:
    """Check that the order of the rows, which is arbitrary, changes nothing."""
    first, second = reordered(case)
    off = max(float((one - other).abs().max()) for one, other in zip(first, second, strict=True))
    largest = max(float(part.abs().max()) for part in first)
    saw = f"rows in another order: value and gradient move by {off:.1g} at most"
    rounding = torch.finfo(first[0].dtype).eps ** 0.75  # what a sum in another order may lose
    return observed(saw, failed=not off <= rounding * (1 + largest))


def check_batch(case: Case) -> Observation:
    """Check whether the gradient of a row depends on the rows beside it."""
    share, whole = float(influence(case).max()), case.loss.record.whole_batch
    if share < 1e-6:
        return observed("the gradient of a row does not depend on the other rows")
    saw = f"with other rows beside it, the gradient of a row changes by {share:.1%}"
    return observed(f"{saw}: the batch size is part of the loss", noted=not whole)
