"""What other tuning seeds would have chosen is part of how well tuned losses are known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.run.scoring import frame_of
from lossbench.stats.answer.table import answer
from lossbench.stats.choice import DRAWS, best_rate, choice_variance, disjoint_pairs, make_choice
from lossbench.stats.groups import ComparisonGroup, comparison_groups
from lossbench.stats.paired import over_seeds
from lossbench.stats.pairs import Judged, difference_columns, pairs_of
from lossbench.stats.tuning import tuning_table
from stats.synthetic import SETTING

few = settings(max_examples=25, deadline=None)
LOSSES, RATES, SEEDS, TUNING = ("bce", "mse"), (0.001, 0.01, 0.1), 10, 5

NOISE = 0.06
TEST = np.array([[0.70, 0.80, 0.78], [0.60, 0.77, 0.81]])
"""The noise of a validation score, and the true score of each loss at each rate; on validation it is the same."""


@cache
def untrained(seeds: range) -> pd.DataFrame:
    """Return the trials of a law, without scores."""
    about = {"outlier_kind": "none", "outlier_fraction": 0.0, "status": "ok", "dataset": "moons"}
    about |= {"sampling": "redrawn"}
    points = product(LOSSES, RATES, seeds)
    return frame_of([SETTING | about | dict(zip(("loss", "lr", "seed"), point, strict=True)) for point in points])


def trials_of(seeds: range, validation: np.ndarray, test: np.ndarray) -> pd.DataFrame:
    """Return trials with their scores (losses, rates, seeds)."""
    return untrained(seeds).assign(validation_score=validation.ravel(), accuracy=test.ravel(), brier=test.ravel())


def study(number: int, noise: float = NOISE) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a study on a law, with so much noise on validation: the reported trials, and those that tune."""
    random = np.random.default_rng(number)
    spread = np.array([noise, noise / 3])[:, None, None, None]
    drawn = random.normal(TEST[..., None], spread, size=(2, 2, 3, SEEDS + TUNING))
    drawn += random.normal(0.0, spread, size=(2, 1, 1, SEEDS + TUNING))  # a seed may be hard for all losses
    reported, tuning = range(SEEDS), range(SEEDS, SEEDS + TUNING)
    return trials_of(reported, *drawn[..., :SEEDS]), trials_of(tuning, *drawn[..., SEEDS:])


def tuned(reported: pd.DataFrame, tuning: pd.DataFrame) -> ComparisonGroup:
    """Return the losses at their own rates."""
    (group,) = (one for one in comparison_groups(reported, tuning_table(tuning)) if one.view == "tuned")
    return group


@few
@given(worth=arrays(np.float64, (4, 5), elements=st.sampled_from([-np.inf, 0.0, 0.5, 1.0])))
def test_the_middle_one_of_the_best_is_chosen(worth: np.ndarray) -> None:
    """Of those with the greatest worth, as many lie before the chosen one as behind it, or one more."""
    for values, chosen in zip(worth, best_rate(worth), strict=True):
        best = np.flatnonzero(values == values.max()).tolist()
        assert chosen == best[len(best) // 2]


@pytest.mark.parametrize(("seeds", "size"), [(10, 5), (60, 5), (7, 3), (2, 1), (1, 0)])
def test_two_tuning_sets_have_no_seed_in_common(seeds: int, size: int) -> None:
    """Each has as many seeds as it should, none twice."""
    sets = disjoint_pairs(seeds, size)
    assert sets.shape == (2, DRAWS, size)
    both = np.concatenate(list(sets), axis=-1)
    assert all(len(set(row)) == 2 * size for row in both.tolist())
    assert both.size == 0 or (both.min() >= 0 and both.max() < seeds)


@pytest.fixture(scope="module")
def groups() -> list[ComparisonGroup]:
    """Give the tuned losses of many studies."""
    return [tuned(*study(number)) for number in range(120)]


def test_the_variance_is_that_over_tuning_sets(groups: list[ComparisonGroup]) -> None:
    """Its mean over studies is the variance of the true difference at the rates that tuning sets choose."""
    moves = (group.choice.moves("accuracy") for group in groups)
    found = [choice_variance(other - one) for one, other in moves]
    sets = np.random.default_rng(0).normal(TEST, NOISE / np.sqrt(TUNING), size=(50_000, *TEST.shape))
    one, other = (TEST[i, sets[:, i].argmax(axis=1)] for i in range(2))
    assert np.mean(found) == pytest.approx(np.var(other - one), rel=0.2)


def test_intervals_of_tuned_losses_cover_what_tuning_gives(groups: list[ComparisonGroup]) -> None:
    """95 % of them contain the mean over studies of the tuned difference; without the choice fewer do."""
    pair, coverage = pairs_of(groups[0]), []
    for choices in ([None] * len(groups), [group.choice for group in groups]):
        given = (replace(group, choice=choice) for group, choice in zip(groups, choices, strict=True))
        found = [group.difference(*pair).at().interval() for group in given]
        truth = np.mean([interval.mean for interval in found])
        coverage.append(np.mean([interval.low <= truth <= interval.high for interval in found]))
    without, with_choice = coverage
    assert without < 0.85 < 0.92 < with_choice < 0.98


@few
@given(number=st.integers(0, 1000))
def test_no_interval_gets_narrower_and_no_mean_moves(number: int) -> None:
    """The part of the choice only adds to the error; rates that are the same for all have none."""
    group = tuned(*study(number))
    bare = replace(group, choice=None)
    for known, without in (
        (group.mean_of("accuracy"), bare.mean_of("accuracy")),
        (group.difference(*pairs_of(group)), bare.difference(*pairs_of(bare))),
    ):
        np.testing.assert_array_equal(known.at().mean, without.at().mean)
        assert (known.at().error >= without.at().error).all()
        assert (known.at().p_value() >= without.at().p_value() - 1e-12).all()
    assert all(one.choice is None for one in comparison_groups(study(number)[0]))


def test_a_choice_that_is_clear_adds_nothing() -> None:
    """Where every tuning set chooses the same rates, the interval is that of the rates as given."""
    group = tuned(*study(0, noise=1e-4))
    assert (choice_variance(group.choice.moves("accuracy")) == 0.0).all()
    known = group.difference(*pairs_of(group)).at()
    bare = replace(group, choice=None).difference(*pairs_of(group)).at()
    np.testing.assert_array_equal(known.error, bare.error)


@few
@given(number=st.integers(0, 1000))
def test_errors_choose_as_their_opposites_do(number: int) -> None:
    """Where the smaller is the better, the sets choose what they would choose by the opposite of the score."""
    reported, _ = study(number)
    mirrored = reported.assign(score="brier", validation_score=-reported.validation_score)
    chosen, opposite = (make_choice(trials, list(LOSSES), TUNING).chosen for trials in (reported, mirrored))
    np.testing.assert_array_equal(chosen, opposite)


def test_a_set_never_chooses_a_rate_at_which_one_of_its_seeds_diverged() -> None:
    """As the tuning seeds do not; a rate that was not trained is not chosen either."""
    reported, _ = study(1, noise=1e-4)
    gone = (reported.lr == 0.01) & (reported.seed == 3)
    reported.loc[gone, ["status", "validation_score", "accuracy"]] = ["diverged", np.nan, np.nan]
    chosen, sets = make_choice(reported, list(LOSSES), TUNING).chosen[:, 0], disjoint_pairs(SEEDS, TUNING)
    touched = (sets == 3).any(axis=-1)
    assert set(chosen[touched].tolist()) == {2}  # 0.1, the next best
    assert set(chosen[~touched].tolist()) == {1}
    untrained = reported[~((reported.loss == "mse") & (reported.lr == 0.1))]
    errors = untrained.assign(score="brier", validation_score=1.0 - untrained.validation_score)
    for trials in (untrained, errors):
        assert set(make_choice(trials, list(LOSSES), TUNING).chosen[:, 1].ravel().tolist()) <= {0, 1}


def test_what_is_not_known_adds_nothing() -> None:
    """A single seed makes no two sets; a score that is undefined has no part."""
    reported, tuning = study(2)
    lone = tuned(reported[reported.seed == 0], tuning)
    assert (choice_variance(lone.choice.moves("accuracy")) == 0.0).all()
    assert (choice_variance(tuned(reported, tuning).choice.moves("r2")) == 0.0).all()


@few
@given(values=arrays(np.float64, (3, 8), elements=st.integers(-64, 64).map(lambda k: k / 64)))
def test_more_seeds_never_take_away_what_lasts(values: np.ndarray) -> None:
    """The variance of the choice stays when all else has gone."""
    known = over_seeds(values, 0.0).widened(np.array([0.0, 0.25, 1.0]))
    np.testing.assert_allclose(known.at(np.full(3, 1e12)).error, [0.0, 0.5, 1.0], atol=1e-5)


@pytest.mark.parametrize(("gaps", "limit"), [((0.3, 0.3), "seeds"), ((0.3, 0.0), "tuning")])
def test_rates_are_short_only_where_seeds_would_tell_without(gaps: tuple[float, float], limit: str) -> None:
    """A rate that every tuning set chooses leaves nothing to rates: what is open is for want of something else.

    Args:
        gaps: by how much the middle rate is better on validation, for each loss.
        limit: what is short.
    """
    random = np.random.default_rng(0)
    validation = 0.5 + random.normal(scale=0.05, size=(2, 3, SEEDS + TUNING))
    validation[:, 1] += np.array(gaps)[:, None]
    test = np.empty((2, 3, SEEDS))
    test[:] = 0.7 + 0.03 * random.normal(size=SEEDS)
    test[1] += np.array([0.05, 0.0, -0.05])[:, None] + (0.004 if limit == "tuning" else 0.0)
    if limit == "seeds":
        test[1, 1] = test[0, 1] + np.tile([1e-5, -1e-5], SEEDS // 2)
    reported = trials_of(range(SEEDS), validation[..., :SEEDS], test)
    tuning = trials_of(range(SEEDS, SEEDS + TUNING), validation[..., SEEDS:], np.zeros((2, 3, TUNING)))
    group = tuned(reported, tuning)
    found = answer(Judged(group, difference_columns(group, {})), None)
    assert [one.verdict for one in found.others] == ["inconclusive"]
    assert found.limit == limit
