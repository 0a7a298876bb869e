"""A row of `trials.csv` says what scikit-learn would say of the same raw outputs, and how it came about."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax
from scipy.stats import somersd
from sklearn import metrics

from lossbench.data import load_dataset
from lossbench.data.dataset import Dataset
from lossbench.metrics.scores import metrics_of
from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings
from lossbench.run.scoring import failed_rows, frame_of, plain_rows, rows_of
from lossbench.schema import COLUMNS, HASHES, METRICS
from lossbench.training import fused
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.trace import Trace
from lossbench.training.trial import Trial

# One data set a task, and losses of every link that the task has.
STUDIES = {
    "moons": ("bce", "mse_logits", "mse_pm1", "hinge", "ce"),
    "wine": ("ce", "mse_logits", "hinge", "bce"),
    "multilabel": ("bce", "ce"),
    "linnerud": ("mse", "mae", "mape"),
}
Row = dict[str, Any]
FIT = ("train_loss", "train_loss_at_best", "train_score", "train_score_at_best")


def packs_of(dataset: str, losses: tuple[str, ...], **changes: Any) -> list[Pack]:
    """Return the packs of a small study."""
    small = {"seeds": 2, "epochs": 4, "outliers": [0.0], "models": ["mlp:4"]}
    experiment = plan(make_settings(datasets=[dataset], losses=losses, **small | changes))
    return make_packs(experiment.setups[0], experiment.trials)


def told(rows: pd.DataFrame) -> list[Row]:
    """Return rows as they are stored."""
    return list(plain_rows(rows))


@cache
def study(dataset: str) -> list[tuple[Pack, int, Trace, Row]]:
    """Train the study of a data set; for each trial its pack, its place there, the pack's trace and its row."""
    found = []
    for pack in packs_of(dataset, STUDIES[dataset]):
        trace = fused.train(pack)
        found += [(pack, index, trace, row) for index, row in enumerate(told(rows_of(pack, trace, "fused")))]
    return found


@pytest.fixture(params=STUDIES)
def trained(request: pytest.FixtureRequest) -> list[tuple[Pack, int, Trace, Row]]:
    """Give the study of each task."""
    return study(request.param)


def expected_scores(pack: Pack, index: int, raw: np.ndarray) -> dict[str, float | None]:
    """Score raw test outputs (rows, outputs) by scikit-learn; None where it is undefined."""
    fold = pack.folds[pack.trials[index].seed]
    target, raw = fold.dataset.target[fold.test.rows], raw.astype(np.float64)
    if pack.dataset.task == "regression":
        return regression(target, raw * fold.target_scale + fold.target_mean)
    judge = {"binary": binary, "multiclass": multiclass, "multilabel": multilabel}[pack.dataset.task]
    return judge(target, raw, pack.losses[index].link)


def regression(target: np.ndarray, predicted: np.ndarray) -> dict[str, float | None]:
    """Score predicted values."""
    columns = [
        (target.reshape(len(predicted), -1)[:, one], predicted[:, one]) for one in range(predicted.shape[1])
    ]
    return {
        "r2": metrics.r2_score(target, predicted),
        "rmse": metrics.root_mean_squared_error(target, predicted),
        "mae": metrics.mean_absolute_error(target, predicted),
        "median_absolute_error": metrics.median_absolute_error(target, predicted),
        "mape": metrics.mean_absolute_percentage_error(target, predicted),
        "d2_pinball": metrics.d2_pinball_score(target, predicted),
        "concordance": np.mean([(1.0 + somersd(*each).statistic) / 2.0 for each in columns]),
    }


def decided(target: np.ndarray, decision: np.ndarray, average: str) -> dict[str, float | None]:
    """Score decisions."""
    how = {"average": average, "zero_division": 0.0}
    return {
        "accuracy": metrics.accuracy_score(target, decision),
        "f1": metrics.f1_score(target, decision, **how),
        "precision": metrics.precision_score(target, decision, **how),
        "recall": metrics.recall_score(target, decision, **how),
    }


def binary(target: np.ndarray, raw: np.ndarray, link: str) -> dict[str, float | None]:
    """Read raw outputs of two classes as the link says, and score them."""
    value = raw[:, 1] - raw[:, 0] if raw.shape[1] == 2 else raw[:, 0]
    if link == "margin":
        p, decision = None, value > 0
    else:
        soft = {"clip": np.clip(value, 0, 1), "signed": np.clip((value + 1) / 2, 0, 1)}
        p = soft.get(link, expit(value))
        decision = p > 0.5
    return {
        **decided(target, decision, "binary"),
        "balanced_accuracy": metrics.balanced_accuracy_score(target, decision),
        "matthews_corrcoef": metrics.matthews_corrcoef(target, decision),
        "cohen_kappa": metrics.cohen_kappa_score(target, decision),
        "roc_auc": metrics.roc_auc_score(target, value),
        "average_precision": metrics.average_precision_score(target, value),
        "log_loss": None if p is None else metrics.log_loss(target, p),
        "brier": None if p is None else metrics.brier_score_loss(target, p),
    }


def multiclass(target: np.ndarray, raw: np.ndarray, link: str) -> dict[str, float | None]:
    """Read raw outputs of several classes as the link says, and score them."""
    classes = np.arange(raw.shape[1])
    p, belief = None, raw
    if link != "margin":
        p = {"softmax": softmax(raw, axis=1), "clip": np.clip(raw, 0, 1), "sigmoid": expit(raw)}[link]
        p = p / p.sum(axis=1, keepdims=True)
        belief = softmax(raw, axis=1) if link == "softmax" else raw
    one_hot = target[:, None] == classes
    return {
        **decided(target, raw.argmax(axis=1), "macro"),
        "balanced_accuracy": metrics.balanced_accuracy_score(target, raw.argmax(axis=1)),
        "matthews_corrcoef": metrics.matthews_corrcoef(target, raw.argmax(axis=1)),
        "cohen_kappa": metrics.cohen_kappa_score(target, raw.argmax(axis=1)),
        "top_k_accuracy": metrics.top_k_accuracy_score(target, belief, k=2, labels=classes),
        "roc_auc": np.mean([metrics.roc_auc_score(one_hot[:, k], belief[:, k]) for k in classes]),
        "log_loss": None if p is None else metrics.log_loss(target, p, labels=classes),
        "brier": None if p is None else metrics.brier_score_loss(target, p, labels=classes, scale_by_half=False),
    }


def multilabel(target: np.ndarray, raw: np.ndarray, link: str) -> dict[str, float | None]:
    """Read raw outputs of several labels as the link says, and score them."""
    p = softmax(raw, axis=1) if link == "softmax" else expit(raw)
    labels = range(raw.shape[1])
    return {
        **decided(target, p > 0.5, "macro"),
        "roc_auc": metrics.roc_auc_score(target, p, average="macro"),
        "average_precision": metrics.average_precision_score(target, p, average="macro"),
        "log_loss": np.mean([metrics.log_loss(target[:, k], p[:, k], labels=[0, 1]) for k in labels]),
        "brier": metrics.mean_squared_error(target, p),
    }


BY_BINS = {"calibration_error", "adaptive_calibration_error"}
"""What scikit-learn has not; `tests/metrics` holds them to their definitions."""


def test_the_columns_are_those_of_the_design() -> None:
    """What a trial was, how it ended, scores, convergence, hashes: in the order that saved results rely on."""
    text = "dataset, task, model, loss, optimizer, lr, l1, l2, batch_size, epochs, outlier_kind, outlier_fraction"
    assert COLUMNS[:14] == (*text.split(", "), "seed", "status")
    assert COLUMNS[14 : 14 + len(METRICS)] == tuple(METRICS)
    convergence = COLUMNS.index("epochs_to_target")
    assert COLUMNS[convergence : convergence + 3] == ("epochs_to_target", "epochs_to_plateau", "converged")
    hashes = ("data_hash", "split_hash", "weights_hash", "order_hash", "loss_hash")
    assert COLUMNS[convergence + 3 : convergence + 8] == hashes
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_a_row_has_exactly_the_columns(trained) -> None:
    """No column is left out and none is added; values are plain Python, and undefined is None."""
    for pack, index, _, row in trained:
        assert set(row) == set(COLUMNS)
        assert {field.name: row[field.name] for field in fields(Trial)} == vars(pack.trials[index])
        assert {type(value) for value in row.values()} <= {str, int, float, bool, type(None)}
        assert not any(isinstance(value, float) and np.isnan(value) for value in row.values())


@pytest.mark.parametrize(("end", "which"), [("", "last"), ("_at_best", "best")])
def test_scores_are_scikit_learns(trained, end: str, which: str) -> None:
    """Every score of the test part, in original units, is scikit-learn's on the same raw outputs."""
    for pack, index, trace, row in trained:
        expected = expected_scores(pack, index, getattr(trace, which)[index])
        names = {metric.name for metric in metrics_of(pack.dataset.task)} - BY_BINS
        assert set(expected) == names
        for name, value in expected.items():
            found = row[f"{name}{end}"]
            assert found == (None if value is None else pytest.approx(value, rel=1e-6, abs=1e-9)), (
                row["loss"],
                name,
            )


def test_scores_of_other_tasks_are_empty(trained) -> None:
    """A metric that the task does not have is undefined, at the last epoch and at the best one."""
    for pack, _, _, row in trained:
        others = set(METRICS) - {metric.name for metric in metrics_of(pack.dataset.task)}
        assert all(row[name] is None and row[f"{name}_at_best"] is None for name in others)


def test_the_best_epoch_is_chosen_on_validation(trained) -> None:
    """The epoch behind `_at_best` is the first with the highest score of the validation curve."""
    for _, index, trace, row in trained:
        assert row["best_epoch"] == np.nanargmax(trace.curve[index]) + 1


def test_the_fit_is_the_traces(trained) -> None:
    """Training loss and score stand in the row as they were recorded, of the last epoch and of the best one."""
    for _, index, trace, row in trained:
        recorded = (*trace.train_loss[index], *trace.train_score[index])
        assert tuple(row[name] for name in FIT) == recorded
        assert np.isfinite(recorded).all()


def test_regression_is_scored_in_original_units() -> None:
    """The error of a constant prediction of the training mean is the spread of the targets themselves."""
    (pack,) = packs_of("diabetes", ("mse",), seeds=1)
    trace = fused.train(pack)
    (row,) = told(rows_of(pack, replace(trace, last=np.zeros_like(trace.last)), "fused"))
    (fold,) = pack.folds.values()
    target = fold.dataset.target[:, 0]
    expected = np.abs(target[fold.test.rows] - target[fold.train.rows].mean()).mean()
    assert row["mae"] == pytest.approx(expected)


def test_a_diverged_trial_says_so_and_disturbs_nobody() -> None:
    """It has a status, no scores, a missed target and no plateau; its neighbours' rows stay as they are."""
    (pack,) = packs_of("moons", ("bce", "mse"))
    trace = fused.train(pack)
    gone = pack.trials.index(next(trial for trial in pack.trials if trial.loss == "mse"))
    broken = deepcopy(trace)
    broken.curve[gone, 2:], broken.last[gone], broken.best[gone] = np.nan, np.nan, np.nan
    broken.diverged[gone] = 3
    before, after = told(rows_of(pack, trace, "fused")), told(rows_of(pack, broken, "fused"))
    row = after.pop(gone)
    assert (row["status"], row["diverged_epoch"], row["best_epoch"]) == ("diverged", 3, None)
    assert all(row[name] is None and row[f"{name}_at_best"] is None for name in METRICS)
    assert (row["epochs_to_target"], row["epochs_to_plateau"], row["converged"]) == (None, None, False)
    before.pop(gone)
    assert after == before


def test_training_that_blows_up_is_marked() -> None:
    """A rate far too large ends in a status, not in an error or a warning."""
    packs = packs_of("diabetes", ("mse",), optimizers=["sgd"], lr=[1e6], epochs=20)
    statuses = {status for pack in packs for status in rows_of(pack, fused.train(pack), "fused").status}
    assert statuses == {"diverged"}


def test_without_a_target_nothing_is_said_about_reaching_it() -> None:
    """Where a linear model is no better than a constant, `converged` is undefined, not False."""
    target = np.random.default_rng(0).normal(size=(60, 1))
    noise = Dataset("noise", "regression", np.zeros((60, 1)), target, classes=("y",), feature_names=("x",))
    (other,) = packs_of("diabetes", ("mse",), seeds=1)
    pack = Pack(replace(other.setup, dataset=noise), (replace(other.trials[0], dataset="noise"),))
    (row,) = told(rows_of(pack, fused.train(pack), "fused"))
    assert row["target_score"] is None
    assert (row["epochs_to_target"], row["converged"], row["status"]) == (None, None, "ok")


def test_hashes_say_that_only_the_loss_moved(trained) -> None:
    """Rows of one seed share data, split, first weights and batch order, a loss with more outputs too."""
    for seed in (0, 1):
        rows = [row for *_, row in trained if row["seed"] == seed]
        for name in ("data_hash", "split_hash", "weights_hash", "order_hash"):
            assert len({row[name] for row in rows}) == 1, name
        assert len({row["loss_hash"] for row in rows}) == len(rows)


def test_hashes_say_that_the_seed_moved(trained) -> None:
    """Another seed is another split, other first weights and another order, of the same data and losses."""
    for name in ("split_hash", "weights_hash", "order_hash"):
        assert (
            len({(row["seed"], row[name]) for *_, row in trained}) == 2 == len({row[name] for *_, row in trained})
        )
    assert len({row["data_hash"] for *_, row in trained}) == 1
    assert len({(row["loss"], row["loss_hash"]) for *_, row in trained}) == len(
        STUDIES[trained[0][0].dataset.name]
    )


def test_the_data_hash_is_of_the_numbers() -> None:
    """One target changed by one bit is another data set."""
    iris = load_dataset("iris")
    features = iris.features.copy()
    features[0, 0] = np.nextafter(features[0, 0], 9)
    assert replace(iris, features=features).digest != iris.digest == load_dataset("iris").digest


def test_rows_survive_the_data_frame(trained) -> None:
    """A stored row comes back from the frame with the same values and types, undefined ones too."""
    rows = [row for *_, row in trained]
    back = told(frame_of(rows))
    assert back == rows
    assert [[type(value) for value in row.values()] for row in back] == [
        [type(value) for value in row.values()] for row in rows
    ]


def test_a_failed_trial_says_why_and_has_no_score() -> None:
    """Its row holds the trial, its hashes, the status and the reason; every score and time is undefined."""
    (pack,) = packs_of("moons", ("bce",), seeds=1)
    (row,), (done,) = map(told, (failed_rows(pack, ["it raised"], "f"), rows_of(pack, fused.train(pack), "f")))
    assert (row["status"], row["failure"], list(row)) == ("failed", "it raised", list(COLUMNS))
    assert {row[name] for name in COLUMNS if row[name] != done[name]} == {"failed", "it raised", None}
    assert all(row[name] is None for name in (*METRICS, *FIT, "epochs_to_target", "converged", "best_epoch"))
    assert [row[name] for name in HASHES] == [done[name] for name in HASHES]
