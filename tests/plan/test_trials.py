"""The list of trials is the product of what is asked for, and other seeds choose the rates."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from lossbench.errors import BadValue
from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings
from lossbench.plan.trials import tuning_count
from plan.planned import planned, some

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
    with pytest.raises(BadValue, match=r"give a grid: lr=\[0.001"):
        planned("iris", tune=True)
