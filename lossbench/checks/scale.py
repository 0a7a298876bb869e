"""The size of value and gradient relative to the reference loss, and their cost."""

from __future__ import annotations

import statistics
import time

import torch

from lossbench.checks.case import Case, value_and_gradient
from lossbench.checks.observation import Observation, observed
from lossbench.losses import core_losses, get_loss

ROWS = 500
FAR = 10.0
"""A gradient so many times larger or smaller than the reference's needs another learning rate."""

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
    # The gradient of a mean over the batch, times this factor, is that of a sample.
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
