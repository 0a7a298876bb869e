"""A run that is judged by a metric of one's own: what a built-in one would say, under another name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lossbench.plan.experiment import plan
from lossbench.plan.request import Manner, usual_engine
from lossbench.plan.settings import make_settings
from lossbench.results.comparison import Comparison, execute
from lossbench.results.read import read_trials
from lossbench.results.write import csv_text, trials_csv
from lossbench.run.packs import train_pack
from lossbench.stats.between_runs.change import meetings
from lossbench.store import Store
from lossbench.training.pack import Pack

FILE = """
    import numpy as np
    def error(y_true, y_pred): return np.mean(np.abs(y_true - y_pred))
    def right(y_true, y_pred): return np.mean(y_true == y_pred)
    def wrong(y_true, y_pred): return np.mean(y_true != y_pred)
    def squares(y_true, y_prob): return np.mean((y_true - y_prob) ** 2)
    def most(y_true, y_pred): return np.abs(y_true - y_pred).max()
    def fussy(y_true, y_pred):
        if len(y_true) > 100: raise RuntimeError("too many")
        return np.mean(y_true == y_pred)
    def picky(y_true, y_pred):
        if len(y_true) > 60 and (y_true != y_pred).sum() == 9: raise ValueError("nine")
        return np.mean(y_true == y_pred)
    def strict(y_true, y_pred):
        if len(y_true) in (113, 115): raise ValueError("another number of rows")
        return np.mean(y_true == y_pred)
"""

NAMES = {"mae": "error:lower", "accuracy": "right:higher", "brier": "squares:lower"}
"""The built-in metrics that these are, and the columns of these."""


@pytest.fixture(autouse=True)
def file(write: Callable[..., Path]) -> Path:
    """Give the file of the metrics."""
    return write(FILE, "metrics.py")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with Store(tmp_path / "trials.sqlite") as opened:
        yield opened


def made(dataset: str, score: str, store: Store | None = None, **changes: object) -> Comparison:
    """Run a small comparison."""
    losses = ["mse", "mae"] if dataset == "diabetes" else ["bce", "mse"]
    usual = {"losses": losses, "models": "mlp:4", "seeds": 3, "epochs": 6, "outliers": 0}
    settings = make_settings(None, **{**usual, "datasets": [dataset], "score": [score], **changes})
    return execute(plan(settings), Manner(1), 0.0, lambda *_: None, store)


@pytest.mark.parametrize(
    ("dataset", "spec", "built_in"),
    [
        ("diabetes", "metrics.py:error:lower", "mae"),
        ("breast_cancer", "metrics.py:right", "accuracy"),
        ("breast_cancer", "metrics.py:squares:@of=probability:lower", "brier"),
        ("moons", "metrics.py:right", "accuracy"),
    ],
)
def test_it_says_what_the_built_in_metric_says(dataset: str, spec: str, built_in: str) -> None:
    """Under tuning too: the same rates are chosen, the same epochs are best, the same verdicts fall over rows."""
    own = NAMES[built_in]
    changes = {"tune": True, "lr": [0.003, 0.03], "outliers": [0, 0.2], "seeds": 2}
    mine = made(dataset, spec, margins={own: 0.02}, **changes)
    theirs = made(dataset, built_in, margins={built_in: 0.02}, **changes)
    for column in ("best_epoch", "epochs_to_target", "validation_score", "constant_score", "target_score"):
        values = (run.trials[column].to_numpy(dtype=float, na_value=np.nan) for run in (mine, theirs))
        np.testing.assert_allclose(*values, rtol=1e-9, err_msg=column)
    np.testing.assert_allclose(mine.trials[own], theirs.trials[built_in], rtol=1e-9)
    np.testing.assert_allclose(mine.trials[f"{own}_at_best"], theirs.trials[f"{built_in}_at_best"], rtol=1e-9)
    assert mine.trials.perfect_score.eq(1.0 if built_in == "accuracy" else 0.0).all()
    assert mine.tuning.chosen.equals(theirs.tuning.chosen)
    np.testing.assert_allclose(mine.tuning["mean"], theirs.tuning["mean"], rtol=1e-9)
    assert mine.summary.unit.equals(theirs.summary.unit)
    for column in ("difference", "mean", "robustness", "epochs_to_plateau"):
        np.testing.assert_allclose(
            mine.summary[column], theirs.summary[column], rtol=1e-6, atol=1e-9, err_msg=column
        )
    if built_in != "accuracy":  # whose intervals are not narrower than the rows that it counts allow
        few = 0.02 if dataset == "breast_cancer" else 1e-4  # of its 114 test rows, a hundred are tried
        np.testing.assert_allclose(mine.summary.difference_low, theirs.summary.difference_low, rtol=few)
        assert mine.summary.verdict.equals(theirs.summary.verdict)


def test_two_losses_that_decide_alike_are_not_the_same_for_certain() -> None:
    """They may differ on rows that are not there, by as much as two rows differ: as in accuracy."""
    pair = {"losses": ["bce", "scaled:factor=1:loss=bce"]}
    mine, theirs = (
        made("breast_cancer", "metrics.py:wrong:lower", **pair),
        made("breast_cancer", "accuracy", **pair),
    )
    for run in (mine, theirs):
        assert run.comparisons.difference.eq(0.0).all()
    np.testing.assert_allclose(mine.comparisons.difference_high, theirs.comparisons.difference_high, rtol=1e-6)
    assert (mine.comparisons.difference_high > 0.0).all()


def test_where_rows_do_not_add_up_seeds_are_the_unit() -> None:
    """And a remark says so; beside it, the other scores are over rows."""
    found = made("diabetes", "metrics.py:most:lower")
    assert set(found.summary.unit) == {"seed"}
    assert "most:lower" not in found.contributed.values  # noqa: PD011  no frame
    assert "mae" in found.contributed.values  # noqa: PD011
    assert any("most:lower on diabetes is tested over seeds" in line for line in said(found))
    assert not any("tested over seeds" in line for line in said(made("diabetes", "metrics.py:error:lower")))


def said(found: Comparison) -> list[str]:
    """Return the remarks on a run in words."""
    from lossbench.report.words.remark import words
    from lossbench.results.remarks.run import remarks

    return [words(remark) for remark in remarks(found)]


def test_a_store_tells_codes_apart(store: Store, file: Path) -> None:
    """A metric whose code changed is another one; the same takes everything, to the last bit."""
    first = made("moons", "metrics.py:right", store)
    again = made("moons", "metrics.py:right", store)
    assert (first.cached, again.cached) == (0, len(first.trials))
    pd.testing.assert_frame_equal(first.trials, again.trials)
    assert made("moons", "accuracy", store).cached == 0
    assert made("moons", "metrics.py:right:@label=good", store).cached == 0
    file.write_text(file.read_text() + "\n# changed\n")
    changed = made("moons", "metrics.py:right", store)
    assert changed.cached == 0
    assert not set(changed.trials.score_hash) & set(first.trials.score_hash)
    assert all("score_hash" in one.differing for one in meetings(first.trials, changed.trials))
    assert not any(one.differing for one in meetings(made("moons", "accuracy").trials, changed.trials))


def test_the_file_reads_back_without_the_function(file: Path, tmp_path: Path) -> None:
    """Byte for byte; the name of the column has the direction."""
    found, place = made("diabetes", "metrics.py:error:lower"), tmp_path / "trials.csv"
    file.unlink()
    place.write_text(trials_csv(found.trials))
    read = read_trials(place, one_run=True)
    assert trials_csv(read) == place.read_text()
    assert list(read.columns[-2:]) == ["error:lower", "error:lower_at_best"]


def test_a_metric_that_raises_always_leaves_failed_trials() -> None:
    """No number stands for any, the message is told once, and other data sets are as ever."""
    found = made("breast_cancer", "metrics.py:fussy", datasets=["breast_cancer", "iris"], losses=["ce", "mse"])
    failed = found.trials[found.trials.dataset == "breast_cancer"]
    assert set(failed.status) == {"failed"}
    assert failed[["fussy:higher", "accuracy", "constant_score"]].isna().all(axis=None)
    assert not found.whole
    (line,) = [line for line in said(found) if line.startswith("failed")]
    assert re.search(r"breast_cancer: score .* raised RuntimeError: too many \(metrics.py line \d+\)", line)
    pd.testing.assert_frame_equal(
        found.trials[found.trials.dataset == "iris"].reset_index(drop=True),
        made("iris", "metrics.py:fussy", losses=["ce", "mse"]).trials,
    )


def test_where_a_metric_raises_for_some_trainings_they_alone_fail() -> None:
    """The others have the numbers that they have where nothing is raised, and each fails alone as in its pack."""
    usual = {"lr": [0.001, 0.01, 0.03], "losses": ["bce", "mse", "hinge"]}
    picky, sound = (
        made("breast_cancer", f"metrics.py:{name}:@label=same", **usual) for name in ("picky", "right")
    )
    gone = (picky.trials.status == "failed").to_numpy()
    assert 0 < gone.sum() < len(gone)
    assert picky.trials.failure[gone].str.contains("raised ValueError: nine").all()
    fine = [trials[~gone].drop(columns="score_hash") for trials in (picky.trials, sound.trials)]
    pd.testing.assert_frame_equal(*fine)
    settings = make_settings(
        None,
        **usual,
        datasets="breast_cancer",
        score="metrics.py:picky:@label=same",
        models="mlp:4",
        seeds=3,
        epochs=6,
        outliers=0,
    )
    (setup,) = plan(settings).setups
    alone = [train_pack(Pack(setup, (trial,)), usual_engine(), "cpu").rows for trial in plan(settings).trials]
    assert [rows.status.item() for rows in alone] == picky.trials.status.tolist()


def test_a_metric_that_wants_a_number_of_rows_is_tested_over_seeds() -> None:
    """It raises with a row more or less, so nothing is known of rows; what was trained stands."""
    found = made("breast_cancer", "metrics.py:strict")  # of 114 test rows
    assert found.whole
    assert set(found.summary.unit) == {"seed"}
    assert any("strict:higher on breast_cancer is tested over seeds" in line for line in said(found))


def test_costs_judge_decisions() -> None:
    """Of cost one for every mistake, they are the share of mistakes; other scores are as ever."""
    found = made("breast_cancer", "cost", costs=[[0, 1], [1, 0]])
    plain = made("breast_cancer", "accuracy")
    np.testing.assert_allclose(1.0 - found.trials["cost:lower"], plain.trials.accuracy)
    np.testing.assert_allclose(found.comparisons.difference, -plain.comparisons.difference)
    assert csv_text(found.trials[["roc_auc"]]) == csv_text(plain.trials[["roc_auc"]])
