"""A search that learns: what it proposes, and that its settings are a list like any other."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from lossbench.errors import BadValue, OutOfTime
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.request import Manner
from lossbench.plan.search import MIDDLE, make_search, sobol_points
from lossbench.plan.settings import make_settings
from lossbench.plan.shard import Shard
from lossbench.plan.trials import setting_of, tuning_seeds
from lossbench.randomness import stream
from lossbench.run.adaptive import BATCH, FIRST, Arm
from lossbench.run.runner import Finished, run
from lossbench.run.shards import part_of
from lossbench.stats.tuning import edge_rates

pytest.importorskip("optuna", reason="needs pip install -e '.[optuna]'")

RANGE = "huber:delta=0.1..10"
LOSSES = ("mse", RANGE)


def planned(budget: int = 20, **changes: object) -> Experiment:
    """Return a small experiment whose settings are proposed."""
    axes = {"datasets": "diabetes", "losses": list(LOSSES), "models": "linear", "epochs": 2, "seeds": 2}
    return plan(
        make_settings(
            **axes | {"outliers": 0, "lr": (0.001, 0.3)} | changes, tune=f"budget={budget}", sampler="tpe"
        )
    )


def trained(budget: int = 20, **changes: object) -> Finished:
    """Return what came of it, without a store."""
    return run(planned(budget, **changes), Manner(1))


def numbered(done: Finished) -> dict[tuple[str, float], int]:
    """Return the numbers of all settings."""
    return {(one.loss, one.lr): done.experiment.place_of(one) or 0 for one in done.experiment.tuning}


def peak(points: np.ndarray, best: tuple[float, float]) -> np.ndarray:
    """Return a smooth score that is greatest, 0, at one point."""
    return np.asarray(-((points - np.array(best)) ** 2).sum(axis=-1))


def proposed(best: tuple[float, float], first: int) -> np.ndarray:
    """Return 64 points that are proposed for a smooth score, from one random stream."""
    arm = Arm(RANGE, (0.001, 0.1), (), (), sobol_points(FIRST))
    while len(arm.points) < 64:
        arm.worth = peak(np.array(arm.points), best).tolist()
        arm.propose_more(BATCH, stream("search", "", first, len(arm.points)))
    return np.array(arm.points)


@pytest.mark.parametrize("best", [(0.2, 0.7), (0.55, 0.4), (0.9, 0.15)])
def test_it_learns_where_a_smooth_score_is_great(best: tuple[float, float]) -> None:
    """The best of 64 proposals beats the best of 32 points of Sobol, and half of them lie near it."""
    points, even = proposed(best, first=0), np.array(sobol_points(32))
    assert peak(points, best).max() > peak(even, best).max()
    assert np.median(peak(points[FIRST:], best)) > np.median(peak(even, best))


def test_proposals_are_those_of_their_stream() -> None:
    """The same tuning seeds propose the same, others something else; all within the square."""
    one, again, other = (proposed((0.2, 0.7), first) for first in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.min() >= 0
    assert one.max() < 1


def test_every_arm_has_its_budget_on_both_kinds_of_seeds() -> None:
    """Each loss under each optimiser is trained at as many settings, on tuning and on reported seeds."""
    done = trained(optimizers=["adam", "sgd"])
    for trials in (done.experiment.trials, done.experiment.tuning):
        settings = Counter(
            (one.optimizer, RANGE if one.loss.startswith("huber") else one.loss) for one in map(setting_of, trials)
        )
        assert set(settings.values()) == {20 * 2}
        assert len(settings) == 4
    assert {setting_of(one) for one in done.experiment.trials} == {
        setting_of(one) for one in done.experiment.tuning
    }
    assert not done.gaps


def test_it_begins_as_sobol_and_a_larger_budget_begins_as_a_smaller_one() -> None:
    """So that what fewer settings would have shown is what a smaller search shows."""
    fewer, more = numbered(trained(20)), numbered(trained(28))
    sobol = make_search(LOSSES, "regression", (0.001, 0.3), FIRST, "sobol").places
    first = {one: number for one, number in more.items() if number <= FIRST}
    assert first == dict(sobol)
    assert {one: number for one, number in more.items() if number <= 20} == fewer


def test_numbers_are_those_of_a_search_without_a_store_in_any_company() -> None:
    """A loss is proposed the same settings beside others and alone."""
    alone, beside = numbered(trained(losses=["mse"])), numbered(trained())
    assert alone.items() <= beside.items()


def test_no_reported_seed_is_looked_at() -> None:
    """The proposals hang on the tuning seeds alone: other reported seeds below the same ones change none."""
    one, other = trained(seeds=[0, 3]), trained(seeds=[1, 3])
    assert [*tuning_seeds(one.experiment.settings)] == [*tuning_seeds(other.experiment.settings)]
    assert numbered(one) == numbered(other)


def test_a_setting_that_is_worth_nothing_is_no_harm() -> None:
    """Where trainings diverge the search goes on elsewhere."""
    arm = Arm("mse", (0.001, 0.1), (), (), sobol_points(FIRST), [-math.inf] * FIRST)
    arm.propose_more(BATCH, stream("search", "", 0))
    assert len(set(arm.settings)) == FIRST + BATCH
    assert {across for _, across in arm.points[FIRST:]} == {MIDDLE[1]}


def test_a_search_that_crowds_at_an_edge_is_seen_there() -> None:
    """Not only the outermost setting: of 50 even ones one would lie beyond these at most."""
    rates = [0.001, *np.geomspace(0.09, 0.1, 49).tolist()]
    rows = [{"lr": rate, "search_place": place} for place, rate in enumerate(rates)]
    assert 0.1 in (edges := edge_rates(rows))
    assert 0.1 / min(edges - {0.001}) == pytest.approx(100 ** (1 / 50), rel=0.01)
    assert edge_rates([row | {"search_place": None} for row in rows]) == {0.001, 0.1}


def test_shards_cannot_know_of_each_other() -> None:
    """One message, with what to do."""
    with pytest.raises(BadValue, match="leave --shard out, or search by --sampler sobol"):
        part_of(planned(), Shard(1, 2))


def test_time_that_is_over_leaves_no_part_of_a_search() -> None:
    """It is refused, rather than reported with the settings that stand for the others."""
    with pytest.raises(OutOfTime, match="not all settings were tried within the time budget"):
        run(planned(), Manner(1), budget=0.0)
