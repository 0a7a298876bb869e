"""Scores of classification, for all models at once.

Definitions and conventions are scikit-learn's: F1, precision and recall are those of the positive class
(binary) or the plain mean over classes or labels (macro), and 0 where nothing was predicted or nothing was there
to find.

Every score takes the target, (M or 1, n) class index or (M or 1, n, labels) of 0 and 1, and the `Prediction` of M
models. It returns (M,) values, in [0, 1] unless its text says more.
"""

from __future__ import annotations

import numpy as np

from lossbench.metrics.prediction import Prediction, per_model

TOP = 2
"""The k of top-k accuracy; with k = 1 it would be the accuracy."""

BINS = 10
"""Bins of the calibration error, of equal width; Guo et al. 2017 use 15, on far larger test sets."""


@per_model
def accuracy(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of samples predicted right; with several labels, all of them must be.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> accuracy(np.array([[1, 1]]), predict(np.array([[[0.3], [-2.0]]]), "sigmoid", "binary"))
        array([0.5])
    """
    right = target == prediction.decision
    return np.asarray((right.all(axis=-1) if prediction.task == "multilabel" else right).mean(axis=1))


@per_model
def f1(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Harmonic mean of precision and recall: positive class, or macro.

    2 TP / (2 TP + FP + FN)

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[1.0], [1.0], [-1.0]]])
        >>> f1(np.array([[1, 0, 0]]), predict(raw, "sigmoid", "binary")).round(3)
        array([0.667])
    """
    hits, predicted, present = _counts(target, prediction)
    return _macro(_ratio(2.0 * hits, predicted + present), predicted + present, prediction)


@per_model
def precision(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the positive predictions that are right: positive class, or macro.

    TP / (TP + FP)

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> precision(np.array([[1, 0, 0]]), predict(np.array([[[1.0], [1.0], [-1.0]]]), "sigmoid", "binary"))
        array([0.5])
    """
    hits, predicted, present = _counts(target, prediction)
    return _macro(_ratio(hits, predicted), predicted + present, prediction)


@per_model
def recall(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the positive samples that are found: positive class, or macro.

    TP / (TP + FN)

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> recall(np.array([[1, 1, 0]]), predict(np.array([[[1.0], [-1.0], [-1.0]]]), "sigmoid", "binary"))
        array([0.5])
    """
    hits, predicted, present = _counts(target, prediction)
    return _macro(_ratio(hits, present), predicted + present, prediction)


@per_model
def balanced_accuracy(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean recall over the classes that occur in the target, whatever their frequency.

    A constant prediction has 1 / classes.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> always_one = predict(np.ones((1, 4, 1)), "sigmoid", "binary")
        >>> balanced_accuracy(np.array([[1, 1, 1, 0]]), always_one)
        array([0.5])
    """
    true, said = _classes(target, prediction), _classes(prediction.decision, prediction)
    present = true.sum(axis=1)
    return _mean_where(_ratio((true & said).sum(axis=1), present), present > 0)


@per_model
def matthews_corrcoef(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Correlation of decision and target (Matthews 1975; Gorodkin 2004 for several classes).

    (n hits - Σ p t) / √((n² - Σ p²) (n² - Σ t²)), over classes predicted p times and present t times

    In [-1, 1]; a constant prediction has 0. Like R², it counts all errors of all classes. Undefined where the
    target has one class only.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[1.0], [1.0], [-1.0], [-1.0]]])
        >>> matthews_corrcoef(np.array([[1, 1, 0, 1]]), predict(raw, "sigmoid", "binary")).round(3)
        array([0.577])
    """
    true, said = _classes(target, prediction), _classes(prediction.decision, prediction)
    n, present, predicted = float(target.shape[1]), true.sum(axis=1), said.sum(axis=1)
    covariance = n * (target == prediction.decision).sum(axis=1) - (predicted * present).sum(axis=-1)
    spread_true, spread_said = (np.sqrt(n**2 - (counts**2).sum(axis=-1)) for counts in (present, predicted))
    return np.where(spread_true == 0, np.nan, _ratio(covariance, spread_true * spread_said))


@per_model
def top_k_accuracy(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of samples whose class is among the two ranked highest.

    Ties go to the later class, as in scikit-learn.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]])
        >>> top_k_accuracy(np.array([[1, 2]]), predict(raw, "softmax", "multiclass"))
        array([0.5])
    """
    own = np.take_along_axis(prediction.ranking, target[..., None], axis=-1)
    later = np.arange(prediction.ranking.shape[-1]) > target[..., None]
    ahead = (prediction.ranking > own) | ((prediction.ranking == own) & later)
    return np.asarray((ahead.sum(axis=-1) < TOP).mean(axis=1))


@per_model
def roc_auc(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Chance that a positive sample is ranked above a negative one; ties count one half.

    (Σ ranks of the positives - P (P + 1) / 2) / (P N), Mann and Whitney 1947

    Several classes: the mean over classes, each against the rest. Several labels: the mean over labels. Undefined
    where the target lacks a class, or has a label always or never.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> roc_auc(np.array([[0, 1, 1]]), predict(np.array([[[1.0], [1.0], [2.0]]]), "margin", "binary"))
        array([0.75])
    """
    from scipy.stats import rankdata  # a third of a second that no start-up should pay

    positive = _columns(target, prediction)
    ranks = rankdata(prediction.ranking.reshape(positive.shape), axis=1)
    p, n = positive.sum(axis=1), (~positive).sum(axis=1)
    area = (np.where(positive, ranks, 0.0).sum(axis=1) - p * (p + 1) / 2.0) / (p * n)
    return np.asarray(area.mean(axis=-1))


@per_model
def average_precision(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Area under the precision-recall curve: mean precision at the rank of each positive sample.

    Σ (R(k) - R(k - 1)) P(k) over the thresholds k; samples that tie share one threshold

    Several labels: the mean over labels. A random ranking scores the share of positives, so where positives are
    rare it shows what the AUC hides. Undefined where the target has no positive.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[3.0], [2.0], [1.0]]])
        >>> average_precision(np.array([[1, 0, 1]]), predict(raw, "margin", "binary")).round(3)
        array([0.833])
    """
    from scipy.stats import rankdata

    positive = _columns(target, prediction)
    n, ranks = target.shape[1], rankdata(prediction.ranking.reshape(positive.shape), method="min", axis=1)
    # The negatives go to the bottom, so that of the positives only positives count as ranked as high.
    hits = n + 1 - rankdata(np.where(positive, ranks, 0), method="min", axis=1)
    precisions = np.where(positive, hits / (n + 1 - ranks), 0.0)
    return np.asarray((precisions.sum(axis=1) / positive.sum(axis=1)).mean(axis=-1))


@per_model
def log_loss(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean negative logarithm of the probability given to what happened.

    - mean log p(y)

    A probability counts as the float64 ε at least, so that a certain mistake costs 36, not infinity. Several
    labels: the mean over labels. Undefined for a loss that estimates no probability. At least 0, in nats.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> log_loss(np.array([[0, 1]]), predict(np.zeros((1, 2, 1)), "sigmoid", "binary")).round(3)
        array([0.693])
    """
    probability = _probability(prediction)
    if prediction.task == "multiclass":
        given = np.take_along_axis(probability, target[..., None], axis=-1)
    else:
        given = np.where(target == 1, probability, 1.0 - probability)
    return np.asarray(-np.log(np.maximum(given, np.finfo(np.float64).eps)).mean(axis=tuple(range(1, given.ndim))))


@per_model
def brier(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Squared error of the probabilities (Brier 1950).

    Binary: mean (p - y)². Several classes: the sum over classes, in [0, 2], twice as large for two of them.
    Several labels: the mean over labels. Undefined for a loss that estimates no probability.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> brier(np.array([[0, 1]]), predict(np.zeros((1, 2, 1)), "sigmoid", "binary"))
        array([0.25])
    """
    happened = _columns(target, prediction)
    squared = (_probability(prediction).reshape(happened.shape) - happened) ** 2
    shared = squared.shape[-1] if prediction.task == "multilabel" else 1
    return np.asarray(squared.sum(axis=-1).mean(axis=1) / shared)


@per_model
def calibration_error(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Expected calibration error: how far stated confidence is from what happens (Guo et al. 2017, section 2).

    Σ over bins of (samples in bin / n) |share right - mean confidence|, ten bins of equal width (a, b]

    Binary: of the probability of the positive class. Several classes: of the largest probability. Several labels:
    the mean over labels. Undefined for a loss that estimates no probability.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> calibration_error(np.array([[1, 0, 0, 0]]), predict(np.full((1, 4, 1), 0.5), "clip", "binary"))
        array([0.25])
    """
    if prediction.task == "multiclass":
        probability = _probability(prediction)
        confidence, happened = probability.max(axis=-1), probability.argmax(axis=-1) == target
    else:
        confidence, happened = _probability(prediction), target == 1
    return np.asarray(_binned_gap(confidence - happened, confidence).reshape(len(confidence), -1).mean(axis=1))


def _binned_gap(gap: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Return Σ over bins of |Σ of gaps in the bin| / n.

    Args:
        gap: (M, n) or (M, n, labels) confidence minus outcome.
        confidence: in the same shape, in [0, 1].

    Returns:
        (M,) or (M, labels).
    """
    gap, confidence = np.moveaxis(gap, 1, -1), np.moveaxis(confidence, 1, -1)
    inner_edges = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
    bins = np.searchsorted(inner_edges, confidence, side="left")
    rows = np.arange(gap[..., 0].size).reshape(*gap.shape[:-1], 1)
    sums = np.bincount((rows * BINS + bins).ravel(), weights=gap.ravel(), minlength=rows.size * BINS)
    return np.asarray(np.abs(sums).reshape(*gap.shape[:-1], BINS).sum(axis=-1) / gap.shape[-1])


def _probability(prediction: Prediction) -> np.ndarray:
    """Return the probabilities in the shape of `Prediction.ranking`, NaN where the loss estimates none."""
    if prediction.probability is None:
        return np.full(prediction.ranking.shape, np.nan)
    return prediction.probability


def _columns(values: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return targets or decisions as (M, n, columns) bool: the positive class, every class, or every label."""
    if prediction.task == "multiclass":
        return np.asarray(values[..., None] == np.arange(prediction.raw.shape[-1]))
    return np.asarray((values == 1).reshape(*values.shape[:2], -1))


def _classes(values: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return targets or decisions as (M, n, classes) bool: both classes of two, or every class."""
    classes = 2 if prediction.task == "binary" else prediction.raw.shape[-1]
    return np.asarray(values[..., None] == np.arange(classes))


def _counts(target: np.ndarray, prediction: Prediction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count true positives, predicted positives and positives, each (M, columns)."""
    true, said = _columns(target, prediction), _columns(prediction.decision, prediction)
    return (true & said).sum(axis=1), said.sum(axis=1), true.sum(axis=1)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.where(below == 0, 0.0, above / below)


def _macro(values: np.ndarray, seen: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return the mean over columns, (M,); of classes, only those that occur in target or predictions count.

    Args:
        values: (M, columns).
        seen: (M, columns) how often each occurs.
        prediction: of M models.
    """
    return _mean_where(values, seen > 0 if prediction.task == "multiclass" else np.ones_like(seen, dtype=bool))


def _mean_where(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(counted, values, 0.0).sum(axis=-1) / counted.sum(axis=-1))
