"""How large the gradient is where the output is confidently wrong, and where it is zero."""

from __future__ import annotations

import itertools

import torch

from lossbench.checks.case import Case, lone
from lossbench.checks.line import standard
from lossbench.checks.observation import Observation, observed

WRONG = 10.0
"""The error that is confidently wrong, in raw outputs or standard deviations of the target."""

WEAK = 0.1
"""The share of the gradient below which a loss is said to saturate."""

PLACES = torch.arange(-200, 201, dtype=torch.float64) / 20  # exact where a loss may have its corners


def check_saturation(case: Case) -> Observation:
    """Compare the gradient at confidently wrong outputs with that at zero, or in regression at an error of one."""
    line = standard(lone(case))
    near = 1.0 if line.centred else 0.0
    places = [(-WRONG, -near), (WRONG, near)] if case.loss.task == "regression" else [(-WRONG, near)]
    slopes = line.at(torch.tensor(places).flatten())[1].norm(dim=-1).reshape(-1, 2).tolist()
    ratios = [far / max(close, 1e-300) for far, close in slopes]
    weakest = ratios.index(min(ratios))
    (far, close), (there, here), ratio = slopes[weakest], places[weakest], ratios[weakest]
    saw = f"gradient {far:.3g} at {there:g}, {close:.3g} at {here + 0.0:g}, {ratio:.2g} × that ({line.label})"
    return observed(f"{saw}{': it saturates' * (ratio < WEAK)}", noted=ratio < WEAK)


def check_plateaus(case: Case) -> Observation:
    """Find where the gradient is exactly zero although the loss is above its minimum."""
    line = standard(lone(case))
    value, slope = line.at(PLACES)
    flat, above = slope.norm(dim=-1) == 0, value - value.min()
    high = flat & (above > 1e-6 * above.max())
    if bool(high.any()):
        height = f"{above[high].max():.3g} above its least"
        saw = f"zero gradient {_runs(high)} ({line.label}), where the loss is {height}"
        return observed(saw, noted=True)
    saw = f"zero gradient only at its least, {_runs(flat)}" if bool(flat.any()) else "the gradient is nowhere zero"
    return observed(f"{saw} ({line.label}, from {-WRONG:g} to {WRONG:g})")


def _runs(where: torch.Tensor) -> str:
    """Write the intervals of PLACES where something holds, given as (places,) of bool."""
    groups = itertools.groupby(zip(where.tolist(), PLACES.tolist(), strict=True), key=lambda pair: pair[0])
    ends = [[place for _, place in group] for holds, group in groups if holds]
    return ", ".join(
        f"at {run[0]:.3g}" if len(run) == 1 else f"from {run[0]:.3g} to {run[-1]:.3g}" for run in ends
    )
