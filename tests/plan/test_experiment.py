from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from lossbench.data import Dataset, contaminate, make_fold
from lossbench.errors import BadValue, DataError, LossDoesNotFit, UnknownName
from lossbench.plan.experiment import (
    Experiment,
    check_contamination,
    plan,
    trials_of,
    tuning_count,
    tuning_trials,
)
from lossbench.plan.settings import make_settings
from lossbench.training.setup import Setup


def planned(datasets: str | list[str], **changes: object) -> Experiment:
    """Plan a small experiment."""
    return plan(make_settings(datasets=datasets, **({"seeds": 1, "outliers": [0.0]} | changes)))


def some(*values: object) -> st.SearchStrategy[list]:
    """Some of the values, at least one."""
    return st.lists(st.sampled_from(values), min_size=1, unique=True)


@pytest.mark.parametrize("seeds", [1, 2, [7], 40])
def test_whether_a_loss_fits_a_law_does_not_hang_on_the_seeds(seeds: object) -> None:
    """Normal noise takes targets through zero in some seeds, and lognormal errors in none."""
    experiment = planned(["friedman1", "demand"], losses=["mse", "mape"], seeds=seeds)
    assert [(skip.dataset, skip.loss) for skip in experiment.skipped] == [("friedman1", "mape")]
    assert "of what seed 2 draws" in experiment.skipped[0].reason


AXES = {
    "datasets": some("iris", "wine"),
    "losses": some("ce", "mse", "focal:gamma=1", "cce"),
    "models": some("linear", "mlp:4", "mlp:4,3:tanh"),
    "optimizers": some("sgd", "adam"),
    "lr": some(0.1, 0.01),
    "l1": some(0.0, 0.1),
    "l2": some(0.0, 0.1),
    "outliers": some(0.2, 0.0, 0.1),
    "seeds": st.integers(1, 3),
}


@limits(deadline=None, max_examples=25)
@given(st.fixed_dictionaries(AXES))
def test_every_combination_once(axes: dict[str, list]) -> None:
    """The trials are the product of the axes: each combination is there, and none twice."""
    trials = plan(make_settings(**axes)).trials
    count = 1
    for values in axes.values():
        count *= values if isinstance(values, int) else len(values)
    assert len(trials) == len(set(trials)) == count


@limits(deadline=None, max_examples=25)
@given(some(0.0, 0.1, 0.2, 0.4))
def test_shares_ascend_and_zero_is_clean(shares: list[float]) -> None:
    """Shares stand in ascending order whatever the user's; a share of zero has no kind of contamination."""
    trials = planned("iris", outliers=shares, losses=["ce"]).trials
    assert [trial.outlier_fraction for trial in trials] == sorted(shares)
    assert all((trial.outlier_kind == "none") == (trial.outlier_fraction == 0) for trial in trials)


@pytest.mark.parametrize(("dataset", "kind"), [("iris", "label"), ("moons", "label"), ("diabetes", "target")])
def test_contamination_is_by_task(dataset: str, kind: str) -> None:
    """Left open, labels are flipped and quantities moved."""
    (trial,) = planned(dataset, outliers=[0.1], losses=["mse"]).trials
    assert trial.outlier_kind == kind


def test_a_kind_that_a_task_has_not_is_refused() -> None:
    """A class has no vertical outliers, nor a quantity a wrong label; both may have leverage points."""
    for dataset, kind in (("iris", "target"), ("diabetes", "label")):
        with pytest.raises(BadValue, match=f"no '{kind}' contamination"):
            planned(dataset, outlier_kind=kind, losses=["mse"])
    trials = planned(["iris", "diabetes"], outlier_kind="feature", outliers=[0.1], losses=["mse"]).trials
    assert {trial.outlier_kind for trial in trials} == {"feature"}


@limits(deadline=None, max_examples=25)
@given(
    counts=st.lists(st.integers(2, 8), min_size=2, max_size=3),
    outliers=some(0.0, 0.1, 0.8),
    kind=st.sampled_from(["label", "feature"]),
    tune=st.booleans(),
)
def test_what_cannot_be_split_or_flipped_is_refused(
    counts: list[int], outliers: list[float], kind: str, tune: bool
) -> None:
    """A plan is refused where one of its trainings lacks a class, and nowhere else."""
    setup = Setup(classes([counts[0] + 10, *counts[1:]]), {"mse": None}, {"linear": None}, {"sgd": None})
    settings = make_settings(
        losses=["mse"], seeds=3, outliers=outliers, outlier_kind=kind, tune=tune, lr=[0.1, 1.0]
    )
    trials = tuple(trials_of(settings, setup))
    trials += tuple(tuning_trials(settings, trials))
    try:
        for trial in trials:
            contaminate(make_fold(setup.dataset, trial.seed), kind, trial.outlier_fraction, trial.seed)
    except DataError:
        with pytest.raises(DataError):
            check_contamination(setup, trials)
    else:
        check_contamination(setup, trials)


def classes(counts: list[int]) -> Dataset:
    """Make up a data set with so many rows of each class."""
    target = np.repeat(np.arange(len(counts)), counts)
    features = np.arange(2.0 * len(target)).reshape(-1, 2)
    task = "binary" if len(counts) == 2 else "multiclass"
    return Dataset("made up", task, features, target, tuple(map(str, range(len(counts)))), ("a", "b"))


def test_where_no_class_can_be_lost_nothing_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quantities have no classes, and a stratified split has all of them."""
    monkeypatch.setattr("lossbench.training.pack.make_fold", None)
    planned(["diabetes", "iris"], losses=["mse"], outlier_kind="feature", outliers=[0.0, 0.4])
    planned("diabetes", losses=["mse"], outliers=[0.4])


def test_without_losses_each_task_gets_its_own() -> None:
    """The default losses of a task run on its data sets; nothing is skipped."""
    experiment = planned(["iris", "diabetes"])
    for dataset, task in (("iris", "multiclass"), ("diabetes", "regression")):
        losses = tuple(trial.loss for trial in experiment.trials if trial.dataset == dataset)
        assert losses == experiment.settings.losses_for(task)
    assert experiment.skipped == ()


def test_a_loss_that_fits_some_data_sets_runs_there() -> None:
    """It is skipped on the others, once each, with the reason; every pair is either trained or skipped."""
    experiment = planned(["iris", "diabetes", "wine"], losses=["huber", "mse"])
    trained = {(trial.dataset, trial.loss) for trial in experiment.trials}
    skipped = [(skip.dataset, skip.loss) for skip in experiment.skipped]
    assert skipped == [("iris", "huber"), ("wine", "huber")]
    assert trained.isdisjoint(skipped)
    assert len(trained) + len(skipped) == 3 * 2
    assert all("it serves regression" in skip.reason for skip in experiment.skipped)


def test_a_loss_that_fits_no_data_set_is_refused() -> None:
    """Even where other losses fit: somebody asked for it."""
    with pytest.raises(LossDoesNotFit, match="loss 'huber' does not fit the task multiclass"):
        planned(["iris", "wine"], losses=["ce", "huber"])


@pytest.fixture
def zero(tmp_path: Path) -> str:
    """The spec of a table with a zero in its target."""
    pd.DataFrame({"x": range(40), "y": [value + 0.5 for value in range(39)] + [0.0]}).to_csv(tmp_path / "zero.csv")
    return f"{tmp_path / 'zero.csv'}:target=y"


def test_an_undefined_loss_is_skipped_among_a_tasks_own(zero: str) -> None:
    """Nobody asked for it by name: the others run, and the reason names the row."""
    experiment = planned(zero)
    assert [trial.loss for trial in experiment.trials] == ["mse", "mae", "huber", "log_cosh", "pinball"]
    (skip,) = experiment.skipped
    assert (skip.loss, skip.dataset) == ("mape", zero)
    assert "row 40 (counted from 1)" in skip.reason


def test_an_undefined_loss_is_refused_where_nothing_else_runs(zero: str) -> None:
    """Named, or the only one of its task, it is refused; where it fits another data set it is skipped."""
    for losses in (["mse", "mape"], {"regression": ["mape"]}):
        with pytest.raises(LossDoesNotFit, match="row 40"):
            planned(zero, losses=losses)
    experiment = planned([zero, "demand"], losses=["mape"])
    assert {trial.dataset for trial in experiment.trials} == {"demand"}
    assert [skip.dataset for skip in experiment.skipped] == [zero]


def test_many_rows_are_counted_not_listed(tmp_path: Path) -> None:
    """A message names the first rows and says how many more there are."""
    pd.DataFrame({"x": range(40), "y": [0.0, 1.5] * 20}).to_csv(tmp_path / "zero.csv")
    with pytest.raises(LossDoesNotFit, match=r"row 1, 3, 5, 7, 9 and 15 more \(counted from 1\)"):
        planned(f"{tmp_path / 'zero.csv'}:target=y:task=regression", losses=["mape"])


def test_a_loss_stands_under_its_task() -> None:
    """A table of losses is checked whole, also for tasks that no data set has."""
    with pytest.raises(LossDoesNotFit, match="'ce' does not fit the task regression"):
        planned("iris", losses={"multiclass": ["ce"], "regression": ["ce"]})
    with pytest.raises(UnknownName, match="unknown loss 'hubber'"):
        planned("iris", losses={"regression": ["hubber"]})


@pytest.mark.parametrize(
    "changes",
    [{"models": ["linear", "mlp:0"]}, {"optimizers": ["adam", "sgd:momentum=1"]}, {"losses": ["focal:gamma=-1"]}],
    ids=str,
)
def test_every_part_is_checked(changes: dict[str, list[str]]) -> None:
    """A mistake in any value of any axis is found by planning alone."""
    with pytest.raises(BadValue):
        planned("iris", **changes)


def test_rates_are_tuned_on_other_seeds_with_equal_budgets() -> None:
    """Every loss tries every rate on the same clean trainings, and none of their seeds is reported."""
    settings = {
        "losses": ["ce", "mse"],
        "lr": [0.1, 0.01, 1.0],
        "seeds": "3:5",
        "outliers": [0.0, 0.2],
        "tune": True,
    }
    experiment = plan(make_settings(datasets=["iris"], **settings))
    assert not {trial.seed for trial in experiment.tuning} & {trial.seed for trial in experiment.trials}
    assert {trial.outlier_kind for trial in experiment.tuning} == {"none"}
    budgets = Counter((trial.loss, trial.lr) for trial in experiment.tuning)
    assert len(budgets) == 2 * 3
    assert set(budgets.values()) == {tuning_count(2)}
    assert experiment.trials == plan(make_settings(datasets=["iris"], **settings | {"tune": False})).trials


def test_a_single_rate_cannot_be_tuned() -> None:
    """There is nothing to choose from; the message says how to give a grid."""
    with pytest.raises(BadValue, match="give a grid: --lr"):
        planned("iris", tune=True)


def test_a_loss_without_a_slope_is_refused_under_a_gradient() -> None:
    """Named beside any optimiser that follows one; under one that does not, it is planned."""
    with pytest.raises(BadValue, match=r"'zero_one' on 'moons' has a slope of zero .* sgd would leave") as caught:
        plan(make_settings(datasets=["moons"], losses=["bce", "zero_one"], optimizers=["es", "sgd"]))
    assert "--optimizer es" in str(caught.value)
    assert plan(make_settings(datasets=["moons"], losses=["zero_one"], optimizers=["es"])).trials
