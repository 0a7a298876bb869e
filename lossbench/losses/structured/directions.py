"""Fixed directions along which samples in several dimensions are compared."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from lossbench.randomness import stream


@cache
def directions(targets: int, number: int, turn: float = 0.0) -> np.ndarray:
    """Return fixed directions, (targets, directions), scaled so that the mean over them is a distance.

    In the plane they divide a half turn into equal parts, and a vector's mean length along them is at most its own
    length. In more dimensions they are drawn once and for all, and this holds on average. On a line there is one.

    Source: Bonneel, Rabin, Peyré and Pfister 2015, Sliced and Radon Wasserstein barycenters of measures, Journal
    of Mathematical Imaging and Vision 51, section 3.

    Args:
        targets: dimensions.
        number: of directions, where there are several dimensions.
        turn: rotation in the plane, as a fraction of the step between two directions.

    Example:
        >>> directions(1, 8)
        array([[1.]])
        >>> directions(2, 8).shape, float(abs(np.ones(2) @ directions(2, 8)).mean().round(3))
        ((2, 8), 1.387)
    """
    if targets == 1:
        found = np.ones((1, 1))
    elif targets == 2:
        angles = (np.arange(number) + turn) * np.pi / number
        found = np.stack([np.cos(angles), np.sin(angles)]) * (number * math.sin(np.pi / (2 * number)))
    else:
        drawn = stream("directions", str(targets), number).normal(size=(targets, number))
        shrunk = math.exp(math.lgamma(targets / 2) - math.lgamma((targets + 1) / 2)) / math.sqrt(np.pi)
        found = drawn / np.linalg.norm(drawn, axis=0) / shrunk
    found.setflags(write=False)  # all callers share it
    return found
