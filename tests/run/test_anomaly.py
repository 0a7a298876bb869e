"""Anomaly detection in a run: thresholds, what is stored, and what rows contribute."""

from __future__ import annotations

import numpy as np
import pytest

from lossbench.plan.experiment import plan
from lossbench.plan.request import Manner
from lossbench.plan.settings import make_settings
from lossbench.results.comparison import Comparison, execute
from lossbench.results.write import trials_csv
from lossbench.schema import CUTS, METRICS, TRIALS

OWN = """
import torch

class Squared(torch.nn.Module):
    def forward(self, prediction, target):
        return torch.nn.functional.mse_loss(prediction.sigmoid(), target)
"""
SMALL = {"datasets": ["digits_but:digit=1"], "seeds": 4, "epochs": 3, "models": "mlp:4", "outliers": 0}


def made(**changes) -> Comparison:
    """Run a small experiment."""
    settings = make_settings(None, **{**SMALL, **changes})
    return execute(plan(settings), Manner(1), 0.0, lambda *_: None, None)


@pytest.fixture(scope="module")
def run() -> Comparison:
    """Give a run of the losses of the task."""
    return made()


def test_without_losses_those_of_the_task_are_compared(run) -> None:
    """The default experiment need not name them."""
    assert run.trials.loss.unique().tolist() == ["bce", "mse", "mae"]
    assert (run.trials.status == "ok").all()
    assert (run.trials.score == "roc_auc").all()


def test_a_stated_rate_of_false_alarms_is_kept() -> None:
    """Over seeds, the false-positive rate on test is what it was set to on validation, by every score."""
    for rate in (0.05, 0.2):
        trials = made(datasets=[f"digits_but:alarms={rate}"], seeds=12, epochs=1, losses=["bce"]).trials
        for name in ("fpr", "fpr_bce", "fpr_kl"):
            assert trials[name].mean() == pytest.approx(rate, abs=0.02)


def test_rows_contribute_what_the_scores_are(run) -> None:
    """The mean over the test rows of a trial is its score, also where a threshold decides."""
    contributed = run.contributed
    for name, metric in METRICS.items():
        if "anomaly" in metric.tasks:
            cells = contributed.values[name]
            means = [cells[contributed.trial == place].mean() for place in range(len(run.trials))]
            np.testing.assert_allclose(means, run.trials[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_only_a_run_with_anomalies_has_their_columns(run) -> None:
    """The thresholds and the scores that no other task has; without them a file is as it was."""
    header = trials_csv(run.trials).splitlines()[0].split(",")
    asked = [name for name, column in TRIALS.items() if column.on_request == "anomaly"]
    assert {*CUTS, "tpr_kl", "explained_at_best"} <= set(asked) <= set(header)
    other = made(datasets=["iris"], losses=["ce"], epochs=1, seeds=1).trials
    assert set(asked).isdisjoint(trials_csv(other).splitlines()[0].split(","))


def test_epochs_are_chosen_by_what_comes_back_of_normal_rows(run) -> None:
    """The score on validation is the share of the variance that is explained, since no anomaly is there."""
    assert set(run.curves.score) == {"explained"}
    assert (run.trials.validation_score < 1.0).all()
    assert run.trials.constant_score.eq(0.5).all()
    assert run.trials.target_score.between(0.4, 0.9).all()


def test_a_users_loss_runs_as_it_is(tmp_path) -> None:
    """Squared error from torch, written in the other style, trains what mse trains: Adam knows no factor."""
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    trials = made(losses=["mse", f"{tmp_path}/own.py:Squared"], optimizers="adam", lr=0.01).trials
    by_loss = trials.groupby("loss", sort=False)
    assert (trials.status == "ok").all()
    ours, theirs = (mine.explained.to_numpy(float) for _, mine in by_loss)
    np.testing.assert_allclose(ours, theirs, atol=0.02)


def test_a_rate_is_chosen_the_same_way_whatever_is_judged() -> None:
    """A score of which less is better, as the false-positive rate, does not turn the choice round."""
    axes = {"lr": [0.0001, 0.01], "tune": True, "losses": ["bce"], "seeds": 2}
    for score in ("roc_auc", "fpr"):
        tuning = made(score=[score], **axes).tuning
        assert tuning.loc[tuning.chosen, "lr"].tolist() == [0.01]
