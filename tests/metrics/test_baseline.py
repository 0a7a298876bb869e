"""The baselines are scikit-learn's constant predictor and linear model, on the same split."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from lossbench.data.dataset import Dataset
from lossbench.data.fold import make_fold
from lossbench.metrics.baseline import baselines
from lossbench.metrics.convergence import PLATEAU_TOLERANCE, convergence_target
from lossbench.schema import METRICS
from lossbench.task import TASKS


def dataset(task: str) -> Dataset:
    """Make a small data set with something linear to find."""
    random = np.random.default_rng(0)
    features = random.normal(size=(120, 4))
    signal = features @ random.normal(size=(4, 3)) + random.normal(size=(120, 3)) + [1.0, 0.3, -0.3]
    target = {
        "regression": 10.0 + 5.0 * signal,
        "binary": (signal[:, 1] > 0).astype(np.int64),
        "multiclass": signal.argmax(axis=1),
        "multilabel": (signal > 0).astype(np.int64),
        "anomaly": (signal[:, 1] > 1).astype(np.int64),
        "embedding": signal.argmax(axis=1),
        "distribution": 10.0 + 5.0 * signal,
    }[task]
    if task == "anomaly":
        return Dataset(
            "made", task, 1 / (1 + np.exp(-features)), target, ("a", "b"), ("p", "q", "r", "s"), alarms=0.1
        )
    classes = ("no", "yes") if task == "binary" else ("a", "b", "c")
    return Dataset("made", task, features, target, classes, ("p", "q", "r", "s"))


def expected(task: str, data: Dataset, score, kind: str, part: str) -> float:
    """Fit scikit-learn's own estimator and score its own predictions."""
    fold = make_fold(data, seed=0)
    estimator = {
        ("regression", "constant"): DummyRegressor(),
        ("regression", "linear"): LinearRegression(),
        ("multilabel", "linear"): OneVsRestClassifier(LogisticRegression(max_iter=1000)),
    }.get((task, kind))
    if estimator is None:
        constant = DummyClassifier(strategy="most_frequent")
        estimator = constant if kind == "constant" else LogisticRegression(max_iter=1000)
    estimator.fit(fold.train.features, data.target[fold.train.rows])
    rows = getattr(fold, part)
    return score(data.target[rows.rows], estimator.predict(rows.features))


SCORES = [
    ("binary", "accuracy", metrics.accuracy_score),
    ("binary", "balanced_accuracy", metrics.balanced_accuracy_score),
    ("multiclass", "accuracy", metrics.accuracy_score),
    ("multilabel", "f1", lambda y, p: metrics.f1_score(y, p, average="macro", zero_division=0)),
    ("regression", "mae", metrics.mean_absolute_error),
]


@pytest.mark.parametrize(("task", "name", "score"), SCORES)
def test_baselines_are_scikit_learns_own(task, name, score) -> None:
    """Constant and linear scores are those of scikit-learn's estimators, in original units."""
    data = dataset(task)
    found = baselines(make_fold(data, seed=0), METRICS[name])
    np.testing.assert_allclose(found.constant_validation, expected(task, data, score, "constant", "validation"))
    np.testing.assert_allclose(found.constant_test, expected(task, data, score, "constant", "test"))
    np.testing.assert_allclose(found.linear_validation, expected(task, data, score, "linear", "validation"))


def test_r2_of_the_constant_is_zero() -> None:
    """The zero of R² is the mean of the very values scored, not of the training part."""
    data = dataset("regression")
    found = baselines(make_fold(data, seed=0), METRICS["r2"])
    assert (found.constant_validation, found.constant_test) == (0.0, 0.0)
    np.testing.assert_allclose(
        found.linear_validation, expected("regression", data, metrics.r2_score, "linear", "validation")
    )


@pytest.mark.parametrize("task", [task for task in TASKS if task not in ("segmentation", "distribution")])
def test_target_and_tolerance_follow_from_the_baselines(task) -> None:
    """The target is 95 % of the way to the linear model, the tolerance 0.01 of skill, in units of the score."""
    data = dataset(task)
    name = {"regression": "r2", "anomaly": "roc_auc", "embedding": "top_1"}.get(task, "f1")
    found = baselines(make_fold(data, seed=1), METRICS[name])
    assert found.target == convergence_target(found.constant_validation, found.linear_validation)
    np.testing.assert_allclose(found.tolerance, PLATEAU_TOLERANCE * (1 - found.constant_validation))


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("regression", "rmse"),
        ("binary", "brier"),
        ("multilabel", "log_loss"),
        ("distribution", "sliced_transport"),
    ],
)
def test_the_target_of_an_error_is_on_the_way_down(task, name) -> None:
    """It is that of the opposite of the error, which is the greater the better; a perfect prediction has none."""
    found = baselines(make_fold(dataset(task), seed=1), METRICS[name])
    assert found.linear_validation < found.target < found.constant_validation
    assert found.target == -convergence_target(-found.constant_validation, -found.linear_validation)
    np.testing.assert_allclose(found.tolerance, PLATEAU_TOLERANCE * found.constant_validation)


def test_scikit_learns_warnings_stay_inside(monkeypatch) -> None:
    """A linear model that warns of not having converged is taken as it is, silently."""
    fit = LogisticRegression.fit

    def complaining(self, *arguments):
        warnings.warn("not converged", ConvergenceWarning, stacklevel=1)
        return fit(self, *arguments)

    monkeypatch.setattr(LogisticRegression, "fit", complaining)
    data = dataset("binary")
    baselines(make_fold(data, seed=0), METRICS["accuracy"])


def test_a_label_that_never_changes_is_no_obstacle() -> None:
    """A label present in every training row leaves the linear model defined."""
    data = dataset("multilabel")
    data.target[:, 0] = 1
    assert np.isfinite(baselines(make_fold(data, seed=0), METRICS["f1"]).linear_validation)
