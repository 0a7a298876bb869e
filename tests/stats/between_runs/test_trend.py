"""Change points: found where they are, rarely where there are none, whoever looks how often."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from lossbench.stats.between_runs.trend import Series, series_of, turns
from lossbench.stats.estimate import ALPHA
from lossbench.stats.paired import paired_test
from stats.runs import clean, moved

SEEDS, RUNS = 10, 12
STUDIES = 200
SPREAD = np.linspace(-0.02, 0.03, SEEDS)


def series(scores: np.ndarray) -> Series:
    """Return a series of these scores (seeds, runs)."""
    return Series({}, "binary", "accuracy", np.arange(scores.shape[1]), scores)


def steady(*steps: tuple[int, float]) -> np.ndarray:
    """Return scores (seeds, runs) that stay as they are but for some steps: the run, and the mean change."""
    scores = np.tile(0.8 + SPREAD[:, None], RUNS)
    for run, size in steps:
        scores[:, run:] += size * (1.0 + SPREAD[:, None])
    return scores


def found(*every: np.ndarray) -> list[list[int]]:
    """Return where the change points of some series are."""
    return [[turn.position for turn in mine] for mine in turns(list(map(series, every)))]


@given(st.lists(st.integers(1, RUNS - 1), unique=True, max_size=3))
def test_of_a_program_that_is_deterministic_every_step_is_found(runs: list[int]) -> None:
    """However many, and in the last run too; and nothing else is."""
    steps = [(run, 0.05 if number % 2 else -0.1) for number, run in enumerate(sorted(runs))]
    assert found(steady(*steps), steady()) == [sorted(runs), []]


def test_a_step_has_its_size_and_interval() -> None:
    """The mean of the differences, and Student's interval of them."""
    ((turn,),) = turns([series(steady((4, -0.1)))])
    expected = paired_test(-0.1 * (1.0 + SPREAD), 0.0).interval
    assert turn.step.mean == pytest.approx(expected.mean)
    assert (turn.step.low, turn.step.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("kind", ["noise", "one move", "counts"])
def test_where_nothing_moved_few_reports_have_a_mark(kind: str) -> None:
    """At most one of twenty, over all its series: for noise in every run, one change of mean zero, and shares."""
    random = np.random.default_rng(0)
    draw = {
        "noise": lambda: random.normal(size=(SEEDS, 1)) + random.normal(size=(SEEDS, RUNS)),
        "one move": lambda: np.repeat(random.normal(size=(SEEDS, 2)), RUNS // 2, axis=1),
        "counts": lambda: random.binomial(50, 0.9, size=(SEEDS, RUNS)) / 50,
    }[kind]
    false = sum(any(found(*(draw() for _ in range(6)))) for _ in range(STUDIES))
    assert false <= binom.ppf(0.999, STUDIES, ALPHA)


def test_what_single_nights_hide_all_nights_tell() -> None:
    """A step of as much as the seeds scatter is found and placed; neighbouring runs alone would miss it."""
    random = np.random.default_rng(1)
    placed, alone, more = 0, 0, 0
    for _ in range(STUDIES):
        scores = random.normal(size=(SEEDS, RUNS))
        scores[:, 6:] += 1.5
        others = [random.normal(size=(SEEDS, RUNS)) for _ in range(5)]
        mine, *rest = found(scores, *others)
        placed += any(abs(run - 6) <= 1 for run in mine)
        more += len(mine) > 1 or any(rest)
        nightly = [float(paired_test(step, 0.0).p_value) for step in np.diff(scores).T]
        alone += min(nightly) * len(nightly) * 6 < ALPHA
    assert placed > 0.9 * STUDIES
    assert alone < 0.3 * STUDIES
    assert more < 0.15 * STUDIES


def test_rounding_is_no_move() -> None:
    """Last digits that processors round differently are no test, and so correct nothing."""
    scores = steady()
    scores[:, 3:] *= 1.0 + 1e-8
    assert not len(series(scores).moves)


def test_one_seed_that_moves_is_a_move() -> None:
    """And so is one that moves back; runs in which all numbers stay are none."""
    scores = steady()
    scores[3, 4:7] += 0.01
    assert series(scores).moves.tolist() == [4, 7]


def test_one_seed_or_none_shows_nothing() -> None:
    """Without a spread over seeds there is no test, whatever the step."""
    assert found(steady((5, -0.5))[:1], steady((5, -0.5))[:0]) == [[], []]


def runs(*accuracies: float) -> list[pd.DataFrame]:
    """Return runs of two losses with these mean accuracies."""
    return [clean({"bce": 0.8 + SPREAD, "mse": mean + SPREAD}) for mean in accuracies]


def test_series_are_those_of_the_trials() -> None:
    """A series a loss, seeds by runs, in the order of the last run."""
    bce, mse = series_of(runs(0.9, 0.9, 0.7))
    assert (bce.place["loss"], mse.place["loss"], mse.score) == ("bce", "mse", "accuracy")
    assert mse.scores.shape == (SEEDS, 3)
    np.testing.assert_allclose(mse.means, np.array([0.9, 0.9, 0.7]) + SPREAD.mean())
    assert list(mse.moves) == [2]


def test_series_come_as_the_last_run_orders_its_losses() -> None:
    """Those that it lacks come last."""
    first, last = clean({"bce": SPREAD, "mse": SPREAD, "mae": SPREAD}), clean({"mse": SPREAD, "bce": SPREAD})
    assert [one.place["loss"] for one in series_of([first, last])] == ["mse", "bce", "mae"]


def test_only_runs_of_the_same_hashes_are_compared() -> None:
    """Where data, split, weights, order or loss are others, counting begins anew, and it is known by what."""
    nights = runs(0.9, 0.9, 0.7)
    nights[0]["data_hash"] = "another"
    (_, mse) = series_of(nights)
    assert (mse.runs.tolist(), mse.apart) == ([1, 2], ("data_hash",))


def test_seeds_that_some_run_lacks_are_left_out() -> None:
    """Means are over the same seeds throughout; one without a value in some run is counted as lost."""
    nights = runs(0.9, 0.9)
    nights[0] = nights[0][nights[0].seed > 0]
    nights[1] = moved(nights[1], "accuracy", np.where(nights[1].seed == 3, np.nan, 0.0))
    (_, mse) = series_of(nights)
    assert (len(mse.scores), mse.lost) == (SEEDS - 2, 1)


def test_a_loss_that_a_run_lacks_is_followed_through_the_others() -> None:
    """A night without a loss is no change."""
    nights = runs(0.9, 0.9, 0.9)
    nights[1] = nights[1][nights[1].loss == "bce"]
    (_, mse) = series_of(nights)
    assert mse.runs.tolist() == [0, 2]
