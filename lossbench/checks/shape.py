"""What a loss returns: shape, reduction and precision."""

from __future__ import annotations

import itertools

import torch

from lossbench.checks.case import Case
from lossbench.checks.observation import Observation, observed

LEADS: tuple[tuple[int, ...], ...] = ((), (3,), (2, 3))
ROWS = 7

SUM = 1.5
"""A loss whose value grows by this factor on a doubled batch is a sum."""


def apart(case: Case, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Evaluate many models one after the other, for comparison with all at once.

    Args:
        case: the loss.
        raw: (..., batch, outputs).
        target: (..., batch) or (..., batch, targets).

    Returns:
        (..., batch), or (...) for a whole-batch loss.
    """
    slots = itertools.product(*map(range, raw.shape[:-2]))
    each = torch.stack([case.value(raw[slot], target[slot]) for slot in slots])
    return each.reshape((*raw.shape[:-2], *each.shape[1:]))


def check_shape(case: Case) -> Observation:
    """Check the shape for any number of models, and that they are evaluated independently."""
    rows = () if case.loss.record.whole_batch else (ROWS,)
    for lead in LEADS:
        raw, target = case.draw(*lead, ROWS)
        value, given = case.value(raw, target), (*lead, ROWS, case.outputs)
        if value.shape != (*lead, *rows):
            saw = f"{given} gives {tuple(value.shape)}, not {(*lead, *rows)}"
            return observed(saw, failed=True)
        if not torch.allclose(value, apart(case, raw, target), rtol=1e-6):
            return observed(f"of {given}, one model changes the value of another", failed=True)
    returned = "(..., batch)" if rows else "(...), one value a batch"
    return observed(f"(..., batch, outputs) gives {returned}; models do not see each other")


def check_dtype(case: Case) -> Observation:
    """Check that single precision stays single, and double stays double."""
    raw, target = case.draw(ROWS)
    returned = {}
    for kind in (torch.float32, torch.float64):
        given = target.to(kind) if target.is_floating_point() else target
        returned[kind] = case.value(raw.to(kind), given).dtype
    saw = ", ".join(f"{_name(kind)} gives {_name(result)}" for kind, result in returned.items())
    return observed(saw, noted=any(kind != result for kind, result in returned.items()))


def check_reduction(case: Case) -> Observation:
    """Tell whether a loss is one value per sample, or a mean, sum or other function of the whole batch."""
    if not case.loss.record.whole_batch:
        return observed("none: a value a sample")
    raw, target = case.draw(ROWS)
    twice = case.value(torch.cat([raw, raw]), torch.cat([target, target]))
    growth = float(twice / case.value(raw, target))
    if growth > SUM:
        saw = (
            f"twice the batch has {growth:.3g} times the value: steps grow with the batch size, unless it averages"
        )
        return observed(saw, noted=True)
    if averages(case, raw, target):
        return observed("a mean over the batch; a value a sample (in torch, reduction=none) is faster", noted=True)
    return observed(f"one value a batch, no mean of its samples; twice the batch has {growth:.3g} times the value")


def averages(case: Case, raw: torch.Tensor, target: torch.Tensor) -> bool:
    """Say whether the loss of a batch (batch, outputs), cut to an even size, is the mean of its halves' losses."""
    half = len(raw) // 2
    parts = [case.value(raw[rows], target[rows]) for rows in (slice(half), slice(half, 2 * half))]
    whole = case.value(raw[: 2 * half], target[: 2 * half])
    return torch.allclose(whole, torch.stack(parts).mean(), rtol=1e-6)


def _name(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")
