"""Parameters of a loss that are tuned: the values of a grid, and the same budget for every loss."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lossbench.errors import UsageError
from lossbench.losses import catalogue, get_loss
from lossbench.plan.experiment import plan
from lossbench.plan.grids import VALUES, is_scale, make_grid, make_grids, refined
from lossbench.plan.settings import make_settings
from lossbench.spec import split_spec

PARAMETERS = {(record.name, one.name): (record, one) for record in catalogue() for one in record.parameters}
RATES = st.lists(st.floats(1e-5, 1.0), min_size=2, max_size=5, unique=True)


def values_of(spec: str, key: str) -> list[float]:
    """Return the values of a grid."""
    return [float(split_spec(member)[1][key]) for member in make_grid(spec).members]


@pytest.mark.parametrize("place", PARAMETERS, ids=":".join)
def test_a_range_is_even_in_what_the_parameter_is(place: tuple[str, str]) -> None:
    """Of every loss: equal ratios for a scale, else equal steps; both ends are there, and each is a loss."""
    (name, key), (record, parameter) = place, PARAMETERS[place]
    low = parameter.low + 0.125 if math.isfinite(parameter.low) else -0.5
    high = min(parameter.high - 0.125 * parameter.open_high, low + 8.0)
    found = values_of(f"{name}:{key}={low}..{high}", key)
    assert (len(found), found[0], found[-1]) == (
        VALUES,
        pytest.approx(low, rel=5e-3),
        pytest.approx(high, rel=5e-3),
    )
    steps = [math.log(b / a) if is_scale(parameter) else b - a for a, b in pairwise(found)]
    assert max(steps) - min(steps) < 0.02 * max(steps) + 0.01
    for member in make_grid(f"{name}:{key}={low}..{high}").members:
        get_loss(member, record.task)


@given(low=st.floats(1e-6, 1e6), ratio=st.floats(1.001, 1e6))
def test_no_two_values_of_a_range_are_the_same(low: float, ratio: float) -> None:
    """However narrow it is, they rise, and none lies outside."""
    found = values_of(f"huber:delta={low!r}..{low * ratio!r}", "delta")
    assert all(a < b for a, b in pairwise(found))
    assert (found[0], found[-1]) == (pytest.approx(low), pytest.approx(low * ratio))


def test_values_are_taken_as_they_are_written_and_sorted() -> None:
    """So that names in tables are the user's own; other parameters stay."""
    made = make_grid("focal:gamma=5|0|2.0:alpha=0.25")
    assert made.members == tuple(f"focal:gamma={value}:alpha=0.25" for value in ("0", "2.0", "5"))


def test_an_end_of_the_allowed_range_is_no_edge() -> None:
    """Nothing lies beyond gamma = 0; beyond 5 there may be."""
    assert make_grid("focal:gamma=0|1|5").ends == ("focal:gamma=5",)
    assert make_grid("huber:delta=1|2").ends == ("huber:delta=1", "huber:delta=2")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("huber:delta=0..10", "delta=0 is out of range; give values in (0, inf)"),
        ("huber:delta=-1|2", "delta=-1 is out of range"),
        ("huber:delta=10..1", "is no range"),
        ("huber:delta=1..x", "delta=x is not a number"),
        ("huber:delta=1..inf", "delta=inf is not a number"),
        ("huber:delta=1|1", "only one value of delta to choose from"),
        ("huber:dleta=1|2", "did you mean 'delta'?"),
        ("focal:gamma=1|2:alpha=0.1..0.5", "tunes gamma and alpha; tune one parameter"),
        ("mine.py:f:alpha=1..2", "the scale of alpha is not known"),
        ("mine.py:f:alpha=1|2:@label=mine", "has a label"),
    ],
)
def test_what_is_no_grid_is_refused(spec: str, said: str) -> None:
    """In one line, with what to write instead."""
    with pytest.raises(UsageError) as caught:
        make_grid(spec)
    assert said in str(caught.value)


@example(rates=[0.5625, 0.5625038146972656], more=1)
@given(rates=RATES, more=st.integers(0, 20))
def test_refined_rates_hold_those_given_and_lie_between(rates: list[float], more: int) -> None:
    """As many as are asked for, each once."""
    made = refined(rates, len(rates) + more)
    assert set(rates) <= set(made)
    assert (min(made), max(made), len(made)) == (min(rates), max(rates), len(rates) + more)
    assert list(made) == sorted(made)


def test_every_loss_has_the_same_budget() -> None:
    """A loss without a grid in rates; a short grid as many as its values divide, and never more."""
    losses = ["mse", "huber:delta=0.1..10", "pinball:tau=0.3|0.5"]
    experiment = plan(make_settings(datasets=["diabetes"], losses=losses, lr=[0.001, 0.1], seeds=3, outliers=0))
    counts: Counter[str] = Counter()
    for trial in experiment.tuning:
        grid = experiment.grid_of(trial.task, trial.loss)
        counts[grid.spec if grid else trial.loss] += 1
    assert counts == dict.fromkeys(losses, 14 * 2)  # on two seeds
    assert {trial.seed for trial in experiment.tuning}.isdisjoint(experiment.settings.seeds)
    assert experiment.settings.tune


def test_a_loss_of_another_task_has_no_part_in_the_budget() -> None:
    """On two classes, of which huber says nothing, bce has as many settings as focal; huber is skipped once."""
    losses = ["mse", "huber:delta=0.1..10", "bce", "focal:gamma=0|1|5"]
    datasets = ["diabetes", "moons"]
    experiment = plan(make_settings(datasets=datasets, losses=losses, lr=[0.01, 0.1], seeds=2, outliers=0))
    tried = Counter(trial.loss for trial in experiment.tuning if trial.dataset == "moons" and trial.seed == 2)
    assert tried == {"mse": 6, "bce": 6, "focal:gamma=0": 2, "focal:gamma=1": 2, "focal:gamma=5": 2}
    skipped = [skip.loss for skip in experiment.skipped if skip.dataset == "moons"]
    assert skipped == ["huber:delta=0.1..10"]


def test_without_a_grid_nothing_is_changed() -> None:
    """The rates are those given."""
    assert make_grids(("mse", "huber"), "regression", (0.1,)).rates_of("mse", (0.1,)) == (0.1,)


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        (["mse", "huber:delta=1|2"], "every loss gets the same budget"),
        (["huber:delta=1", "huber:delta=1|2"], "'huber:delta=1' is named twice"),
    ],
)
def test_losses_that_cannot_share_a_budget_are_refused(losses: list[str], said: str) -> None:
    """Before training, with the line that helps."""
    with pytest.raises(UsageError) as caught:
        plan(make_settings(datasets=["diabetes"], losses=losses, lr=[0.01]))
    assert said in str(caught.value)
