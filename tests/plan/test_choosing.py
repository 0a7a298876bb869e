"""What a choice may train, and what is refused before anything is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, DataError, LossDoesNotFit, UnknownName
from lossbench.plan.choosing import (
    DECAY_SEEDS,
    DECAYS,
    DIRT,
    RATES,
    Plan,
    judged_by,
    part,
    plan_choice,
    with_optimiser,
)


@pytest.fixture(scope="module")
def iris() -> Plan:
    """Give a choice on iris of few seeds."""
    return plan_choice("iris", ["ce", "mse", "hinge"], seeds=12)


def test_every_loss_has_the_same_rates_and_seeds(iris: Plan) -> None:
    """One of each, clean and dirty; those that tune are not reported."""
    trials = iris.experiment.trials
    assert len(trials) == 3 * len(RATES) * 12 * 2
    assert {trial.outlier_fraction for trial in trials} == {0.0, DIRT}
    assert {trial.seed for trial in iris.experiment.tuning}.isdisjoint(trial.seed for trial in trials)


@given(st.integers(1, 12), st.integers(0, 12), st.booleans())
def test_a_part_is_of_the_first_seeds_and_tuned_alike(clean: int, dirty: int, few: bool) -> None:
    """Whatever is looked at, rates are chosen by the same trainings, which are no part of what is reported."""
    whole = plan_choice("iris", ["ce", "mse"], seeds=12).experiment
    losses = ("ce",) if few else ("ce", "mse")
    some = part(whole, clean, losses, min(dirty, clean))
    assert some.tuning == whole.tuning
    assert set(some.trials) <= set(whole.trials)
    seeds = {(trial.loss, trial.outlier_fraction): set() for trial in some.trials}
    for trial in some.trials:
        seeds[trial.loss, trial.outlier_fraction].add(trial.seed)
    for loss in ("ce", "mse"):
        assert seeds[loss, 0.0] == set(range(clean))
        assert seeds.get((loss, DIRT), set()) == (set(range(min(dirty, clean))) if loss in losses else set())


def test_weights_are_kept_small_as_is_best_for_the_usual_loss(iris: Plan) -> None:
    """By the usual loss alone, on seeds that are never reported; then all losses are trained so."""
    assert iris.decay_search is not None
    assert {trial.loss for trial in iris.decay_search.trials} == {"ce"}
    assert {trial.optimizer for trial in iris.decay_search.trials} == set(DECAYS)
    seeds = {trial.seed for trial in iris.decay_search.trials}
    assert seeds.isdisjoint(iris.settings.seeds)
    assert len(seeds) == DECAY_SEEDS
    then = with_optimiser(iris, DECAYS[2])
    assert {trial.optimizer for trial in then.experiment.trials} == {DECAYS[2]}
    assert then.decay_search is None
    assert [one.why for one in then.experiment.own] == ["chosen on validation for ce"]


def test_a_data_set_with_its_own_way_keeps_it() -> None:
    """As the default config has it for diabetes."""
    found = plan_choice("diabetes", ["mse", "mae"], seeds=5)
    assert found.decay_search is None
    assert {trial.optimizer for trial in found.experiment.trials} == {"adamw:weight_decay=2"}


def table(folder: Path, target: object, rows: int = 60) -> str:
    """Write a table with a target, and return its spec."""
    features = np.random.default_rng(0).normal(size=(rows, 2))
    path = folder / "table.csv"
    pd.DataFrame(features, columns=["a", "b"]).assign(y=target).to_csv(path, index=False)
    return f"{path}:target=y"


def test_a_rare_class_is_judged_by_balanced_accuracy(tmp_path: Path) -> None:
    """Unless somebody names another score."""
    spec = table(tmp_path, ["no"] * 54 + ["yes"] * 6)
    assert judged_by(plan_choice(spec)) == "balanced_accuracy"
    assert judged_by(plan_choice(spec, score=["f1"])) == "f1"
    assert "weighted_bce" in plan_choice(spec).experiment.setups[0].losses


def test_a_candidate_that_does_not_fit_the_score_is_left_out(tmp_path: Path) -> None:
    """And listed; one that somebody names is refused."""
    spec = table(tmp_path, ["no", "yes"] * 30)
    made = plan_choice(spec, score=["log_loss"])
    assert [skip.loss for skip in made.experiment.skipped] == ["hinge"]
    with pytest.raises(LossDoesNotFit, match="estimates no probability"):
        plan_choice(spec, ["hinge"], score=["log_loss"])


@pytest.mark.parametrize(
    ("target", "asked", "error", "message"),
    [
        (["a"] * 60, {}, DataError, "'y' is a in every row; there is nothing to predict"),
        ([2.5] * 60, {}, DataError, "'y' is 2.5 in every row; there is nothing to predict"),
        ([*range(10), *[0] * 50], {}, DataError, "or write task=regression"),
        (
            ["a", "b"] * 30,
            {"score": ["acuracy"]},
            UnknownName,
            "unknown binary score 'acuracy'; did you mean 'accur",
        ),
        (["a", "b"] * 30, {"score": ["r2"]}, UnknownName, "unknown binary score 'r2'"),
        (["a", "b"] * 30, {"margins": {"r2": 0.1}}, BadValue, "no data set of this run is judged by r2"),
        (["a", "b"] * 30, {"margins": {"accuracy": 0.0}}, BadValue, "give a number above zero"),
        (["a", "b"] * 30, {"losses": ["bce"]}, BadValue, "only bce to choose from"),
        (["a", "b"] * 30, {"losses": ["bce", "msee"]}, UnknownName, "unknown loss 'msee'; did you mean 'mse'"),
        (["a", "b"] * 30, {"losses": ["bce", "huber"]}, LossDoesNotFit, "'huber' does not fit the task binary"),
        (["a", "b"] * 30, {"seeds": 0}, BadValue, "give a whole number of at least 1"),
    ],
)
def test_what_cannot_be_decided_is_refused(tmp_path: Path, target, asked, error, message) -> None:
    """In one sentence, with what to do, before anything is trained."""
    with pytest.raises(error, match=message):
        plan_choice(table(tmp_path, target), **asked)


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    """A split needs ten."""
    with pytest.raises(DataError, match="needs at least 10; add rows"):
        plan_choice(table(tmp_path, np.arange(9) / 7, rows=9))


def test_dirt_that_would_take_a_class_away_is_left_out(tmp_path: Path) -> None:
    """The clean part is planned all the same, and the reason is kept."""
    made = plan_choice(table(tmp_path, ["a"] * 7 + ["b"] * 5, rows=12), seeds=5)
    assert (made.no_contamination == "") == (len(made.settings.outliers) == 2)
