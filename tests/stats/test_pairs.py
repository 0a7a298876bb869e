"""Pairs say who can be told from whom, and letters say it in one column."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.stats.groups import comparison_groups
from lossbench.stats.pairs import compare_pairs, shared_letters

from .synthetic import score_tables, table

few = settings(max_examples=10, deadline=None)
Scores = Mapping[str, np.ndarray]
OPPOSITE = {"better": "worse", "worse": "better"}


@few
@given(scores=score_tables(("bce", "mse")))
def test_a_pair_turned_round_says_the_opposite(scores: Scores) -> None:
    """Swapping two losses negates the difference, mirrors its interval and turns better into worse."""
    (pair,) = compare_pairs(table(scores)).itertuples()
    (turned,) = compare_pairs(table({name: scores[name] for name in ("mse", "bce")})).itertuples()
    assert (turned.first, turned.second, turned.n) == (pair.second, pair.first, pair.n)
    mirrored = [-pair.difference, -pair.difference_high, -pair.difference_low, -pair.effect_size, pair.p_value]
    found = [turned.difference, turned.difference_low, turned.difference_high, turned.effect_size, turned.p_value]
    np.testing.assert_array_equal(found, mirrored)
    assert turned.verdict == OPPOSITE.get(pair.verdict, pair.verdict)


@few
@given(scores=score_tables())
def test_holm_counts_the_family_that_is_shown(scores: Scores) -> None:
    """No corrected p value is below its raw one, nor above the number of tests times it."""
    pairs = compare_pairs(table(scores)).dropna(subset="p_value")
    assert (pairs.p_holm >= pairs.p_value).all()
    assert (pairs.p_holm <= len(pairs) * pairs.p_value + 1e-12).all()


levels = st.lists(st.integers(0, 4), min_size=2, max_size=6)


def on_levels(where: list[int], seed: int) -> dict[str, np.ndarray]:
    """Return scores of losses that stand on steps, close together or apart, with a little noise."""
    noise = np.random.default_rng(seed).normal(scale=0.01, size=(len(where), 8, 1))
    return {f"loss{index}": 0.5 + 0.02 * level + noise[index] for index, level in enumerate(where)}


@settings(max_examples=10, deadline=None)
@given(where=levels, seed=st.integers(0, 100))
def test_losses_share_a_letter_where_no_verdict_parts_them(where: list[int], seed: int) -> None:
    """Two losses have a letter in common if and only if the table of pairs calls neither better than the other."""
    trials = table(on_levels(where, seed), shares=[0.0])
    (group,) = comparison_groups(trials)
    letters = dict(zip(group.losses, shared_letters(group), strict=True))
    for pair in compare_pairs(trials).itertuples():
        told_apart = pair.verdict in ("better", "worse")
        assert bool(set(letters[pair.first]) & set(letters[pair.second])) is not told_apart


@settings(max_examples=10, deadline=None)
@given(where=levels, seed=st.integers(0, 100))
def test_the_best_mean_has_an_a(where: list[int], seed: int) -> None:
    """Letters fall with the mean, and in an error the smallest is the best."""
    scores = on_levels(where, seed)
    best = max(scores, key=lambda loss: scores[loss].mean())
    trials = table(scores, shares=[0.0])
    errors = trials.assign(brier=1 - trials.accuracy, score="brier")
    for group in (*comparison_groups(trials), *comparison_groups(errors)):
        assert dict(zip(group.losses, shared_letters(group), strict=True))[best].startswith("a")


def test_a_loss_that_diverged_has_no_letter() -> None:
    """Seeds that are left do not speak for the loss, and the letters of the others are as they were."""
    scores = on_levels([4, 0, 4], seed=1)
    (group,) = comparison_groups(table(scores, shares=[0.0]))
    assert shared_letters(group) == ["a", "b", "a"]
    scores["loss2"][3] = np.nan
    (group,) = comparison_groups(table(scores, shares=[0.0]))
    assert shared_letters(group) == ["a", "b", ""]


def test_rates_do_not_share_a_family() -> None:
    """Each rate is a table of its own, and its pairs are as if the other rate had never been tried."""
    one, other = (table(on_levels([0, 1, 2], seed), shares=[0.0], lr=lr) for seed, lr in ((1, 0.1), (2, 0.01)))
    both = compare_pairs(pd.concat([one, other], ignore_index=True))
    pd.testing.assert_frame_equal(both[both.lr == 0.1], compare_pairs(one))
