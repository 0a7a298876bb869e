"""Scores of embeddings, from the readings of `lossbench.metrics.gallery`.

The right class is already part of the readings, so a score ignores the values of its target.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lossbench.metrics.gallery import APART, BY_NEIGHBOURS, BY_PROBE
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import mean_of_rows

TOP = 5
"""The k of the top k classes."""

LOOKS_AT: Mapping[str, int] = {
    "top_1": BY_NEIGHBOURS,
    "top_5": BY_NEIGHBOURS,
    "probe_top_1": BY_PROBE,
    "probe_top_5": BY_PROBE,
    "spread": APART,
}
"""The only reading that each score looks at."""


@mean_of_rows
def top_1(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of rows whose class is the first by the weighted nearest neighbours.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> read = predict(np.array([[[0.0, 2.0, 0.5], [1.0, 0.0, 0.5]]]), "embedding", "embedding")
        >>> top_1(np.array([[7, 8]]), read)
        array([0.5])
    """
    return np.asarray(prediction.raw[..., BY_NEIGHBOURS] < 1)


@mean_of_rows
def top_5(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of rows whose class is among the first five by the weighted nearest neighbours.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> read = predict(np.array([[[4.0, 0.0, 0.5], [5.0, 0.0, 0.5]]]), "embedding", "embedding")
        >>> top_5(np.array([[7, 8]]), read)
        array([0.5])
    """
    return np.asarray(prediction.raw[..., BY_NEIGHBOURS] < TOP)


@mean_of_rows
def probe_top_1(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of rows whose class is the first by a linear probe.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> read = predict(np.array([[[0.0, 2.0, 0.5], [1.0, 0.0, 0.5]]]), "embedding", "embedding")
        >>> probe_top_1(np.array([[7, 8]]), read)
        array([0.5])
    """
    return np.asarray(prediction.raw[..., BY_PROBE] < 1)


@mean_of_rows
def probe_top_5(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of rows whose class is among the first five by a linear probe.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> read = predict(np.array([[[0.0, 4.0, 0.5], [0.0, 5.0, 0.5]]]), "embedding", "embedding")
        >>> probe_top_5(np.array([[7, 8]]), read)
        array([0.5])
    """
    return np.asarray(prediction.raw[..., BY_PROBE] < TOP)


@mean_of_rows
def spread(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean cosine distance, in [0, 2], from the rows to the training rows: zero where all embeddings are alike.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> spread(np.array([[7]]), predict(np.array([[[0.0, 0.0, 0.5]]]), "embedding", "embedding"))
        array([0.5])
    """
    return np.asarray(prediction.raw[..., APART])
