"""Scores of a sample that imitates a law, for all models at once, in original units.

Every score takes a held-out sample of the law, (M or 1, n, targets), and the `Prediction` of M models, whose
decision is a sample too; the rows of both are in any order. None is a sum over rows, so rows have no
contributions: data are always drawn from a law, where the seed is the unit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossbench.losses.structured.directions import directions
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import of_whole

DIRECTIONS = 16  # twice as many as the loss has, and different ones


@of_whole
def transport(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Wasserstein distance of both samples: how far an output has to be moved on average, in the best assignment.

    min over permutations s of mean |x_s(i) - y_i|

    Exact, by sorting on a line and else by the assignment of least cost; some milliseconds a model for 200 rows.

    Source: Villani 2009, Optimal Transport: Old and New, chapter 6; the assignment is Crouse's 2016, as in scipy.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> found = predict(np.array([[[3.0, 0.0], [0.0, 0.0]]]), "identity", "distribution")
        >>> transport(np.array([[[0.0, 0.0], [3.0, 4.0]]]), found)
        array([2.])
    """
    if target.shape[-1] == 1:
        return _along(target, prediction.decision)
    return _each(_assigned, target, prediction)


@of_whole
def sliced_transport(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean Wasserstein distance along fixed directions, which is cheap: never more than `transport` in the plane.

    On a line it is `transport`. In the plane there are 16 directions, which lie between the 8 of the loss
    `wasserstein`; see `lossbench.losses.structured.directions`.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> sliced_transport(np.zeros((1, 2, 1)), predict(np.array([[[3.0], [-1.0]]]), "identity", "distribution"))
        array([2.])
    """
    ways = directions(target.shape[-1], DIRECTIONS, turn=0.5)
    return _along(target @ ways, prediction.decision @ ways)


@of_whole
def energy_distance(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """How much farther outputs are from targets than both are among themselves.

    2 mean |x - y| - mean |x - x'| - mean |y - y'|, over all pairs

    On a line it is the square of scipy's `energy_distance`.

    Source: Székely and Rizzo 2013, Energy statistics, Journal of Statistical Planning and Inference 143.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> found = predict(np.array([[[3.0], [0.0]]]), "identity", "distribution")
        >>> energy_distance(np.array([[[1.0], [3.0]]]), found)
        array([0.5])
    """
    return _each(_energy, target, prediction)


@of_whole
def mode_coverage(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the law's modes that at least half of the outputs that belong there lie within.

    An output is within a mode where it is no farther from its centre than the mode's radius. In [0, 1]; undefined
    where a law has no modes.

    Source: Srivastava et al. 2017, VEEGAN, section 4, where one output is enough.

    Example:
        >>> from lossbench.data.dataset import Modes
        >>> from lossbench.metrics.prediction import predict
        >>> two = Modes(np.array([[0.0], [9.0]]), np.array([0.5, 0.5]), 1.0)
        >>> found = predict(np.array([[[0.0], [0.5], [0.1], [8.2]]]), "identity", "distribution", two)
        >>> mode_coverage(np.zeros((1, 4, 1)), found)
        array([1.])
    """
    modes, found = prediction.modes, prediction.decision
    if modes is None:
        return np.full(len(found), np.nan)
    within = np.linalg.norm(found[:, :, None] - modes.centres, axis=-1) <= modes.radius
    return np.asarray((within.mean(axis=1) >= 0.5 * modes.shares).mean(axis=-1))


def _along(target: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the distance of samples (M, n, directions) averaged over directions, (M,)."""
    return np.asarray(np.abs(np.sort(target, axis=1) - np.sort(found, axis=1)).mean(axis=(1, 2)))


def _each(distance: Callable[[np.ndarray, np.ndarray], float], target: np.ndarray, made: Prediction) -> np.ndarray:
    """Return a distance of both samples of each model, (M,)."""
    pairs = zip(target, made.decision, made.diverged, strict=True)
    return np.array([np.nan if gone else distance(one, other) for one, other, gone in pairs])


def _assigned(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean distance (n, targets) of samples under the assignment that makes it least."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    cost = cdist(one, other)
    return float(cost[linear_sum_assignment(cost)].mean())


def _energy(one: np.ndarray, other: np.ndarray) -> float:
    from scipy.spatial.distance import cdist

    return float(2 * cdist(one, other).mean() - cdist(one, one).mean() - cdist(other, other).mean())
