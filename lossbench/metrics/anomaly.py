"""Scores of anomaly detection, for all models at once: how odd a row is, by what comes back of it.

An autoencoder learns to give back normal rows. A row x, of columns in [0, 1], that comes back as p is scored by

    error   Σ over columns of (p - x)²
    bce     Σ over columns of -x log p - (1 - x) log(1 - p)
    kl      bce - Σ over columns of -x log x - (1 - x) log(1 - x), what bce has above its least for this row

the higher, the odder (Hawkins, He, Williams and Baxter 2002, Outlier detection using replicator neural
networks, DaWaK, for the first). What is trained on one of them may be scored by another: the two are crossed.

A row is called an anomaly where its score lies above a threshold, which normal rows of the validation part set:
the k-th largest of their n scores, with k = ⌊(n + 1) rate⌋. Of rows like these at most that share lies above it,
on the average over validation parts (Vovk, Gammerman and Shafer 2005, Algorithmic learning in a random world,
section 4.2).

Scores take the target, (M or 1, n), 1 for an anomaly, and the `Prediction` of M models; its last axis is `SCORES`
and then the squared distance of the row from the mean of the training rows.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from lossbench.losses.record import Link
from lossbench.metrics.classification import roc_auc
from lossbench.metrics.prediction import Prediction, sigmoid
from lossbench.metrics.score import Score, of_sums, with_contributions
from lossbench.schema import ANOMALY_SCORES, by_anomaly_score

SCORES = tuple(ANOMALY_SCORES)
COLUMNS = len(SCORES) + 1
"""What stands for a row in the prediction of a model."""

FEW = 0.05
"""The false-positive rate up to which the partial area is taken."""

LEAST = float(np.finfo(np.float64).eps)
"""A column counts as this probable at least, so that a certain mistake costs 36, not infinity."""


class Inputs:
    """Rows that networks give back, ready to be compared with what comes.

    Args:
        rows: (M, n, columns) in [0, 1], of each model.
        centre: (M, columns) the means of its training rows.

    Example:
        >>> inputs = Inputs(np.array([[[0.0, 1.0]]]), np.array([[0.0, 0.5]]))
        >>> inputs.oddness(np.zeros((1, 1, 2)), "sigmoid").round(3)
        array([[[0.5  , 1.386, 1.386, 0.25 ]]])
    """

    def __init__(self, rows: np.ndarray, centre: np.ndarray) -> None:
        self.rows, self.near = rows, rows
        self.distance = _squared(rows, centre[:, None])

    def oddness(self, raw: np.ndarray, link: Link) -> np.ndarray:
        """Return the scores of rows under every anomaly score, and their distance from the mean.

        Args:
            raw: (M, n, columns) raw outputs.
            link: how they are read, "sigmoid" or "clip".

        Returns:
            (M, n, `COLUMNS`) float64; NaN where a raw output is.
        """
        found = np.empty((*raw.shape[:2], COLUMNS))
        for one, known, outputs in zip(found, self.rows, raw, strict=True):
            back = given_back(outputs.astype(np.float64), link)
            one[:, 0], one[:, 1] = _squared(known, back), _surprise(known, back)
            one[:, 2] = one[:, 1] - _surprise(known, known)
        found[..., -1] = self.distance
        return found

    def errors(self, raw: np.ndarray, link: Link) -> np.ndarray:
        """Return the first and the last of `oddness` alone, (M, n, 2), which is all that `explained` needs.

        It is computed in the precision of the raw outputs, since it is asked for after every epoch.
        """
        if self.near.dtype != raw.dtype:
            self.near = self.rows.astype(raw.dtype)
        # Model by model, which stays in the cache.
        found = [_squared(known, given_back(one, link)) for known, one in zip(self.near, raw, strict=True)]
        return np.stack([np.array(found, np.float64), self.distance], axis=-1)


def given_back(raw: np.ndarray, link: Link) -> np.ndarray:
    """Return what raw outputs give back of a row, in [0, 1], in their shape and precision.

    Example:
        >>> given_back(np.array([0.0, 2.0]), "sigmoid").round(3), given_back(np.array([0.5, 2.0]), "clip")
        (array([0.5  , 0.881]), array([0.5, 1. ]))
    """
    return sigmoid(raw) if link == "sigmoid" else np.clip(raw, 0.0, 1.0)


def _squared(known: np.ndarray, back: np.ndarray) -> np.ndarray:
    return np.asarray(np.square(back - known).sum(axis=-1))


def _surprise(known: np.ndarray, back: np.ndarray) -> np.ndarray:
    present, absent = np.log(np.maximum(back, LEAST)), np.log(np.maximum(1.0 - back, LEAST))
    return np.asarray((-known * present - (1.0 - known) * absent).sum(axis=-1))


def cuts(rate: float, normal: np.ndarray) -> np.ndarray:
    """Return the thresholds that normal rows set at a false-positive rate, see the module's head.

    Args:
        rate: in (0, 1); at least one of the rows may lie above.
        normal: (M, n, scores) scores of normal rows that were not trained on.

    Returns:
        (M, scores) float64; NaN for a model without scores.

    Example:
        >>> cuts(0.2, np.arange(9.0).reshape(1, 9, 1))
        array([[7.]])
    """
    ordered = np.sort(normal, axis=1)  # NaN comes last
    found = ordered[:, normal.shape[1] - alarms(rate, normal.shape[1])]
    return np.where(np.isnan(normal).any(axis=1), np.nan, found)


def alarms(rate: float, rows: int) -> int:
    """Return how many of so many normal rows lie at or above the threshold of a false-positive rate.

    Example:
        >>> alarms(0.05, 323), alarms(0.001, 323)
        (16, 0)
    """
    return math.floor((rows + 1) * rate + 1e-9)  # 0.15 * 20 is a little below three


def under(prediction: Prediction, score: str) -> Prediction:
    """Return a prediction by one of the anomaly scores alone."""
    place = SCORES.index(score)
    threshold = None if prediction.threshold is None else prediction.threshold[:, place]
    return replace(prediction, raw=prediction.raw[..., [place]], threshold=threshold)


def _by(score: str, measure: Score, name: str) -> Score:
    """Return a score of detection by one of the anomaly scores, under the name of its column."""

    def value(target: np.ndarray, prediction: Prediction) -> np.ndarray:
        return measure(target, under(prediction, score))

    def rows(target: np.ndarray, prediction: Prediction) -> np.ndarray:
        return measure.contributions(target, under(prediction, score))

    value.__name__ = by_anomaly_score(name, score)
    value.__doc__ = f"{(measure.__doc__ or '').partition('.')[0]}, by {ANOMALY_SCORES[score]}."
    return Score(value, rows, value)


def _called(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return anomalies found, anomalies, normal rows called anomalies, and normal rows, (M, n, 4)."""
    odd, said = (target == 1).astype(np.float64), prediction.decision
    return np.stack([said * odd, odd, said * (1.0 - odd), 1.0 - odd], axis=-1)


@of_sums(_called)
def true_positives(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the anomalies whose score lies above the threshold.

    In [0, 1]; undefined without an anomaly.

    Example:
        >>> shown = Prediction("anomaly", "sigmoid", np.array([[[1.0], [3.0], [2.0]]]), np.array([1.5]))
        >>> true_positives(np.array([[1, 1, 0]]), shown)
        array([0.5])
    """
    return np.asarray(sums[..., 0] / sums[..., 1])


@of_sums(_called)
def false_positives(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the normal rows whose score lies above the threshold.

    In [0, 1]; undefined without a normal row.

    Example:
        >>> shown = Prediction("anomaly", "sigmoid", np.array([[[1.0], [3.0], [2.0]]]), np.array([1.5]))
        >>> false_positives(np.array([[1, 1, 0]]), shown)
        array([1.])
    """
    return np.asarray(sums[..., 2] / sums[..., 3])


def _early(target: np.ndarray, prediction: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """Return what each anomaly has of the area, and what each normal row takes from it, (M, n) each; 0 for others.

    An anomaly with the share a of the normal rows above it and the share t beside it is found by rates from a on,
    half of the time up to a + t.
    """
    odd, ranking = target == 1, prediction.ranking
    above, beside, lost = np.zeros(ranking.shape), np.zeros(ranking.shape), np.zeros(ranking.shape)
    for place, (mine, values) in enumerate(zip(odd, ranking, strict=True)):
        normal, found = np.sort(values[~mine]), np.sort(values[mine])
        high, low = (len(normal) - np.searchsorted(normal, values, side) for side in ("right", "left"))
        above[place], beside[place] = high / max(len(normal), 1), (low - high) / max(len(normal), 1)
        counted = found[len(normal) - np.searchsorted(normal, found, "right") < FEW * len(normal)]
        ends = [np.searchsorted(counted, values, side) for side in ("left", "right")]
        lost[place] = sum(ends) / 2.0 / max(len(found), 1)
    reached = np.clip(FEW - above, 0.0, None)
    through = np.minimum(reached, beside)
    area = reached - through + through**2 / (2.0 * np.where(beside > 0.0, beside, 1.0))
    return np.where(odd, area, 0.0), np.where(odd, 0.0, lost)


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
def partial_area(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Area under the ROC curve up to a false-positive rate of 5 %, rescaled.

    ½ (1 + (area - least) / (most - least)), with least = ½ 0.05² of a random ranking and most = 0.05

    In [0, 1], ½ for a random ranking (McClish 1989, Analyzing a portion of the ROC curve, Med. Decis. Making 9),
    as scikit-learn's `roc_auc_score(max_fpr=0.05)`. Undefined without an anomaly or without a normal row.

    Example:
        >>> shown = Prediction("anomaly", "sigmoid", np.array([[[1.0], [3.0], [2.0]]]))
        >>> partial_area(np.array([[1, 1, 0]]), shown).round(3)
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

    At most 1; 0 where every row comes back as that mean. Undefined where all rows are that mean.

    Example:
        >>> shown = Prediction("anomaly", "sigmoid", np.array([[[1.0, 4.0], [3.0, 4.0]]]))
        >>> explained(np.array([[0, 0]]), shown)
        array([0.5])
    """
    error, spread = np.moveaxis(sums, -1, 0)
    return np.asarray(np.where(spread > 0.0, 1.0 - error / spread, np.nan))


roc_auc_bce, roc_auc_kl = (_by(score, roc_auc, "roc_auc") for score in SCORES[1:])
partial_auc, partial_auc_bce, partial_auc_kl = (_by(score, partial_area, "partial_auc") for score in SCORES)
tpr, tpr_bce, tpr_kl = (_by(score, true_positives, "tpr") for score in SCORES)
fpr, fpr_bce, fpr_kl = (_by(score, false_positives, "fpr") for score in SCORES)
