"""A search with a stated budget: so many settings of each loss, alike for all of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName, UsageError
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.search import ADAPTIVE, SAMPLERS, make_search, sobol
from lossbench.plan.settings import make_settings

RANGE, LIST = "huber:delta=0.1..10", "pinball:tau=0.3|0.5|0.7"
LOSSES = ("mse", RANGE, LIST)
RATES = (0.001, 0.1)
PLANNED = tuple(sampler for sampler in SAMPLERS if sampler != ADAPTIVE)  # see tests/run/test_adaptive.py


@given(st.sampled_from(PLANNED), st.integers(9, 200))
def test_every_loss_has_its_budget(sampler: str, budget: int) -> None:
    """Sobol's to the setting; a grid's product may fall short by less than a rate for each value."""
    found = make_search(LOSSES, "regression", RATES, budget, sampler)
    counts = Counter(found.of(loss) or loss for loss, _ in found.places)
    assert set(counts) == set(LOSSES)
    for spec, count in counts.items():
        values = len(found.grids[spec].members) if spec in found.grids else 1
        assert budget - (values if sampler == "grid" else 1) < count <= budget
        numbers = sorted(n for (loss, _), n in found.places.items() if (found.of(loss) or loss) == spec)
        assert numbers == list(range(1, count + 1))
    assert all(RATES[0] <= rate <= RATES[1] for _, rate in found.places)


@pytest.mark.parametrize("sampler", PLANNED)
def test_all_begin_with_the_middle(sampler: str) -> None:
    """The first setting of every loss has one rate, and the middle value: what one rate for all is shown at."""
    found = make_search(LOSSES, "regression", RATES, 64, sampler)
    first = [one for one, number in found.places.items() if number == 1]
    assert {rate for _, rate in first} == {0.01}
    assert {loss for loss, _ in first} >= {"mse", "pinball:tau=0.5"}
    (delta,) = (float(loss.partition("=")[2]) for loss, _ in first if loss.startswith("huber"))
    assert 0.5 < delta < 2


def test_sobols_losses_share_their_rates_in_order() -> None:
    """Whether a parameter is tuned or not; and the first of a larger budget are those of a smaller one."""
    found, fewer = (make_search(LOSSES, "regression", RATES, budget, "sobol").places for budget in (64, 16))
    rates = {spec: [rate for loss, rate in found if loss.startswith(spec)] for spec in ("mse", "huber", "pinball")}
    assert rates["mse"] == rates["huber"] == rates["pinball"]
    assert {one: found[one] for one in fewer} == fewer


@given(st.integers(0, 6))
def test_the_first_points_fill_the_square(power: int) -> None:
    """Each of 2^m strips, and of 2^m columns, has one of the first 2^m points."""
    count = 2**power
    points = sobol(count)
    for axis in points.T:
        assert sorted((axis * count).astype(int).tolist()) == list(range(count))
    np.testing.assert_array_equal(sobol(count), points)


def planned(**changes: object) -> Experiment:
    """Return a small experiment that is tuned with a budget."""
    return plan(make_settings(datasets="diabetes", losses=list(LOSSES), seeds=2, lr=RATES, outliers=0, **changes))


def test_it_is_trained_on_reported_and_tuning_seeds() -> None:
    """Every setting, once a seed, and nothing else."""
    experiment = planned(tune="budget=8", sampler="sobol")
    assert len(experiment.trials) == len(experiment.tuning) == 3 * 8 * 2
    asked = {experiment.place_of(one) for one in experiment.trials}
    assert asked == set(range(1, 9))


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"tune": "budget=0"}, BadValue, "leave it out, or give 4 to 1024"),
        ({"tune": "budget=3"}, BadValue, "give 4 to 1024 settings"),
        ({"tune": "budget=9", "lr": 0.01}, BadValue, "give both, as lr="),
        ({"tune": "budget=6"}, BadValue, "give 9 settings or more"),
        ({"tune": "budget=9", "sampler": "tea"}, UnknownName, "unknown sampler 'tea'; did you mean 'tpe'?"),
        ({"tune": "budget=9", "sampler": "sobol", "lr": (0.1, 0.1000001)}, BadValue, "too close"),
        ({"tune": True, "sampler": "sobol"}, BadValue, "give its budget, as tune='budget=64'"),
    ],
)
def test_what_cannot_be_searched_is_refused(changes: dict, error: type[Exception], says: str) -> None:
    """With what to do next."""
    plain = {"datasets": "diabetes", "losses": list(LOSSES), "seeds": 2, "lr": RATES, "outliers": 0}
    with pytest.raises(error) as caught:
        plan(make_settings(**plain | changes))
    assert says in str(caught.value)


def test_a_sampler_of_a_package_says_how_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is trained."""
    monkeypatch.setattr("lossbench.plan.search.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs optuna: pip install 'lossbench\[optuna\]'"):
        planned(tune="budget=9", sampler=ADAPTIVE)
