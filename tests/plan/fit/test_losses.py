"""A loss runs on the data sets that it fits, is skipped on others, and refused where it fits none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lossbench.errors import LossDoesNotFit, UnknownName
from plan.planned import planned


@pytest.mark.parametrize("seeds", [1, 2, [7], 40])
def test_whether_a_loss_fits_a_law_does_not_hang_on_the_seeds(seeds: object) -> None:
    """Normal noise takes targets through zero in some seeds, and lognormal errors in none."""
    experiment = planned(["friedman1", "demand"], losses=["mse", "mape"], seeds=seeds)
    assert [(skip.dataset, skip.loss) for skip in experiment.skipped] == [("friedman1", "mape")]
    assert "of what seed 2 draws" in experiment.skipped[0].reason


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
