"""Scores of regression, for all models at once, in original units.

Every score takes the target, (M or 1, n, targets), and the `Prediction` of M models. It is computed for each
regression target and averaged: (M,) values, at least 0 and in the units of the target unless its text says more.
"""

from __future__ import annotations

import numpy as np

from lossbench.data.fold import varies
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.ranks import ranks
from lossbench.metrics.score import mean_of_rows, of_sums, with_contributions


def _squares(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return squared error, deviation of the target from its mean, its square, and one: (M, n, targets, 4)."""
    # The deviations of a constant target may be off zero by rounding.
    deviation = np.where(varies(target, axis=1)[:, None], target - target.mean(axis=1, keepdims=True), 0.0)
    error = (target - prediction.decision) ** 2
    return np.stack([error, deviation, deviation**2, np.ones_like(error)], axis=-1)


@of_sums(_squares)
def r2(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Coefficient of determination.

    1 - Σ (y - ŷ)² / Σ (y - ȳ)²

    At most 1. Undefined for one sample and for a constant target.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> values = np.array([[[1.0], [2.0], [3.0]]])
        >>> r2(values, predict(values + 1.0, "identity", "regression"))
        array([-0.5])
    """
    residual, deviation, total, n = np.moveaxis(sums, -1, 0)
    total = total - deviation**2 / n
    return np.asarray(np.where(total > 0.0, 1.0 - residual / total, np.nan).mean(axis=-1))


@of_sums(_squares)
def rmse(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Root mean squared error.

    √ mean (y - ŷ)²

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> rmse(np.zeros((1, 2, 1)), predict(np.array([[[3.0], [-3.0]]]), "identity", "regression"))
        array([3.])
    """
    return np.asarray(np.sqrt(np.maximum(sums[..., 0] / sums[..., 3], 0.0)).mean(axis=-1))


@mean_of_rows
def mae(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean absolute error.

    mean |y - ŷ|

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> mae(np.zeros((1, 2, 1)), predict(np.array([[[1.0], [-3.0]]]), "identity", "regression"))
        array([2.])
    """
    return np.asarray(np.abs(target - prediction.decision).mean(axis=-1))


def _beside_the_median(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return what each row contributes to the median error, (M, n).

    median + sign(error - median) / (2 density at the median)

    The density is estimated between the ends of the median's 95 % interval (Woodruff 1952).
    """
    errors = np.abs(target - prediction.decision)
    reach = min(0.98 / np.sqrt(errors.shape[1]), 0.5)
    low, middle, high = np.quantile(errors, [0.5 - reach, 0.5, 0.5 + reach], axis=1, keepdims=True)
    side = np.sign(errors - middle)
    side -= side.mean(axis=1, keepdims=True)  # for errors that tie with the median
    return np.asarray((middle + side * (high - low) / (4.0 * reach)).mean(axis=-1))


@with_contributions(_beside_the_median)
def median_absolute_error(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Median absolute error, which a few outliers leave where it is.

    median |y - ŷ|

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[1.0], [2.0], [900.0]]])
        >>> median_absolute_error(np.zeros((1, 3, 1)), predict(raw, "identity", "regression"))
        array([2.])
    """
    # np.median would warn of a diverged model's NaN; the mean of the middle of the sorted values does not.
    ordered = np.sort(np.abs(target - prediction.decision), axis=1)
    n = ordered.shape[1]
    return np.asarray(ordered[:, (n - 1) // 2 : n // 2 + 1].mean(axis=(1, 2)))


@mean_of_rows
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
    return np.asarray(relative.mean(axis=-1))


def _beside_the_middle(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return the absolute error, and that of predicting the target's median, (M, n, targets, 2)."""
    error, middle = np.abs(target - prediction.decision), np.median(target, axis=1, keepdims=True)
    return np.stack([error, np.abs(target - middle)], axis=-1)


@of_sums(_beside_the_middle)
def d2_pinball(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the absolute error explained: R² with absolute values (Koenker and Machado 1999), at the median.

    1 - Σ |y - ŷ| / Σ |y - median y|

    At most 1, and less moved by outliers than R². Undefined for a constant target.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> values = np.array([[[1.0], [2.0], [3.0]]])
        >>> d2_pinball(values, predict(values + 1.0, "identity", "regression"))
        array([-0.5])
    """
    error, total = np.moveaxis(sums, -1, 0)  # one more row moves the median, but the sums only to second order
    return np.asarray(np.where(total > 0.0, 1.0 - error / total, np.nan).mean(axis=-1))


def _beside_the_pairs(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return what each row contributes to the concordance, (M, n).

    C + 2 (pairs of the row in order - C pairs of the row) / (pairs / n), a ratio of two sums over pairs
    """
    true, said = (np.swapaxes(values, 1, 2) for values in np.broadcast_arrays(target, prediction.decision))
    in_order, pairs = _of_pairs(true, said)
    n, total = pairs.shape[-1], pairs.sum(axis=-1, keepdims=True)
    share = in_order.sum(axis=-1, keepdims=True) / total
    return np.asarray((share + 2.0 * n * (in_order - share * pairs) / total).mean(axis=1))


def _of_pairs(true: np.ndarray, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each row, how many concordant others it has, and how many have another target, (..., n) each.

    Ties of the prediction count one half. NaN for a diverged model.
    """
    lost = np.isnan(said).any(axis=-1, keepdims=True)
    order, other = (_places(values) for values in (true, np.where(lost, 0.0, said)))
    both = _places(order * true.shape[-1] + other)
    alike, as_said, equal = (_as_many(kind) for kind in (order, other, both))
    in_order = _below(order, other) + _below(-order, -other) + (as_said - equal) / 2.0
    return np.where(lost, np.nan, in_order), np.where(lost, np.nan, true.shape[-1] - alike)


def _places(values: np.ndarray) -> np.ndarray:
    """Return the place of each value in sorted order, (..., n) from 0; equal values share the first place."""
    return np.asarray(ranks(values, ties="least").astype(np.int64) - 1)


def _as_many(places: np.ndarray) -> np.ndarray:
    """Return how many values share the place of each, (..., n)."""
    return np.asarray(ranks(places, ties="greatest").astype(np.int64) - places)


def _below(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return, for each row, how many others are below it in both of two orders, (..., n).

    Rows are merged as in a sort by the first order, in blocks that double: n (log n)² steps.
    """
    n = first.shape[-1]
    values = second - second.min(axis=-1, keepdims=True)  # below n
    # Among equal first values, the larger second comes first, so that it does not count as below.
    rows = np.argsort(first * n - values, axis=-1)
    values, place = np.take_along_axis(values, rows, axis=-1), np.arange(n)
    found, width = np.zeros(values.shape, dtype=np.int64), 1
    while width < n:
        left, block = place // width % 2 == 0, place // (2 * width)
        # Among equal second values, the right one comes first, likewise.
        merged = np.argsort((block * n + values) * 2 + left, axis=-1)
        passed = np.cumsum(left[merged], axis=-1) - block[merged] * width
        more = np.where(left[merged], 0, passed)
        np.put_along_axis(found, merged, np.take_along_axis(found, merged, axis=-1) + more, axis=-1)
        width *= 2
    below = np.empty_like(found)
    np.put_along_axis(below, rows, found, axis=-1)
    return below


@with_contributions(_beside_the_pairs)
def concordance(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Chance that of two rows the one with the larger target is predicted larger (Harrell et al. 1982).

    Σ over pairs with y_i < y_j of [ŷ_i < ŷ_j] + [ŷ_i = ŷ_j] / 2, over their number

    In [0, 1]; a constant prediction has ½. It is the C index without censoring, and depends only on order.
    Undefined for a constant target.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> said = predict(np.array([[[10.0], [30.0], [20.0]]]), "identity", "regression")
        >>> concordance(np.array([[[1.0], [2.0], [3.0]]]), said).round(3)
        array([0.667])
    """
    return np.asarray(_beside_the_pairs(target, prediction).mean(axis=1))
