"""The rates of A/A tests are those of the verdicts that a comparison shows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from lossbench.data import load_dataset
from lossbench.errors import BadValue, LossDoesNotFit, UnknownName
from lossbench.selftest.aa import (
    POWER,
    arm_scores,
    detectable,
    finds,
    prepare,
    proportion,
    rates,
    simulate,
    verdicts,
)


def noise(families: int, shift: float = 0.0, arms: int = 4) -> np.ndarray:
    """Return independent scores of arms that are equal but for a shift of the second."""
    scores = np.random.default_rng(0).normal(0.9, 0.01, (arms, families, 20))
    scores[1] += shift
    return scores


def test_arms_share_splits_and_nothing_else_that_is_drawn():
    """Two arms of one loss differ in their scores; the same arm alone and beside others has the same ones."""
    plan = prepare(["iris"], ["ce"], arms=2, seeds=3, comparisons=2, epochs=3)
    (setup,) = plan.experiment.setups
    both = arm_scores(plan, setup, ("ce", "ce"), 1, lambda trials: None)
    alone = arm_scores(plan, setup, ("ce",), 1, lambda trials: None)
    assert both.shape == (2, plan.families, 3)
    assert (both[0] == alone[0]).all()
    assert (both[0] != both[1]).any()


def test_simulation_counts_what_it_promised():
    """Each data set has at least as many comparisons as asked for, and the rates lie in their intervals."""
    plan = prepare(["iris", "moons"], None, arms=3, seeds=2, comparisons=5, epochs=1)
    told = []
    found = pd.DataFrame(simulate(plan, 1, lambda dataset, trials: told.append((dataset, trials))))
    assert list(found.arms) == ["ce ce ce", "bce bce bce"]
    assert (found.comparisons >= 5).all()
    assert {name: sum(n for other, n in told if other == name) for name in ("iris", "moons")} == plan.trainings
    for name in ("false_rate", "equivalent_rate", "power"):
        assert ((found[f"{name}_low"] <= found[name]) & (found[name] <= found[f"{name}_high"])).all()


def test_false_rate_of_independent_noise_is_below_nominal():
    """On scores without a difference, no more families have a false verdict than 5 % allow by chance."""
    found = rates(noise(2000), load_dataset("moons"))
    assert found["false_rate"] <= binom.ppf(0.999, 2000, 0.05) / 2000


def test_detectable_difference_is_the_least_that_is_found_often_enough():
    """It is found in four families of five; one that is smaller by a tenth of the margin is not."""
    found = partial(finds, noise(200), 1 / 3, 0.01, True)
    least = detectable(found, 0.01)
    assert found(least).mean() >= POWER > found(least - 0.001).mean()
    assert least > detectable(partial(finds, noise(200), 0.0, 0.01, True), 0.01)
    assert np.isnan(detectable(lambda difference: np.zeros(4, dtype=bool), 0.01))


def test_less_is_enough_where_seeds_share_no_rows():
    """With the same scores, a smaller difference is detectable under a law, whose seeds are independent."""
    law, one_table = (rates(noise(200), load_dataset(name))["detectable"] for name in ("moons", "breast_cancer"))
    assert law < 0.7 * one_table


def test_power_grows_with_the_planted_difference():
    """A shift is found more often the larger it is, and in its own direction only."""
    dataset = load_dataset("moons")
    found = [(verdicts(noise(200, shift), 1 / 3, 0.01, True)[0] == "better").mean() for shift in (0, 0.01, 0.04)]
    assert found == sorted(found)
    assert found[0] < 0.05 < 0.95 < found[-1]
    assert rates(noise(200), dataset)["power"] > rates(noise(200, -0.02), dataset)["power"]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_interval_of_a_rate_holds_it(happened):
    """The exact interval lies in [0, 1] around the rate, and exchanging yes and no mirrors it."""
    found, mirrored = proportion("rate", happened), proportion("rate", [not value for value in happened])
    assert 0 <= found["rate_low"] <= found["rate"] <= found["rate_high"] <= 1
    assert found["rate_low"] == pytest.approx(1 - mirrored["rate_high"])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"arms": 1}, BadValue, "at least two arms, but --arms is 1"),
        ({"seeds": 1}, BadValue, "at least two seeds"),
        ({"comparisons": 0}, BadValue, "at least two comparisons"),
        ({"losses": ["huber"]}, LossDoesNotFit, "huber"),
        ({"losses": ["bcee"]}, UnknownName, "bce"),
        ({"datasets": ["mons"]}, UnknownName, "moons"),
    ],
)
def test_a_test_that_says_nothing_is_refused(changes, error, message):
    """Too few of anything, or names that do not fit, are refused before any training."""
    plain = {"datasets": ["moons"], "losses": None, "arms": 2, "seeds": 2, "comparisons": 2, "epochs": 1}
    with pytest.raises(error, match=message):
        prepare(**(plain | changes))


def test_a_placebo_is_an_arm_like_any_other():
    """Losses that compute the same function in two ways may be compared."""
    plan = prepare(["moons"], ["bce", "ce"], arms=9, seeds=2, comparisons=2, epochs=1)
    assert plan.arms == (("bce", "ce"),)
    assert len(list(simulate(replace(plan, families=2), 1))) == 1
