"""What cannot be trained, or to no purpose, is refused before anything starts, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from lossbench.data import Dataset, contaminate, make_fold
from lossbench.errors import BadValue, DataError
from lossbench.plan.experiment import plan
from lossbench.plan.fit.training import check_contamination
from lossbench.plan.settings import make_settings
from lossbench.plan.trials import trials_of, tuning_trials
from lossbench.training.setup import Setup
from plan.planned import planned, some


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


def test_a_loss_without_a_slope_is_refused_under_a_gradient() -> None:
    """Named beside any optimiser that follows one; under one that does not, it is planned."""
    with pytest.raises(
        BadValue, match=r"'zero_one' on 'moons' has a gradient of zero .* sgd would change no network"
    ) as caught:
        plan(make_settings(datasets=["moons"], losses=["bce", "zero_one"], optimizers=["es", "sgd"]))
    assert "optimizers='es', lr=0.1" in str(caught.value)
    assert plan(make_settings(datasets=["moons"], losses=["zero_one"], optimizers=["es"])).trials
