"""Ranks over data sets: blind to scale, honest about how few data sets there are."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lossbench.schema import RANKS as COLUMNS
from lossbench.stats.findings import Findings
from lossbench.stats.ranks import compare_with_first, friedman, rank_losses

from .synthetic import table

few = settings(max_examples=settings.default.max_examples // 10, deadline=None)
eighths = st.integers(-16, 16).map(lambda k: k / 8)  # exact under the additions below
tables = st.tuples(st.integers(1, 9), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=eighths)
)
RANKS = ["average_rank", "losses", "data_sets", "friedman", "friedman_p", "friedman_reason"]
LOSSES = ("bce", "mse", "mae", "focal", "hinge")


def summary(heights: np.ndarray, **changes: object) -> pd.DataFrame:
    """Return as much of a summary as ranks need: means (data sets, losses) of the accuracy."""
    setting = {
        "model": "mlp:4",
        "optimizer": "adam",
        "lr": 0.1,
        "l1": 0.0,
        "l2": 0.0,
        "batch_size": 32,
        "epochs": 9,
        "schedule": "constant",
    }
    about = {"task": "binary", "view": "fixed", "outlier_fraction": 0.0, "score": "accuracy"}
    about |= {"n": 10, "diverged": 0, "failed": 0}
    rows = [
        setting | about | {"dataset": f"set{index}", "loss": loss, "mean": mean} | changes
        for index, means in enumerate(heights)
        for loss, mean in zip(LOSSES, means.tolist(), strict=False)
    ]
    return pd.DataFrame(rows)


@few
@given(heights=tables)
def test_a_monotone_scale_of_each_data_set_moves_no_rank(heights: np.ndarray) -> None:
    """Ranks and Friedman's test see the order alone: each data set may have a scale of its own."""
    bent = np.exp(heights) * np.arange(1, len(heights) + 1)[:, None] - 7
    pd.testing.assert_frame_equal(rank_losses(summary(bent))[RANKS], rank_losses(summary(heights))[RANKS])


@few
@given(heights=tables, levels=arrays(np.float64, 9, elements=eighths))
def test_how_hard_a_data_set_is_says_nothing(heights: np.ndarray, levels: np.ndarray) -> None:
    """Adding the same to all losses of a data set changes nothing at all."""
    lifted = heights + levels[: len(heights), None]
    pd.testing.assert_frame_equal(rank_losses(summary(lifted)), rank_losses(summary(heights)))


@few
@given(heights=tables, random=st.randoms(use_true_random=False))
def test_the_order_of_the_data_sets_says_nothing(heights: np.ndarray, random: Random) -> None:
    """Data sets in another order, and losses within them, have the same ranks; only the reference is the first."""
    rows = summary(heights)
    shuffled = rows.iloc[random.sample(range(len(rows)), len(rows))]
    by_loss = [rank_losses(frame).set_index("loss").sort_index()[RANKS] for frame in (rows, shuffled)]
    pd.testing.assert_frame_equal(*by_loss)


@few
@given(heights=tables)
def test_an_error_is_a_score_upside_down(heights: np.ndarray) -> None:
    """The smallest Brier score ranks first, as the largest accuracy does."""
    turned = rank_losses(summary(-heights, score="brier"))
    pd.testing.assert_frame_equal(turned, rank_losses(summary(heights)))


@few
@given(heights=tables)
def test_ranks_sum_to_what_there_is_to_share(heights: np.ndarray) -> None:
    """Average ranks of k losses add up to k (k + 1) / 2, ties or not."""
    found = rank_losses(summary(heights))
    k = heights.shape[1]
    assert found.average_rank.sum() == pytest.approx(k * (k + 1) / 2)
    assert set(found.data_sets) == {len(heights)}
    assert set(found.losses) == {k}


@few
@given(heights=arrays(np.float64, (5, 4), elements=eighths))
def test_five_data_sets_are_never_significant(heights: np.ndarray) -> None:
    """Whatever five data sets say, neither test calls it significant, and it says how many could."""
    heights[:, 1:] += 100  # all of them far above the reference, everywhere
    found = rank_losses(summary(heights))
    others = found[found.loss != "bce"]
    assert set(others.verdict) == {"inconclusive"}
    assert set(found.friedman_reason) == set(others.reason) == {"too few data sets"}
    assert (others.smallest_p >= 0.0625).all()
    assert set(others.data_sets_needed) == {7 if len(others) == 3 else 6}


@pytest.mark.parametrize("losses", [2, 4, 5])
def test_as_many_as_are_needed_can_be_significant(losses: int) -> None:
    """With the stated number of data sets a loss that always wins is better, and with one less it is not."""
    steps = np.arange(12.0)[:, None] * np.arange(losses)
    needed = int(rank_losses(summary(steps[:3])).data_sets_needed.iloc[-1])
    for data_sets, word, why in (
        (needed, "better", "significant"),
        (needed - 1, "inconclusive", "too few data sets"),
    ):
        row = rank_losses(summary(steps[1 : data_sets + 1])).iloc[-1]
        assert (row.verdict, row.reason, row.data_sets) == (word, why, data_sets)
        assert row.p_value == pytest.approx(2 / 2**data_sets)
        assert row.p_holm == row.smallest_p


def test_no_difference_is_not_a_lack_of_data_sets() -> None:
    """Losses that take turns at being best are not told apart for another reason than few data sets."""
    heights = np.tile([[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]], (8, 1))
    found = rank_losses(summary(heights))
    assert set(found.reason[1:]) == {"not significant"}
    assert set(found.verdict[1:]) == {"inconclusive"}
    assert found.friedman_reason[0] == "not significant"


@few
@given(heights=arrays(np.float64, (9, 4), elements=st.floats(0, 1), unique=True))
def test_the_tests_are_scipys(heights: np.ndarray) -> None:
    """Friedman's test is the F test of ranks without their equal row means, and Wilcoxon's p value is scipy's."""
    found, ranks = friedman(heights), stats.rankdata(heights, axis=1)
    between = 9 * ((ranks.mean(axis=0) - 2.5) ** 2).sum() / 3
    within = ((ranks - ranks.mean(axis=0)) ** 2).sum() / (3 * 8)
    expected = between / within, stats.f.sf(between / within, 3, 3 * 8)
    np.testing.assert_allclose([found["friedman"], found["friedman_p"]], expected)
    p_values = compare_with_first(heights)["p_value"]
    np.testing.assert_allclose(p_values[1:], stats.wilcoxon(heights[:, 1:], heights[:, :1]).pvalue)


@few
@given(
    heights=tables.filter(lambda table: table.shape[0] > 1 and table.shape[1] > 2 and np.ptp(table, axis=1).any())
)
def test_friedmans_chi_square_is_scipys(heights: np.ndarray) -> None:
    """With ties too: F follows from the statistic that scipy computes."""
    sets, losses = heights.shape
    square = stats.friedmanchisquare(*heights.T).statistic
    rest = sets * (losses - 1) - square
    expected = (sets - 1) * square / rest if rest > 1e-9 else np.inf
    np.testing.assert_allclose(friedman(heights)["friedman"], expected, rtol=1e-9, atol=1e-12)


def test_identical_losses_do_not_differ() -> None:
    """A loss against itself under another name: p = 1, equal ranks, and no warning."""
    found = rank_losses(summary(np.repeat(np.arange(8.0)[:, None], 3, axis=1)))
    assert found.p_value.tolist()[1:] == [1.0, 1.0]
    assert found.average_rank.tolist() == [2.0, 2.0, 2.0]
    assert (found.friedman_p == 1.0).all()


def test_a_loss_that_diverged_comes_last() -> None:
    """Seeds that are left do not speak for it: it ranks behind every loss that never diverged, there alone."""
    rows = summary(np.array([[0.9, 0.8, 0.7], [0.9, 0.8, 0.7]]))
    rows.loc[(rows.loss == "bce") & (rows.dataset == "set0"), "diverged"] = 1
    assert rank_losses(rows).average_rank.tolist() == [2.0, 1.5, 2.5]
    rows.loc[(rows.loss != "bce") & (rows.dataset == "set0"), ["diverged", "mean"]] = [10, np.nan]
    assert rank_losses(rows).average_rank.tolist() == [1.5, 2.0, 2.5]


def test_a_loss_that_failed_for_some_seeds_comes_last_too() -> None:
    """As if it had diverged there; one that failed for all seeds was not run there, and has no rank."""
    rows = summary(np.array([[0.9, 0.8, 0.7], [0.9, 0.8, 0.7]]))
    there = (rows.loss == "bce") & (rows.dataset == "set0")
    rows.loc[there, ["n", "failed"]] = [9, 1]
    assert rank_losses(rows).average_rank.tolist() == [2.0, 1.5, 2.5]
    rows.loc[there, ["n", "failed", "mean"]] = [0, 10, np.nan]
    assert rank_losses(rows).reason[0] == "not on every data set"


def test_a_loss_that_skipped_a_data_set_is_named_and_not_ranked() -> None:
    """Only losses with a score everywhere are ranked, as if the other were not there; it says why it is not."""
    rows = summary(np.arange(12.0).reshape(4, 3))
    found = rank_losses(rows.drop(index=rows.index[-2]))
    assert found.reason.tolist()[1:] == ["not on every data set", "too few data sets"]
    assert found.average_rank.isna().tolist() == [False, True, False]
    pd.testing.assert_frame_equal(
        found.drop(index=1).reset_index(drop=True), rank_losses(rows[rows.loss != "mse"]), check_dtype=False
    )


def test_a_loss_without_a_score_anywhere_is_named_too() -> None:
    """A loss that failed everywhere has a row that says so; a data set where all failed is none for the ranks."""
    rows = summary(np.arange(12.0).reshape(4, 3))
    rows.loc[rows.loss == "mse", "mean"] = np.nan
    rows.loc[rows.dataset == "set3", "mean"] = np.nan
    found = rank_losses(rows)
    assert found.reason[1] == "not on every data set"
    assert found.average_rank.isna().tolist() == [False, True, False]
    assert set(found.data_sets) == {3}


def test_tasks_settings_and_views_are_ranked_apart() -> None:
    """Each task, rate and view has ranks of its own; in a tuned view a rate is a loss's own and parts nothing."""
    heights = np.arange(6.0).reshape(3, 2)
    tuned = summary(heights, view="tuned").assign(lr=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    parts = [summary(heights), summary(heights, lr=0.5), summary(heights, task="regression", score="r2"), tuned]
    found = rank_losses(pd.concat(parts, ignore_index=True))
    assert found.columns.tolist() == list(COLUMNS)
    assert found.average_rank.tolist() == [2.0, 1.0] * 4
    assert found.lr[found["view"] == "tuned"].isna().all()
    assert set(found.data_sets) == {3}


def test_a_summary_can_be_ranked() -> None:
    """The summary of findings is what their ranks are made from."""
    scores = {"bce": np.full((3, 1), 0.5), "mse": np.full((3, 1), 0.75)}
    trials = pd.concat(
        [table(scores, shares=[0.0], dataset=name) for name in ("moons", "rings")], ignore_index=True
    )
    found = rank_losses(Findings(trials).summary)
    assert found.average_rank.tolist() == [2.0, 1.0]
    assert found.reference.tolist() == ["bce", "bce"]


@few
@given(heights=tables)
def test_what_each_data_set_has_of_its_own_keeps_them_together(heights: np.ndarray) -> None:
    """An optimiser or penalty of a data set's own changes no rank, and is undefined where it differs."""
    rows = summary(heights)
    own = rows.assign(optimizer=rows.dataset.map(lambda name: f"adamw:weight_decay={name[-1]}"))
    together = rank_losses(own)
    pd.testing.assert_frame_equal(together[RANKS], rank_losses(rows)[RANKS])
    assert together.optimizer.isna().all() == (len(heights) > 1)


def test_what_is_an_axis_keeps_them_apart() -> None:
    """Where a data set has several penalties, each has ranks of its own, as without protocols."""
    heights = np.array([[0.1, 0.2], [0.4, 0.3]])
    rows = pd.concat([summary(heights), summary(heights, l2=0.1)])
    apart = rank_losses(rows)
    assert apart.l2.tolist() == [0.0, 0.0, 0.1, 0.1]
    assert (apart.data_sets == 2).all()
