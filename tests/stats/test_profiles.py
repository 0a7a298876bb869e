"""Skills over data sets: comparable, paired with nothing, and never better for a training that was lost."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import trim_mean

from lossbench.schema import PROFILES, SKILLS, three
from lossbench.stats.bootstrap import RESAMPLES
from lossbench.stats.findings import Findings
from lossbench.stats.profiles import LEVELS, interquartile_mean, shares_above

from .synthetic import over, sixty_fourths, table

few = settings(max_examples=settings.default.max_examples // 10, deadline=None)
runs = st.tuples(st.integers(1, 3), st.integers(1, 30)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=sixty_fourths)
)
LOSSES = ("bce", "mse", "mae")
FIGURES = [*three("skill"), "runs"]


def trials_of(scores: np.ndarray, losses: tuple[str, ...] = LOSSES) -> pd.DataFrame:
    """Return the trials of losses with accuracies (data sets, losses, seeds); a constant predictor has 0.25."""
    parts = [
        table({loss: row[:, None] for loss, row in zip(losses, rows, strict=False)}, [0.0], dataset=f"set{index}")
        for index, rows in enumerate(scores)
    ]
    return pd.concat(parts, ignore_index=True)


scores = st.tuples(st.integers(1, 3), st.integers(2, 3), st.integers(2, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=sixty_fourths)
)


@given(runs)
def test_an_interquartile_mean_is_the_trimmed_mean(values: np.ndarray) -> None:
    """It is scipy's mean without a quarter at each end, and lies between the quartiles."""
    found = interquartile_mean(values)
    np.testing.assert_allclose(found, trim_mean(values, 0.25, axis=1))
    low, high = np.quantile(values, [0.25, 0.75], axis=1, method="inverted_cdf")
    assert ((low - 1e-12 <= found) & (found <= high + 1e-12)).all()


@few
@given(scores=scores)
def test_a_profile_is_the_share_above_each_level(scores: np.ndarray) -> None:
    """Counted one by one; it falls from level to level, and its band, in [0, 1], falls with it."""
    profiles = Findings(trials_of(scores)).profiles
    assert profiles.columns.tolist() == list(PROFILES)
    skills = np.maximum((scores - 0.25) / 0.75, 0.0)
    for place, (_, rows) in enumerate(profiles.groupby("loss", sort=False)):
        counted = [(skills[:, place] > level).mean() for level in LEVELS]
        np.testing.assert_allclose(rows.share, counted)
        for end in three("share"):
            assert rows[end].is_monotonic_decreasing
            assert rows[end].between(0.0, 1.0).all()


@few
@given(scores=scores, lost=st.integers(0, 10**6))
def test_to_diverge_is_never_better(scores: np.ndarray, lost: int) -> None:
    """A training that is lost has skill 0: neither mean nor profile of its loss rises, and no other moves."""
    there = trials_of(scores)
    gone = scores.copy()
    gone.flat[lost % gone.size] = np.nan
    loss = LOSSES[np.argwhere(np.isnan(gone))[0][1]]
    before, after = Findings(there), Findings(trials_of(gone))
    mine = before.ranks.loss == loss
    assert (after.ranks.skill[mine] <= before.ranks.skill[mine]).all()
    pd.testing.assert_frame_equal(after.ranks.loc[~mine, FIGURES], before.ranks.loc[~mine, FIGURES])
    assert (after.profiles.share <= before.profiles.share).all()


@few
@given(scores=scores)
def test_a_loss_moves_no_other(scores: np.ndarray) -> None:
    """Skills and profiles of losses are the same alone and beside another that is trained everywhere."""
    alone, beside = Findings(trials_of(scores[:, :1])), Findings(trials_of(scores))
    pd.testing.assert_frame_equal(beside.ranks.loc[:0, FIGURES], alone.ranks[FIGURES])
    both = beside.profiles[beside.profiles.loss == LOSSES[0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, alone.profiles)


@few
@given(scores=scores, random=st.randoms(use_true_random=False))
def test_the_order_of_the_trials_says_nothing(scores: np.ndarray, random: Random) -> None:
    """The same trials in another order have the same skills, but for the order in which sums are made."""
    trials = trials_of(scores)
    shuffled = trials.iloc[random.sample(range(len(trials)), len(trials))].reset_index(drop=True)
    found = [Findings(each).ranks.set_index("loss").sort_index()[FIGURES] for each in (trials, shuffled)]
    pd.testing.assert_frame_equal(*found)


def test_a_score_upside_down_has_the_same_skill() -> None:
    """An error of which a constant predictor has 0.75 is an accuracy of which it has 0.25."""
    trials = trials_of(np.linspace(0.2, 0.9, 24).reshape(2, 2, 6))
    turned = trials.assign(score="brier", brier=1.0 - trials.accuracy, constant_score=0.75)
    found = [Findings(each).ranks[FIGURES] for each in (trials, turned)]
    pd.testing.assert_frame_equal(*found)


def test_strata_are_kept() -> None:
    """Every resample has of each data set as many seeds as there are."""
    trials = pd.concat([trials_of(np.full((1, 2, 3), 0.5)), trials_of(np.full((2, 2, 5), 0.5))[10:]])
    (pool,) = Findings(trials.reset_index(drop=True)).pools
    sizes = [rows.shape[1] for rows in pool.skills.values()]
    assert sizes == [3, 5]
    assert pool.draws().shape == (RESAMPLES, 8)
    assert ((pool.draws() < 3).sum(axis=1) == 3).all()


def test_only_losses_of_every_data_set_are_pooled() -> None:
    """One that is missing on a data set, or failed there throughout, has no skill; the others are not touched."""
    trials = trials_of(np.linspace(0.3, 0.9, 36).reshape(3, 3, 4))
    absent = trials[(trials.loss != "mae") | (trials.dataset != "set1")].reset_index(drop=True)
    gone = (trials.loss == "mae") & (trials.dataset == "set1")
    failed = trials.assign(status=trials.status.mask(gone, "failed"), accuracy=trials.accuracy.mask(gone))
    whole = Findings(trials).ranks.set_index("loss")[FIGURES]
    for each in (absent, failed):
        found = Findings(each)
        assert set(found.profiles.loss) == {"bce", "mse"}
        assert set(found.profiles.data_sets) == {3}
        ranks = found.ranks.set_index("loss")[FIGURES]
        assert ranks.loc["mae"].isna().all()
        pd.testing.assert_frame_equal(ranks.loc[["bce", "mse"]], whole.loc[["bce", "mse"]])


def test_a_split_without_a_score_is_left_out_for_all() -> None:
    """Where a score is undefined for one loss, the seed counts for none; a data set without any is not counted."""
    trials = trials_of(np.linspace(0.3, 0.9, 24).reshape(2, 2, 6))
    hole = (trials.dataset == "set0") & (trials.seed == 2) & (trials.loss == "bce")
    holes = trials.assign(accuracy=trials.accuracy.mask(hole))
    assert set(Findings(holes).ranks.runs) == {11}
    empty = trials.assign(accuracy=trials.accuracy.mask(trials.dataset == "set0"))
    assert set(Findings(empty).profiles.data_sets) == {1}


def test_a_loss_that_has_no_score_takes_none_from_the_others() -> None:
    """Where all scores of one loss are undefined on a data set, it is as if it were not trained there."""
    trials = trials_of(np.linspace(0.3, 0.9, 36).reshape(2, 3, 6))
    hole = (trials.dataset == "set1") & (trials.loss == "mse")
    found = Findings(trials.assign(accuracy=trials.accuracy.mask(hole))).ranks.set_index("loss")[FIGURES]
    assert found.loc["mse"].isna().all()
    whole = Findings(trials).ranks.set_index("loss")[FIGURES]
    pd.testing.assert_frame_equal(found.loc[["bce", "mae"]], whole.loc[["bce", "mae"]])


def test_a_single_seed_has_no_interval() -> None:
    """Nothing is known of other seeds where a data set has one alone, and nothing is pretended."""
    found = Findings(trials_of(np.full((2, 2, 1), 0.5)))
    assert found.ranks[["skill_low", "skill_high"]].isna().all(axis=None)
    assert found.profiles[["share_low", "share_high"]].isna().all(axis=None)
    assert found.profiles.share.notna().all()


@pytest.mark.parametrize("seeds", [5, 20])
def test_intervals_shrink_with_seeds(seeds: int) -> None:
    """Four times as many seeds have intervals of about half the width, around the mean."""
    few_seeds, many = (Findings(over(4, 3, count)).ranks for count in (seeds, 4 * seeds))
    for ranks in (few_seeds, many):
        assert ranks.skill.between(ranks.skill_low, ranks.skill_high).all()
    ratio = (many.skill_high - many.skill_low).mean() / (few_seeds.skill_high - few_seeds.skill_low).mean()
    assert 0.3 < ratio < 0.8


def test_skills_are_the_last_columns_of_ranks() -> None:
    """The columns of `SKILLS` that tell no row end the table of ranks."""
    assert Findings(over(2, 2)).ranks.columns.tolist()[-4:] == list(SKILLS[-4:])


@few
@given(values=runs)
def test_shares_of_resamples_are_those_of_their_members(values: np.ndarray) -> None:
    """Counting how often a training was drawn is the same as looking at each that was drawn."""
    (skills, *_), random = values, np.random.default_rng(0)
    drawn = random.integers(len(skills), size=(20, len(skills)))
    often = np.stack([np.bincount(one, minlength=len(skills)) for one in drawn])
    expected = (skills[drawn][..., None] > LEVELS).mean(axis=1)
    np.testing.assert_allclose(shares_above(skills, often, LEVELS), expected)
