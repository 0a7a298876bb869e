"""What rows contribute to a score: their mean is the score, and each is how the score moves with its row."""

from __future__ import annotations

import numpy as np
import pytest

from lossbench.metrics.prediction import Prediction, predict
from lossbench.metrics.scores import function_of, metrics_of
from lossbench.schema import METRICS
from lossbench.task import TASKS

ROWS, TIMES = 9, 1000
TARGETS = {
    "binary": np.array([0, 1, 1, 0, 1, 0, 0, 1, 1]),
    "multiclass": np.array([0, 1, 2, 0, 1, 2, 2, 1, 0]),
    "multilabel": np.array([[0, 1], [1, 1], [1, 0]] * 3),
    "segmentation": np.array([[0, 1, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0]] * 3),
    "anomaly": np.array([0, 1, 1, 0, 1, 0, 0, 1, 1]),
    "embedding": np.array([0, 1, 2, 0, 1, 2, 2, 1, 0]),
    "regression": np.linspace(1.0, 4.0, 2 * ROWS).reshape(ROWS, 2) ** 2,
}
WIDTH = {
    **{"binary": 1, "multiclass": 3, "multilabel": 2, "regression": 2},
    **{"segmentation": 4, "anomaly": 4, "embedding": 3},
}
SUMS = [task for task in TASKS if task != "distribution"]  # no row has a share in a score of a sample
SMOOTH = [(task, m.name) for task in SUMS for m in metrics_of(task) if m.name != "median_absolute_error"]


def drawn(task: str, seed: int, unit: float = 0.5) -> np.ndarray:
    """Return raw outputs of one model that is right more often than not: (1, ROWS, outputs), whole units.

    Whole halves make ties. With them the calibration error has kinks, where its bins are right on average.
    """
    if task == "anomaly":  # none of its columns is below zero
        return np.round(4.0 * np.random.default_rng(seed).random((1, ROWS, WIDTH[task])) / unit) * unit + 1.0
    noise = np.round(np.random.default_rng(seed).normal(size=(1, ROWS, WIDTH[task])) / unit) * unit
    target = TARGETS[task]
    if task == "embedding":  # how many classes come before the right one
        return np.abs(np.round(6 * noise))
    hot = np.eye(3)[target] if task == "multiclass" else target.reshape(ROWS, -1)
    return noise + (2 * hot - 1 if task != "regression" else hot)


def seen(task: str, raw: np.ndarray) -> Prediction:
    """Return the prediction of raw outputs."""
    return predict(raw, {"regression": "identity", "multiclass": "softmax"}.get(task, "sigmoid"), task)


@pytest.mark.parametrize(("task", "name"), SMOOTH)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_row_contributes_what_the_score_moves_when_it_counts_a_little_more(seed, task, name) -> None:
    """In a table of many copies, one more copy of a row moves the score by its contribution over the rows."""
    score, target = function_of(METRICS[name]), TARGETS[task]
    raw = drawn(task, seed, unit=0.01 if "calibration_error" in name else 0.5)
    found = score.contributions(target[None], seen(task, raw))[0]
    whole = score(target[None], seen(task, raw))[0]
    many = np.tile(np.arange(ROWS), TIMES)
    for row in range(ROWS):
        more = np.append(many, row)
        moved = score(target[more][None], seen(task, raw[:, more]))[0] - whole
        np.testing.assert_allclose(moved * len(more), found[row] - whole, rtol=5e-3, atol=2e-3, err_msg=str(row))


@pytest.mark.parametrize("task", SUMS)
def test_contributions_have_the_score_as_their_mean(task) -> None:
    """The mean over rows is the score, for every metric and every model; a diverged model has neither."""
    raw = np.concatenate([drawn(task, seed) for seed in range(5)] + [np.full((1, ROWS, WIDTH[task]), np.nan)])
    for metric in metrics_of(task):
        score, prediction = function_of(metric), seen(task, raw)
        rows, values = score.contributions(TARGETS[task][None], prediction), score(TARGETS[task][None], prediction)
        np.testing.assert_allclose(rows.mean(axis=1), values, rtol=1e-5, atol=1e-9, err_msg=metric.name)
        assert np.isnan(rows[-1]).all()


def test_a_median_scatters_as_its_contributions_say() -> None:
    """The spread of the contributions, over √n, is that of the median over fresh tables, to a quarter."""
    errors = np.random.default_rng(0).exponential(size=(2000, 60, 1))
    score, prediction = function_of(METRICS["median_absolute_error"]), predict(errors, "identity", "regression")
    medians, rows = (f(np.zeros((1, 60, 1)), prediction) for f in (score, score.contributions))
    assert np.mean(rows.std(axis=1) / np.sqrt(60)) == pytest.approx(medians.std(), rel=0.25)
