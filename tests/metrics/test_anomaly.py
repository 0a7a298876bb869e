"""Scores of anomalies, against scikit-learn's, and the law that thresholds keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from lossbench.metrics import anomaly
from lossbench.metrics.oddness import SCORES, WIDTH, Inputs, alarms, cuts
from lossbench.metrics.prediction import Prediction, predict
from lossbench.metrics.scores import score_all
from lossbench.schema import by_anomaly_score

seeds = st.integers(0, 10_000)


def drawn(seed: int, ties: bool) -> tuple[np.ndarray, Prediction]:
    """Return labels (n,) of both kinds, and scores of three models; whole tenths tie."""
    random = np.random.default_rng(seed)
    target = np.append([0, 1], random.integers(0, 2, random.integers(3, 60)))
    raw = random.normal(size=(3, len(target), WIDTH)) + target[:, None] + 9.0
    raw = raw.round(1) if ties else raw
    return target, Prediction("anomaly", "sigmoid", raw, np.full((3, len(SCORES)), 10.0))


@given(seed=seeds, ties=st.booleans())
def test_areas_and_rates_are_scikit_learns_own(seed, ties) -> None:
    """Under each score: the area, the standardised area up to 5 %, and both rates at the threshold."""
    target, prediction = drawn(seed, ties)
    found = score_all("anomaly", target[None], prediction)
    for place, score in enumerate(SCORES):
        for model, values in enumerate(prediction.raw[..., place]):
            called = values > 10.0
            expected = {
                "roc_auc": metrics.roc_auc_score(target, values),
                "partial_auc": metrics.roc_auc_score(target, values, max_fpr=0.05),
                "tpr": metrics.recall_score(target, called, zero_division=0),
                "fpr": called[target == 0].mean(),
            }
            for name, value in expected.items():
                assert found[by_anomaly_score(name, score)][model] == pytest.approx(value, abs=1e-12)


@given(seed=seeds, rate=st.floats(0.02, 0.5), rows=st.integers(60, 400))
def test_as_many_normal_rows_lie_above_a_threshold_as_may(seed, rate, rows) -> None:
    """Of those that set it, one fewer than k = ⌊(n + 1) rate⌋; a further row has any rank alike, so k/(n + 1)."""
    scores = np.random.default_rng(seed).permuted(np.arange(1.0, rows + 1)).reshape(1, rows, 1)
    cut = cuts(rate, scores)[0, 0]
    assert (scores > cut).sum() == alarms(rate, rows) - 1
    chance = np.mean([place > cut for place in np.arange(0.5, rows + 1)])
    assert chance == alarms(rate, rows) / (rows + 1) <= rate + 1e-9


def test_a_model_that_diverged_has_no_threshold() -> None:
    """NaN among its scores makes the threshold NaN, and no other's."""
    scores = np.stack([np.arange(40.0), np.append(np.nan, np.arange(39.0))])[..., None]
    np.testing.assert_array_equal(np.isnan(cuts(0.1, scores)), [[False], [True]])


@given(seed=seeds)
def test_cross_entropy_above_its_least_is_zero_where_a_row_comes_back(seed) -> None:
    """It is never below zero, and what it leaves out is the row's own, whatever the model."""
    random = np.random.default_rng(seed)
    rows = np.clip(random.normal(0.5, 0.4, size=(1, 12, 7)), 0.0, 1.0)
    inputs = Inputs(np.repeat(rows, 2, axis=0), np.full((2, 7), 0.5))
    found = inputs.oddness(np.stack([rows[0], random.random((12, 7))]), "clip")
    np.testing.assert_allclose(found[0][:, [0, 2]], 0.0, atol=1e-12)
    assert (found[1, :, 2] >= -1e-12).all()
    entropy = found[..., 1] - found[..., 2]
    np.testing.assert_allclose(entropy[0], entropy[1])


@given(seed=seeds)
def test_models_do_not_see_each_other(seed) -> None:
    """Scores of a model alone are those among others, to the last bit; and errors are the first of them."""
    random = np.random.default_rng(seed)
    rows, raw = random.random((5, 30, 9)), random.normal(size=(5, 30, 9))
    centre = rows.mean(axis=1)
    together = Inputs(rows, centre).oddness(raw, "sigmoid")
    np.testing.assert_array_equal(Inputs(rows[3:4], centre[3:4]).oddness(raw[3:4], "sigmoid")[0], together[3])
    np.testing.assert_array_equal(Inputs(rows, centre).errors(raw, "sigmoid"), together[..., [0, -1]])
    single = Inputs(rows, centre).errors(raw.astype(np.float32), "sigmoid")
    np.testing.assert_allclose(single, together[..., [0, -1]], rtol=1e-5)


def test_the_mean_explains_nothing_and_the_row_itself_everything() -> None:
    """Of normal rows alone: what comes back of anomalies does not count."""
    rows = np.random.default_rng(0).random((1, 10, 4))
    target, centre = np.array([[0] * 8 + [1] * 2]), rows[:, :8].mean(axis=1)
    inputs = Inputs(rows, centre)
    back = np.where(target[..., None] == 1, 0.5, rows)
    for given_back, expected in ((np.broadcast_to(centre, rows.shape), 0.0), (back, 1.0)):
        shown = predict(inputs.errors(np.array(given_back), "clip"), "sigmoid", "anomaly")
        assert anomaly.explained(target, shown)[0] == pytest.approx(expected)
