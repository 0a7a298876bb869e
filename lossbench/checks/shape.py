"""Check what a loss returns (shape, reduction, precision), and how it treats its batch and its inputs."""

from __future__ import annotations

import itertools
from dataclasses import replace

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, gradient, value_and_gradient
from lossbench.errors import BadValue, LossFailed
from lossbench.losses.custom.drift import MANY, PURE

LEADS: tuple[tuple[int, ...], ...] = ((), (3,), (2, 3))
ROWS = 7

SUM = 1.5
"""A loss whose value grows by more than this factor on a doubled batch is a sum."""


def one_by_one(case: Case, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Evaluate models (..., batch, outputs) one by one, for comparison with all at once."""
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
        if not torch.allclose(value, one_by_one(case, raw, target), rtol=max(1e-6, case.rounding)):
            return observed(f"of {given}, one model changes the value of another", failed=True)
    returned = "(..., batch)" if rows else "(...), one value a batch"
    return observed(f"(..., batch, outputs) gives {returned}; models do not see each other")


def check_dtype(case: Case) -> Observation:
    """Check that single precision stays single, and double stays double; the engines train in single."""
    raw, target = case.draw(ROWS)
    case = replace(case, precision=torch.float64)  # so that the case rounds no input itself
    returned = {}
    for kind in (torch.float32, torch.float64):
        given = target.to(kind) if target.is_floating_point() else target
        try:
            returned[kind] = case.value(raw.to(kind), given).dtype
        except (LossFailed, RuntimeError) as error:
            if kind == torch.float32:
                raise
            return observed(f"float32 only; given float64, {error}", noted=True)
    saw = ", ".join(f"{_name(kind)} gives {_name(result)}" for kind, result in returned.items())
    return observed(saw, noted=any(kind != result for kind, result in returned.items()))


def check_reduction(case: Case) -> Observation:
    """Check whether a loss is one value per sample, or a mean, sum or other function of the whole batch."""
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
    return torch.allclose(whole, torch.stack(parts).mean(), rtol=max(1e-6, case.rounding))


def _name(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")


ORDER = torch.tensor([3, 0, 8, 6, 1, 7, 4, 2, 5])


def influence(case: Case) -> torch.Tensor:
    """Return the relative change of a row's gradient, (outputs,), when all other rows are replaced."""
    raw, target = case.draw(len(ORDER))
    other = torch.cat([raw[:1], case.draw(len(ORDER), seed=1)[0][1:]])
    here, there = gradient(case, raw, target)[0], gradient(case, other, target)[0]
    return (here - there).abs() / here.abs().clamp(min=1e-12)


def check_order(case: Case) -> Observation:
    """Check that the order of the rows, which is arbitrary, changes nothing."""
    raw, target = case.draw(len(ORDER))
    first = value_and_gradient(case, raw, target)
    second = value_and_gradient(case, raw[ORDER], target[ORDER])
    there = [part[ORDER] if part.dim() else part for part in first]
    off = max(float((one - other).abs().max()) for one, other in zip(there, second, strict=True))
    largest = max(float(part.abs().max()) for part in first)
    saw = f"rows in another order: value and gradient move by {off:.1g} at most"
    kinds = first[0].dtype, case.precision
    rounding = (
        max(torch.finfo(kind).eps for kind in kinds) ** 0.75
    )  # summing in another order may change this much
    return observed(saw, failed=not off <= rounding * (1 + largest))


def check_batch(case: Case) -> Observation:
    """Check whether the gradient of a row depends on the rows beside it."""
    share, whole = float(influence(case).max()), case.loss.record.whole_batch
    if share < max(1e-6, case.rounding):
        return observed("the gradient of a row does not depend on the other rows")
    saw = f"with other rows beside it, the gradient of a row changes by {share:.1%}"
    return observed(f"{saw}: the batch size is part of the loss", noted=not whole)


def check_inputs(case: Case) -> Observation:
    """Check that raw outputs and targets are unchanged by the call."""
    raw, target = case.draw(2, ROWS)
    given = raw.clone().requires_grad_() * 1, target.clone()  # a leaf tensor cannot be changed in place
    case.value(*given)
    changed = [
        name
        for name, now, was in zip(("raw outputs", "target"), given, (raw, target), strict=True)
        if not torch.equal(now, was)
    ]
    saw = f"changes its {' and its '.join(changed)} in place; let it work on a copy"
    return observed(saw if changed else "left as they are", failed=bool(changed))


def check_history(case: Case) -> Observation:
    """Repeat the first calls of a loss: its values must not depend on what ran before them."""
    drift = case.loss.record.drift
    changed = drift(MANY) if drift else ""  # the losses of the catalogue keep no state
    saw = f"{changed}: it keeps state between calls; {PURE}" if changed else "it returns what it returned at first"
    return observed(saw, failed=bool(changed))


def check_broadcasting(case: Case) -> Observation:
    """Check that a target whose shape does not match the raw outputs is refused.

    A custom loss is used outside lossbench too, so it is also called without lossbench's check of the shapes.
    """
    raw, target = case.draw(ROWS)
    wrong = target[:, None] if case.loss.record.encoding == "index" else target.expand(ROWS, ROWS, -1)
    try:
        case.loss(raw, wrong, **case.prior(raw))
    except BadValue:
        if case.loss.record.code and _pairs(case):
            saw = f"refused here; called elsewhere, it would pair each of ({ROWS}, 1) with each of ({ROWS},)"
            return observed(saw, noted=True)
        return observed("a target of another shape is refused")
    return observed(f"a target of shape {tuple(wrong.shape)} is accepted for {tuple(raw.shape)}", failed=True)


def _pairs(case: Case) -> bool:
    """Say whether the function, given (n, 1) and (n,), broadcasts to another result than for (n, 1) and (n, 1)."""
    raw, target = case.draw(ROWS)
    if case.outputs > 1 or case.loss.record.encoding == "index":
        return False
    right = case.value(raw, target)
    try:
        wrong = case.value(raw, target[:, 0])
    except (LossFailed, RuntimeError, IndexError):
        return False
    return wrong.shape != right.shape or not torch.allclose(wrong, right)
