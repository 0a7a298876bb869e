"""Two runs are paired trial by trial, and what moved is told from what cannot be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from lossbench.schema import COLUMNS, HASHES, METRICS, PLACE, SAME, SCORES, TIMES, greater_is_better
from lossbench.stats.between_runs.change import changes, meetings, values
from lossbench.stats.families import holm
from lossbench.stats.paired import paired_test
from lossbench.stats.survival import restricted_times
from stats.runs import clean, finished, moved
from stats.synthetic import EPOCHS, score_tables

few = settings(max_examples=5, deadline=None)


def two_runs(random: np.random.Generator, losses: int = 3, seeds: int = 8) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two runs of the same trials with other accuracies."""
    names = [f"loss{index}" for index in range(losses)]
    before = clean({name: random.uniform(0.5, 1, seeds) for name in names})
    return before, moved(before, "accuracy", random.normal(0, 0.05, len(before)))


@few
@given(scores=score_tables(), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(scores: dict[str, np.ndarray], order) -> None:
    """Trials meet by what they are, wherever they stand."""
    before = finished(scores)
    rows = list(range(len(before)))
    order.shuffle(rows)
    straight, shuffled = meetings(before, before), meetings(before.iloc[rows], before.iloc[rows[::-1]])
    by_place = {tuple(meeting.place.values()): meeting for meeting in shuffled}
    assert len(by_place) == len(straight)
    for meeting in straight:
        other = by_place[tuple(meeting.place.values())]
        assert_frame_equal(meeting.before, other.before)
        assert_frame_equal(meeting.after, other.after)


def test_every_trial_meets_its_own() -> None:
    """A meeting holds the same place in both runs, and each seed beside itself."""
    before = finished({"bce": np.full((4, 3), 0.5), "mse": np.full((4, 3), 0.75)})
    found = meetings(before, before)
    assert [meeting.seeds for meeting in found] == [[0, 1, 2, 3]] * 6
    assert [tuple(meeting.place) for meeting in found] == [PLACE] * 6
    assert {(meeting.place["loss"], meeting.place["outlier_fraction"]) for meeting in found} == {
        (loss, share) for loss in ("bce", "mse") for share in (0.0, 0.25, 0.5)
    }


def test_seeds_that_one_run_lacks_are_named() -> None:
    """Shared, missing and new seeds are told apart, and a place that one run lacks has none in common."""
    before, after = clean({"bce": [0.5] * 4, "mse": [0.5] * 4}), clean({"bce": [0.5] * 6, "mae": [0.5]})
    after = after[after.seed != 1]
    found = {meeting.place["loss"]: meeting for meeting in meetings(before, after)}
    assert list(found) == ["bce", "mae", "mse"]
    bce = found["bce"]
    assert (bce.seeds, bce.missing, bce.new) == ([0, 2, 3], [1], [4, 5])
    assert (found["mse"].seeds, found["mse"].missing, found["mse"].new) == ([], [0, 1, 2, 3], [])
    assert (found["mae"].seeds, found["mae"].missing, found["mae"].new) == ([], [], [0])


@pytest.mark.parametrize("name", HASHES)
def test_pairs_of_other_hashes_are_not_comparable(name: str) -> None:
    """Each hash that must be the same is named where one seed's differs; the fingerprint may differ."""
    before = clean({"bce": [0.5] * 3, "mse": [0.5] * 3})
    after = before.copy()
    after.loc[1, name] = "other"
    bce, mse = meetings(before, after)
    assert bce.differing == ([name] if name in SAME else [])
    assert bce.elsewhere is (name == "fingerprint")
    assert (mse.differing, mse.elsewhere) == ([], False)


def test_trainings_that_turn_are_named() -> None:
    """Which seeds diverge now, and which no longer do."""
    before, after = clean({"bce": [0.5, np.nan, 0.5, np.nan]}), clean({"bce": [0.5, 0.5, np.nan, np.nan]})
    (meeting,) = meetings(before, after)
    assert (meeting.failing, meeting.mended) == ([2], [1])
    (change,) = changes([meeting], "accuracy")
    assert (change.lost, change.found, change.test.interval.n, change.still) == ([2], [1], 1, False)


@few
@given(seed=st.integers(0, 1000))
def test_a_change_is_the_paired_test_of_the_second_minus_the_first(seed: int) -> None:
    """Mean, interval and p are those of seeds that are independent given the data, p corrected by Holm."""
    before, after = two_runs(np.random.default_rng(seed))
    found = changes(meetings(before, after), "accuracy")
    differences = (after.accuracy - before.accuracy).to_numpy().reshape(3, -1)
    tests = [paired_test(row, 0.0) for row in differences]
    np.testing.assert_allclose([change.test.p_value for change in found], [test.p_value for test in tests])
    np.testing.assert_allclose(
        [change.test.interval.low for change in found], [test.interval.low for test in tests]
    )
    adjusted = holm(np.array([float(test.p_value) for test in tests]))
    np.testing.assert_allclose([change.adjusted_p for change in found], adjusted)
    np.testing.assert_allclose([change.after - change.before for change in found], differences.mean(axis=1))


@few
@given(seed=st.integers(0, 1000))
def test_exchanging_the_runs_turns_the_sign(seed: int) -> None:
    """The change from B to A is minus the change from A to B, and better becomes worse."""
    before, after = two_runs(np.random.default_rng(seed))
    after = moved(after, "accuracy", 0.3, "loss0")
    turned = {"better": "worse", "worse": "better"}
    there, back = changes(meetings(before, after), "accuracy"), changes(meetings(after, before), "accuracy")
    for one, other in zip(there, back, strict=True):
        np.testing.assert_allclose(one.test.interval.mean, -other.test.interval.mean)
        np.testing.assert_allclose(one.adjusted_p, other.adjusted_p)
        assert other.verdict == turned.get(one.verdict, one.verdict)
    assert there[0].verdict == "better"


@few
@given(scores=score_tables(), score=st.sampled_from(SCORES))
def test_nothing_moves_between_a_run_and_itself(scores: dict[str, np.ndarray], score: str) -> None:
    """The same run twice: every change is still, whatever is undefined in it."""
    before = finished(scores)
    assert all(change.still for change in changes(meetings(before, before), score))


@pytest.mark.parametrize(("by", "still"), [(1e-8, True), (1e-4, False)])
def test_the_last_digit_of_a_float_is_no_change(by: float, still: bool) -> None:
    """What another processor may round otherwise is the same number; more is not."""
    before = clean({"bce": [0.5, 0.6, 0.7]})
    (change,) = changes(meetings(before, moved(before, "accuracy", by)), "accuracy")
    assert change.still is still


@few
@given(seed=st.integers(0, 1000), power=st.integers(-30, 30))
def test_the_unit_of_the_target_decides_nothing(seed: int, power: int) -> None:
    """Errors in farad and in picofarad moved alike: the same mark, p value and number of seeds."""
    runs = two_runs(np.random.default_rng(seed))
    for plain, scaled in zip(
        *(changes(meetings(*in_unit(runs, unit)), "mae") for unit in (1.0, 10.0**power)), strict=True
    ):
        assert (scaled.still, scaled.moved, scaled.verdict) == (plain.still, plain.moved, plain.verdict)
        np.testing.assert_allclose(scaled.adjusted_p, plain.adjusted_p)


def in_unit(runs: tuple[pd.DataFrame, pd.DataFrame], unit: float) -> list[pd.DataFrame]:
    """Return runs with mean errors in a unit."""
    return [run.assign(mae=(1.5 - run.accuracy) * unit) for run in runs]


def test_losses_that_did_not_move_cost_the_others_nothing() -> None:
    """Equal numbers are no test, so p is corrected only over the losses that moved, and may be compared."""
    random = np.random.default_rng(0)
    before = clean({f"loss{index}": random.uniform(0.4, 0.6, 8) for index in range(9)})
    by = random.normal(0.01, 0.01, 8)
    after = moved(moved(before, "accuracy", by, "loss0"), "accuracy", by, "loss1")
    after.loc[after.loss == "loss1", "loss_hash"] = "other"
    first, second, *rest = changes(meetings(before, after), "accuracy")
    assert first.adjusted_p == pytest.approx(float(first.test.p_value))
    assert all(np.isnan(change.adjusted_p) for change in (second, *rest))


@few
@given(scores=score_tables(("bce",)))
def test_the_mean_of_times_is_the_restricted_mean(scores: dict[str, np.ndarray]) -> None:
    """A target that was not reached counts as the whole run, as in the summary; no target is no time."""
    trials = finished(scores)
    times, reached = trials.epochs_to_target.to_numpy(np.float64, na_value=np.nan), trials.converged.to_numpy(bool)
    found = values(trials, "epochs_to_target")
    assert found.mean() == pytest.approx(restricted_times(times, reached, EPOCHS).mean())
    aimless = trials.assign(converged=pd.array([pd.NA] * len(trials), dtype="boolean"), epochs_to_target=pd.NA)
    assert np.isnan(values(aimless.astype({"epochs_to_target": "Int64"}), "epochs_to_target")).all()


def test_every_score_has_its_own_direction() -> None:
    """A score at the best epoch goes as the score; epochs are better when fewer; every score is a column."""
    assert set(SCORES) <= set(COLUMNS)
    for name, metric in METRICS.items():
        assert greater_is_better(name) is greater_is_better(f"{name}_at_best") is metric.greater_is_better
    assert not any(map(greater_is_better, TIMES))
