"""Scores of masks: the overlap of the predicted and the true object pixels.

Each is a mean over images, and each image counts alike, however large its object is. An image without an object
scores 1 if none is predicted and 0 if one is; an image whose object is missed scores 0.

Every score takes the target, (M or 1, images, pixels) of 0 and 1, and the `Prediction` of M models. It returns
(M,) values in [0, 1].
"""

from __future__ import annotations

import numpy as np

from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import mean_of_rows, share_of_area


@mean_of_rows
def dice(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean over images of twice the overlap over both areas together: F1 of an image's pixels.

    2 |A ∩ B| / (|A| + |B|), A the true mask and B the predicted one; 1 where both are empty

    Dice 1945, Measures of the amount of ecologic association between species, Ecology 26.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[1.0, 1.0, -1.0], [-1.0, -1.0, -1.0]]])
        >>> dice(np.array([[[1, 0, 0], [0, 0, 0]]]), predict(raw, "sigmoid", "segmentation")).round(3)
        array([0.833])
    """
    hits, areas = _overlap(target, prediction)
    return share_of_area(2.0 * hits, areas)


@mean_of_rows
def iou(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean over images of the overlap over the area that either mask covers: the Jaccard index.

    |A ∩ B| / |A ∪ B|, A the true mask and B the predicted one; 1 where both are empty

    Jaccard 1912, The distribution of the flora in the alpine zone, New Phytologist 11.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[1.0, 1.0, -1.0], [-1.0, -1.0, -1.0]]])
        >>> iou(np.array([[[1, 0, 0], [0, 0, 0]]]), predict(raw, "sigmoid", "segmentation"))
        array([0.75])
    """
    hits, areas = _overlap(target, prediction)
    return share_of_area(hits, areas - hits)


def _overlap(target: np.ndarray, prediction: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels that both masks have, and the sum of both areas, (M, images) each."""
    said = prediction.decision
    return (target * said).sum(axis=-1), (target + said).sum(axis=-1)
