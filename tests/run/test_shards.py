"""Shards are a partition of the plan, even in work, and the same for everybody."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.settings import make_settings
from lossbench.plan.shard import Shard, parse_shard
from lossbench.run.runner import work
from lossbench.run.shards import packs_of_seeds, part_of, shards

COUNTS = st.integers(1, 40)


def study(**changes: object) -> Experiment:
    """Plan an experiment of data sets of unequal size, tuned."""
    small = {"datasets": ["iris", "moons", "digits"], "seeds": 3, "epochs": 2, "tune": True, "lr": [0.01, 0.1]}
    return plan(make_settings(**(small | changes)))


STUDY = study()


@given(COUNTS)
def test_every_trial_is_in_one_shard(count: int) -> None:
    """Shards share the trials of the plan, in the plan's order, and a part is an experiment of them."""
    cut = shards(STUDY, count)
    wanted = STUDY.trials + STUDY.tuning
    places = {trial: place for place, trial in enumerate(wanted)}
    assert len(cut) == count
    assert sorted(places[trial] for trial in chain(*cut)) == list(range(len(wanted)))
    for number, trials in enumerate(cut, 1):
        part = part_of(STUDY, Shard(number, count))
        assert part.trials + part.tuning == trials
        assert (part.settings, part.setups) == (STUDY.settings, STUDY.setups)


@given(COUNTS)
def test_no_shard_has_more_than_its_part_and_one_pack(count: int) -> None:
    """Work is even, as far as whole packs go."""
    effort = [sum(map(work, packs_of_seeds(STUDY, trials))) for trials in shards(STUDY, count)]
    largest = max(map(work, packs_of_seeds(STUDY, STUDY.trials + STUDY.tuning)))
    assert max(effort) <= sum(effort) / count + largest * (1 + 1e-9)


@given(COUNTS)
def test_a_lost_shard_costs_few_seeds(count: int) -> None:
    """The seeds of a data set that a shard has follow each other, those that tune before those reported."""
    tuning = set(STUDY.tuning)
    for name in STUDY.settings.datasets:
        owners = {
            (trial not in tuning, trial.seed): number
            for number, trials in enumerate(shards(STUDY, count))
            for trial in trials
            if trial.dataset == name
        }
        assert [owners[key] for key in sorted(owners)] == sorted(owners.values())


def test_shards_are_the_same_in_another_plan() -> None:
    """Who plans the same experiment again gets the same shards, and no state is left by the first."""
    assert shards(study(), 4) == shards(STUDY, 4)


@given(st.integers(-5, 30), st.integers(-5, 30))
def test_a_shard_reads_as_it_is_written(number: int, count: int) -> None:
    """`3/10` is the third of ten; a number that there is not is refused, with the numbers that there are."""
    if 1 <= number <= count:
        assert parse_shard(f"{number}/{count}") == Shard(number, count)
    else:
        with pytest.raises(BadValue, match="shard '"):
            parse_shard(f"{number}/{count}")


@pytest.mark.parametrize("text", ["", "3", "3/", "/3", "a/b", "1/2/3", "1.5/3", "1/100001"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """Anything else is refused by name."""
    with pytest.raises(BadValue, match="shard '"):
        parse_shard(text)
