"""Whether the gradient is the derivative of the value, and both are finite and accurate in single precision."""

from __future__ import annotations

import itertools

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, gradient, row_by_row, value_and_gradient

ROWS = 40

SHARE = 0.2
"""By how much the gradient of a loss in half precision may differ from all differences together, as a share."""


def differences(case: Case, raw: torch.Tensor, target: torch.Tensor, step: float = 1e-6) -> torch.Tensor:
    """Return the gradient (batch, outputs) by central differences; raw must be away from kinks."""
    shift = step * torch.eye(raw.numel(), dtype=raw.dtype).reshape(-1, *raw.shape)
    targets = target.expand(len(shift), *target.shape)
    rise = case.value(raw + shift, targets) - case.value(raw - shift, targets)
    return rise.reshape(len(shift), -1).sum(-1).reshape(raw.shape) / (2 * step)


def check_slopes(case: Case) -> Observation:
    """Compare the gradient with central differences of the value, in double precision.

    For a loss that sorts its batch, two outputs may be so close that a difference crosses a kink. So a failure of
    a whole-batch loss is tried again on another draw, on which a wrong gradient fails again.
    """
    seen = compared(case, seed=0)
    return compared(case, seed=1) if seen.grade == "fail" and case.loss.record.whole_batch else seen


def compared(case: Case, seed: int) -> Observation:
    """Compare the gradient with central differences of the value on one draw."""
    half = case.precision == torch.bfloat16
    case = row_by_row(case) if half else case  # rounding hides what one row of many changes
    raw, target = case.draw(ROWS, seed=seed)
    value, slope = case.value(raw, target), gradient(case, raw, target)
    # A loss may compute in less than double precision whatever its inputs are.
    precision = max(torch.finfo(value.dtype).eps, torch.finfo(case.precision).eps)
    expected = differences(case, raw, target, precision ** (1 / 3))
    allowed = 2 * precision**0.4 * (expected.abs() + 0.1 * value.abs().max().clamp(min=1))
    off = (slope - expected).abs()
    worst = int((off / allowed).nan_to_num(nan=torch.inf).argmax())
    seen = f"{slope.flatten()[worst]:.6g}, differences of the value say {expected.flatten()[worst]:.6g}"
    # Rounding in half precision hides single differences, but not all of them together.
    share = float((slope * expected).sum() / expected.square().sum())
    if bool((off <= allowed).all()) and not (half and abs(share - 1) > SHARE):
        return observed(f"what differences of the value say, at {raw.numel()} places, but for {off.max():.0e}")
    where = f"at a raw output of {raw.flatten()[worst]:.3g}"
    return observed(f"{where} it is {seen}: part of the loss is cut off from it", failed=True)


SIZES = (10.0, 30.0, 100.0, 1e3, 1e4)
"""The raw outputs at which a loss must stay finite."""

DRAWS = 8  # draws of the targets

LOST = 0.1
"""The share of a gradient that may be lost to rounding."""


def extremes(case: Case, size: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return every combination of raw outputs up to a size, in single precision, each with several targets.

    Returns:
        raw (draws, combinations, outputs), and targets (draws, combinations) or (draws, combinations, targets).
    """
    corners = itertools.product([-size, -size / 100, 0.0, size / 100, size], repeat=case.outputs)
    raw = torch.tensor(list(corners), dtype=torch.float32)
    _, target = case.draw(DRAWS, len(raw))
    return raw.expand(DRAWS, -1, -1), target.float() if target.is_floating_point() else target


def check_finite(case: Case) -> Observation:
    """Check for NaN and infinity in single precision, at raw outputs up to ±1e4."""
    for size in SIZES:
        raw, target = extremes(case, size)
        value, slope = value_and_gradient(case, raw, target)
        faults = [name for name, seen in (("value", value), ("gradient", slope)) if not seen.isfinite().all()]
        if faults:
            kind = "NaN" if bool(value.isnan().any() or slope.isnan().any()) else "infinite"
            place = _nearest(case, raw, target) or f"up to ±{size:g}"
            saw = f"{' and '.join(faults)} {kind} in float32 at raw outputs {place}; take a stable form"
            return observed(saw, failed=True)
    return observed(f"value and gradient, in float32 at raw outputs up to ±{SIZES[-1]:g}")


def _nearest(case: Case, raw: torch.Tensor, target: torch.Tensor) -> str:
    """Name the sample of raw (draws, combinations, outputs) that fails nearest to zero; "" if none fails alone."""
    value, slope = value_and_gradient(row_by_row(case), raw, target)
    bad = raw[~(value.isfinite() & slope.isfinite().all(-1))]
    if not len(bad):
        return ""
    nearest = bad[bad.abs().amax(-1).argmin()]
    return f"of {', '.join(f'{output + 0.0:g}' for output in nearest.tolist())}"


def check_precision(case: Case) -> Observation:
    """Compare the gradient in single precision with that in double: rounding may destroy it."""
    if case.precision != torch.float64:
        kind = "float32 only" if case.precision == torch.float32 else "half precision, as bfloat16"
        return observed(f"it computes in {kind}: there is nothing to compare that with", noted=True)
    for size in SIZES[:3]:
        raw, target = extremes(case, size)
        exact = target.double() if target.is_floating_point() else target
        single, double = gradient(case, raw, target).double(), gradient(case, raw.double(), exact)
        length = double.norm(dim=-1)
        # A gradient far below the usual size may be lost.
        allowed = LOST * (length + 0.01 * length.nanmedian().clamp(min=1e-3))
        lost = ((single - double).norm(dim=-1) / allowed).nan_to_num(nan=0)  # check_finite reports NaN
        if float(lost.max()) > 1:
            worst = int(lost.argmax())
            pair = f"{single.norm(dim=-1).flatten()[worst]:.3g} instead of {length.flatten()[worst]:.3g}"
            saw = (
                f"rounding in float32 leaves a gradient of {pair} at raw outputs of ±{size:g}; take a stable form"
            )
            return observed(saw, noted=True)
    return observed(f"the gradient in float32 is that in float64, at raw outputs up to ±{SIZES[2]:g}")
