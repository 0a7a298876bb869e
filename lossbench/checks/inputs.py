"""What a loss does to its inputs, and with inputs of the wrong shape."""

from __future__ import annotations

import torch

from lossbench.checks.case import Case
from lossbench.checks.observation import Observation, observed
from lossbench.errors import BadValue, LossFailed

ROWS = 6


def check_inputs(case: Case) -> Observation:
    """Check that raw outputs and targets are unchanged by the call."""
    raw, target = case.draw(2, ROWS)
    given = raw.clone(), target.clone()
    case.value(*given)
    changed = [
        name
        for name, now, was in zip(("raw outputs", "target"), given, (raw, target), strict=True)
        if not torch.equal(now, was)
    ]
    saw = f"changes its {' and its '.join(changed)} in place; let it work on a copy"
    return observed(saw if changed else "left as they are", failed=bool(changed))


def check_broadcasting(case: Case) -> Observation:
    """Check that a target whose shape does not match the raw outputs is refused.

    A user's loss is used elsewhere too, so it is also called without lossbench's check of the shapes.
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
    return observed(f"a target of shape {tuple(wrong.shape)} is taken for {tuple(raw.shape)}", failed=True)


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
