"""A comparison group lays its trials out by loss, seed and contaminated share, whatever their order."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.stats.findings import Findings
from lossbench.stats.groups import comparison_groups, identities, stack
from lossbench.stats.row_scores import Part, RowScores

from .synthetic import SETTING, SHARES, score_tables, table

few = settings(max_examples=settings.default.max_examples // 10, deadline=None)
Scores = Mapping[str, np.ndarray]


@few
@given(scores=score_tables(), random=st.randoms(use_true_random=False))
def test_a_cube_holds_every_trial_in_its_place(scores: Scores, random: Random) -> None:
    """A score of each loss, seed and share is where it belongs, in whatever order the trials come."""
    trials = table(scores)
    (group,) = comparison_groups(trials.iloc[random.sample(range(len(trials)), len(trials))])
    assert sorted(group.losses) == sorted(scores)
    assert group.shares.tolist() == list(SHARES)
    for loss, found in zip(group.losses, group.cube("accuracy"), strict=True):
        np.testing.assert_array_equal(found, scores[loss])
    np.testing.assert_array_equal(group.clean("accuracy"), group.cube("accuracy")[..., 0])


@few
@given(scores=score_tables())
def test_trials_that_diverged_are_counted(scores: Scores) -> None:
    """Clean trials ended well or diverged; a loss is whole where there are some and all ended well."""
    (group,) = comparison_groups(table(scores))
    gone = np.stack([np.isnan(scores[loss][:, 0]) for loss in group.losses])
    np.testing.assert_array_equal(group.count("diverged"), gone.sum(axis=1))
    np.testing.assert_array_equal(group.count("ok"), (~gone).sum(axis=1))
    np.testing.assert_array_equal(group.whole(), ~gone.any(axis=1))
    (dirty,) = comparison_groups(table(scores).query("loss != 'bce' or outlier_fraction > 0"))
    assert not dirty.whole()[dirty.losses.index("bce")]


def test_a_seed_that_one_loss_lacks_is_missing_and_not_shifted() -> None:
    """What was never trained is NaN in its place, so pairs stay pairs; and it has not diverged."""
    trials = table(
        {"bce": np.array([[0.25], [0.5], [0.75]]), "mse": np.array([[0.25], [0.5], [1.0]])}, shares=(0.0,)
    )
    (group,) = comparison_groups(trials[(trials.loss != "mse") | (trials.seed != 0)])
    np.testing.assert_array_equal(group.clean("accuracy"), [[0.25, 0.5, 0.75], [np.nan, 0.5, 1.0]])
    assert group.whole().all()
    assert group.count("ok").tolist() == [3, 2]


def with_rows(scores: Scores, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the summary of losses by the rows of their trials that ended well, but for losses without rows."""
    trials, contributed = rows_of(scores, without)
    return Findings(trials, contributed=contributed).summary.set_index("loss")


def rows_of(scores: Scores, without: tuple[str, ...] = ()) -> tuple[pd.DataFrame, RowScores]:
    """Return trials, and the rows of those that ended well, but for losses without rows."""
    trials, random = table(scores, shares=SHARES[:1]), np.random.default_rng(0)
    right = {row: random.random(32) < trials.accuracy[row] for row in trials.index[trials.status == "ok"]}
    trials.loc[list(right), "accuracy"] = [values.mean() for values in right.values()]
    parts = [
        Part(np.array([row]), (np.arange(32)[None] + 16 * trials.seed[row]) % 128, False, {"accuracy": one[None]})
        for row, one in right.items()
        if trials.loss[row] not in without
    ]
    return trials, RowScores.of(parts, identities(trials))


def test_a_loss_that_never_ended_well_leaves_the_rows_of_the_others() -> None:
    """Rows stay the unit of the losses that have a score; where one has a score and no rows, seeds are for all."""
    well = {"bce": np.full((4, 1), 0.8), "mse": np.full((4, 1), 0.7)}
    alone, beside = with_rows(well), with_rows(well | {"mae": np.full((4, 1), np.nan)})
    figures = ["mean", "low", "high", "difference", "difference_low", "difference_high", "unit"]
    pd.testing.assert_frame_equal(beside.loc[["bce", "mse"], figures], alone[figures])
    assert set(alone.unit.dropna()) == {"row"}
    assert set(with_rows(well, without=("mse",)).unit.dropna()) == {"seed"}
    assert set(with_rows({loss: np.full((4, 1), np.nan) for loss in well}).unit.dropna()) == {"seed"}


def test_a_loss_that_diverged_once_is_judged_by_seed_and_the_others_by_row() -> None:
    """Rows say nothing of a training without a score; the other losses are judged as if it had ended well."""
    well = {"bce": np.full((4, 1), 0.8), "mse": np.full((4, 1), 0.7), "mae": np.full((4, 1), 0.7)}
    lost = with_rows(well | {"mae": np.array([[0.7], [np.nan], [0.7], [0.7]])})
    assert lost.unit.to_dict() == {"bce": "row", "mse": "row", "mae": "seed"}
    figures = ["mean", "difference", "difference_low", "difference_high"]
    pd.testing.assert_series_equal(lost.loc["mse", figures], with_rows(well).loc["mse", figures])
    known = rows_of(well | {"mae": np.array([[0.7], [np.nan], [0.7], [0.7]])})[0].accuracy.to_numpy(float)
    gaps = np.where(np.isnan(known[8:]), SETTING["constant_score"], known[8:]) - known[:4]
    np.testing.assert_allclose(lost.difference["mae"], gaps.mean())


def test_rows_are_found_by_what_a_trial_is() -> None:
    """Not by its label: some trials, numbered anew, or in another order, have the rows that are theirs."""
    trials, contributed = rows_of({loss: np.full((4, 1), 0.7) for loss in ("bce", "mse", "mae")})
    figures = ["mean", "low", "high", "difference", "difference_low", "difference_high", "unit"]

    def figures_of(kept: pd.DataFrame) -> pd.DataFrame:
        return Findings(kept, contributed=contributed).summary.set_index("loss")[figures]

    chosen = trials[trials.loss != "bce"]
    expected = figures_of(chosen)
    assert set(expected.unit.dropna()) == {"row"}
    pd.testing.assert_frame_equal(figures_of(chosen.reset_index(drop=True)), expected)
    turned = chosen.iloc[[5, 4, 7, 6, 1, 0, 3, 2]].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        figures_of(turned)[["mean", "low", "high"]].sort_index(), expected[["mean", "low", "high"]].sort_index()
    )


@given(st.permutations(range(6)))
def test_every_loss_has_the_rows_of_its_own_trials(order: list[int]) -> None:
    """Side by side by split, whatever places they have: of two losses, the second without a score in one split."""
    cells = np.arange(3)[None]
    parts = [Part(np.array([row]), 10 * row + cells, False, {"r2": row + cells / 4}) for row in range(6)]
    places = np.array(order).reshape(2, 3)
    places[1, 2] = -1
    found = RowScores.of(parts, [(row,) for row in range(6)]).contributions(places, "r2")
    wanted = np.where(places < 0, np.nan, places)[..., None] + np.arange(3) / 4
    np.testing.assert_array_equal(found.scores, wanted.reshape(2, 9))
    np.testing.assert_array_equal(found.unit, (10 * places[0][:, None] + np.arange(3)).ravel())
    np.testing.assert_array_equal(found.split, np.repeat(np.arange(3), 3))


def test_trials_whose_rows_are_not_known_are_judged_by_seed() -> None:
    """Trials of another setting have none of these rows, whatever their labels."""
    trials, contributed = rows_of({loss: np.full((4, 1), 0.7) for loss in ("bce", "mse")})
    for others in (trials.assign(lr=0.5), trials.assign(seed=trials.seed + 10)):
        assert set(Findings(others, contributed=contributed).summary.unit.dropna()) == {"seed"}


def test_parts_of_a_table_may_lack_columns() -> None:
    """Lists keep their places, one value stands for its whole part, and what is missing is undefined."""
    parts = [{"loss": ["a", "b"], "n": 3}, {"loss": [], "n": 4}, {"loss": ["c"], "x": [1.5]}]
    found = stack(parts, ["n", "x"], by="loss")
    np.testing.assert_array_equal(found.to_numpy(dtype=float), [[3, np.nan], [3, np.nan], [np.nan, 1.5]])
