"""The table of all metrics: what each is called, where it applies and which way is up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lossbench.errors import UnknownName
from lossbench.metrics.classification import (
    accuracy,
    balanced_accuracy,
    brier,
    calibration_error,
    f1,
    log_loss,
    precision,
    recall,
    roc_auc,
    top_k_accuracy,
)
from lossbench.metrics.prediction import Prediction, Score
from lossbench.metrics.regression import mae, mape, median_absolute_error, r2, rmse
from lossbench.task import Task


@dataclass(frozen=True)
class Metric:
    """One score, shared by all losses.

    Args:
        name: the column of the reports; scikit-learn's name without `_score`.
        tasks: where it is defined.
        greater_is_better: its direction.
        needs: which part of a prediction it looks at; those that need a probability are NaN without one.
        fn: from target and prediction to a score for each model, shape (M,); NaN where it is undefined.
        meaning: a few words for the help.
    """

    name: str
    tasks: tuple[Task, ...]
    greater_is_better: bool
    needs: Literal["decision", "probability", "ranking"]
    fn: Score
    meaning: str

    @property
    def best(self) -> float:
        """The score of a perfect prediction."""
        return 1.0 if self.greater_is_better else 0.0


_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_LABELS: tuple[Task, ...] = ("binary", "multiclass", "multilabel")
_VALUES: tuple[Task, ...] = ("regression",)

_ALL = (
    Metric("accuracy", _LABELS, True, "decision", accuracy, "share predicted right"),
    Metric("f1", _LABELS, True, "decision", f1, "precision and recall in one"),
    Metric("precision", _LABELS, True, "decision", precision, "share of positive predictions that are right"),
    Metric("recall", _LABELS, True, "decision", recall, "share of positives that are found"),
    Metric("balanced_accuracy", _CLASSES, True, "decision", balanced_accuracy, "mean recall of the classes"),
    Metric("top_k_accuracy", ("multiclass",), True, "ranking", top_k_accuracy, "right class among the first two"),
    Metric("roc_auc", _LABELS, True, "ranking", roc_auc, "chance that a positive ranks above a negative"),
    Metric("log_loss", _LABELS, False, "probability", log_loss, "-log of the probability of what happened"),
    Metric("brier", _LABELS, False, "probability", brier, "squared error of the probabilities"),
    Metric("calibration_error", _LABELS, False, "probability", calibration_error, "confidence against outcome"),
    Metric("r2", _VALUES, True, "decision", r2, "share of the variance explained"),
    Metric("rmse", _VALUES, False, "decision", rmse, "root mean squared error"),
    Metric("mae", _VALUES, False, "decision", mae, "mean absolute error"),
    Metric("median_absolute_error", _VALUES, False, "decision", median_absolute_error, "median absolute error"),
    Metric("mape", _VALUES, False, "decision", mape, "mean error as a fraction of the target"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
"""Every metric by name, in the order of the reports."""

_PRIMARY: dict[Task, str] = {
    "binary": "accuracy",
    "multiclass": "accuracy",
    "multilabel": "f1",
    "regression": "r2",
}


def metrics_of(task: Task) -> tuple[Metric, ...]:
    """Return the metrics that a task has, in the order of the reports.

    Example:
        >>> [metric.name for metric in metrics_of("regression")]
        ['r2', 'rmse', 'mae', 'median_absolute_error', 'mape']
    """
    return tuple(metric for metric in _ALL if task in metric.tasks)


def score(name: str, task: Task, target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Score the predictions of all models by one metric.

    Args:
        name: a name in `METRICS` that `task` has.
        task: what was predicted.
        target: the truth, shaped as `prediction.decision`, or with a first axis of one for all models.
        prediction: of M models.

    Returns:
        (M,) float64, NaN where undefined.

    Raises:
        UnknownName: the task has no such metric.
        BadValue: target and predictions differ in shape.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> prediction = predict(np.array([[[1.0], [-1.0]]]), "sigmoid", "binary")
        >>> score("accuracy", "binary", np.array([[1, 1]]), prediction)
        array([0.5])
    """
    known = {metric.name: metric for metric in metrics_of(task)}
    if name not in known:
        raise UnknownName(f"{task} score", name, known)
    return known[name].fn(target, prediction)


def score_all(task: Task, target: np.ndarray, prediction: Prediction) -> dict[str, np.ndarray]:
    """Score the predictions of all models by every metric of the task.

    Args:
        task: what was predicted.
        target: the truth, shaped as `prediction.decision`, or with a first axis of one for all models.
        prediction: of M models.

    Returns:
        For each metric, in the order of the reports, (M,) float64, NaN where undefined.

    Raises:
        BadValue: target and predictions differ in shape.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> values = np.array([[[1.0], [2.0]]])
        >>> score_all("regression", values, predict(values, "identity", "regression"))["mae"]
        array([0.])
    """
    return {metric.name: metric.fn(target, prediction) for metric in metrics_of(task)}


def primary_score(task: Task) -> str:
    """Return the score that a task is judged by, unless the data set names another.

    Example:
        >>> primary_score("multilabel")
        'f1'
    """
    return _PRIMARY[task]


def secondary_score(task: Task, primary: str) -> str:
    """Return the score that stands beside the primary one in the tables.

    Example:
        >>> secondary_score("binary", "accuracy"), secondary_score("multilabel", "f1")
        ('f1', 'accuracy')
    """
    if task == "regression":
        return "mae"
    return "accuracy" if primary == "f1" else "f1"
