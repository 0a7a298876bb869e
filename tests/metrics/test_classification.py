"""Scores of classification are scikit-learn's, for all models at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics
from sklearn.calibration import calibration_curve

from lossbench.errors import BadValue
from lossbench.metrics.classification import BINS, accuracy, average_precision, matthews_corrcoef, roc_auc
from lossbench.metrics.prediction import Prediction, predict
from lossbench.metrics.scores import metrics_of, score_all
from lossbench.schema import METRICS

few = settings(max_examples=25, deadline=None)
CLASSES = 3
# Few different values make ties, saturated ones make certain mistakes.
outputs = st.sampled_from([0.0, 0.25, 0.5, 1.0, -1.0, 2.0, 90.0, -90.0]) | st.floats(-3, 3)


def averages(task: str) -> dict:
    """Return scikit-learn's arguments for scores of the positive class, or macro."""
    return {"average": "binary" if task == "binary" else "macro", "zero_division": 0}


def each_column(score: Callable, true: np.ndarray, said: np.ndarray) -> float:
    """Average a binary score over columns."""
    return float(np.mean([score(true[:, c], said[:, c]) for c in range(true.shape[1])]))


def one_hot(task: str, target: np.ndarray) -> np.ndarray:
    """Return one column of 0 and 1 for the positive class, every class, or every label."""
    if task == "multiclass":
        return (target[:, None] == np.arange(CLASSES)).astype(int)
    return target.reshape(len(target), -1)


def binned(happened: np.ndarray, confidence: np.ndarray) -> float:
    """Compute the expected calibration error by its definition, bin by bin."""
    edges, error = np.linspace(0, 1, BINS + 1), 0.0
    for i in range(BINS):
        inside = (confidence > edges[i]) & (confidence <= edges[i + 1])
        inside |= (confidence == 0) & (i == 0)
        if inside.any():
            error += inside.mean() * abs(happened[inside].mean() - confidence[inside].mean())
    return float(error)


def in_deciles(happened: np.ndarray, confidence: np.ndarray) -> float:
    """Compute the same between deciles, from the curve that scikit-learn draws of them."""
    true, said = calibration_curve(happened, confidence, n_bins=BINS, strategy="quantile")
    deciles = np.percentile(confidence, np.arange(10, 100, 10))
    rows = np.bincount(np.digitize(confidence, deciles, right=True))
    return float((rows[rows > 0] / len(confidence)) @ np.abs(true - said))


def reference(task: str, target: np.ndarray, prediction: Prediction, model: int) -> dict[str, float]:
    """Score one model with scikit-learn."""
    decision, ranking = prediction.decision[model].astype(int), prediction.ranking[model]
    hot, columns = one_hot(task, target), ranking.reshape(len(target), -1)
    scores = {
        "accuracy": metrics.accuracy_score(target, decision),
        "f1": metrics.f1_score(target, decision, **averages(task)),
        "precision": metrics.precision_score(target, decision, **averages(task)),
        "recall": metrics.recall_score(target, decision, **averages(task)),
        "roc_auc": each_column(metrics.roc_auc_score, hot, columns),
    }
    if task != "multiclass":
        area = each_column(metrics.average_precision_score, hot, columns)
        scores["average_precision"] = area if hot.any(axis=0).all() else np.nan  # scikit-learn: 0, by convention
    if task != "multilabel":
        scores["balanced_accuracy"] = metrics.balanced_accuracy_score(target, decision)
        correlation = metrics.matthews_corrcoef(target, decision)
        scores["matthews_corrcoef"] = correlation if len(np.unique(target)) > 1 else np.nan  # likewise
        kappa = metrics.cohen_kappa_score(target, decision) if len(np.unique(target)) > 1 else np.nan
        scores["cohen_kappa"] = kappa
    if task == "multiclass":
        scores["top_k_accuracy"] = metrics.top_k_accuracy_score(target, ranking, k=2, labels=range(CLASSES))
    return scores | probability_scores(task, target, hot, prediction, model)


def probability_scores(
    task: str, target: np.ndarray, hot: np.ndarray, prediction: Prediction, model: int
) -> dict[str, float]:
    """Score the probabilities of one model, NaN where the loss estimates none."""
    if prediction.probability is None:
        return dict.fromkeys(("log_loss", "brier", "calibration_error", "adaptive_calibration_error"), np.nan)
    probability = prediction.probability[model]
    if task == "multiclass":
        right, surest = probability.argmax(axis=1) == target, probability.max(axis=1)
        return {
            "log_loss": metrics.log_loss(target, probability, labels=range(CLASSES)),
            "brier": CLASSES * metrics.mean_squared_error(hot, probability),
            "calibration_error": binned(right, surest),
            "adaptive_calibration_error": in_deciles(right, np.minimum(surest, 1.0)),  # it refuses 1 + 1e-16
        }
    columns = probability.reshape(len(target), -1)
    return {
        "log_loss": each_column(lambda y, p: metrics.log_loss(y, p, labels=[0, 1]), hot, columns),
        "brier": each_column(lambda y, p: metrics.brier_score_loss(y, p, pos_label=1), hot, columns),
        "calibration_error": each_column(binned, hot, columns),
        "adaptive_calibration_error": each_column(in_deciles, hot, columns),
    }


def inputs(task: str) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """Draw targets of up to twelve samples, classes missing now and then, and raw outputs of two models."""

    def of_size(n: int) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
        shape = (n, CLASSES) if task == "multilabel" else (n,)
        top = CLASSES - 1 if task == "multiclass" else 1
        target = arrays(np.int64, shape, elements=st.integers(0, top))
        return st.tuples(target, arrays(np.float64, (2, n, 1 if task == "binary" else CLASSES), elements=outputs))

    return st.integers(1, 12).flatmap(of_size)


@few
@given(data=st.data(), link=st.sampled_from(["sigmoid", "softmax", "clip", "signed", "margin"]))
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_every_score_equals_scikit_learn(link, task, data: st.DataObject) -> None:
    """All scores of all models are scikit-learn's on the same predictions, to 1e-12; undefined ones are NaN.

    The link is drawn and no case of its own: scores see the prediction that it makes, whichever it is.
    """
    target, raw = data.draw(inputs(task))
    if task == "binary" and link == "softmax":
        raw = np.concatenate([raw, raw[::-1]], axis=-1)
    prediction = predict(raw, link, task)
    found = score_all(task, target[None], prediction)
    for model in range(len(raw)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn warns of absent classes
            expected = reference(task, target, prediction, model)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(found[name][model], value, rtol=0, atol=1e-12, err_msg=name)


@few
@given(data=st.data())
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("link", ["sigmoid", "margin"])
def test_a_score_does_not_depend_on_the_neighbours(link, task, data: st.DataObject) -> None:
    """A model alone, and one beside a diverged model, has the same scores to the last bit."""
    target, raw = data.draw(inputs(task))
    alone = score_all(task, target[None], predict(raw[:1], link, task))
    beside = score_all(task, target[None], predict(np.stack([np.full_like(raw[0], np.inf), raw[0]]), link, task))
    for name, value in alone.items():
        assert np.isnan(beside[name][0])
        np.testing.assert_array_equal(beside[name][1], value[0], err_msg=name)


@few
@given(data=st.data())
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_each_model_may_have_its_own_target(task, data: st.DataObject) -> None:
    """Targets of shape (M, n) are taken model by model: each model scores as it does alone with its target."""
    target, raw = data.draw(inputs(task))
    targets = np.stack([target, target[::-1]])
    together = score_all(task, targets, predict(raw, "sigmoid", task))
    for model in range(2):
        alone = score_all(task, targets[model : model + 1], predict(raw[model : model + 1], "sigmoid", task))
        for name, value in alone.items():
            np.testing.assert_array_equal(together[name][model], value[0], err_msg=name)


@few
@given(data=st.data())
def test_areas_see_only_the_order(data: st.DataObject) -> None:
    """An increasing function of the ranking leaves both areas, and reversing it gives one minus the AUC."""
    target, raw = data.draw(inputs("binary"))
    raw = np.clip(raw, -3, 3)
    area = roc_auc(target[None], predict(raw, "margin", "binary"))
    for score in (roc_auc, average_precision):
        np.testing.assert_array_equal(
            score(target[None], predict(8 * raw, "margin", "binary")),
            score(target[None], predict(raw, "margin", "binary")),
        )
    np.testing.assert_allclose(roc_auc(target[None], predict(-raw, "margin", "binary")), 1 - area)


@pytest.mark.parametrize(("link", "task"), [("sigmoid", "binary"), ("softmax", "multiclass")])
def test_a_constant_decision_correlates_with_nothing(link: str, task: str) -> None:
    """Matthews's coefficient is 0 for a constant decision, and undefined for a target of one class."""
    raw = np.zeros((1, 4, 1 if task == "binary" else CLASSES))
    assert matthews_corrcoef(np.array([[0, 0, 1, 1]]), predict(raw, link, task)).item() == 0.0
    assert np.isnan(matthews_corrcoef(np.zeros((1, 4), dtype=int), predict(raw, link, task))).all()


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_a_perfect_prediction_has_the_best_score(task) -> None:
    """Certain and right: every score is the best that its record states."""
    target = np.array([0, 1, 1, 0, 1]) if task == "binary" else np.array([0, 1, 2, 2, 1])
    hot = one_hot(task, target) if task != "multilabel" else np.eye(3, dtype=int)[target]
    found = score_all(task, (hot if task == "multilabel" else target)[None], predict(hot[None], "clip", task))
    for name, value in found.items():
        np.testing.assert_allclose(value, METRICS[name].best, atol=1e-12, err_msg=name)


def test_without_a_probability_its_scores_are_undefined() -> None:
    """A margin says nothing about a probability: what needs one is NaN, and nothing else is."""
    target, raw = np.array([[0, 1]]), np.array([[[-1.0], [1.0]]])
    found = score_all("binary", target, predict(raw, "margin", "binary"))
    for metric in metrics_of("binary"):
        assert np.isnan(found[metric.name]).all() == (metric.needs == "probability")


def test_a_target_of_another_shape_is_refused() -> None:
    """A column against a row would broadcast to a plausible wrong number."""
    with pytest.raises(BadValue, match=r"accuracy: target \(1, 3, 1\), predictions \(1, 3\)"):
        accuracy(np.zeros((1, 3, 1)), predict(np.zeros((1, 3, 1)), "sigmoid", "binary"))
