"""The table of metrics is complete and consistent."""

from __future__ import annotations

import numpy as np
import pytest

from lossbench.data import Dataset
from lossbench.errors import UnknownName
from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import function_of, metrics_of, primary_score, score, score_all, secondary_score
from lossbench.schema import METRICS
from lossbench.task import TASKS


def test_the_order_of_the_reports() -> None:
    """Columns of saved results depend on names and order."""
    assert list(METRICS) == [
        "accuracy",
        "f1",
        "precision",
        "recall",
        "balanced_accuracy",
        "matthews_corrcoef",
        "cohen_kappa",
        "top_k_accuracy",
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
        "calibration_error",
        "r2",
        "rmse",
        "mae",
        "median_absolute_error",
        "mape",
        "d2_pinball",
        "adaptive_calibration_error",
        "concordance",
        "dice",
        "iou",
        "transport",
        "sliced_transport",
        "energy_distance",
        "mode_coverage",
        "roc_auc_bce",
        "roc_auc_kl",
        "partial_auc",
        "partial_auc_bce",
        "partial_auc_kl",
        "tpr",
        "tpr_bce",
        "tpr_kl",
        "fpr",
        "fpr_bce",
        "fpr_kl",
        "explained",
        "top_1",
        "top_5",
        "probe_top_1",
        "probe_top_5",
        "spread",
    ]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_metric_bears_the_name_of_its_function(metric) -> None:
    """The table cannot put one function under the name of another."""
    assert function_of(metric).__name__ == metric.name


@pytest.mark.parametrize("task", TASKS)
def test_tasks_are_judged_by_their_own_measures_upwards(task) -> None:
    """The primary score belongs to the task and is the greater the better, but a distance; one stands beside."""
    names = [metric.name for metric in metrics_of(task)]
    primary = primary_score(Dataset("made up", task, np.zeros((1, 1)), np.zeros((1, 1)), ("a",), ("x",)))
    assert primary in names
    assert METRICS[primary].greater_is_better == (task != "distribution")
    for name in names:
        assert secondary_score(task, name) in names
    assert secondary_score(task, primary) != primary


def test_one_score_is_the_same_as_among_all() -> None:
    """`score` and `score_all` compute the same numbers."""
    target, prediction = np.array([[0, 1, 1]]), predict(np.array([[[1.0], [2.0], [-1.0]]]), "sigmoid", "binary")
    for name, value in score_all("binary", target, prediction).items():
        np.testing.assert_array_equal(score(name, "binary", target, prediction), value)


def test_a_metric_that_the_task_has_not_is_refused() -> None:
    """The error names the task and what it has."""
    prediction = predict(np.zeros((1, 2, 1)), "sigmoid", "binary")
    with pytest.raises(UnknownName, match=r"unknown binary score 'r2'.*Known: accuracy, f1"):
        score("r2", "binary", np.array([[0, 1]]), prediction)
