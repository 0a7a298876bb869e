"""Class thresholds that are chosen on validation, for each training by one score.

A loss for rare classes shifts the raw outputs, and with them the rows above one half. With the best threshold of
each training on validation, losses are compared by their rankings (Lipton, Elkan and Naryanaswamy 2014, Optimal
thresholding of classifiers to maximize F1 measure).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossbench.metrics.score import share_of_area

Counts = Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]
"""A score from hits and positive decisions, (thresholds,) each, of so many positives among so many rows."""


def _accuracy(hits: np.ndarray, said: np.ndarray, present: int, rows: int) -> np.ndarray:
    return np.asarray((rows - present - said + 2.0 * hits) / rows)


def _f1(hits: np.ndarray, said: np.ndarray, present: int, rows: int) -> np.ndarray:
    return np.asarray(2.0 * hits / np.maximum(said + present, 1))


def _balanced_accuracy(hits: np.ndarray, said: np.ndarray, present: int, rows: int) -> np.ndarray:
    recall, spared = hits / max(present, 1), 1.0 - (said - hits) / max(rows - present, 1)
    return np.asarray((recall + spared) / 2.0)


def _matthews_corrcoef(hits: np.ndarray, said: np.ndarray, present: int, rows: int) -> np.ndarray:
    spread = np.sqrt(1.0 * said * (rows - said) * present * (rows - present))
    covariance = 1.0 * hits * rows - said * present
    return np.where(spread > 0, covariance / np.where(spread > 0, spread, 1.0), 0.0)


def _dice(hits: np.ndarray, said: np.ndarray, present: np.ndarray) -> np.ndarray:
    return np.asarray(share_of_area(2.0 * hits, said + present).mean(axis=0))


def _iou(hits: np.ndarray, said: np.ndarray, present: np.ndarray) -> np.ndarray:
    return np.asarray(share_of_area(1.0 * hits, said + present - hits).mean(axis=0))


_MASKS: dict[str, Callable[..., np.ndarray]] = {"dice": _dice, "iou": _iou}
"""Means over images, from hits and positive pixels, (images, thresholds) each, and those present, (images, 1)."""

_SCORES: dict[str, Counts] = {
    "accuracy": _accuracy,
    "f1": _f1,
    "balanced_accuracy": _balanced_accuracy,
    "matthews_corrcoef": _matthews_corrcoef,
}


def choose_thresholds(name: str, target: np.ndarray, ranking: np.ndarray, own: float) -> np.ndarray:
    """Return the best threshold of each model by a score: the value above which a row is called positive.

    Candidates are the link's own threshold and the midpoints between neighbouring values, so that equal outputs
    leave the link's own. Of thresholds that score equally, the one nearest to the link's own is chosen; of two
    equally near, the lower.

    Args:
        name: one of `lossbench.schema.THRESHOLDS`.
        target: (M, n) 0 or 1; of masks, (M, images, pixels).
        ranking: of this shape, the values that order rows, see `lossbench.metrics.prediction.Prediction`.
        own: the link's own threshold, in the same units.

    Returns:
        (M,) float64, NaN for a model whose values are not all finite.

    See also `choose_by_label`.

    Example:
        >>> choose_thresholds("f1", np.array([[0, 0, 1, 1]]), np.array([[-4.0, -3.0, -2.0, -1.0]]), own=0.0)
        array([-2.5])
    """
    return np.array([_best(name, *each, own) for each in zip(target, ranking, strict=True)])


def choose_by_label(name: str, target: np.ndarray, ranking: np.ndarray, own: float) -> np.ndarray:
    """Return the best threshold of each label of each model by the label's score, (M, labels).

    Macro F1 is the mean over labels, so it is best where each label's is (Lipton et al., section 3).

    Args:
        name: one of `lossbench.schema.THRESHOLDS_OF["multilabel"]`.
        target: (M, n, labels) 0 or 1.
        ranking: of this shape.
        own: the link's own threshold, in the same units.

    Example:
        >>> target, ranking = np.array([[[0, 1], [1, 0]]]), np.array([[[1.0, 3.0], [2.0, -1.0]]])
        >>> choose_by_label("f1", target, ranking, own=0.0)
        array([[1.5, 0. ]])
    """
    labels = range(target.shape[-1])
    return np.stack([choose_thresholds(name, target[..., one], ranking[..., one], own) for one in labels], axis=1)


def _best(name: str, target: np.ndarray, ranking: np.ndarray, own: float) -> float:
    if not np.isfinite(ranking).all():
        return np.nan
    order = np.sort(ranking, axis=None)
    below, above = order[:-1], order[1:]
    tried = np.append(own, (below / 2 + above / 2)[below < above])
    found = _scored(name, tried, target, ranking)
    equal = tried[found >= found.max() - 1e-12]  # two sums of the same rows may differ in their last digit
    nearest = np.abs(equal - own)
    return float(equal[nearest == nearest.min()].min())


def _scored(name: str, tried: np.ndarray, target: np.ndarray, ranking: np.ndarray) -> np.ndarray:
    """Return the score at each threshold, (thresholds,)."""
    if name in _MASKS:
        images = [_decided(tried, *image) for image in zip(target, ranking, strict=True)]
        hits, said = np.stack(images, axis=1)
        return _MASKS[name](hits, said, target.sum(axis=1, keepdims=True))
    decided = _decided(tried, target.ravel(), ranking.ravel())
    return _SCORES[name](*decided, int(target.sum()), target.size)


def _decided(tried: np.ndarray, target: np.ndarray, ranking: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return hits and positive decisions at some thresholds, (thresholds,) each."""
    hits, said = (
        len(values) - np.searchsorted(np.sort(values), tried, side="right")
        for values in (ranking[target > 0], ranking)
    )
    return hits, said
