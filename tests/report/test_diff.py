"""Each line of a diff has the mark that its numbers, hashes and statuses give it."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from stats.runs import clean, finished, moved, with_failed
from stats.synthetic import score_tables

from lossbench.errors import BadValue, UnknownName
from lossbench.report.diff import COLUMNS, LEGEND, MARKS, closing_lines, diff_tables, differences
from lossbench.report.terminal import WIDTH, print_tables
from lossbench.results.write import csv_text, frame_json
from lossbench.schema import COLUMNS as TRIAL_COLUMNS
from lossbench.schema import DTYPES, USUAL

few = settings(max_examples=4, deadline=None)
SCORES = {"bce": np.linspace(0.5, 0.7, 8), "mse": np.linspace(0.6, 0.9, 8)}
NOISE = np.array([-0.03, 0.02, -0.01, 0.03, 0.0, 0.02, -0.02, 0.01])
TURNED = {"+": "-", "-": "+", "!": "*", "*": "!", "<": ">", ">": "<"}


def marks(before: pd.DataFrame, after: pd.DataFrame, score: str | None = None) -> dict[str, str]:
    """Return the mark of each loss."""
    frame = differences(before, after, score)
    return dict(zip(frame.loss, frame.mark, strict=True))


@pytest.mark.parametrize("score", ["accuracy", "log_loss"])
def test_better_and_worse_go_by_the_scores_direction(score: str) -> None:
    """`+` is better and `-` is worse, as in every table; more log loss is worse, more accuracy better."""
    before = clean(SCORES).assign(log_loss=0.5)
    up = moved(before, score, 0.1 + np.tile(NOISE, 2))
    down = moved(before, score, -0.1 + np.tile(NOISE, 2))
    better, worse = (up, down) if score == "accuracy" else (down, up)
    assert set(marks(before, better, score).values()) == {"+"}
    assert set(marks(before, worse, score).values()) == {"-"}


def test_what_is_not_significant_is_so_marked() -> None:
    """A scatter around zero is `~`, and so is any change of one seed."""
    before = clean(SCORES)
    assert marks(before, moved(before, "accuracy", NOISE, "bce")) == {"bce": "~", "mse": "="}
    before = clean({"bce": [0.5]})
    assert marks(before, moved(before, "accuracy", -0.4)) == {"bce": "~"}


def test_equal_rows_are_equal_on_another_machine() -> None:
    """The same numbers are `=`; another fingerprint is said, and makes no row incomparable."""
    before = clean(SCORES)
    frame = differences(before, before.assign(fingerprint="f1"))
    assert set(frame.mark) == {"="}
    assert any("2 of 2 lines" in line for line in closing_lines(frame))
    assert len(list(closing_lines(differences(before, before)))) == 1


@pytest.mark.parametrize("name", ["data_hash", "split_hash", "weights_hash", "order_hash", "loss_hash"])
def test_other_hashes_are_not_comparable(name: str) -> None:
    """`x` and the hash that differs, however much better the numbers are."""
    before = clean(SCORES)
    frame = differences(before, moved(before, "accuracy", 0.1).assign(**{name: "other"}))
    assert set(zip(frame.mark, frame.note, strict=True)) == {("x", f"{name} differs")}


def test_failures_and_repairs_are_marked_with_their_seeds() -> None:
    """`!` where a training diverges now, `*` where it no longer does; `!` where both happen."""
    well, badly = [0.5, 0.6, 0.7], [0.5, np.nan, 0.7]
    frame = differences(
        clean({"bce": well, "mse": badly, "mae": badly}), clean({"bce": badly, "mse": well, "mae": badly})
    )
    assert frame["mark"].tolist() == ["!", "*", "="]
    assert frame["note"].tolist() == ["now fails: seed 1", "now works: seed 1", ""]
    crossed = differences(clean({"bce": badly}), clean({"bce": [np.nan, 0.6, 0.7]}))
    assert crossed["mark"].tolist() == ["!"]
    assert crossed["note"].tolist() == ["now fails: seed 0; now works: seed 1"]


def test_a_loss_that_fails_now_is_marked_as_such() -> None:
    """A loss of the user's own that raises: `!`, `*` when it is mended, `=` where it raises in both runs."""
    before = clean(SCORES)
    after = with_failed(before, "mse")
    assert marks(before, after) == {"bce": "=", "mse": "!"}
    assert marks(after, before) == {"bce": "=", "mse": "*"}
    assert marks(after, after) == {"bce": "=", "mse": "="}


def test_rows_that_only_one_run_has_are_marked() -> None:
    """`<` only in A and `>` only in B; seeds that one run lacks are named, and the others compared."""
    before, after = clean({"bce": [0.5] * 3, "mse": [0.5] * 3}), clean({"bce": [0.5] * 4, "mae": [0.5] * 3})
    frame = differences(before, after).set_index("loss")
    assert frame["mark"].to_dict() == {"bce": "=", "mae": ">", "mse": "<"}
    assert frame.note.to_dict() == {"bce": "seed 3 only in B", "mae": "", "mse": ""}
    assert frame.n.to_dict() == {"bce": 3, "mae": 0, "mse": 0}
    apart = differences(before[before.seed < 1], before[before.seed > 0])
    assert set(zip(apart["mark"], apart.note, strict=True)) == {("x", "seed 0 only in A; seeds 1-2 only in B")}


@few
@given(first=score_tables(), second=score_tables())
def test_exchanging_the_runs_turns_every_mark(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    """From B to A, better is worse, new is missing, failing is mended, and all else is as it was."""
    before, after = finished(first), finished(second)
    keys = ["loss", "outlier_fraction"]
    there, back = (
        frame.set_index(keys).sort_index() for frame in (differences(before, after), differences(after, before))
    )
    turned = there["mark"].map(lambda mark: TURNED.get(mark, mark))
    both = there.note.str.contains("now fails") & there.note.str.contains("now works")
    assert (turned[~both] == back["mark"][~both]).all()
    assert (back["mark"][both] == "!").all()
    np.testing.assert_allclose(there.change, -back.change)
    np.testing.assert_allclose(there.p_holm, back.p_holm)


@few
@given(scores=score_tables(), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(scores: dict[str, np.ndarray], order) -> None:
    """A run against itself in any order of rows is equal throughout."""
    trials = finished(scores)
    rows = list(range(len(trials)))
    order.shuffle(rows)
    assert set(differences(trials, trials.iloc[rows]).mark) == {"="}


def test_there_is_a_line_for_each_loss_of_each_table() -> None:
    """Data set, setting and contaminated share each have their own lines, under the columns that are promised."""
    runs = [finished({"bce": np.full((2, 3), 0.5)}, lr=lr, dataset=name) for lr in (0.1, 0.2) for name in "ab"]
    trials = pd.concat(runs, ignore_index=True)
    frame = differences(trials, moved(trials, "accuracy", 0.1))
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 2 * 2 * 3
    assert len(list(diff_tables(frame))) == 2
    setting = {row[2] for table in diff_tables(frame) for row in table.rows}
    assert setting == {f"lr {lr}, {share}" for lr in (0.1, 0.2) for share in ("clean", "25 % label", "50 % label")}


def test_equal_lines_are_counted_and_not_shown() -> None:
    """Two equal runs give no table; what moved is shown without what did not."""
    before = clean(SCORES)
    assert not list(diff_tables(differences(before, before)))
    frame = differences(before, moved(before, "accuracy", 0.1, "mse"))
    (table,) = diff_tables(frame)
    assert [row[:2] for row in table.rows] == [("+", "mse")]
    assert next(iter(closing_lines(frame))) == "2 lines: 1 better (+), 1 the same (=)"


def test_seeds_that_one_run_lacks_are_told_where_all_numbers_are_the_same() -> None:
    """Also where no seed is in both runs, so that there is nothing to compare."""
    both = clean(SCORES)
    for run, said in (
        (both[both.seed < 3], "seeds 3-7 only in A: 2 of 2 lines"),
        (both.assign(seed=both.seed + 100), "seeds 0-7 only in A; seeds 100-107 only in B: 2 of 2 lines"),
    ):
        below = list(closing_lines(differences(both, run)))
        assert said in below
        assert below[0] in ("2 lines: 2 the same (=)", "2 lines: 2 not comparable (x)")
    assert list(closing_lines(differences(both, both))) == ["2 lines: 2 the same (=)"]


def test_a_diff_fits_a_hundred_columns_and_keeps_its_figures() -> None:
    """Long names wrap; means, change, p and n stand whole; the legend explains every mark."""
    names = ("label_smoothing:epsilon=0.05:and_something_more=1.25", "huber:delta=1.35")
    before = clean(dict.fromkeys(names, SCORES["bce"]), model="mlp:64,32:sigmoid", optimizer="sgd:momentum=0.95")
    after = moved(before, "accuracy", -0.1 + np.tile(NOISE, 2))
    after.loc[after.seed == 3, "accuracy"] = np.nan
    both = [pd.concat([run, run.assign(lr=0.00123, model="linear")], ignore_index=True) for run in (before, after)]
    (table,) = diff_tables(differences(*both))
    screen = Console(file=io.StringIO(), width=WIDTH)
    print_tables(screen, [table])
    lines = screen.file.getvalue().splitlines()
    assert max(map(len, [*lines, *LEGEND])) <= WIDTH
    for row in table.rows:
        assert any(all(cell in line for cell in row[3:8]) for line in lines)
    assert all(f"{mark} {meaning}" in "\n".join(LEGEND) for mark, meaning in MARKS.items())


def test_the_files_say_what_the_frame_says() -> None:
    """CSV and JSON hold every line, undefined cells empty or null."""
    frame = differences(clean(SCORES), clean({"bce": SCORES["bce"]}))
    rows = json.loads(frame_json(frame), parse_constant=pytest.fail)
    assert [row["mark"] for row in rows] == ["=", "<"]
    assert (rows[1]["after"], rows[1]["change"], rows[0]["n"]) == (None, None, 8)
    table = pd.read_csv(io.StringIO(csv_text(frame)))
    assert list(table.columns) == [name for name in COLUMNS if name not in USUAL]
    assert table.before.tolist() == frame.before.tolist()


def test_a_data_set_is_compared_by_its_own_score() -> None:
    """Without a name, each data set has its primary score; with one, only data sets of a task that has it."""
    values = clean(SCORES).assign(dataset="diabetes", task="regression", score="r2", r2=0.5)
    both = pd.concat([clean(SCORES), values], ignore_index=True)[list(TRIAL_COLUMNS)].astype(DTYPES)
    assert dict(differences(both, both)[["dataset", "score"]].to_numpy()) == {
        "moons": "accuracy",
        "diabetes": "r2",
    }
    assert set(differences(both, both, "r2_at_best").dataset) == {"diabetes"}
    assert set(differences(both, both, "epochs_to_target").dataset) == {"moons", "diabetes"}


def test_a_score_that_is_not_there_is_refused() -> None:
    """A wrong name, and a score that no data set of the runs has."""
    trials = clean(SCORES)
    with pytest.raises(UnknownName, match="unknown score 'acuracy'; did you mean 'accuracy'"):
        differences(trials, trials, "acuracy")
    with pytest.raises(BadValue, match="no data set of either run has the score r2; name another with --score"):
        differences(trials, trials, "r2")


def test_times_of_runs_that_are_judged_apart_are_refused() -> None:
    """They are times to another target; a score of the last epoch is the same whatever is judged."""
    trials = clean(SCORES)
    other = trials.assign(score="brier").astype(DTYPES)
    for score in ("epochs_to_target", "f1_at_best"):
        with pytest.raises(BadValue, match=f"moons is judged by accuracy .* by brier .* decides {score}"):
            differences(trials, other, score)
    assert set(differences(trials, other, "f1").mark) == {"="}
