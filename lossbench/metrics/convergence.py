"""How fast a model learns, from its validation score after each epoch.

The target does not depend on the losses: 95 % of the way from a constant predictor to scikit-learn's own linear
model on the same split. "Within x % of its own end" would reward a bad plateau. Here greater scores are always
better: other scores are passed with the opposite sign.
"""

from __future__ import annotations

import numpy as np

PATIENCE = 3
"""For how many epochs in a row a score must hold its target."""

PLATEAU_TOLERANCE = 0.01
"""The gain that still counts as learning, in skill (a constant predictor has 0, a perfect one 1)."""

TARGET_SHARE = 0.95
"""Where the target lies between the constant predictor (0) and the linear model (1)."""


def convergence_target(constant: np.ndarray | float, linear: np.ndarray | float) -> np.ndarray:
    """Set the score that counts as having learnt.

    constant + 0.95 (linear - constant)

    Args:
        constant: score of a constant predictor, any shape.
        linear: score of a linear model, same shape.

    Returns:
        The target, same shape; NaN where the linear model is no better than the constant.

    Example:
        >>> convergence_target(0.6, 1.0).round(3).item()
        0.98
    """
    constant, linear = np.asarray(constant, dtype=np.float64), np.asarray(linear, dtype=np.float64)
    return np.where(linear > constant, constant + TARGET_SHARE * (linear - constant), np.nan)


def epochs_to_target(curve: np.ndarray, target: np.ndarray | float) -> np.ndarray:
    """Find the first epoch from which the score stays at or above the target for three epochs.

    NaN is below every target. A run that gets there in its last two epochs has not shown that it stays.

    Args:
        curve: (M, epochs) scores after each epoch.
        target: (M,) or one for all; NaN where there is none.

    Returns:
        (M,) float64 epochs from 1; NaN where the target was not reached (censored at the last epoch) or is NaN.

    Example:
        >>> epochs_to_target(np.array([[0.9, 0.9, 0.2, 0.9, 0.9, 0.9], [0.1, 0.2, 0.3, 0.4, 0.9, 0.9]]), 0.8)
        array([ 4., nan])
    """
    curve = np.asarray(curve, dtype=np.float64)
    if curve.shape[1] < PATIENCE:
        return np.full(len(curve), np.nan)
    reached = curve >= _column(target)
    windows = np.lib.stride_tricks.sliding_window_view(reached, PATIENCE, axis=1)
    return _first(np.asarray(windows.all(axis=-1)))


def epochs_to_plateau(curve: np.ndarray, tolerance: np.ndarray | float) -> np.ndarray:
    """Find the first epoch after which the score gains less than a tolerance for the rest of the run.

    first e with max(curve[e:]) - curve[e] < tolerance

    Args:
        curve: (M, epochs) scores after each epoch.
        tolerance: (M,) or one for all, above 0, in the units of the score.

    Returns:
        (M,) float64 epochs from 1; the last epoch where the score rose to the end; NaN for a diverged model.

    Example:
        >>> epochs_to_plateau(np.array([[0.1, 0.5, 0.9, 0.905, 0.9]]), 0.01)
        array([3.])
    """
    curve = np.asarray(curve, dtype=np.float64)
    best_to_come = np.maximum.accumulate(curve[:, ::-1], axis=1)[:, ::-1]
    first = _first(best_to_come - curve < _column(tolerance))
    return np.where(np.isnan(curve).any(axis=1), np.nan, first)


def best_epoch(curve: np.ndarray) -> np.ndarray:
    """Find the epoch of the best score; ties go to the first.

    Args:
        curve: (M, epochs) scores after each epoch; NaN is ignored.

    Returns:
        (M,) int64 epochs from 1; 0 where every score is NaN.

    Example:
        >>> best_epoch(np.array([[0.1, 0.9, 0.9], [np.nan, np.nan, np.nan]]))
        array([2, 0])
    """
    curve = np.asarray(curve, dtype=np.float64)
    missing = np.isnan(curve)
    first = np.where(missing, -np.inf, curve).argmax(axis=1) + 1
    return np.where(missing.all(axis=1), 0, first)


def _column(values: np.ndarray | float) -> np.ndarray:
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def _first(hits: np.ndarray) -> np.ndarray:
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, np.nan)
