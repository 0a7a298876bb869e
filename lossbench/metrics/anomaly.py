"""Scores of anomaly detection, for all models at once, by each of the anomaly scores of a row.

They take the target, (M or 1, n), 1 for an anomaly, and the `Prediction` of M models, whose last axis is that of
`lossbench.metrics.oddness`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossbench.metrics.classification import roc_auc
from lossbench.metrics.oddness import SCORES
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import Score, of_sums, with_contributions
from lossbench.schema import ANOMALY_SCORES, by_anomaly_score

FEW = 0.05
"""The false-positive rate up to which the partial area is taken."""


def _under(prediction: Prediction, score: str) -> Prediction:
    """Return a prediction that uses only one of the anomaly scores."""
    place = SCORES.index(score)
    threshold = None if prediction.threshold is None else prediction.threshold[:, place]
    return replace(prediction, raw=prediction.raw[..., [place]], threshold=threshold)


def _by(score: str, measure: Score, name: str) -> Score:
    """Return a score of detection by one of the anomaly scores, under the name of its column."""

    def value(target: np.ndarray, prediction: Prediction) -> np.ndarray:
        return measure(target, _under(prediction, score))

    def rows(target: np.ndarray, prediction: Prediction) -> np.ndarray:
        return measure.contributions(target, _under(prediction, score))

    value.__name__ = by_anomaly_score(name, score)
    value.__doc__ = f"{(measure.__doc__ or '').partition('.')[0]}, by {ANOMALY_SCORES[score]}."
    return Score(value, rows, value)


def _called(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return found anomalies, anomalies, false alarms, and normal rows, (M, n, 4) of 0 and 1."""
    odd, said = (target == 1).astype(np.float64), prediction.decision
    return np.stack([said * odd, odd, said * (1.0 - odd), 1.0 - odd], axis=-1)


@of_sums(_called)
def _tpr(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the anomalies whose score lies above the threshold.

    In [0, 1]; undefined without an anomaly.

    Example:
        >>> shown = Prediction("anomaly", "sigmoid", np.array([[[1.0], [3.0], [2.0]]]), np.array([1.5]))
        >>> _tpr(np.array([[1, 1, 0]]), shown)
        array([0.5])
    """
    return np.asarray(sums[..., 0] / sums[..., 1])


@of_sums(_called)
def _fpr(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the normal rows whose score lies above the threshold.

    In [0, 1]; undefined without a normal row.

    Example:
        >>> shown = Prediction("anomaly", "sigmoid", np.array([[[1.0], [3.0], [2.0]]]), np.array([1.5]))
        >>> _fpr(np.array([[1, 1, 0]]), shown)
        array([1.])
    """
    return np.asarray(sums[..., 2] / sums[..., 3])


def _early(target: np.ndarray, prediction: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """Return the area that each anomaly adds, and that each normal row takes away, (M, n) each; else 0."""
    odd, ranking = target == 1, prediction.ranking
    gained, lost = np.zeros(ranking.shape), np.zeros(ranking.shape)
    for place, (mine, values) in enumerate(zip(odd, ranking, strict=True)):
        gained[place, mine], lost[place, ~mine] = _early_of_one(values[mine], values[~mine])
    return gained, lost


def _early_of_one(found: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for one model, from the scores of anomalies (f,) and of normal rows (n,).

    An anomaly with a share a of the normal rows above it is found at false-positive rates from a on; normal rows
    that tie with it count in part.
    """
    ordered, ranks = np.sort(normal), np.sort(found)
    above, least = (
        (len(normal) - np.searchsorted(ordered, ranks, side)) / len(normal) for side in ("right", "left")
    )
    ties, left = least - above, np.clip(FEW - above, 0.0, None)
    passed = np.where(ties > 0.0, np.minimum(left / np.where(ties > 0.0, ties, 1.0), 1.0), left > 0.0)
    area = left - passed * ties + passed**2 * ties / 2.0
    below, through = (np.searchsorted(ranks, normal, side) for side in ("left", "right"))
    lower, beside = (np.append(0.0, np.cumsum(one)) for one in (passed, passed**2 / 2.0))
    return area[np.searchsorted(ranks, found)], (lower[below] + beside[through] - beside[below]) / len(found)


def _standardised(area: np.ndarray) -> np.ndarray:
    least = FEW**2 / 2.0
    return np.asarray(0.5 * (1.0 + (area - least) / (FEW - least)))


def _early_rows(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return what each row contributes to the partial area, (M, n)."""
    odd, (gained, lost) = target == 1, _early(target, prediction)
    found, normal = odd.sum(axis=1, keepdims=True), (~odd).sum(axis=1, keepdims=True)
    area = gained.sum(axis=1, keepdims=True) / found
    moved = np.where(odd, (gained - area) / found, (lost.sum(axis=1, keepdims=True) / normal - lost) / normal)
    return _standardised(area + odd.shape[1] * moved)


@with_contributions(_early_rows)
def _partial_auc(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Area under the ROC curve up to a false-positive rate of 5 %, rescaled.

    ½ (1 + (area - least) / (most - least)), with least = ½ 0.05² of a random ranking and most = 0.05

    In [0, 1], ½ for a random ranking (McClish 1989, Analyzing a portion of the ROC curve, Med. Decis. Making 9),
    as scikit-learn's `roc_auc_score(max_fpr=0.05)`. Undefined without an anomaly or without a normal row.

    Example:
        >>> shown = Prediction("anomaly", "sigmoid", np.array([[[1.0], [3.0], [2.0]]]))
        >>> _partial_auc(np.array([[1, 1, 0]]), shown).round(3)
        array([0.744])
    """
    odd, (gained, _) = target == 1, _early(target, prediction)
    found = np.where(odd.all(axis=1), np.nan, odd.sum(axis=1))
    return _standardised(gained.sum(axis=1) / found)


def _of_normal_rows(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return squared error and squared distance from the mean of normal rows, 0 for anomalies, (M, n, 2)."""
    return np.asarray(np.where((target == 1)[..., None], 0.0, prediction.raw[..., [0, -1]]))


@of_sums(_of_normal_rows)
def explained(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the variance of the normal rows that comes back.

    1 - Σ over normal rows and columns of (p - x)² / Σ (mean - x)², with the mean of the training rows

    At most 1; 0 where every reconstruction is that mean. Undefined where all rows are that mean.

    Example:
        >>> shown = Prediction("anomaly", "sigmoid", np.array([[[1.0, 4.0], [3.0, 4.0]]]))
        >>> explained(np.array([[0, 0]]), shown)
        array([0.5])
    """
    error, spread = np.moveaxis(sums, -1, 0)
    return np.asarray(np.where(spread > 0.0, 1.0 - error / spread, np.nan))


roc_auc_bce, roc_auc_kl = (_by(score, roc_auc, "roc_auc") for score in SCORES[1:])
partial_auc, partial_auc_bce, partial_auc_kl = (_by(score, _partial_auc, "partial_auc") for score in SCORES)
tpr, tpr_bce, tpr_kl = (_by(score, _tpr, "tpr") for score in SCORES)
fpr, fpr_bce, fpr_kl = (_by(score, _fpr, "fpr") for score in SCORES)
