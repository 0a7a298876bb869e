"""Check a loss on batches that occur with small data: without a class, of a single row, of equal rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, value_and_gradient
from lossbench.errors import LossFailed
from lossbench.task import VALUED, Task

ROWS = 6
MISSING: Mapping[Task, tuple[str, str]] = {
    "binary": ("positives", "negatives"),
    "anomaly": ("anything above 0", "anything below 1"),
}
"""What a batch lacks where its targets are all 0, or all 1; for other tasks these are labels."""


def check_batches(case: Case) -> Observation:
    """Try batches that occur with small data: a single NaN in one of them ruins all weights."""
    faults = [
        (name, fault, grave) for name, raw, target, grave in batches(case) if (fault := _fault(case, raw, target))
    ]
    if not faults:
        names = ", ".join(name for name, *_ in batches(case))
        return observed(f"value and gradient are numbers on {names}")
    name, fault, grave = max(faults, key=lambda each: each[-1])
    others = ", ".join(other for other, *_ in faults if other != name)
    saw = f"on {name} {fault}{f' (likewise on {others})' * bool(others)}"
    advice = "choose a batch size and data that never give such a batch"
    if grave:
        advice = "one such batch ends a training; where a class is absent, let its part be zero"
    return observed(f"{saw}: {advice}", failed=grave, noted=True)


def batches(case: Case) -> Iterator[tuple[str, torch.Tensor, torch.Tensor, bool]]:
    """Yield the name of each batch, raw (batch, outputs), target, and whether common data make such batches."""
    raw, target = case.draw(ROWS * case.targets)
    if case.loss.task == "multiclass":
        every = torch.arange(len(raw)) % case.targets
        for k in range(case.targets):
            yield f"a batch without class {k}", raw, torch.where(every == k, (k + 1) % case.targets, every), True
    elif case.loss.task == "embedding":
        yield "a batch of one class", raw, torch.zeros_like(target), True
        yield "a batch of one row a class", raw, torch.arange(len(raw)), True
    elif case.loss.task not in VALUED:
        for value, name in enumerate(MISSING.get(case.loss.task, ("any label", "a label absent"))):
            yield f"a batch without {name}", raw, torch.full_like(target, value), True
    yield "a batch of one row", raw[:1], target[:1], False
    yield "a batch of equal rows", raw[:1].expand_as(raw).clone(), target[:1].expand_as(target).clone(), False


def _fault(case: Case, raw: torch.Tensor, target: torch.Tensor) -> str:
    """Return what is wrong with the loss of a batch; empty if nothing is."""
    try:
        value, slope = value_and_gradient(
            case, raw.float(), target.float() if target.is_floating_point() else target
        )
    except (LossFailed, RuntimeError, IndexError) as error:
        return f"it fails: {' '.join(str(error).split())}"
    if value.shape != (() if case.loss.record.whole_batch else (len(raw),)):
        return f"it returns shape {tuple(value.shape)}"
    if not bool(value.isfinite().all()):
        return f"its value is {'NaN' if bool(value.isnan().any()) else 'infinite'}"
    return "" if bool(slope.isfinite().all()) else "its gradient is NaN or infinite"
