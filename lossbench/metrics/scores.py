"""Every metric of a task at once, each computed by the function of its name."""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.errors import UnknownName
from lossbench.losses.record import Link
from lossbench.metrics import anomaly, classification, distribution, embedding, regression, segmentation
from lossbench.metrics.oddness import WIDTH
from lossbench.metrics.prediction import Prediction, predict
from lossbench.metrics.score import Asked, Score
from lossbench.schema import METRICS, Metric
from lossbench.task import Task


class Judged(NamedTuple):
    """The scores by which a task is judged.

    Args:
        module: has the functions of its scores.
        primary: the score that decides by default.
        beside: scores to show beside the primary one in tables; the first different one is used.
    """

    module: ModuleType
    primary: str
    beside: tuple[str, str]


_JUDGED: dict[Task, Judged] = {
    "binary": Judged(classification, "accuracy", ("f1", "accuracy")),
    "multiclass": Judged(classification, "accuracy", ("f1", "accuracy")),
    "multilabel": Judged(classification, "f1", ("f1", "accuracy")),
    "regression": Judged(regression, "r2", ("mae", "r2")),
    "segmentation": Judged(segmentation, "dice", ("dice", "iou")),
    "distribution": Judged(distribution, "sliced_transport", ("transport", "energy_distance")),
    "anomaly": Judged(anomaly, "roc_auc", ("tpr", "roc_auc")),
    "embedding": Judged(embedding, "top_1", ("top_5", "top_1")),
}


def function_of(metric: Metric) -> Score:
    """Return the function that computes a metric."""
    if isinstance(metric, Asked):
        return metric.function
    function: Score = getattr(_JUDGED[metric.tasks[0]].module, metric.name)
    return function


def metrics_of(task: Task) -> tuple[Metric, ...]:
    """Return the metrics that a task has, in the order of the reports.

    Example:
        >>> [metric.name for metric in metrics_of("regression")]
        ['r2', 'rmse', 'mae', 'median_absolute_error', 'mape', 'd2_pinball', 'concordance']
    """
    return tuple(metric for metric in METRICS.values() if task in metric.tasks)


def metrics_on(dataset: Dataset) -> tuple[Metric, ...]:
    """Return the metrics of trainings on a data set: those of its task, and any that the run asks for."""
    own = (dataset.judged,) if isinstance(dataset.judged, Asked) else ()
    return (*metrics_of(dataset.task), *own)


def score(name: str, task: Task, target: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Score the predictions of all models by one metric.

    Args:
        name: a name in `lossbench.schema.METRICS` that `task` has.
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
    return function_of(known[name])(target, prediction)


def score_all(task: Task, target: np.ndarray, prediction: Prediction) -> dict[str, np.ndarray]:
    """Score the predictions of all models by every metric of the task, in the order of the reports; see `score`.

    Example:
        >>> from lossbench.metrics.prediction import predict
        >>> values = np.array([[[1.0], [2.0]]])
        >>> score_all("regression", values, predict(values, "identity", "regression"))["mae"]
        array([0.])
    """
    return {metric.name: function_of(metric)(target, prediction) for metric in metrics_of(task)}


def undefined_rows(name: str, dataset: Dataset) -> np.ndarray:
    """Return the numbers of the rows of a table on which a score is undefined, whatever is predicted, (rows,).

    Example:
        >>> from lossbench.data import load_dataset
        >>> undefined_rows("roc_auc", load_dataset("iris"))
        array([], dtype=int64)
    """
    if dataset.task == "distribution":  # a score of a sample does not depend on single rows
        return np.arange(0)
    target = dataset.target.reshape(dataset.rows, -1) if dataset.task == "regression" else dataset.target
    link: Link = "identity" if dataset.task == "regression" else "sigmoid"
    nothing = predict(np.zeros((1, dataset.rows, dataset.targets)), link, dataset.task)
    if dataset.task == "anomaly":
        nothing = predict(np.ones((1, dataset.rows, WIDTH)), link, dataset.task)
    return np.flatnonzero(np.isnan(function_of(METRICS[name]).contributions(target[None], nothing)[0]))


def primary_metric(dataset: Dataset) -> Metric:
    """Return the metric that judges a data set: the one that the user chose, else its own, else its task's."""
    return dataset.judged or METRICS[dataset.score or _JUDGED[dataset.task].primary]


def primary_score(dataset: Dataset) -> str:
    """Return the name of the metric that judges a data set, see `primary_metric`.

    Example:
        >>> from lossbench.data import load_dataset
        >>> primary_score(load_dataset("iris")), primary_score(load_dataset("imbalanced"))
        ('accuracy', 'balanced_accuracy')
    """
    return primary_metric(dataset).name


def secondary_score(task: Task, primary: str) -> str:
    """Return the score that tables show beside the primary one.

    Example:
        >>> secondary_score("binary", "accuracy"), secondary_score("multilabel", "f1")
        ('f1', 'accuracy')
    """
    return next(name for name in _JUDGED[task].beside if name != primary)
