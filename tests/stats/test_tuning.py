"""A rate is chosen on validation, over seeds that are not reported, with an equal budget for every loss."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.stats.findings import Findings
from lossbench.stats.paired import corrected_interval
from lossbench.stats.tuning import (
    at_own_rate,
    disagreements,
    edge_rates,
    nearly_chosen,
    side_by_side,
    tuning_table,
)
from stats.synthetic import MANY, table

few = settings(max_examples=settings.default.max_examples // 10, deadline=None)
RATES = (0.001, 0.01, 0.1, 1.0)
grids = st.lists(st.lists(st.integers(0, 20), min_size=3, max_size=3), min_size=len(RATES), max_size=len(RATES))


def grid(scores: list[list[float]], loss: str = "bce") -> pd.DataFrame:
    """Return clean trials of one loss with a validation score for each rate and seed."""
    parts = [
        table({loss: np.full((len(seeds), 1), 0.5)}, shares=[0.0], lr=lr).assign(validation_score=seeds)
        for lr, seeds in zip(RATES, scores, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


@few
@given(scores=grids)
def test_the_best_validation_mean_is_chosen(scores: list[list[int]]) -> None:
    """Exactly one rate of an arm is chosen, and none has a better mean."""
    found = tuning_table(grid(scores))
    (chosen,) = found[found.chosen].itertuples()
    assert chosen.mean == pytest.approx(max(np.mean(seeds) for seeds in scores))
    assert list(found.lr) == sorted(RATES)


@pytest.mark.parametrize(("sampling", "ratio"), [("resplit", 32 / 128), ("redrawn", 0.0)])
def test_a_rate_has_the_interval_of_its_seeds(sampling: str, ratio: float) -> None:
    """Corrected for rows that seeds share, and only where they do; cut to what the score can be."""
    scores = [[0.1, 0.4, 0.3], [0.5, 0.6, 0.9], [0.5] * 3, [0.9, 1.0, 1.0]]
    found = tuning_table(grid(scores).assign(sampling=sampling))
    expected = corrected_interval(np.array(scores), ratio)
    assert expected.high[3] > 1.0
    np.testing.assert_allclose(found[["low", "high"]].T, np.clip([expected.low, expected.high], 0.0, 1.0))


@few
@given(scores=grids)
def test_the_order_of_trials_does_not_matter(scores: list[list[int]]) -> None:
    """Seeds and rates may come in any order."""
    trials = grid(scores)
    pd.testing.assert_frame_equal(tuning_table(trials), tuning_table(trials[::-1]))


def test_equal_rates_give_the_middle_one() -> None:
    """Where the grid is flat, the choice is inside it and raises no warning."""
    found = tuning_table(grid([[0.5] * 3] * len(RATES)))
    assert list(found.lr[found.chosen]) == [0.1]
    assert not found.at_edge.any()


@pytest.mark.parametrize(("best", "edge"), [(0, True), (1, False), (2, False), (3, True)])
def test_a_choice_at_the_edge_is_marked(best: int, edge: bool) -> None:
    """The smallest and the largest rate are edges: a better one may lie beyond."""
    found = tuning_table(grid([[float(index == best)] * 3 for index in range(len(RATES))]))
    assert list(found.lr[found.chosen]) == [RATES[best]]
    assert bool(found.at_edge.any()) is edge


@pytest.mark.parametrize("best", range(3))
def test_a_value_that_is_chosen_at_the_end_of_its_grid_is_marked(best: int) -> None:
    """As far as it could go further: of one arm, whose values follow each other as they are named."""
    values = [f"huber:delta={value}" for value in (0.1, 1, 10)]
    parts = [
        grid([[float(place == best)] * 3] * len(RATES), loss).assign(grid="huber:delta=0.1,1,10")
        for place, loss in enumerate(values)
    ]
    found = tuning_table(pd.concat(parts[::-1], ignore_index=True), {values[0], values[2]}, values)
    assert found.loss.tolist() == [value for value in values for _ in RATES]
    assert found.grid.unique().tolist() == ["huber:delta=0.1,1,10"]
    (chosen,) = found[found.chosen].itertuples()
    assert (chosen.loss, chosen.parameter_at_edge) == (values[best], best != 1)
    assert found.parameter_at_edge.sum() == (best != 1)
    assert not {"grid", "parameter_at_edge"} & set(tuning_table(grid([[0.5] * 3] * len(RATES))))


@pytest.mark.parametrize(("searched", "edges"), [(False, {0.001, 1.0}), (True, {0.001, 0.002, 1.0})])
def test_of_a_search_what_is_near_an_end_is_an_edge_too(searched: bool, edges: set[float]) -> None:
    """Its rates may crowd there; of a grid only the ends are, and a lone rate has no end."""
    rows = [{"lr": rate, "search_place": 1.0 if searched else np.nan} for rate in (0.001, 0.002, 0.1, 1.0)]
    assert edge_rates(rows) == edges
    assert edge_rates(rows[:1]) == set()


def test_a_rate_that_diverges_is_not_chosen() -> None:
    """One diverged seed puts a rate out of the running, however good the others are."""
    trials = grid([[0.1] * 3, [0.2] * 3, [0.9] * 3, [0.3] * 3])
    trials.loc[(trials.lr == 0.1) & (trials.seed == 1), ["status", "validation_score"]] = ["diverged", np.nan]
    found = tuning_table(trials)
    assert list(found.lr[found.chosen]) == [1.0]
    assert list(found.diverged) == [0, 0, 1, 0]


@few
@given(first=grids, second=grids)
def test_other_arms_have_no_say(first: list[list[int]], second: list[list[int]]) -> None:
    """The rows of an arm are those that it has alone, however the trials of several are mixed."""
    parts = [grid(first, "bce"), grid(second, "mse")]
    mixed = tuning_table(pd.concat(parts, ignore_index=True).sort_values(["seed", "lr"], ascending=[True, False]))
    for part in parts:
        alone = tuning_table(part)
        mine = mixed[mixed.loss == alone.loss[0]].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone)


def both_views(reported: dict[str, list[float]], best: dict[str, int]) -> pd.DataFrame:
    """Return the summary of two losses whose accuracy depends on the rate, with a chosen rate each."""
    seeds = np.arange(8)[:, None] / 1000
    trials = pd.concat(
        [
            table({loss: scores[i] + seeds for loss, scores in reported.items()}, shares=[0.0], lr=lr, **MANY)
            for i, lr in enumerate(RATES)
        ],
        ignore_index=True,
    )
    chosen = [grid([[float(i == best[loss])] * 3 for i in range(len(RATES))], loss) for loss in reported]
    return Findings(trials, tuning_table(pd.concat(chosen, ignore_index=True))).summary


@cache
def level() -> pd.DataFrame:
    """Return the summary of two losses that no rate tells apart."""
    return both_views({"bce": [0.8] * 4, "mse": [0.8] * 4}, {"bce": 0, "mse": 0})


def test_the_tuned_view_has_each_loss_at_its_own_rate() -> None:
    """One row a loss, at the rate that was chosen for it, beside one table for each fixed rate."""
    summary = both_views({"bce": [0.5, 0.6, 0.7, 0.8], "mse": [0.8, 0.7, 0.6, 0.5]}, {"bce": 3, "mse": 0})
    tuned = summary[summary["view"] == "tuned"]
    assert dict(zip(tuned.loss, tuned.lr, strict=True)) == {"bce": 1.0, "mse": 0.001}
    assert tuned["mean"].tolist() == pytest.approx([0.8035, 0.8035])
    assert (summary["view"] == "fixed").sum() == 2 * len(RATES)


def test_tuning_moves_no_fixed_figure() -> None:
    """The fixed view is what it is without tuning."""
    trials = grid([[0.5] * 3] * len(RATES))
    fixed = Findings(trials, tuning_table(trials)).summary.query("view == 'fixed'")
    pd.testing.assert_frame_equal(fixed, Findings(trials).summary)


def test_views_disagree_where_a_decision_changes() -> None:
    """A loss that is worse at a rate that does not suit it, and no worse at its own, is named with that rate."""
    summary = both_views({"bce": [0.8, 0.8, 0.8, 0.8], "mse": [0.8, 0.8, 0.5, 0.8]}, {"bce": 0, "mse": 0})
    found = disagreements(summary)
    assert list(zip(found.loss, found.lr, found.verdict, found.verdict_tuned, strict=True)) == [
        ("mse", 0.1, "worse", "equivalent")
    ]


def test_both_views_stand_side_by_side() -> None:
    """A row a fixed rate and loss, with the means of both views, and the word where their decisions differ."""
    summary = both_views({"bce": [0.8, 0.8, 0.8, 0.8], "mse": [0.8, 0.8, 0.5, 0.7]}, {"bce": 0, "mse": 0})
    both = side_by_side(summary)
    assert list(zip(both.loss, both.lr, strict=True)) == [(loss, lr) for lr in RATES for loss in ("bce", "mse")]
    others = both[both.loss == "mse"]
    assert others.agreement.tolist() == ["agree", "agree", "disagree", "disagree"]
    assert others["mean"].tolist() == pytest.approx([0.8035, 0.8035, 0.5035, 0.7035])
    assert (others.mean_tuned - 0.8035).abs().max() < 1e-9
    assert others.letters.tolist() == ["a", "a", "b", "b"]
    assert set(others.letters_tuned) == {"a"}
    assert both.agreement[both.loss == "bce"].isna().all()


@pytest.mark.parametrize(
    ("verdict", "tuned", "word"),
    [
        ("better", "worse", "disagree"),
        ("worse", "inconclusive", "disagree"),
        ("equivalent", "better", "disagree"),
        ("equivalent", "inconclusive", "agree"),
        ("inconclusive", "inconclusive", "agree"),
        ("worse", "worse", "agree"),
        ("worse, within the margin", "worse", "agree"),
        ("worse, within the margin", "equivalent", "disagree"),
    ],
)
def test_only_decisions_can_disagree(verdict: str, tuned: str, word: str) -> None:
    """Better or worse in one view and not in the other is a disagreement, whichever view; two open ones agree."""
    summary = level()
    for here, there in ((verdict, tuned), (tuned, verdict)):
        words = np.where(summary["view"] == "fixed", here, there)
        both = side_by_side(summary.assign(verdict=words))
        assert set(both.agreement) == {word}


def test_without_tuning_nothing_stands_beside() -> None:
    """One view alone gives no rows, and no disagreement."""
    summary = Findings(table({"bce": np.full((3, 1), 0.5), "mse": np.full((3, 1), 0.5)}, shares=[0.0])).summary
    assert len(side_by_side(summary)) == len(disagreements(summary)) == 0


def test_own_rates_pick_whole_arms() -> None:
    """All seeds and shares of an arm at its rate are there, in the order of the trials, and nothing else."""
    trials = grid([[0.1] * 3, [0.9] * 3, [0.2] * 3, [0.3] * 3])
    own = at_own_rate(trials, tuning_table(trials))
    pd.testing.assert_frame_equal(own, trials[trials.lr == 0.01])


@few
@given(scores=grids)
def test_the_smallest_error_is_chosen(scores: list[list[int]]) -> None:
    """Judged by an error, a grid gives the rate that its opposite gives judged by a score."""
    errors, gains = grid(scores).assign(score="rmse"), grid([[-score for score in seeds] for seeds in scores])
    found, mirrored = tuning_table(errors), tuning_table(gains)
    assert found.chosen.tolist() == mirrored.chosen.tolist()
    assert found["mean"][found.chosen].item() == found["mean"].min()


@few
@given(scores=grids)
def test_what_some_of_the_seeds_may_choose_is_nearly_chosen(scores: list[list[int]]) -> None:
    """The chosen rate, and each seed's own best; no rate that another beats on every seed."""
    trials = grid(scores)
    found = {key[-1] for key in nearly_chosen(trials)}
    table = tuning_table(trials)
    assert set(table.lr[table.chosen]) <= found
    for rate, seeds in zip(RATES, scores, strict=True):
        beaten = any(all(a > b for a, b in zip(others, seeds, strict=True)) for others in scores)
        alone = any(all(s > o[k] for o in scores if o is not seeds) for k, s in enumerate(seeds))
        assert not (beaten and rate in found)
        assert not alone or rate in found


def test_a_rate_at_which_a_training_diverged_is_nearly_chosen_where_other_seeds_like_it() -> None:
    """It may not diverge on those; one that always diverged is not."""
    trials = grid([[0.1] * 3, [0.9] * 3, [0.95] * 3, [0.2] * 3])
    trials.loc[(trials.lr == 0.1) & (trials.seed == 0), "status"] = "diverged"
    assert {key[-1] for key in nearly_chosen(trials)} == {0.01, 0.1}
    trials.loc[trials.lr == 0.1, "status"] = "diverged"
    assert {key[-1] for key in nearly_chosen(trials)} == {0.01}
