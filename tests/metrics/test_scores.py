"""The table of measures is complete and consistent."""

from __future__ import annotations

import numpy as np
import pytest

from lossbench.errors import UnknownName
from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import MEASURES, measures_of, primary_score, score, score_all, secondary_score
from lossbench.task import TASKS


def test_the_order_of_the_reports() -> None:
    """Columns of saved results depend on names and order."""
    assert list(MEASURES) == [
        "accuracy",
        "f1",
        "precision",
        "recall",
        "balanced_accuracy",
        "top_k_accuracy",
        "roc_auc",
        "log_loss",
        "brier",
        "calibration_error",
        "r2",
        "rmse",
        "mae",
        "median_absolute_error",
        "mape",
    ]


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_measure_bears_the_name_of_its_function(measure) -> None:
    """The table cannot put one function under the name of another."""
    assert measure.fn.__name__ == measure.name


@pytest.mark.parametrize("task", TASKS)
def test_tasks_are_judged_by_their_own_measures_upwards(task) -> None:
    """The primary score belongs to the task and is the greater the better; another stands beside it."""
    names = [measure.name for measure in measures_of(task)]
    primary = primary_score(task)
    assert primary in names
    assert MEASURES[primary].greater_is_better
    for name in names:
        assert secondary_score(task, name) in names
    assert secondary_score(task, primary) != primary


def test_one_score_is_the_same_as_among_all() -> None:
    """`score` and `score_all` compute the same numbers."""
    target, prediction = np.array([[0, 1, 1]]), predict(np.array([[[1.0], [2.0], [-1.0]]]), "sigmoid", "binary")
    for name, value in score_all("binary", target, prediction).items():
        np.testing.assert_array_equal(score(name, "binary", target, prediction), value)


def test_a_measure_that_the_task_has_not_is_refused() -> None:
    """The error names the task and what it has."""
    prediction = predict(np.zeros((1, 2, 1)), "sigmoid", "binary")
    with pytest.raises(UnknownName, match=r"unknown binary score 'r2'; .*Known: accuracy, f1"):
        score("r2", "binary", np.array([[0, 1]]), prediction)
