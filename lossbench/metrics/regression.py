"""Scores of regression, for all models at once, in original units.

Every score takes the target, (M or 1, n, targets), and the `Prediction` of M models. It is computed for each
regression target and averaged: (M,) values, at least 0 and in the units of the target unless its text says more.
"""

from __future__ import annotations

import numpy as np

from lossbench.data.fold import varies
from lossbench.metrics.prediction import Prediction, per_model


@per_model
def r2(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Coefficient of determination.

    1 - Σ (y - ŷ)² / Σ (y - ȳ)²

    At most 1. Undefined for one sample and for a constant target.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> values = np.array([[[1.0], [2.0], [3.0]]])
        >>> r2(values, predict(values + 1.0, "identity", "regression"))
        array([-0.5])
    """
    residual = np.sum((target - prediction.decision) ** 2, axis=1)
    total = np.sum((target - target.mean(axis=1, keepdims=True)) ** 2, axis=1)
    known = varies(target, axis=1)  # the sum above may be off zero by rounding
    return np.asarray(np.where(~known, np.nan, 1.0 - residual / total).mean(axis=-1))


@per_model
def rmse(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Root mean squared error.

    √ mean (y - ŷ)²

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> rmse(np.zeros((1, 2, 1)), predict(np.array([[[3.0], [-3.0]]]), "identity", "regression"))
        array([3.])
    """
    return np.asarray(np.sqrt(np.mean((target - prediction.decision) ** 2, axis=1)).mean(axis=-1))


@per_model
def mae(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean absolute error.

    mean |y - ŷ|

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> mae(np.zeros((1, 2, 1)), predict(np.array([[[1.0], [-3.0]]]), "identity", "regression"))
        array([2.])
    """
    return np.asarray(np.abs(target - prediction.decision).mean(axis=(1, 2)))


@per_model
def median_absolute_error(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Median absolute error, which a few outliers leave where it is.

    median |y - ŷ|

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[1.0], [2.0], [900.0]]])
        >>> median_absolute_error(np.zeros((1, 3, 1)), predict(raw, "identity", "regression"))
        array([2.])
    """
    # np.median would warn of a diverged model's NaN; the mean of the middle of a sort does not.
    ordered = np.sort(np.abs(target - prediction.decision), axis=1)
    n = ordered.shape[1]
    return np.asarray(ordered[:, (n - 1) // 2 : n // 2 + 1].mean(axis=(1, 2)))


@per_model
def mape(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean absolute percentage error, as a fraction.

    mean |y - ŷ| / |y|

    0.1 is ten per cent. Undefined where any target is zero, never infinite.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> ten = np.full((1, 2, 1), 10.0)
        >>> mape(ten, predict(ten - 1.0, "identity", "regression"))
        array([0.1])
    """
    size = np.abs(target)
    relative = np.abs(target - prediction.decision) / np.where(size == 0.0, np.nan, size)
    return np.asarray(relative.mean(axis=(1, 2)))
