"""Seeds are added until a choice is settled: held with results whose truth is known, and nobody trained."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from stats.synthetic import MANY, table

from lossbench.plan.choosing import Plan, plan_choice
from lossbench.plan.experiment import Experiment
from lossbench.results import choosing
from lossbench.results.choosing import best_optimiser, until_settled
from lossbench.run.state import Gap
from lossbench.stats.answer.looks import planned
from lossbench.stats.findings import Findings
from lossbench.stats.tuning import tuning_table

LOSSES = ("bce", "mse", "focal", "hinge")
MOST = 40
Draw = Callable[[int], np.ndarray]


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Give a choice among four losses on a law."""
    return plan_choice("moons:rows=50", LOSSES, margins={"accuracy": 1e-9}, seeds=MOST)


@dataclass(frozen=True)
class Found(Findings):
    """What a part of a plan is said to have come to."""

    gaps: tuple[Gap, ...] = ()


@dataclass
class Work:
    """Takes scores from a draw instead of training.

    Args:
        scores: (losses, seeds) the accuracy of each.
        stops: after how many seeds the budget ends.
    """

    scores: np.ndarray
    stops: float = math.inf
    asked: list[int] = field(default_factory=list)

    @property
    def seconds_left(self) -> float:
        """Whether there is time for more."""
        return math.inf if not self.asked or self.asked[-1] < self.stops else 0.0

    def train(self, stage: str, experiment: Experiment) -> Found:
        """Return the trials of the first seeds, and those that the budget leaves out."""
        seeds = len(experiment.settings.seeds)
        self.asked.append(seeds)
        done = int(min(seeds, self.stops))
        found = dict(zip(LOSSES, self.scores[:, :done, None], strict=True))
        trials = table(found, [0.0], dataset="moons", **MANY | {"sampling": "redrawn"})
        trials = trials.assign(validation_score=trials.accuracy)
        gaps = (Gap("moons", tuple(range(done, seeds)), seeds - done),) if done < seeds else ()
        return Found(trials, tuning_table(trials), {"accuracy": 1e-9}, gaps=gaps)


def drawn(means: tuple[float, ...], seed: int, deviation: float = 0.02) -> np.ndarray:
    """Draw scores about some means, (losses, seeds)."""
    noise = np.random.default_rng(seed).normal(scale=deviation, size=(len(means), MOST))
    return 0.8 + np.array(means)[:, None] + noise


def test_a_large_difference_is_settled_at_the_first_look(plan: Plan) -> None:
    """No seed is trained that is not needed."""
    work = Work(drawn((0.0, -0.2, -0.3, -0.4), 0))
    found, made = until_settled(plan, work)
    assert (made.end, made.chosen, work.asked) == ("settled", "bce", [10])
    assert found.correction == MOST / 10


def test_seeds_are_added_where_they_may_tell(plan: Plan) -> None:
    """Each look is corrected for what it spends."""
    work = Work(drawn((0.0, 0.012, -0.3, -0.3), 2))
    found, made = until_settled(plan, work)
    assert work.asked[: len(made.looks)] == list(planned(MOST))[: len(made.looks)]
    assert len(made.looks) > 1
    assert found.correction == MOST / (made.looks[-1] - made.looks[-2])


@pytest.mark.parametrize(
    ("stops", "looks"), [(7, (7,)), (10, (10,)), (13, (10, 13)), (20, (10, 20)), (33, (10, 20, 33))]
)
def test_a_budget_leaves_whole_seeds(plan: Plan, stops: int, looks: tuple[int, ...]) -> None:
    """What was done counts, as a look of its own, and at the level that it newly spends."""
    for seed in range(4):
        found, made = until_settled(plan, Work(drawn((0.0, 0.012, -0.3, -0.3), seed), stops))
        assert made.looks == looks[: len(made.looks)]
        if made.end == "budget":
            assert made.looks == looks
            before = looks[-2] if len(looks) > 1 else 0
            assert found.correction == MOST / (looks[-1] - before)
            assert made.table.seeds == looks[-1]


def test_equal_losses_are_told_apart_on_one_table_in_twenty_at_most(plan: Plan) -> None:
    """With all looks together; `tests/stats/test_looks.py` has what it is without the correction."""
    studies = 20
    made = [until_settled(plan, Work(drawn((0.0,) * 4, seed)))[1] for seed in range(studies)]
    assert sum(bool(one.table.beaten) for one in made) <= 0.05 * studies + 2 * math.sqrt(0.05 * 0.95 * studies)
    assert {len(one.looks) for one in made} > {1}


@pytest.mark.parametrize(
    ("score", "means", "chosen"),
    [
        ("accuracy", {"adam": 0.7, "few": 0.8, "many": 0.81}, "few"),
        ("accuracy", {"adam": 0.8, "few": 0.801, "many": 0.7}, "adam"),
        ("brier", {"adam": 0.3, "few": 0.2, "many": 0.1}, "many"),
        ("brier", {"adam": 0.1, "few": 0.2, "many": 0.3}, "adam"),
        ("r2", {"adam": math.nan, "few": 0.5, "many": 0.5}, "few"),
        ("r2", {"adam": math.nan, "few": math.nan, "many": -3.0}, "many"),
        ("r2", {"adam": math.nan, "few": math.nan, "many": math.nan}, "adam"),
    ],
)
def test_the_least_decay_is_taken_that_is_not_told_from_the_best(score: str, means: dict, chosen: str) -> None:
    """By the direction of the score; a difference within its noise is none, and what diverged is not taken."""
    noise = np.random.default_rng(0).normal(scale=0.06, size=(3, 20))
    noise -= noise.mean(axis=1, keepdims=True)
    rows = [
        {"task": "binary", "optimizer": name, "seed": seed, "score": score}
        | {"validation_score": mean + noise[place, seed]}
        for place, (name, mean) in enumerate(means.items())
        for seed in range(20)
    ]
    assert best_optimiser(Findings(pd.DataFrame(rows))) == chosen


def test_time_that_is_left_is_what_the_budget_has() -> None:
    """Counted from when the call began."""
    work = choosing.Work(None, time.perf_counter() - 100.0, None, 60.0, lambda *_: None)
    assert -41 < work.seconds_left < -40
