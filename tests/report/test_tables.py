"""The summary as text: best first, the undefined as a dash; Markdown cell for cell; names of what varies."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats.synthetic import SETTING, score_tables, table

from lossbench.report.figures import NOT_DEFINED
from lossbench.report.table import Table
from lossbench.report.tables import (
    answered,
    label,
    listed_seeds,
    median,
    tables,
    title,
    varying,
)
from lossbench.schema import SETTING as NAMES
from lossbench.stats.findings import Findings
from lossbench.stats.tuning import tuning_table

few = settings(max_examples=settings.default.max_examples // 5, deadline=None)


def only(trials: pd.DataFrame) -> Table:
    """Return the one table of these trials."""
    (found,) = tables(Findings(trials).summary)
    return found


def column(found: Table, heading: str) -> list[str]:
    """Return the cells under a heading."""
    return [row[found.columns.index(heading)] for row in found.rows]


@few
@given(scores=score_tables())
def test_the_best_mean_stands_first(scores: dict[str, np.ndarray]) -> None:
    """Rows fall in mean score; losses without one stand last, in the order that the user gave."""
    summary = Findings(table(scores)).summary
    means = dict(zip(summary.loss, summary["mean"], strict=True))
    order = [means[loss] for loss in column(only(table(scores)), "loss")]
    known = [mean for mean in order if not math.isnan(mean)]
    assert known == sorted(known, reverse=True)
    assert all(map(math.isnan, order[len(known) :]))
    assert sorted(column(only(table(scores)), "loss")) == sorted(scores)


def test_the_smallest_error_stands_first() -> None:
    """Where a smaller score is better, rows rise in it."""
    trials = table({loss: np.full((4, 1), 0.5) for loss in ("bce", "mse", "mae")}, [0.0], score="brier")
    errors = trials.loss.map({"bce": 0.2, "mse": 0.3, "mae": 0.1}) + trials.seed / 1000
    assert column(only(trials.assign(brier=errors)), "loss") == ["mae", "bce", "mse"]


@few
@given(scores=score_tables())
def test_bold_rows_share_the_letter_of_the_best(scores: dict[str, np.ndarray]) -> None:
    """What stands out is what the data cannot tell from the best; letters say so, unless all losses share one."""
    summary = Findings(table(scores)).summary
    found = only(table(scores))
    best = set(summary.loss[summary.letters.fillna("").str.contains("a")])
    names = column(found, "loss")
    assert {names[index] for index in found.best} == best
    if len(best) == len(names):
        assert "abc" not in found.columns
    else:
        letters = column(found, "abc")
        assert {name for name, own in zip(names, letters, strict=True) if "a" in own} == best


def test_every_setting_has_a_table() -> None:
    """Data sets, models and rates are told apart, in the order of the trials."""
    scores = {"bce": np.full((2, 3), 0.5)}
    parts = [table(scores, lr=0.1), table(scores, lr=0.01), table(scores, dataset="a", model="linear")]
    titles = [found.title for found in tables(Findings(pd.concat(parts, ignore_index=True)).summary)]
    assert [text[:10] for text in titles] == ["moons (bin", "moons (bin", "a (binary)"]
    assert "lr 0.1," in titles[0]
    assert "lr 0.01," in titles[1]
    assert "linear" in titles[2]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "moons (binary): mlp:4, adam lr 0.01, batch 32, 20 epochs"),
        (
            {"view": "tuned"},
            "moons (binary): mlp:4, adam, each loss at its own lr, batch 32, 20 epochs",
        ),
        ({"l1": 0.001}, "moons (binary): mlp:4, adam lr 0.01, l1 0.001, batch 32, 20 epochs"),
        ({"l1": 1.0, "l2": 0.5}, "moons (binary): mlp:4, adam lr 0.01, l1 1, l2 0.5, batch 32, 20 epochs"),
        (
            {"outlier_fraction": 0.005, "outlier_kind": "label"},
            "moons (binary): mlp:4, adam lr 0.01, batch 32, 20 epochs, 0.5 % label contamination",
        ),
    ],
)
def test_the_title_names_what_the_losses_share(changes: dict[str, object], expected: str) -> None:
    """Penalties and contamination are named where there are any, and only there."""
    clean = {"dataset": "moons", "view": "fixed", "outlier_fraction": 0.0, "outlier_kind": "none"}
    row = SETTING | clean | changes
    assert title(pd.Series(row)) == expected


def test_undefined_is_a_dash_and_never_a_number() -> None:
    """A loss without a score has a dash in its place."""
    found = only(table({"bce": np.full((2, 3), np.nan)}))
    assert column(found, "accuracy") == column(found, "F1") == column(found, "robust") == [NOT_DEFINED]


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (7.0, np.nan, np.nan, "7"),
        (np.inf, np.nan, np.nan, ">20"),
        (7.0, 3.0, np.inf, "7 [3, >20]"),
        (np.inf, np.inf, np.inf, ">20 [>20, >20]"),
        (np.nan, np.nan, np.nan, NOT_DEFINED),
    ],
)
def test_beyond_the_run_is_more_than_its_epochs(value: float, low: float, high: float, expected: str) -> None:
    """An infinite median is what is known of it: more epochs than there were."""
    row = pd.Series({"epochs": 20, "x_median": value, "x_median_low": low, "x_median_high": high}, dtype=object)
    assert median(row, "x") == expected


def test_who_got_there_is_counted() -> None:
    """The target's cell says how many of the seeds got there, if not all did; a dash where there was no target."""
    trials = table({"bce": np.array([[0.9] * 3, [0.5] * 3, [np.nan] * 3]), "mse": np.full((3, 3), 0.9)})
    assert column(only(trials), "to target") == ["6", ">20 1/3"]
    without = trials.assign(converged=pd.array([pd.NA] * len(trials), dtype="boolean"))
    assert column(only(without), "to target") == [NOT_DEFINED, NOT_DEFINED]


def test_diverged_seeds_are_counted_beside_the_others() -> None:
    """`n` is the number of seeds that have a score, of all where some have none, diverged or not.

    Another score that has more of them says so.
    """
    trials = table({"bce": np.array([[0.9] * 3, [np.nan] * 3]), "mse": np.full((2, 3), 0.5)})
    assert column(only(trials), "n") == ["1/2", "2"]
    assert column(only(trials), "F1") == ["0.450", "0.250 ±0.109"]
    undefined = only(trials.assign(status="ok", f1=0.25))
    assert column(undefined, "n") == ["1/2", "2"]
    assert column(undefined, "F1") == ["0.250 ±0.109 (2)", "0.250 ±0.109"]


def test_every_figure_of_other_seeds_says_of_how_many() -> None:
    """Robustness, and the score at the best epoch, may lack seeds that have a score, or have more of them."""
    scores = {"bce": np.array([[0.9, 0.8], [0.8, np.nan], [0.9, 0.9]]), "mse": np.full((3, 2), 0.75)}
    found = only(table(scores, [0.0, 0.25]).assign(status="ok"))
    assert [cell[-4:] for cell in column(found, "robust")] == [" (2)", "1.00"]
    assert column(found, "n") == ["3", "3"]
    fewer = table({name: values[:, :1] for name, values in scores.items()}, [0.0])
    fewer.loc[0, "accuracy_at_best"] = np.nan
    assert [cell.endswith("(2)") for cell in column(only(fewer), "at best")] == [True, False]


def test_both_epochs_stand_side_by_side_where_the_last_one_lost_what_matters() -> None:
    """The margin decides, in the direction of the score; where nothing was lost there is no column for it."""
    scores = {"mse": np.full((2, 3), 0.5), "mae": np.full((2, 3), 0.6)}
    for score, at_best, shown in (
        ("accuracy", 0.62, True),
        ("accuracy", 0.605, False),
        ("accuracy", 0.4, False),
        ("log_loss", 0.4, True),
        ("log_loss", 0.7, False),
    ):
        trials = table(scores, score=score).assign(log_loss=0.6, accuracy=0.6, **{f"{score}_at_best": at_best})
        found = only(trials)
        assert ("at best" in found.columns) == shown
        assert not shown or column(found, "at best")[0].startswith(f"{at_best:.3f}")


def test_the_second_score_is_another_one() -> None:
    """Beside the primary score stands one that sees what it does not."""
    scores = {"mse": np.full((2, 3), 0.5)}
    assert only(table(scores).assign(accuracy_at_best=0.5)).columns[2:4] == ("accuracy", "F1")
    balanced = table(scores, score="balanced_accuracy").assign(
        balanced_accuracy=0.5, balanced_accuracy_at_best=0.5
    )
    assert only(balanced).columns[2:4] == ("balanced acc.", "F1")
    regression = table(scores, task="regression", score="r2").assign(r2=0.5, mae=123.456, r2_at_best=0.5)
    assert only(regression).columns[2:4] == ("R²", "MAE")
    assert column(only(regression), "MAE") == ["123.5"]


PLACE = dict.fromkeys(NAMES, 1) | {"model": "linear", "outlier_kind": "label", "outlier_fraction": 0.0}


def test_only_what_varies_is_named() -> None:
    """A setting that all places share is not said; one that differs anywhere is, in the order of the columns."""
    places = [PLACE, PLACE | {"lr": 0.5}, PLACE | {"model": "mlp:4", "outlier_fraction": 0.25}]
    names = varying(places)
    assert names == ("model", "lr", "outlier_fraction")
    assert [label(place, names) for place in places] == [
        "linear, lr 1, clean",
        "linear, lr 0.5, clean",
        "mlp:4, lr 1, 25 % label",
    ]
    assert varying([PLACE, PLACE]) == ()


@settings(max_examples=25, deadline=None)
@given(seeds=st.sets(st.integers(0, 20), min_size=1).map(sorted))
def test_every_seed_is_named_and_no_other(seeds: list[int]) -> None:
    """The runs, read back, are the seeds."""
    said = listed_seeds(seeds).split(" ", 1)[1]
    ends = [[int(end) for end in piece.split("-")] for piece in said.split(", ")]
    assert [seed for run in ends for seed in range(run[0], run[-1] + 1)] == seeds


def test_each_table_stands_with_its_own_answer() -> None:
    """Several data sets, rates and views: the own rates of each data set first, and nothing is mixed up."""
    scores = {loss: np.full((6, 1), level) for loss, level in (("bce", 0.5), ("mse", 0.75))}
    parts = [table(scores, [0.0], dataset=name, lr=lr) for name in ("moons", "iris") for lr in (0.1, 0.01)]
    trials = pd.concat(parts, ignore_index=True)
    noise = np.random.default_rng(0).normal(0, 0.01, len(trials))
    trials = trials.assign(accuracy=trials.accuracy + noise, validation_score=trials.accuracy + noise)
    findings = Findings(trials, tuning=tuning_table(trials))
    found = [(rows.iloc[0], answer) for rows, answer in answered(findings)]
    assert [(one.dataset, one.view) for _, one in found] == [
        *(("moons", view) for view in ("tuned", "fixed", "fixed")),
        *(("iris", view) for view in ("tuned", "fixed", "fixed")),
    ]
    for first, one in found:
        assert (first.dataset, first["view"], one.view == "tuned" or first.lr == one.setting["lr"]) == (
            one.dataset,
            one.view,
            True,
        )
