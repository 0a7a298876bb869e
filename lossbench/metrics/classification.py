"""Scores of classification, for all models at once.

Definitions and conventions are scikit-learn's: F1, precision and recall are those of the positive class
(binary) or the plain mean over classes or labels (macro), and 0 where there are no predicted or no true positives.

Every score takes the target, (M or 1, n) class index or (M or 1, n, labels) of 0 and 1, and the `Prediction` of M
models. It returns (M,) values, in [0, 1] unless its text says more.
"""

from __future__ import annotations

import numpy as np

from lossbench.metrics.prediction import Prediction
from lossbench.metrics.ranks import ranks
from lossbench.metrics.score import mean_of_rows, of_sums, with_contributions

TOP = 2
"""The k of top-k accuracy; with k = 1 it would be the accuracy."""

BINS = 10
"""Bins of the calibration error, of equal width; Guo et al. 2017 use 15, on far larger test sets."""


@mean_of_rows
def accuracy(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of samples predicted right, in masks of pixels; with several labels, all of them must be.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> accuracy(np.array([[1, 1]]), predict(np.array([[[0.3], [-2.0]]]), "sigmoid", "binary"))
        array([0.5])
    """
    right = target == prediction.decision
    if prediction.task == "segmentation":
        return np.asarray(right.mean(axis=-1))
    return np.asarray(right.all(axis=-1) if prediction.task == "multilabel" else right)


def _confusion(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return true positives, predicted positives and positives, (M, n, columns, 3) of 0 and 1."""
    columns = _classes if prediction.task == "multiclass" else _columns
    true, said = columns(target, prediction), columns(prediction.decision, prediction)
    return np.moveaxis(np.stack([true & said, said, true]), 0, -1)


@of_sums(_confusion)
def f1(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Harmonic mean of precision and recall: positive class, or macro.

    2 TP / (2 TP + FP + FN)

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[1.0], [1.0], [-1.0]]])
        >>> f1(np.array([[1, 0, 0]]), predict(raw, "sigmoid", "binary")).round(3)
        array([0.667])
    """
    hits, predicted, present = np.moveaxis(sums, -1, 0)
    return _macro(_ratio(2.0 * hits, predicted + present), predicted + present, prediction)


@of_sums(_confusion)
def precision(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the positive predictions that are right: positive class, or macro.

    TP / (TP + FP)

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> precision(np.array([[1, 0, 0]]), predict(np.array([[[1.0], [1.0], [-1.0]]]), "sigmoid", "binary"))
        array([0.5])
    """
    hits, predicted, present = np.moveaxis(sums, -1, 0)
    return _macro(_ratio(hits, predicted), predicted + present, prediction)


@of_sums(_confusion)
def recall(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Share of the positive samples that are found: positive class, or macro.

    TP / (TP + FN)

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> recall(np.array([[1, 1, 0]]), predict(np.array([[[1.0], [-1.0], [-1.0]]]), "sigmoid", "binary"))
        array([0.5])
    """
    hits, predicted, present = np.moveaxis(sums, -1, 0)
    return _macro(_ratio(hits, present), predicted + present, prediction)


def _agreement(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return hits, decisions and truth for each class, both of two, (M, n, classes, 3) of 0 and 1."""
    true, said = _classes(target, prediction), _classes(prediction.decision, prediction)
    return np.moveaxis(np.stack([true & said, said, true]), 0, -1)


@of_sums(_agreement)
def balanced_accuracy(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Mean recall over the classes that occur in the target, whatever their frequency.

    A constant prediction has 1 / classes.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> always_one = predict(np.ones((1, 4, 1)), "sigmoid", "binary")
        >>> balanced_accuracy(np.array([[1, 1, 1, 0]]), always_one)
        array([0.5])
    """
    hits, _, present = np.moveaxis(sums, -1, 0)
    return _mean_where(_ratio(hits, present), present > 0)


@of_sums(_agreement)
def matthews_corrcoef(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
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
    hits, predicted, present = np.moveaxis(sums, -1, 0)
    n = present.sum(axis=-1)  # each row has one class
    covariance = n * hits.sum(axis=-1) - (predicted * present).sum(axis=-1)
    spread_true, spread_said = (np.sqrt(n**2 - (counts**2).sum(axis=-1)) for counts in (present, predicted))
    return np.where(spread_true == 0, np.nan, _ratio(covariance, spread_true * spread_said))


@of_sums(_agreement)
def cohen_kappa(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Agreement of decision and target beyond that of chance (Cohen 1960).

    (a - e) / (1 - e), a = Σ hits / n, e = Σ p t / n², over classes predicted p times and present t times

    In [-1, 1]; a constant prediction has 0. Undefined where the target has one class only.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> raw = np.array([[[1.0], [1.0], [-1.0], [-1.0]]])
        >>> cohen_kappa(np.array([[1, 1, 0, 1]]), predict(raw, "sigmoid", "binary"))
        array([0.5])
    """
    hits, predicted, present = np.moveaxis(sums, -1, 0)
    n = present.sum(axis=-1)  # each row is of one class
    by_chance = (predicted * present).sum(axis=-1) / n**2
    varies = (present > 0).sum(axis=-1) > 1
    return np.where(varies, _ratio(hits.sum(axis=-1) / n - by_chance, 1.0 - by_chance), np.nan)


@mean_of_rows
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
    return np.asarray(ahead.sum(axis=-1) < TOP)


def _placements(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return what each row contributes to the area under the ROC curve, (M, n).

    A positive row contributes the share of negatives below it, a negative one that of positives above it (DeLong,
    DeLong and Clarke-Pearson 1988); each kind has weight one half.
    """
    positive = _columns(target, prediction)
    ranking, n = prediction.ranking.reshape(positive.shape), positive.shape[1]
    own = np.where(positive, *(ranks(np.where(kind, ranking, np.inf), axis=1) for kind in (positive, ~positive)))
    others = ranks(ranking, axis=1) - own  # rows of the other kind below, ties count one half
    p = positive.sum(axis=1, keepdims=True)
    share = np.where(positive, others / (n - p), 1.0 - others / p)
    area = np.where(positive, share, 0.0).sum(axis=1, keepdims=True) / p
    return np.asarray((area + n * (share - area) / np.where(positive, p, n - p)).mean(axis=-1))


@with_contributions(_placements)
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
    positive = _columns(target, prediction)
    ranked = ranks(prediction.ranking.reshape(positive.shape), axis=1)
    p, n = positive.sum(axis=1), (~positive).sum(axis=1)
    area = (np.where(positive, ranked, 0.0).sum(axis=1) - p * (p + 1) / 2.0) / (p * n)
    return np.asarray(area.mean(axis=-1))


def _precision_shares(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return what each row contributes to the average precision, (M, n).

    A row changes the precision at the rank of every positive row that is not above it; a positive row also adds
    its own precision.
    """
    positive = _columns(target, prediction)
    n, ranking = positive.shape[1], prediction.ranking.reshape(positive.shape)
    precisions = _precisions(positive, ranking)
    called = n + 1 - ranks(ranking, axis=1, ties="least")  # rows that are not below
    last = np.nan_to_num(ranks(ranking, axis=1, ties="greatest"), nan=1.0).astype(int) - 1  # NaN: diverged
    order = np.argsort(ranking, axis=1)

    def up_to(values: np.ndarray) -> np.ndarray:
        """Return the sum over the positive rows that are not above, for each row."""
        ordered = np.take_along_axis(np.where(positive, values, 0.0), order, axis=1)
        return np.take_along_axis(ordered.cumsum(axis=1), last, axis=1)

    area = (precisions.sum(axis=1) / positive.sum(axis=1))[:, None]
    moved = np.where(positive, precisions - area, 0.0)
    moved += np.where(positive, up_to(1.0 / called), 0.0) - up_to(precisions / called)
    return np.asarray((area + n * moved / positive.sum(axis=1, keepdims=True)).mean(axis=-1))


def _precisions(positive: np.ndarray, ranking: np.ndarray) -> np.ndarray:
    """Return the precision at the rank of each positive row, 0 for the others, (M, n, columns)."""
    n, ranked = positive.shape[1], ranks(ranking, axis=1, ties="least")
    # Negatives are moved to the bottom, so that the ranks count positives only.
    hits = n + 1 - ranks(np.where(positive, ranked, 0), axis=1, ties="least")
    return np.where(positive, hits / (n + 1 - ranked), 0.0)


@with_contributions(_precision_shares)
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
    positive = _columns(target, prediction)
    precisions = _precisions(positive, prediction.ranking.reshape(positive.shape))
    return np.asarray((precisions.sum(axis=1) / positive.sum(axis=1)).mean(axis=-1))


@mean_of_rows
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
    cost = -np.log(np.maximum(given, np.finfo(np.float64).eps))
    return np.asarray(cost.reshape(*target.shape[:2], -1).mean(axis=-1))


@mean_of_rows
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
    return np.asarray(squared.sum(axis=-1) / shared)


def _confidence(target: np.ndarray, prediction: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """Return the model's confidence, and whether it was right: (M, n) or (M, n, labels)."""
    if prediction.task == "multiclass":
        probability = _probability(prediction)
        return probability.max(axis=-1), probability.argmax(axis=-1) == target
    return _probability(prediction), target == 1


def _gaps(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return confidence minus outcome in the bin that each row is in, and one: (M, n, columns, bins + 1)."""
    confidence, happened = _confidence(target, prediction)
    inner_edges = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
    return _binned(np.searchsorted(inner_edges, confidence, side="left"), confidence - happened)


def _adaptive_gaps(target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return the same in bins between the deciles of the confidence of each model and label."""
    confidence, happened = _confidence(target, prediction)
    deciles = np.quantile(confidence, np.linspace(0.0, 1.0, BINS + 1)[1:-1], axis=1, keepdims=True)
    return _binned((confidence > deciles).sum(axis=0), confidence - happened)


def _binned(place: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Return each gap (M, n, ...) in its bin, 0 in the others, and one: (M, n, columns, bins + 1)."""
    found = (place[..., None] == np.arange(BINS + 1)) * gap[..., None]
    found[..., BINS] = 1.0
    return np.asarray(found.reshape(*gap.shape[:2], -1, BINS + 1))


@of_sums(_gaps)
def calibration_error(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Expected calibration error: how far stated confidence is from what happens (Guo et al. 2017, section 2).

    Σ over bins of (samples in bin / n) |share right - mean confidence|, ten bins of equal width (a, b]

    Binary: of the probability of the positive class. Several classes: of the largest probability. Several labels:
    the mean over labels. Undefined for a loss that estimates no probability.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> calibration_error(np.array([[1, 0, 0, 0]]), predict(np.full((1, 4, 1), 0.5), "clip", "binary"))
        array([0.25])
    """
    return _mean_gap(sums)


@of_sums(_adaptive_gaps)
def adaptive_calibration_error(sums: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Expected calibration error in bins of equally many samples (Nguyen and O'Connor 2015, section 3).

    Σ over bins of (samples in bin / n) |share right - mean confidence|, ten bins between deciles of the confidence

    As `calibration_error`, whose bins of equal width are mostly empty where confidence is high: there narrow bins
    show what one wide bin averages out. Equal confidences share a bin. Undefined for a loss that estimates no
    probability.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> sure = predict(np.array([[[0.98], [0.96], [0.94], [0.92]]]), "clip", "binary")
        >>> adaptive_calibration_error(np.array([[1, 1, 1, 0]]), sure).round(3)
        array([0.26])
    """
    return _mean_gap(sums)


def _mean_gap(sums: np.ndarray) -> np.ndarray:
    """Return the mean over bins, and over labels, of how far confidence is from what happens, (M,)."""
    return np.asarray((np.abs(sums[..., :BINS]).sum(axis=-1) / sums[..., BINS]).mean(axis=-1))


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
    """Return targets or decisions as (M, n, classes) bool: both classes of two, or every class.

    The rows of a class lie side by side in memory, which are then counted several times as fast.
    """
    classes = 2 if prediction.task == "binary" else prediction.raw.shape[-1]
    return np.moveaxis(np.equal.outer(np.arange(classes), values), 0, -1)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.where(below == 0, 0.0, above / below)


def _macro(values: np.ndarray, seen: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return the mean over columns, (M,); only classes that occur in target or predictions count.

    Args:
        values: (M, columns).
        seen: (M, columns) how often each occurs.
        prediction: of M models.
    """
    return _mean_where(values, seen > 0 if prediction.task == "multiclass" else np.ones_like(seen, dtype=bool))


def _mean_where(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(counted, values, 0.0).sum(axis=-1) / counted.sum(axis=-1))
