"""A run that is judged by a score that the user names: what hangs on it, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from lossbench.metrics.baseline import baselines
from lossbench.metrics.scores import metrics_of
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.request import Manner
from lossbench.plan.settings import make_settings
from lossbench.results.comparison import execute
from lossbench.run.packs import train_pack
from lossbench.run.runner import run
from lossbench.run.scoring import plain_rows, rows_of
from lossbench.schema import COLUMNS, METRICS, SCORES
from lossbench.stats.between_runs.change import follows_judge
from lossbench.store import Store
from lossbench.training import fused, loop
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.trace import Trace, Validator

LOSSES = {
    "moons": ("bce", "mse_logits"),
    "iris": ("ce", "bce"),
    "multilabel:rows=300": ("bce", "ce"),
    "linnerud": ("mse", "gamma"),
}
TASKS = {
    "moons": "binary",
    "iris": "multiclass",
    "multilabel:rows=300": "multilabel",
    "linnerud": "regression",
}
JUDGED = [(name, metric.name) for name, task in TASKS.items() for metric in metrics_of(task)]
SMALLER = [(name, score) for name, score in JUDGED if not METRICS[score].greater_is_better]

FOLLOWS = (
    *("constant_score", "target_score", "validation_score", "best_epoch", "converged", "score"),
    *("train_score", "train_score_at_best", "train_loss_at_best"),
)
"""The columns that hang on what is judged, beside times and scores at the best epoch."""


def study(dataset: str, *scores: str, **changes: object) -> Experiment:
    """Plan a small experiment that is judged by some scores."""
    small = {"seeds": 2, "epochs": 6, "outliers": 0, "models": "mlp:4", "losses": LOSSES.get(dataset)}
    return plan(make_settings(datasets=[dataset], score=scores, **small | changes))


def packs_of(dataset: str, *scores: str, **changes: object) -> list[Pack]:
    """Return the packs of a small experiment."""
    experiment = study(dataset, *scores, **changes)
    return make_packs(experiment.setups[0], experiment.trials)


@lru_cache(maxsize=len(JUDGED))
def trained(name: str, score: str) -> list[tuple[Pack, Trace]]:
    """Return the packs of one seed, trained once for all that is said of them."""
    return [(pack, fused.train(pack)) for pack in packs_of(name, score, seeds=1)]


@pytest.mark.parametrize(("name", "score"), JUDGED)
def test_a_curve_is_of_the_score_that_the_table_shows(name: str, score: str) -> None:
    """What scores the validation part gives the table's own figure on the test part, in the target's own units."""
    for pack, trace in trained(name, score):
        found = Validator(pack, range(len(pack.trials)), part="test")(trace.last)
        rows = list(plain_rows(rows_of(pack, trace, "fused")))
        assert {row["score"] for row in rows} == {score}
        np.testing.assert_allclose(found, [row[score] for row in rows], rtol=1e-6, atol=1e-9)
        assert [row["validation_score"] for row in rows] == trace.curve[:, -1].tolist()


@pytest.mark.parametrize(("name", "score"), JUDGED)
def test_the_best_epoch_is_best_in_the_scores_own_direction(name: str, score: str) -> None:
    """It is the first with the greatest score, or the smallest, and a training that ends there has its outputs."""
    best = np.argmax if METRICS[score].greater_is_better else np.argmin
    for pack, trace in trained(name, score):
        assert trace.best_epoch.tolist() == (best(trace.curve, axis=1) + 1).tolist()
        index, epoch = 0, int(trace.best_epoch[0])
        until = replace(pack, trials=(replace(pack.trials[index], epochs=epoch),))
        np.testing.assert_array_equal(fused.train(until).last[0], trace.best[index])


@pytest.mark.parametrize(("name", "score"), SMALLER)
def test_engines_agree_on_what_is_best(name: str, score: str) -> None:
    """The fast engine and the oracle choose the same epoch where the smaller is the better."""
    import torch

    for pack in packs_of(name, score, seeds=1):
        left, right = fused.train(pack, torch.float64), loop.train(pack, torch.float64)
        np.testing.assert_array_equal(left.best_epoch, right.best_epoch)
        for field in ("curve", "best"):
            np.testing.assert_allclose(getattr(left, field), getattr(right, field), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "score"), SMALLER)
def test_a_target_of_what_should_be_small_lies_below_the_constant(name: str, score: str) -> None:
    """It is 95 % of the way down to the linear model; where that is no better, there is none."""
    for pack in packs_of(name, score):
        for fold in pack.folds.values():
            found = baselines(fold, METRICS[score])
            floor, linear = found.constant_validation, found.linear_validation
            expected = floor - 0.95 * (floor - linear) if linear < floor else np.nan
            np.testing.assert_allclose(found.target, expected)
            assert found.tolerance == pytest.approx(0.01 * floor)


@pytest.mark.parametrize(("name", "score"), SMALLER)
def test_a_target_is_reached_from_above(name: str, score: str) -> None:
    """The first epoch from which three scores are at or below the target; none after the plateau gains much."""
    for pack in packs_of(name, score, epochs=30, lr=0.03):
        trace = fused.train(pack)
        for curve, row in zip(trace.curve, plain_rows(rows_of(pack, trace, "fused")), strict=True):
            if row["converged"]:
                start = row["epochs_to_target"] - 1
                assert (curve[start : start + 3] <= row["target_score"]).all()
                assert start == 0 or curve[start - 1] > row["target_score"]
            if tolerance := baselines(
                pack.folds[row["seed"]], METRICS[score]
            ).tolerance:  # no scale: the constant is perfect
                left = curve[row["epochs_to_plateau"] - 1 :]
                assert left[0] - left.min() < tolerance


@pytest.mark.parametrize(("name", "score"), [("iris", "log_loss"), ("linnerud", "mape"), ("moons", "brier")])
def test_what_is_judged_moves_no_other_figure(name: str, score: str) -> None:
    """Test scores at the last epoch, hashes and the trial itself are those of any other judge, to the last bit."""
    own, named = (run(study(name, *scores), Manner(1)).rows for scores in ((), (score,)))
    hanging = {column for column in SCORES if follows_judge(column)}.union(FOLLOWS)
    kept = [column for column in COLUMNS if column not in hanging]
    assert set(METRICS) < set(kept)
    for column in kept:
        assert own[column].equals(named[column]), column
    assert not own.validation_score.equals(named.validation_score)


def test_where_nothing_is_best_nothing_stands_at_the_best_epoch() -> None:
    """A score without a value on the validation part leaves no best epoch, and no scores there."""
    (pack, *_) = packs_of("iris", losses=["ce"], seeds=1)
    (fold,) = pack.folds.values()
    lone = replace(fold.validation, rows=fold.validation.rows[:1], target=np.zeros(1, dtype=np.int64))
    lone = replace(lone, features=fold.validation.features[:1])
    dataset = replace(pack.dataset, judged=METRICS["roc_auc"])
    pack = replace(pack, setup=replace(pack.setup, dataset=dataset))
    pack.folds[0] = replace(fold, validation=lone)
    for engine in (fused, loop):
        (row,) = plain_rows(rows_of(pack, engine.train(pack), "engine"))
        assert (row["status"], row["best_epoch"], row["validation_score"]) == ("ok", None, None)
        assert row["accuracy"] is not None
        assert all(row[f"{name}_at_best"] is None for name in METRICS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with Store(tmp_path / "trials.sqlite") as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "own", "other"), [("iris", "accuracy", "brier"), ("imbalanced", "balanced_accuracy", "accuracy")]
)
def test_a_store_tells_judges_apart(store: Store, name: str, own: str, other: str) -> None:
    """A training judged by another score is another one; to name a data set's own score changes nothing."""
    changes = {"losses": ["ce"], "epochs": 2}
    first = run(study(name, **changes), Manner(1), store=store)
    named = run(study(name, own, **changes), Manner(1), store=store)
    assert (first.cached, named.cached) == (0, len(first.rows))
    assert named.rows.equals(first.rows)
    apart = run(study(name, other, **changes), Manner(1), store=store)
    assert (apart.cached, set(apart.rows.score)) == (0, {other})
    for scores, expected in (((), first), ((other,), apart)):
        again = run(study(name, *scores, **changes), Manner(1), store=store)
        assert again.cached == len(expected.rows)
        assert again.rows.equals(expected.rows)
        np.testing.assert_array_equal(again.curves, expected.curves)


def test_stores_of_several_judges_merge(store: Store, tmp_path: Path) -> None:
    """What is stored of a score that was named is as whole as any other: it is merged, and read back."""
    for scores in ((), ("brier",)):
        run(study("iris", *scores, epochs=2), Manner(1), store=store)
    with Store(tmp_path / "other.sqlite") as other:
        assert other.merge(store) == len(store) == 2 * 2 * 2
        assert run(study("iris", "brier", epochs=2), Manner(1), store=other).cached == 4


def test_the_rate_is_chosen_by_what_is_judged() -> None:
    """Each loss gets the rate with the smallest mean validation error over the tuning seeds."""
    experiment = study("linnerud", "mae", lr=[0.001, 0.03, 0.3], tune=True, seeds=1)
    found = execute(experiment, Manner(1), 0.0, lambda dataset, trials: None)
    assert set(found.tuning.score) == {"mae"}
    for _, arm in found.tuning.groupby("loss"):
        assert arm["mean"][arm.chosen].item() == arm["mean"].min()
    (setup,) = experiment.setups
    packs = make_packs(setup, experiment.tuning)
    scores = np.concatenate([train_pack(pack, "fused", "cpu").rows.validation_score for pack in packs])
    assert found.tuning["mean"].mean() == pytest.approx(scores.mean())
