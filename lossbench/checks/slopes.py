"""Whether the gradient is the derivative of the value."""

from __future__ import annotations

import torch

from lossbench.checks.case import Case, gradient
from lossbench.checks.observation import Observation, observed

ROWS = 40


def differences(case: Case, raw: torch.Tensor, target: torch.Tensor, step: float = 1e-6) -> torch.Tensor:
    """Return the gradient by central differences of the value, one raw output after the other.

    Args:
        case: the loss.
        raw: (batch, outputs), away from kinks.
        target: (batch,) or (batch, targets).
        step: to each side.

    Returns:
        (batch, outputs).
    """
    shift = step * torch.eye(raw.numel(), dtype=raw.dtype).reshape(-1, *raw.shape)
    targets = target.expand(len(shift), *target.shape)
    rise = case.value(raw + shift, targets) - case.value(raw - shift, targets)
    return rise.reshape(len(shift), -1).sum(-1).reshape(raw.shape) / (2 * step)


def check_slopes(case: Case) -> Observation:
    """Compare the gradient with central differences of the value, in double precision."""
    raw, target = case.draw(ROWS)
    value, slope = case.value(raw, target), gradient(case, raw, target)
    precision = torch.finfo(value.dtype).eps  # a loss may compute in single precision whatever it is given
    expected = differences(case, raw, target, precision ** (1 / 3))
    allowed = 2 * precision**0.4 * (expected.abs() + 0.1 * value.abs().max().clamp(min=1))
    off = (slope - expected).abs()
    worst = int((off / allowed).nan_to_num(nan=torch.inf).argmax())
    seen = f"{slope.flatten()[worst]:.6g}, differences of the value say {expected.flatten()[worst]:.6g}"
    if bool((off <= allowed).all()):
        return observed(f"what differences of the value say, at {raw.numel()} places, but for {off.max():.0e}")
    where = f"at a raw output of {raw.flatten()[worst]:.3g}"
    return observed(f"{where} it is {seen}: part of the loss is cut off from it", failed=True)
