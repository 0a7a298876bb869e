"""Class thresholds in a run: the same networks, read at another point that validation chose."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lossbench.plan.experiment import plan
from lossbench.plan.request import Engine, Manner
from lossbench.plan.settings import make_settings
from lossbench.results.comparison import Comparison, execute
from lossbench.run.packs import train_pack
from lossbench.run.scoring import predictions
from lossbench.schema import AT_LINK, ON_REQUEST, THRESHOLDS_OF, TRIALS, at_link
from lossbench.store import Store, open_store
from lossbench.training import fused
from lossbench.training.packing import make_packs

SMALL = {"datasets": ["imbalanced"], "losses": ["bce", "hinge", "mse", "ce"], "seeds": 3, "epochs": 8}


def made(threshold: str, store: Store | None = None, engine: Engine = "fused", **changes: Any) -> Comparison:
    """Run a small experiment."""
    settings = make_settings(
        None, **{**SMALL, "outliers": 0, "models": "mlp:4", "threshold": threshold, **changes}
    )
    return execute(plan(settings), Manner(1, engine), 0.0, lambda *_: None, store)


@pytest.fixture(scope="module")
def link() -> Comparison:
    """Give the run at the links' own thresholds."""
    return made("link")


@pytest.mark.parametrize("name", THRESHOLDS_OF["binary"])
def test_the_networks_are_the_same(name: str, link: Comparison) -> None:
    """Scores at the link's own thresholds, and those that need no class, are those of the run without a choice."""
    trials, plain = made(name).trials, link.trials
    for score in AT_LINK:
        np.testing.assert_array_equal(trials[at_link(score)], plain[score])
    for column in ("roc_auc", "log_loss", "epochs_to_target", "train_score", "weights_hash", "best_epoch"):
        pd.testing.assert_series_equal(trials[column], plain[column])
    asked = [name for name in ON_REQUEST if TRIALS[name].on_request == "threshold"]
    assert plain[asked].isna().all(axis=None)
    assert trials.threshold_by.eq(name).all()
    assert trials.threshold_probability.isna().equals(trials.loss == "hinge")


def test_the_threshold_is_the_best_on_validation_and_not_on_test() -> None:
    """Moving it to any middle between validation outputs gains nothing there; on test it may."""
    experiment = plan(
        make_settings(None, **{**SMALL, "outliers": 0, "models": "mlp:4", "threshold": "f1", "score": "f1"})
    )
    (pack, *_) = make_packs(experiment.setups[0], experiment.trials)
    rows = train_pack(pack, "fused", "cpu").rows
    trace = fused.train(pack)
    assert trace.validation is not None
    for members, target, prediction in predictions(pack, trace.validation[:, 0], part="validation"):
        cuts = rows.threshold.to_numpy()[members]
        said, true = prediction.ranking > cuts[:, None], target > 0
        found = 2 * (said & true).sum(1) / np.maximum(said.sum(1) + true.sum(1), 1)
        np.testing.assert_allclose(found, rows.validation_score.to_numpy()[members])
        for cut in np.linspace(prediction.ranking.min(), prediction.ranking.max(), 50):
            other = prediction.ranking > cut
            tried = 2 * (other & true).sum(1) / np.maximum(other.sum(1) + true.sum(1), 1)
            every = other.all(axis=1)  # all rows positive is no threshold between two of them
            assert (tried <= found + 1e-12)[~every].all()


def test_engines_choose_alike() -> None:
    """The loop and the fused engine have the same thresholds, but for rounding."""
    trials = {engine: made("f1", engine=engine, seeds=2, epochs=3).trials for engine in ("fused", "loop")}
    np.testing.assert_allclose(trials["loop"].threshold, trials["fused"].threshold, rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(trials["loop"].f1, trials["fused"].f1)


def test_the_store_tells_them_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A run with a choice takes nothing from one without, nor from one by another score, but all from itself."""
    with open_store(tmp_path_factory.mktemp("store") / "trials.db") as store:
        assert [made(name, store).cached for name in ("link", "f1", "accuracy")] == [0, 0, 0]
        again = made("f1", store)
    assert again.cached == len(again.trials)
    pd.testing.assert_frame_equal(again.trials, made("f1").trials)


def test_other_tasks_are_untouched() -> None:
    """Beside a binary data set, one of several classes is scored as ever."""
    changes: dict[str, Any] = {"datasets": ["moons", "iris"], "losses": ["ce"], "seeds": 1}
    chosen, plain = made("f1", **changes).trials, made("link", **changes).trials
    iris = chosen.dataset == "iris"
    assert chosen[iris].threshold.isna().all()
    assert chosen[~iris].threshold.notna().all()
    pd.testing.assert_frame_equal(chosen[iris], plain[iris])


def test_labels_have_thresholds_of_their_own() -> None:
    """The networks are the same, and do no worse on validation; each label is decided at its own."""
    changes: dict[str, Any] = {"datasets": ["multilabel:rows=300"], "losses": ["bce", "ce", "hinge"], "seeds": 2}
    chosen, plain = made("f1", **changes).trials, made("link", **changes).trials
    for score in ("accuracy", "f1", "precision", "recall"):
        np.testing.assert_array_equal(chosen[at_link(score)], plain[score])
    assert (chosen.validation_score >= plain.validation_score).all()
    assert chosen.threshold.isna().all()
    thresholds = np.array([json.loads(text) for text in chosen.label_threshold])
    shares = np.array([json.loads(text) for text in chosen.label_threshold_probability])
    assert thresholds.shape == shares.shape == (len(chosen), 5)
    assert np.isnan(shares).all(axis=1).tolist() == (chosen.loss == "hinge").tolist()
    named = chosen.loss == "ce"  # a softmax ranks labels by the logarithm of their probability
    np.testing.assert_allclose(np.exp(thresholds[named]), shares[named])
    views = made("f1", **changes).thresholds.set_index("loss")
    assert views.loc["bce", "threshold"] == pytest.approx(np.median(thresholds[chosen.loss == "bce"]))
