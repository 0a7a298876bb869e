"""Check the size of value and gradient: against the reference loss, at wrong outputs, and their computing time."""

from __future__ import annotations

import itertools
import statistics
import time

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, row_by_row, value_and_gradient
from lossbench.checks.line import standard
from lossbench.losses import core_losses, get_loss
from lossbench.task import VALUED

ROWS = 500
FAR = 10.0
"""A gradient this many times larger or smaller than the reference's needs another learning rate."""

MODELS, BATCH, ROUNDS = 16, 64, 9
SLOW = 5.0


def reference(case: Case) -> Case:
    """Return the reference loss of the task, mse or a cross-entropy, with the same number of targets."""
    task = case.loss.task
    return Case(get_loss(core_losses(task)[0], task), case.targets)


def size(case: Case) -> tuple[float, float]:
    """Return the mean value, and the root mean square of the gradient of a sample, at standard raw outputs."""
    raw, target = case.draw(ROWS, scale=1)
    value, slope = value_and_gradient(case, raw, target)
    # The gradient of a batch mean times the number of rows is the gradient of a sample.
    factor = ROWS if case.loss.record.whole_batch else 1
    return float(value.mean()), factor * float(slope.square().sum(-1).mean().sqrt())


def check_scale(case: Case) -> Observation:
    """Compare the size of value and gradient with the reference loss of the task."""
    other = reference(case)
    (value, slope), (value_there, slope_there) = size(case), size(other)
    ratio = slope / slope_there
    far = not 1 / FAR <= ratio <= FAR
    there = f"{other.loss.name}: {value_there:.3g}, {slope_there:.3g}"
    saw = f"value {value:.3g}, gradient {slope:.3g} ({there}): {ratio:.2g} × that gradient"
    return observed(f"{saw}{', under SGD another learning rate' * far}", noted=far)


def check_cost(case: Case) -> Observation:
    """Time evaluations of loss and gradient, alternating with those of the reference loss."""
    other = reference(case)
    works = [(each, *_batch(each)) for each in (case, other)]
    times = [[_timed(*work) for work in works] for _ in range(ROUNDS)]
    mine, its = (statistics.median(column) for column in zip(*times, strict=True))
    saw = f"{mine / its:.2g} × {other.loss.name} for value and gradient ({MODELS} models, {BATCH} rows)"
    return observed(saw, noted=mine > SLOW * its)


def _batch(case: Case) -> tuple[torch.Tensor, torch.Tensor]:
    raw, target = case.draw(MODELS, BATCH)
    return raw.float(), target.float() if target.is_floating_point() else target


def _timed(case: Case, raw: torch.Tensor, target: torch.Tensor) -> float:
    start = time.perf_counter()
    value_and_gradient(case, raw, target)
    return time.perf_counter() - start


WRONG = 10.0
"""The size of a confident error, in raw outputs or standard deviations of the target."""

WEAK = 0.1
"""A loss saturates if its gradient falls to less than this share."""

PLACES = torch.arange(-200, 201, dtype=torch.float64) / 20  # exact at round numbers, where a loss may have corners


def check_saturation(case: Case) -> Observation:
    """Compare the gradient at confidently wrong outputs with that at zero, or in regression at an error of one."""
    line = standard(row_by_row(case))
    near = 1.0 if line.centred else 0.0
    places = [(-WRONG, -near), (WRONG, near)] if case.loss.task in VALUED else [(-WRONG, near)]
    slopes = line.at(torch.tensor(places).flatten())[1].norm(dim=-1).reshape(-1, 2).tolist()
    ratios = [far / max(close, 1e-300) for far, close in slopes]
    weakest = ratios.index(min(ratios))
    (far, close), (there, here), ratio = slopes[weakest], places[weakest], ratios[weakest]
    saw = f"gradient {far:.3g} at {there:g}, {close:.3g} at {here + 0.0:g}, {ratio:.2g} × that ({line.label})"
    return observed(f"{saw}{': it saturates' * (ratio < WEAK)}", noted=ratio < WEAK)


def check_plateaus(case: Case) -> Observation:
    """Find where the gradient is exactly zero although the loss is above its minimum."""
    line = standard(row_by_row(case))
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
    """Write the intervals of PLACES where a condition (places,) holds."""
    groups = itertools.groupby(zip(where.tolist(), PLACES.tolist(), strict=True), key=lambda pair: pair[0])
    ends = [[place for _, place in group] for holds, group in groups if holds]
    return ", ".join(
        f"at {run[0]:.3g}" if len(run) == 1 else f"from {run[0]:.3g} to {run[-1]:.3g}" for run in ends
    )
