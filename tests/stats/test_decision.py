"""A decision says of the chosen loss what the verdicts say of all pairs, and goes no further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.stats.answer.decision import compared_with, decide, in_dirt, means_of
from lossbench.stats.answer.table import answer
from lossbench.stats.groups import comparison_groups
from lossbench.stats.pairs import Judged, difference_columns, pairs_of
from lossbench.stats.tuning import tuning_table
from lossbench.stats.verdicts import APART

from .synthetic import MANY, score_tables, table

MARGINS = {"accuracy": 0.05}
LOSSES = ("bce", "mse", "mae")
half = settings(max_examples=settings.default.max_examples // 2)


def judged(trials: pd.DataFrame, correction: float = 1.0, margins: Mapping[str, float] = MARGINS) -> Judged:
    """Return what is said of the pairs of one table."""
    (group,) = comparison_groups(trials)
    group = replace(group, correction=correction)
    return Judged(group, difference_columns(group, margins))


def of(*means: float, seeds: int = 10, spread: float = 0.01, **options: object) -> pd.DataFrame:
    """Return trials of losses with these mean accuracies, whose seeds scatter alike."""
    noise = np.random.default_rng(1).normal(scale=spread, size=(len(means), seeds))
    scores = {loss: (mean + row)[:, None] for loss, mean, row in zip(LOSSES, means, noise, strict=False)}
    return table(scores, [0.0], **MANY | options)


@half
@given(score_tables(), st.integers(0, 2))
def test_the_same_verdicts_are_told_from_the_other_side(scores: dict, place: int) -> None:
    """Of each pair: the side, the size and the interval are those of the table, as seen from the chosen loss."""
    found = judged(table(scores))
    losses, loss = found.group.losses, LOSSES[place]
    seen = compared_with(found, loss)
    assert seen.group.losses[0] == loss
    assert sorted(seen.group.losses) == sorted(losses)
    pairs = {
        (losses[a], losses[b]): number for number, (a, b) in enumerate(zip(*pairs_of(found.group), strict=True))
    }
    for number, (a, b) in enumerate(zip(*pairs_of(seen.group), strict=True)):
        pair = seen.group.losses[a], seen.group.losses[b]
        straight = pair in pairs
        there, sign = pairs[pair if straight else pair[::-1]], 1 if straight else -1
        words = found.pairs["verdict"][there], seen.pairs["verdict"][number]
        assert APART.get(words[1], 0) == sign * APART.get(words[0], 0)
        assert words[0].partition(",")[2] == words[1].partition(",")[2]
        ends = [np.asarray(found.pairs[f"difference{end}"])[there] for end in ("", "_low", "_high")]
        wanted = ends if straight else [-ends[0], -ends[2], -ends[1]]
        got = [seen.pairs[f"difference{end}"][number] for end in ("", "_low", "_high")]
        np.testing.assert_array_equal(got, wanted)


@half
@given(score_tables())
def test_the_first_loss_sees_what_the_table_says(scores: dict) -> None:
    """Told of the reference, nothing changes."""
    found = judged(table(scores, shares=(0.0, 0.25, 0.5)))
    assert repr(answer(compared_with(found, "bce"), 0.05)) == repr(answer(found, 0.05))


@half
@given(score_tables())
def test_a_choice_is_beaten_by_none(scores: dict) -> None:
    """It ended well, no loss is told to be better, and the usual one gives way only where it is beaten."""
    found = judged(table(scores))
    said = answer(found, 0.05)
    made = decide(found, 0.05, (10,), 40)
    if not said.best:
        assert (made.end, made.chosen) == ("nothing", "bce")
        return
    assert made.chosen in said.best
    assert made.chosen not in dict(said.beaten)
    assert made.chosen == "bce" or "bce" not in said.best
    assert set(made.following) == set(said.best) - {made.chosen}


@half
@given(score_tables())
def test_settled_is_that_nothing_is_open(scores: dict) -> None:
    """But for losses whose trainings did not end well, of which more seeds would say nothing."""
    made = decide(judged(table(scores)), 0.05, (10,), 40)
    gone = {one.loss for one in made.table.unfinished}
    left = [one for one in made.table.open if one.loss not in gone]
    assert (made.end == "settled") == (not left and made.end != "nothing")


@half
@given(st.permutations([0.001, 0.01, 0.1]), st.integers(0, 2))
def test_each_loss_keeps_its_own_rate(rates: list[float], place: int) -> None:
    """Whichever loss a table is told of, a rate goes with its loss and not with its place."""
    trials, own = of(0.8, 0.7, 0.9), dict(zip(LOSSES, rates, strict=True))
    trials = trials.assign(lr=trials.loss.map(own), validation_score=0.5)
    *_, group = comparison_groups(trials, tuning_table(trials))
    seen = compared_with(Judged(group, difference_columns(group, MARGINS)), LOSSES[place])
    assert dict(answer(seen, 0.05).rates) == own


def test_the_usual_loss_is_kept_until_another_is_shown_to_be_better() -> None:
    """A better mean alone is no reason; a difference that is told is."""
    assert decide(judged(of(0.80, 0.802, spread=0.02)), 0.05, (10,), 40).chosen == "bce"
    assert decide(judged(of(0.80, 0.90)), 0.05, (10,), 40).chosen == "mse"


def test_of_several_better_ones_the_best_mean_is_chosen() -> None:
    """And the other one comes second."""
    made = decide(judged(of(0.70, 0.90, 0.91)), 0.05, (10,), 40)
    assert (made.chosen, made.second, made.usual) == ("mae", "mse", "bce")
    assert made.front == ("mae", "mse", "bce")


def test_looks_widen_intervals_and_verdicts_alike() -> None:
    """The correction multiplies p values, and an interval excludes zero exactly where a lone test would tell."""
    trials = of(0.80, 0.83, 0.8, spread=0.03)
    once, corrected = judged(trials), judged(trials, correction=4.0)
    np.testing.assert_allclose(corrected.pairs["p_holm"], np.minimum(4.0 * np.asarray(once.pairs["p_holm"]), 1.0))
    low, high = (np.asarray(corrected.pairs[f"difference_{end}"]) for end in ("low", "high"))
    off_zero = (low > 0) | (high < 0)
    np.testing.assert_array_equal(off_zero, np.asarray(once.pairs["p_value"]) * 4.0 < 0.05)
    assert (np.asarray(once.pairs["difference_high"]) < high).all()


def test_more_seeds_are_asked_for_where_they_would_help() -> None:
    """A difference that four times the seeds would tell goes on; one that none would tell does not."""
    close = judged(of(0.80, 0.825, spread=0.03, sampling="redrawn"), 4.0, {})
    assert decide(close, None, (10,), 40).end == "seeds"
    assert decide(close, None, (10,), 10).end == "seeds"
    never = judged(of(0.80, 0.8001, spread=0.02), 4.0, {})
    assert decide(never, None, (10,), 40).end == "bound"


def test_dirty_data_are_told_of_the_choice() -> None:
    """With the scores there, and that of the choice on the clean rows of the same seeds."""
    noise = np.random.default_rng(2).normal(scale=0.01, size=(3, 10, 2))
    means = np.array([[0.70, 0.60], [0.90, 0.50], [0.88, 0.80]])[:, None]
    scores = dict(zip(LOSSES, means + noise, strict=True))
    found = judged(table(scores, [0.0, 0.2], **MANY))
    made = decide(found, 0.05, (10,), 40)
    told = in_dirt(found.group, made, MARGINS)
    assert made.chosen == "mse"
    assert told.dirty.told(1)[0][0] in ("mae", "bce")
    assert {loss for loss, _ in told.dirty.told(1)} == {"mae", "bce"}
    assert told.clean == np.mean(scores["mse"][:, 0])
    assert told.dirty.reference == means_of(found.group)["mse"][0] - told.clean + np.mean(scores["mse"][:, 1])
