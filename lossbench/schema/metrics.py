"""Every metric: one line each, in the order of the reports.

To add one, write its function in `lossbench.metrics`, with the name that its line has here.
"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import Any

from lossbench.schema.column import Metric, Need
from lossbench.schema.names import at_best, own_parts
from lossbench.task import Task

_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_LABELS: tuple[Task, ...] = ("binary", "multiclass", "multilabel")
_SEPARATE: tuple[Task, ...] = ("binary", "multilabel")
_MASKS: tuple[Task, ...] = ("segmentation",)
_VALUES: tuple[Task, ...] = ("regression",)
_NOVEL: tuple[Task, ...] = ("anomaly",)

ANOMALY_SCORES = {"error": "squared error", "bce": "cross-entropy", "kl": "cross-entropy less entropy"}
"""What says how odd a row is: by the name that columns have of it, in words; the first is the usual one."""


def by_anomaly_score(name: str, score: str) -> str:
    """Return the column of a score of anomalies under one of `ANOMALY_SCORES`.

    Example:
        >>> by_anomaly_score("tpr", "error"), by_anomaly_score("tpr", "kl")
        ('tpr', 'tpr_kl')
    """
    return name if score == next(iter(ANOMALY_SCORES)) else f"{name}_{score}"


def _score(
    name: str,
    tasks: tuple[Task, ...],
    greater_is_better: bool,
    needs: Need,
    meaning: str,
    margin: float | None = None,
    **rest: Any,
) -> Metric:
    rest |= {"greater_is_better": greater_is_better, "needs": needs, "margin": margin, "tasks": tasks}
    return Metric(name, "score", "number", meaning, empty=True, optional=True, **rest)


def _of_task(
    task: Task,
    name: str,
    greater_is_better: bool,
    needs: Need,
    meaning: str,
    margin: float | None = None,
    **rest: Any,
) -> Metric:
    """Return a score that only one task has; files of other tasks lack its column."""
    stated = (greater_is_better, needs, meaning, margin)
    return _score(name, (task,), *stated, since=6, on_request=task, **rest)


_mask, _sample = partial(_of_task, "segmentation"), partial(_of_task, "distribution")
_anomaly, _embedding = partial(_of_task, "anomaly"), partial(_of_task, "embedding")


def _by_each_score(name: str, greater_is_better: bool, needs: Need, meaning: str) -> tuple[Metric, ...]:
    return tuple(
        _anomaly(by_anomaly_score(name, score), greater_is_better, needs, f"{meaning}, by {words}", 0.01)
        for score, words in ANOMALY_SCORES.items()
    )


_METRICS = (
    _score("accuracy", (*_LABELS, *_MASKS), True, "decision", "share predicted right", 0.01),
    _score("f1", _LABELS, True, "decision", "precision and recall in one", 0.01),
    _score("precision", _LABELS, True, "decision", "share of positive predictions that are right", 0.01),
    _score("recall", _LABELS, True, "decision", "share of positives that are found", 0.01),
    _score("balanced_accuracy", _CLASSES, True, "decision", "mean recall of the classes", 0.01),
    _score("matthews_corrcoef", _CLASSES, True, "decision", "correlation of decision and target", since=3, low=-1),
    _score("cohen_kappa", _CLASSES, True, "decision", "agreement beyond chance", since=5, low=-1),
    _score("top_k_accuracy", ("multiclass",), True, "ranking", "right class among the first two", 0.01),
    _score("roc_auc", (*_LABELS, *_NOVEL), True, "ranking", "chance that a positive ranks above a negative", 0.01),
    _score("average_precision", _SEPARATE, True, "ranking", "area under precision and recall", since=3),
    _score("log_loss", _LABELS, False, "probability", "-log of the probability of what happened", high=inf),
    _score("brier", _LABELS, False, "probability", "squared error of the probabilities", 0.01, high=2),
    _score("calibration_error", _LABELS, False, "probability", "confidence against outcome", 0.01),
    _score("r2", _VALUES, True, "decision", "share of the variance explained", 0.01, low=-inf),
    _score("rmse", _VALUES, False, "decision", "root mean squared error", high=inf),
    _score("mae", _VALUES, False, "decision", "mean absolute error", high=inf),
    _score("median_absolute_error", _VALUES, False, "decision", "median absolute error", high=inf),
    _score("mape", _VALUES, False, "decision", "mean error as a fraction of the target", high=inf),
    _score("d2_pinball", _VALUES, True, "decision", "absolute error explained", since=5, low=-inf),
    _score(
        *("adaptive_calibration_error", _LABELS, False, "probability", "calibration error in equally full bins"),
        since=7,
        on_request="classification",
    ),
    _score(
        *("concordance", _VALUES, True, "decision", "chance that two rows are predicted in their order"),
        since=7,
        on_request="regression",
    ),
    _mask("dice", True, "decision", "overlap of masks: F1 of an image's pixels", 0.01),
    _mask("iou", True, "decision", "overlap of masks as a share of both", 0.01),
    _sample("transport", False, "decision", "Wasserstein distance of both samples", 0.01, high=inf),
    _sample("sliced_transport", False, "decision", "the same, its mean along directions", 0.01, high=inf),
    _sample(
        "energy_distance", False, "decision", "how much farther from the other than among themselves", high=inf
    ),
    _sample("mode_coverage", True, "decision", "share of the modes that get their part"),
    *_by_each_score("roc_auc", True, "ranking", "chance that an anomaly ranks above a normal row")[1:],
    *_by_each_score("partial_auc", True, "ranking", "area where few normal rows are called anomalies"),
    *_by_each_score("tpr", True, "decision", "share of the anomalies found"),
    *_by_each_score("fpr", False, "decision", "share of the normal rows called anomalies"),
    _anomaly("explained", True, "probability", "share of the variance that comes back", 0.01, low=-inf),
    _embedding("top_1", True, "decision", "right class first, by nearest neighbours", 0.01),
    _embedding("top_5", True, "decision", "among the first five, by nearest neighbours", 0.01),
    _embedding("probe_top_1", True, "decision", "right class first, by a linear probe", 0.01),
    _embedding("probe_top_5", True, "decision", "among the first five, by a linear probe", 0.01),
    _embedding("spread", True, "probability", "mean cosine distance of embeddings", high=2),
)

TABLES: tuple[Task, ...] = ("regression", *_LABELS)
"""The tasks whose rows have a target each, which a metric of a run's own may be of."""


def is_metric(name: str) -> bool:
    """Say whether a column is a metric at the last epoch.

    Example:
        >>> is_metric("f1"), is_metric("cost:lower"), is_metric("f1_at_best"), is_metric("cost:lower_at_best")
        (True, True, False, False)
    """
    found = own_parts(name)
    return name in METRICS or (found is not None and found["metric"] == name)


def own_metric(name: str) -> Metric:
    """Return the record of a metric of a run's own, from the name of its column alone.

    The name has its direction, so a file can be read without the function that computed the metric.

    Raises:
        KeyError: the name is not of such a metric.

    Example:
        >>> own_metric("cost:lower_at_best").sign
        -1.0
    """
    found = own_parts(name)
    if found is None:
        raise KeyError(name)
    better, bounds = found["better"] == "higher", {"low": -inf, "high": inf}
    return _score(name, TABLES, better, "decision", "a score of the run's own", since=7, **bounds)


class Known(dict[str, Any]):
    """Columns by name; one that is not listed may be of a metric of a run's own."""

    def __missing__(self, name: str) -> Metric:
        return own_metric(name)


METRICS: dict[str, Metric] = Known((metric.name, metric) for metric in _METRICS)
"""Every metric by name, in the order of the reports; of one of a run's own, what its name says."""


WATCHED: dict[Task, str] = {"anomaly": "explained"}
"""What is scored on the validation part where the score that is judged is undefined there: it has no anomaly."""


def watched(task: Task, score: str) -> str:
    """Return the score that chooses epochs and rates on validation; the test score may be another one.

    Example:
        >>> watched("binary", "accuracy"), watched("anomaly", "roc_auc")
        ('accuracy', 'explained')
    """
    return WATCHED.get(task, score)


UNEVEN = tuple(
    name for name, metric in METRICS.items() if metric.needs == "decision" and set(metric.tasks) <= set(_LABELS)
)
"""The metrics of decisions in which a row of a rare class counts more than another."""

_UNITS = ("rmse", "mae", "median_absolute_error", "transport", "sliced_transport", "energy_distance")
IN_UNITS = (*_UNITS, *map(at_best, _UNITS))
"""The scores in units of the target, which may be of any size; 1 is the scale of all others."""
