"""Adam on raw outputs themselves, without a network, for checks of where a loss leads."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import torch

from lossbench.checks.case import Case

STEPS = 100
"""The usual number of steps; they shrink to zero."""

TIME_SHARE = 0.4
"""The share of the time left that a descent may take."""


def by_adam(
    case: Case,
    start: torch.Tensor,
    slope: Callable[[torch.Tensor], torch.Tensor],
    size: float | torch.Tensor,
    fewest: int,
) -> torch.Tensor:
    """Return where Adam ends, whose steps do not depend on the scale of the loss.

    Args:
        case: the loss, for the time that is left.
        start: of every descent, (starts, ...).
        slope: gives the gradient at such points, in their shape.
        size: of the first step; where fewer steps are taken, they are longer in proportion.
        fewest: the least number of steps, for a slow loss.
    """
    point, mean, square = start, torch.zeros_like(start), torch.zeros_like(start)
    steps = _affordable(case, lambda: slope(start), fewest)
    for step in range(1, steps + 1):
        now = slope(point)
        mean, square = mean.lerp(now, 0.1), square.lerp(now.square(), 0.03)
        way = mean / (1 - 0.9**step) / ((square / (1 - 0.97**step)).sqrt() + 1e-30)
        point = point - size * STEPS / steps * (1 - (step - 1) / steps) * way
    return point


def _affordable(case: Case, once: Callable[[], object], fewest: int) -> int:
    """Return the number of steps for which there is time, by the time of one."""
    if case.until == math.inf:
        return STEPS
    began = time.monotonic()
    once()
    return int(np.clip(TIME_SHARE * (case.until - began) / (time.monotonic() - began), fewest, STEPS))
