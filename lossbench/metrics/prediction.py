"""From raw network outputs to predictions, through the link that the loss declares.

Scores are shared by all losses, so none may depend on what a loss means by its raw outputs. The link says that.
From here on a prediction is a decision, a probability and a ranking, whatever the loss was.

    raw (models, samples, outputs)
                    regression          binary               multiclass             multilabel
    decision        (M, n, targets)     (M, n) 0 or 1        (M, n) class index     (M, n, labels) 0 or 1
    probability     None                (M, n) of class 1    (M, n, classes)        (M, n, labels)
    ranking         (M, n, targets)     (M, n)               (M, n, classes)        (M, n, labels)

In segmentation a sample is an image, and its pixels take the place of labels: (M, images, pixels). A generator
that imitates a distribution has the shapes of regression: its samples are its decision. For anomaly, the anomaly
scores of a row, which compare it with its reconstruction, take the place of raw outputs, see
`lossbench.metrics.oddness`: ranking (M, n) is the first of them, and decision (M, n) whether it is above the
threshold; without a threshold no row is called an anomaly. For embedding, raw holds the readings (models, samples,
readings) of `lossbench.metrics.gallery`; the decision is the first of them, and there is nothing else.

A diverged model (any output NaN or infinite) is NaN throughout and does not affect the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from lossbench.data.dataset import Modes
from lossbench.errors import BadValue
from lossbench.losses.record import Link
from lossbench.task import VALUED, Task

VALUES: tuple[Link, ...] = ("identity", "softplus", "location")
"""The links that make a value and no class."""


@np.errstate(over="ignore")  # one over infinity is the intended zero
def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-z)))


# The probability of a class from its own output alone. A two-class softmax has one such output, the difference of
# both.
_PROBABILITY: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid": _sigmoid,
    "softmax": _sigmoid,
    "clip": lambda z: np.clip(z, 0.0, 1.0),
    "signed": lambda z: np.clip((z + 1.0) / 2.0, 0.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class Prediction:
    """What M models predict for n samples each; see the top of this module for the shapes.

    Everything is computed on first use: a curve of the accuracy needs no probabilities.

    Args:
        task: what is predicted.
        link: how to read raw outputs.
        raw: (M, n, outputs) float64; a diverged model is NaN throughout.
        threshold: (M,) for two classes, the ranking above which a row is called positive; None for the link's own.
            (M, scores) for anomaly, one for each score; (M, labels) for several labels.
        modes: of the law to imitate, if it has any.
    """

    task: Task
    link: Link
    raw: np.ndarray = field(repr=False)
    threshold: np.ndarray | None = field(default=None, repr=False)
    modes: Modes | None = field(default=None, repr=False)

    @cached_property
    def diverged(self) -> np.ndarray:
        """Say which models have no prediction, shape (M,)."""
        return np.asarray(np.isnan(self.raw).any(axis=(1, 2)))

    @cached_property
    def decision(self) -> np.ndarray:
        """The predicted value, class or labels, as float64; ties go to the first class."""
        if self.task in VALUED:
            return self.raw
        if self.task == "embedding":
            return self.raw[..., 0]
        if self.task == "multiclass":
            chosen = self.raw.argmax(axis=-1)
        elif self.task == "multilabel" and self.threshold is not None:
            chosen = self.ranking > self.threshold[:, None]
        elif self.task == "multilabel" and self.link == "softmax":
            chosen = _softmax(self.raw) > 0.5
        elif self.threshold is not None:
            first = self.threshold.reshape(len(self.threshold), -1)[:, 0]
            chosen = self.ranking > first.reshape(-1, *[1] * (self.ranking.ndim - 1))
        elif self.task == "anomaly":
            chosen = np.zeros(self.ranking.shape)
        else:
            chosen = self.ranking > own_threshold(self.link)
        decision = np.asarray(chosen, dtype=np.float64)
        decision[self.diverged] = np.nan
        return np.asarray(decision)

    @cached_property
    def probability(self) -> np.ndarray | None:
        """The estimated probabilities, in [0, 1]; None where the loss estimates none.

        Over several classes they sum to one: one-against-the-rest outputs are normalised, as scikit-learn does.
        """
        if self.task in (*VALUED, "anomaly", "embedding") or self.link == "margin":
            return None
        if self.link == "softmax" and self.task != "binary":
            return _softmax(self.raw)
        probability = _PROBABILITY[self.link](self.ranking)
        return _normalised(probability) if self.task == "multiclass" else probability

    @cached_property
    @np.errstate(over="ignore")  # an infinite difference still ranks
    def ranking(self) -> np.ndarray:
        """For each class, a value that increases with its probability; only the order has a meaning."""
        if self.task == "binary":
            two = self.raw.shape[-1] == 2
            return self.raw[..., 1] - self.raw[..., 0] if two else self.raw[..., 0]
        if self.task == "anomaly":
            return self.raw[..., 0]
        if self.task in ("multiclass", "multilabel") and self.link == "softmax":
            # Raw outputs of a softmax are not comparable between samples: a constant may be added in each.
            return np.asarray(self.raw - _log_sum_exp(self.raw))
        return self.raw

    def at(self, threshold: np.ndarray) -> Prediction:
        """Return the same prediction with other thresholds, in units of the ranking, see `threshold`."""
        return replace(self, threshold=threshold)


def own_threshold(link: Link, task: Task = "binary") -> float:
    """Return the ranking above which a link calls a row positive."""
    if link == "softmax" and task == "multilabel":
        return math.log(0.5)  # labels are ranked by the logarithm of their probability
    return 0.5 if link == "clip" else 0.0


def as_probability(threshold: np.ndarray, link: Link, task: Task = "binary") -> np.ndarray:
    """Return thresholds (...) of two classes, or of labels, as probabilities; NaN for a loss that estimates none.

    Example:
        >>> as_probability(np.array([0.0, 0.4]), "signed"), as_probability(np.array([1.0]), "margin")
        (array([0.5, 0.7]), array([nan]))
    """
    if link == "softmax" and task == "multilabel":
        return np.asarray(np.exp(threshold))
    return _PROBABILITY[link](threshold) if link in _PROBABILITY else np.full(threshold.shape, np.nan)


def predict(raw: np.ndarray, link: Link, task: Task, modes: Modes | None = None) -> Prediction:
    """Read raw outputs through a link.

    Args:
        raw: (M, n, outputs) raw outputs of M models for n samples; for regression, predicted values; for
            distribution, the generated samples.
        link: how to read them, see `lossbench.losses.record.Link`.
        task: what is predicted.
        modes: of the law to imitate; None for other tasks, or where it has none.

    Returns:
        The predictions, computed in float64.

    Raises:
        BadValue: `raw` does not have three axes, or a classification has no link.

    Example:
        >>> prediction = predict(np.array([[[0.0], [2.0]]]), "sigmoid", "binary")
        >>> prediction.decision, prediction.probability.round(3)
        (array([[0., 1.]]), array([[0.5  , 0.881]]))
    """
    values = np.asarray(raw, dtype=np.float64)
    if values.ndim != 3:
        raise BadValue(f"raw outputs have shape {values.shape}; give (models, samples, outputs)")
    if (link in VALUES and task not in VALUED) or (link == "embedding" and task != "embedding"):
        raise BadValue(f"the link '{link}' makes no {task} prediction; use sigmoid, softmax, clip or margin")
    diverged = np.asarray(~np.isfinite(values).all(axis=(1, 2)))
    if diverged.any():
        values = np.where(diverged[:, None, None], np.nan, values)
    return Prediction(task, link, values, modes=modes)


@np.errstate(over="ignore")  # a weight too small to hold is zero
def _softmax(z: np.ndarray) -> np.ndarray:
    weight = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def _log_sum_exp(z: np.ndarray) -> np.ndarray:
    top = z.max(axis=-1, keepdims=True)
    return np.asarray(top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True)))


def _normalised(probability: np.ndarray) -> np.ndarray:
    total = probability.sum(axis=-1, keepdims=True)
    nowhere = total == 0.0  # all classes have probability zero: none is preferred
    return np.where(nowhere, 1.0 / probability.shape[-1], probability / np.where(nowhere, 1.0, total))
