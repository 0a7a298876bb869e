"""Check whether an embedding loss brings the rows of a class together, by gradient descent on free embeddings."""

from __future__ import annotations

import math
import time

import numpy as np
import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, value_and_gradient
from lossbench.metrics.gallery import Gallery

CLASSES, ROWS = 5, 4
"""There are more classes than embedding dimensions, so that no dimension can be the score of a class."""

SCALES = (0.1, 1.0, 3.0)
"""The size of the embeddings at each start."""

STEPS, STEP, FEWEST = 100, 0.1, 20

TOGETHER = 0.9
"""The share of rows with a nearest row of their own class from which classes count as together; by chance 3/19."""

TIME_SHARE = 0.4
"""The share of the time left that a descent may take."""


def embeds(case: Case) -> Observation:
    """Descend the loss from several starts, and look at the nearest row of each row."""
    target = torch.arange(CLASSES).repeat(ROWS)
    ends = descended(case, target)
    if not bool(ends.isfinite().all()):
        return observed("gradient descent on embeddings ends in NaN or infinity", failed=True)
    gallery = Gallery(target.numpy())
    shares = [float((gallery.read(end, None, target.numpy())[:, 0] < 1).mean()) for end in ends.numpy()]
    together = [share >= TOGETHER for share in shares]
    said = " / ".join(f"{share:.0%}" for share in shares)
    saw = f"from {len(SCALES)} starts, the nearest rows of {said} of the rows come to be of their class"
    # Failing from some starts is allowed: the hardest triplets do so where all rows begin close together.
    return observed(saw, failed=not any(together), noted=not all(together))


def descended(case: Case, target: torch.Tensor) -> torch.Tensor:
    """Return the embeddings at the end of Adam from every start: (starts, rows, dimensions)."""
    rng = np.random.default_rng(0)
    starts = [rng.normal(scale=scale, size=(len(target), case.outputs)) for scale in SCALES]
    point = torch.as_tensor(np.stack(starts))
    mean, square = torch.zeros_like(point), torch.zeros_like(point)
    steps, scale = _affordable(case, target, point), torch.tensor(SCALES)[:, None, None]
    for step in range(1, steps + 1):
        slope = _slope(case, target, point)
        mean, square = mean.lerp(slope, 0.1), square.lerp(slope.square(), 0.03)
        size = mean / (1 - 0.9**step) / ((square / (1 - 0.97**step)).sqrt() + 1e-30)
        point = point - STEP * scale * STEPS / steps * (1 - (step - 1) / steps) * size
    return point


def _slope(case: Case, target: torch.Tensor, point: torch.Tensor) -> torch.Tensor:
    """Return the gradient of every start, in its shape."""
    return value_and_gradient(case, point, target.expand(len(point), -1))[1].double()


def _affordable(case: Case, target: torch.Tensor, point: torch.Tensor) -> int:
    """Return the number of steps for which there is time."""
    if case.until == math.inf:
        return STEPS
    began = time.monotonic()
    _slope(case, target, point)
    return int(np.clip(TIME_SHARE * (case.until - began) / (time.monotonic() - began), FEWEST, STEPS))
