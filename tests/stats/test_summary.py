"""The summary says what the trials say: whoever else is in the table, in whatever order they stand."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas.testing import assert_frame_equal

from lossbench.results.write import trials_csv
from lossbench.schema import COMPARISONS, SUMMARY, three
from lossbench.stats.findings import Findings
from lossbench.stats.groups import comparison_groups
from lossbench.stats.paired import over_seeds, paired_test
from lossbench.stats.ranks import rank_losses
from lossbench.stats.summary import tied_with_best
from lossbench.stats.verdicts import WITHIN

from .synthetic import EPOCHS, learnt, read_trials, score_tables, table

few = settings(max_examples=settings.default.max_examples // 10, deadline=None)
Scores = Mapping[str, np.ndarray]
ROWS, RATIO = 32, 32 / 128
# What is said of a loss with regard to the others of its table; everything else is its own.
RELATIVE = [
    *("reference", *three("difference"), "difference_n", "unit"),
    *("p_holm", "effect_size", "verdict", "p_worse", "p_equal", "p_better", *three("beats")),
    *("tied_with_best", "letters"),
    *("smallest_p", "more_seeds", "bootstrap_low", "bootstrap_high", "bootstrap_disagrees"),
    *three("epochs_to_target_difference"),
    *("epochs_to_target_p_holm", "epochs_to_target_verdict"),
]


def own(summary: pd.DataFrame) -> pd.DataFrame:
    """Return what is said of each loss by itself, by loss."""
    return summary.drop(columns=RELATIVE).set_index("loss").sort_index()


def one(frame: pd.DataFrame, **where: object) -> pd.Series:
    """Return the only row with these values."""
    (index,) = np.flatnonzero(np.all([frame[name] == value for name, value in where.items()], axis=0))
    return frame.iloc[index]


def close(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Assert equality but for the rounding of sums and the types of empty columns."""
    assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9, atol=1e-12)


def nones(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same values, with None for every kind of missing one; pandas 2 warns where kinds differ."""
    return frame.astype(object).where(frame.notna(), None)


@few
@given(scores=score_tables())
def test_adding_a_loss_moves_no_other_losses_figures(scores: Scores) -> None:
    """Means, intervals, times and robustness of a loss do not depend on who else is in the table."""
    both = own(Findings(table({name: scores[name] for name in ("bce", "mse")})).summary)
    close(own(Findings(table(scores)).summary).loc[both.index], both)


@few
@given(scores=score_tables(), random=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_says_nothing(scores: Scores, random: Random) -> None:
    """Shuffled trials have the same figures; their order only chooses the reference and the order of a pair.

    The reference has its pairs corrected before the others, so the same one is needed for the same verdicts.
    """
    trials = table(scores)
    any_first = trials.iloc[random.sample(range(len(trials)), len(trials))]
    same_first = any_first.sort_values("loss", key=lambda loss: loss != "bce", kind="stable")
    close(own(Findings(any_first).summary), own(Findings(trials).summary))
    for shuffled, judged in ((any_first, ["p_value"]), (same_first, ["p_value", "p_holm"])):
        pairs, expected = Findings(shuffled).comparisons, Findings(trials).comparisons
        for pair in expected.itertuples():
            same = (pairs["first"].isin([pair.first, pair.second])) & pairs.second.isin([pair.first, pair.second])
            (found,) = pairs[same].itertuples()
            np.testing.assert_allclose(abs(found.difference), abs(pair.difference), atol=1e-12)
            for name in judged:
                np.testing.assert_allclose(getattr(found, name), getattr(pair, name), atol=1e-12)
    before, after = (Findings(each).summary.set_index("loss").letters.to_dict() for each in (trials, same_first))
    assert before == after


@few
@given(scores=score_tables())
def test_other_names_for_the_seeds_change_nothing(scores: Scores) -> None:
    """Seeds are labels: calling them otherwise, the same for all losses, leaves summary and pairs as they are."""
    trials = table(scores)
    renamed = trials.assign(seed=1000 - 7 * trials.seed)
    close(Findings(renamed).summary, Findings(trials).summary)
    close(Findings(renamed).comparisons, Findings(trials).comparisons)


@few
@given(
    scores=score_tables(("bce",), missing=False).filter(lambda scores: len(scores["bce"]) > 1),
    rows=st.sampled_from([32, 367, 368, 10_000]),
)
def test_a_loss_is_equivalent_to_itself(scores: Scores, rows: int) -> None:
    """The same trainings under another name differ by exactly nothing, on rows enough to say so of others.

    Accuracies of n rows that agree leave open a share of 1 - 0.025^(1/n) of others like these. A score that does
    not count rows leaves nothing open, once there are six seeds.
    """
    trials = table(scores | {"other": scores["bce"]}, test_rows=rows, train_rows=3 * rows)
    twin = one(Findings(trials).summary, loss="other")
    assert (twin.difference, twin.p_holm) == (0, 1)
    left = 1 - 0.025 ** (1 / rows)
    np.testing.assert_allclose([twin.difference_low, twin.difference_high], [-left, left])
    assert twin.verdict == ("equivalent" if left < 0.01 else "inconclusive")
    assert twin.tied_with_best
    exact = one(Findings(trials.assign(brier=1 - trials.accuracy, score="brier")).summary, loss="other")
    enough = len(scores["bce"]) >= 6
    assert (exact.difference, exact.p_holm, exact.tied_with_best) == (0, 1, True)
    assert (exact.difference_low == exact.difference_high == 0) == enough
    assert exact.verdict == ("equivalent" if enough else "inconclusive")


@few
@given(scores=score_tables())
def test_the_summary_is_of_the_paired_test(scores: Scores) -> None:
    """The difference to the reference is the paired test, with the constant's score for what diverged."""
    summary = Findings(table(scores)).summary
    clean = {name: learnt(values[:, 0]) for name, values in scores.items()}
    assert set(summary.reference) == {"bce"}
    assert summary.verdict[summary.loss == "bce"].isna().all()
    for row in summary[summary.loss != "bce"].itertuples():
        test = paired_test(clean[row.loss] - clean["bce"], RATIO, ROWS)
        expected = [test.interval.mean, test.interval.low, test.interval.high, test.effect_size]
        found = [row.difference, row.difference_low, row.difference_high, row.effect_size]
        np.testing.assert_array_equal(found, expected)


@few
@given(scores=score_tables())
def test_every_seed_is_counted_once(scores: Scores) -> None:
    """`n` counts the clean trainings that ended well, `diverged` the others; the mean is over the former."""
    for row in Findings(table(scores)).summary.itertuples():
        clean = scores[row.loss][:, 0]
        assert (row.n, row.diverged) == (np.isfinite(clean).sum(), np.isnan(clean).sum())
        expected = over_seeds(clean, RATIO, ROWS).at().interval()
        ends = np.clip([expected.low, expected.high], 0, 1)  # no accuracy lies outside
        np.testing.assert_array_equal([row.mean, row.low, row.high], [expected.mean, *ends])
        assert row.mean == row.accuracy or np.isnan(row.mean)


@few
@given(scores=score_tables())
def test_undefined_scores_are_not_counted(scores: Scores) -> None:
    """Where trainings end well without a score, means, tests and letters are of the seeds that have one.

    Nothing warns, however few are left.
    """
    trials = table(scores).assign(status="ok")
    summary, clean = Findings(trials).summary, {name: values[:, 0] for name, values in scores.items()}
    for row in summary.itertuples():
        defined = np.isfinite(clean[row.loss])
        assert (row.n, row.accuracy_n, row.undefined) == (defined.sum(), defined.sum(), (~defined).sum())
        both = defined & np.isfinite(clean["bce"])
        assert row.loss == "bce" or row.difference_n == both.sum()
        assert bool(row.letters) == defined.any()
    assert set(rank_losses(summary).loss) == set(scores)


def test_seeds_that_share_no_rows_need_no_correction() -> None:
    """Where every seed draws its own rows, intervals are Student's: narrower by what the correction adds."""
    scores = {
        "bce": np.array([[0.6] * 3, [0.5] * 3, [0.55] * 3]),
        "mse": np.array([[0.5] * 3, [0.3] * 3, [0.4] * 3]),
    }
    resplit, redrawn = (Findings(table(scores, sampling=sampling)).summary for sampling in ("resplit", "redrawn"))
    widths = (resplit.high - resplit.low) / (redrawn.high - redrawn.low)
    np.testing.assert_allclose(widths, np.sqrt((1 / 3 + RATIO) / (1 / 3)))
    assert redrawn["mean"].tolist() == resplit["mean"].tolist()
    assert redrawn.p_holm[1] < resplit.p_holm[1]


def test_one_seed_has_no_interval() -> None:
    """From one seed nothing can be said about spread: every end of an interval is empty, never zero."""
    summary = Findings(table({"bce": np.array([[0.9, 0.8, 0.7]]), "mse": np.array([[0.8, 0.8, 0.8]])})).summary
    ends = [name for name in summary if name.endswith(("low", "high"))]
    assert len(ends) > 40
    assert summary[ends].isna().all(axis=None)
    assert (
        Findings(table({"bce": np.full((1, 3), 0.9), "mse": np.full((1, 3), 0.8)}))
        .comparisons.p_value.isna()
        .all()
    )
    assert summary["mean"].tolist() == [0.9, 0.8]
    assert summary.verdict.tolist()[1] == "inconclusive"


def test_a_diverged_seed_is_censored_not_dropped() -> None:
    """A training that diverged never got to its target, so it counts among those that did not."""
    row = Findings(table({"bce": np.array([[0.9] * 3, [0.9] * 3, [np.nan] * 3])})).summary.iloc[0]
    assert (row.n, row.diverged, row.targets) == (2, 1, 3)
    assert row.reached == pytest.approx(2 / 3)
    assert row.epochs_to_target == pytest.approx((6 + 6 + EPOCHS) / 3)


def test_speed_is_held_against_the_reference() -> None:
    """The difference in epochs is the paired one of restricted means, and its verdict follows the margin."""
    sooner, later = (np.repeat(np.array(runs)[:, None], 3, axis=1) for runs in ([0.95, 1.0] * 5, [0.75, 0.8] * 5))
    summary = Findings(table({"bce": later, "mse": sooner, "mae": later, "focal": np.full((10, 3), 0.5)})).summary
    epochs = [EPOCHS - int(16 * score) for score in (0.75, 0.8, 0.95, 1.0)]  # as `outcome` has it
    later_than = (epochs[2] + epochs[3] - epochs[0] - epochs[1]) / 2
    assert summary.epochs_to_target_difference.tolist()[1:3] == [pytest.approx(later_than), 0]
    assert summary.epochs_to_target_verdict.tolist()[1:] == ["faster", "equivalent", "slower"]
    assert pd.isna(summary.epochs_to_target_verdict[0])
    censored = EPOCHS - summary.epochs_to_target[0]
    assert summary.epochs_to_target_difference[3] == pytest.approx(censored)


@few
@given(scores=score_tables(missing=False))
def test_margins_are_the_callers(scores: Scores) -> None:
    """A margin as wide as the scale leaves nothing inconclusive, no margin nothing equivalent; no more changes."""
    trials = table(scores)
    if len(scores["bce"]) < 6:  # a few equal seeds have no interval, and that of two may be wider than any scale
        return
    bare, wide = Findings(trials, margins={}).summary, Findings(trials, margins={"accuracy": 100.0}).summary
    assert not (bare.verdict == "equivalent").any()
    assert not (wide.verdict == "inconclusive").any()
    settled = ["verdict", "p_worse", "p_equal", "p_better", "more_seeds", "epochs_to_target_verdict"]
    assert_frame_equal(bare.drop(columns=settled), wide.drop(columns=settled))
    decided = bare.verdict.isin(["better", "worse"])
    assert (wide.verdict[decided] == bare.verdict[decided] + WITHIN).all()


@few
@given(scores=score_tables())
def test_what_is_decided_needs_no_more_seeds(scores: Scores) -> None:
    """No more seeds where there is a verdict; at least one, or none that would do, where it is open."""
    for frame in (Findings(table(scores)).summary.dropna(subset="verdict"), Findings(table(scores)).comparisons):
        still_open = frame.verdict == "inconclusive"
        assert (frame.more_seeds[~still_open] == 0).all()
        assert (frame.more_seeds[still_open].dropna() >= 1).all()
        assert frame.bootstrap_disagrees.notna().all()


def test_a_diverged_seed_has_no_plateau_within_the_run() -> None:
    """In the median a training that diverged took longer than the run; one that was never started is not there."""
    trials = table({"bce": np.array([[0.5], [np.nan], [np.nan]]), "mse": np.full((3, 1), 0.5)}, shares=[0.0])
    assert Findings(trials).summary.epochs_to_plateau_median.tolist() == [np.inf, 5]
    assert Findings(trials[trials.status == "ok"]).summary.epochs_to_plateau_median.tolist() == [5, 5]
    assert Findings(trials).summary.epochs_to_plateau.tolist() == [5, 5]


@few
@given(scores=score_tables())
def test_a_mean_number_of_epochs_lies_within_the_run(scores: Scores) -> None:
    """No interval of it begins before the first epoch or ends after the last, as which a censored seed counts."""
    summary = Findings(table(scores)).summary
    for name in ("epochs_to_target", "epochs_to_plateau"):
        ends = summary[[*three(name)]].to_numpy(dtype=np.float64)
        assert ((ends >= 1) & (ends <= EPOCHS) | np.isnan(ends)).all()


def test_medians_beyond_the_run_are_infinite() -> None:
    """Where fewer than half of the seeds get there, the median is known only to lie beyond the run."""
    row = Findings(table({"bce": np.array([[0.9, 0.9, 0.9], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])})).summary.iloc[0]
    assert row.epochs_to_target_median == np.inf
    assert row.breakdown_median == np.inf
    assert (row.reached, row.broke_down) == (pytest.approx(1 / 3), 0)


def test_an_undefined_target_is_not_a_missed_one() -> None:
    """Where the linear model is no better than a constant there is no target, so nothing is said about it."""
    trials = table({"bce": np.full((3, 3), 0.5)}).assign(converged=pd.NA, target_score=np.nan)
    row = Findings(trials.astype({"converged": "boolean"})).summary.iloc[0]
    assert row.targets == 0
    assert row[["epochs_to_target", "epochs_to_target_median", "reached"]].isna().all()


@few
@given(scores=score_tables(("bce",), missing=False))
def test_robustness_is_one_where_nothing_is_lost(scores: Scores) -> None:
    """A loss whose score is the same under every share keeps all of its skill and breaks down nowhere."""
    clean = np.clip(scores["bce"][:, :1], 0.5, None)  # above a constant's score of 0.25
    row = Findings(table({"bce": np.repeat(clean, 3, axis=1)})).summary.iloc[0]
    assert row.robustness == pytest.approx(1)
    assert row.slope == pytest.approx(0)
    assert (row.broke_down, row.breakdown_median) == (0, np.inf)


def test_a_training_that_diverges_on_contaminated_data_has_lost_all_skill() -> None:
    """It counts as the constant answer, which has none; a seed that diverged on clean data has no area."""
    constant = np.array([[0.75, 0.5, 0.25], [0.75, 0.25, 0.25]])
    lost = np.array([[0.75, 0.5, 0.25], [0.75, np.nan, np.nan], [np.nan, 0.5, 0.25]])
    columns = ["robustness", "robustness_n", "slope", "breakdown_median", "broke_down"]
    found, expected = (Findings(table({"bce": values})).summary[columns] for values in (lost, constant))
    assert_frame_equal(found, expected)
    assert expected.iloc[0].tolist() == [pytest.approx(0.375), 2, pytest.approx(-2), 0.125, 1.0]


@pytest.mark.parametrize("shares", [(0.0,), (0.25,), (0.25, 0.5)])
def test_without_a_clean_share_or_a_second_one_robustness_is_empty(shares: tuple[float, ...]) -> None:
    """Scores are of the smallest share there is; robustness needs the share zero and another."""
    scores = np.linspace(0.5, 1, 3 * len(shares)).reshape(3, -1)
    row = Findings(table({"bce": scores}, shares=shares)).summary.iloc[0]
    assert row["mean"] == scores[:, 0].mean()
    assert (row.outlier_fraction, row.largest_share) == (shares[0], shares[-1])
    assert row[["robustness", "slope", "breakdown_median", "broke_down"]].isna().all()


@settings(max_examples=settings.default.max_examples // 20, deadline=None)
@given(first=score_tables(("bce", "mse")), second=score_tables(("bce", "mse")))
def test_settings_are_never_mixed(first: Scores, second: Scores) -> None:
    """Each model, rate, penalty, optimiser and data set has a table of its own, as if it stood alone."""
    settings = ({"model": "linear"}, {"lr": 0.1}, {"l2": 0.5}, {"optimizer": "sgd"}, {"dataset": "rings"})
    one_by_one = [table(first), *(table(second, **setting) for setting in settings)]
    together = pd.concat(one_by_one, ignore_index=True)
    for name in ("summary", "comparisons"):
        apart = [nones(getattr(Findings(trials), name)) for trials in one_by_one]
        close(nones(getattr(Findings(together), name)), pd.concat(apart, ignore_index=True))


def test_a_loss_alone_has_no_pairs() -> None:
    """One loss has a summary, no verdict, and a table of pairs without rows that still has its columns."""
    trials = table({"bce": np.full((2, 3), 0.5)})
    assert Findings(trials).comparisons.columns.tolist() == list(COMPARISONS)
    assert len(Findings(trials).comparisons) == 0
    assert Findings(trials).summary.columns.tolist() == list(SUMMARY)
    assert Findings(trials).summary.verdict.isna().all()


def test_every_training_diverged() -> None:
    """A table of nothing but divergences is summarised without a warning: no score, no tie, no verdict."""
    trials = table({"bce": np.full((3, 3), np.nan), "mse": np.full((3, 3), np.nan)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary = Findings(trials).summary
    assert summary.diverged.tolist() == [3, 3]
    assert summary["mean"].isna().all()
    assert not summary.tied_with_best.any()
    assert summary.letters.tolist() == ["", ""]


@few
@given(scores=score_tables())
def test_every_table_can_be_made_again_from_the_csv(scores: Scores) -> None:
    """`trials.csv` holds all that the tables are made of, to the last bit."""
    trials = table(scores)
    back = Findings(read_trials(trials_csv(trials)))
    for name in ("summary", "comparisons", "ranks", "profiles"):
        made = getattr(Findings(trials), name)
        assert_frame_equal(getattr(back, name), made, check_dtype=False, check_exact=True)


losses_by_seeds = st.tuples(st.integers(1, 4), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(-100, 100).map(lambda i: i / 100))
)


def tied(scores: np.ndarray, score: str = "r2") -> np.ndarray:
    """Return which losses are tied with the best, given their scores (losses, seeds)."""
    trials = table({f"loss{index}": row[:, None] for index, row in enumerate(scores)}, [0.0], task="regression")
    (group,) = comparison_groups(trials.assign(score=score, **{score: trials.accuracy}, status="ok"))
    return tied_with_best(group)


@few
@given(scores=losses_by_seeds)
def test_the_best_is_marked_and_the_direction_only_turns_the_sign(scores: np.ndarray) -> None:
    """The loss with the best mean is always marked; errors are scores with the sign turned."""
    marked = tied(scores)
    assert marked[scores.mean(axis=1).argmax()]
    np.testing.assert_array_equal(tied(-scores, "mae"), marked)


@few
@given(scores=losses_by_seeds, seed_effect=arrays(np.float64, 6, elements=st.integers(-8, 8)))
def test_what_a_seed_does_to_all_losses_alike_is_no_matter(scores: np.ndarray, seed_effect: np.ndarray) -> None:
    """The comparison is paired: adding the same to every loss of a seed changes no mark."""
    scores = np.round(scores * 64) / 64  # exact under the addition
    assume(len(set(scores.sum(axis=1))) == len(scores))
    np.testing.assert_array_equal(tied(scores + seed_effect[: scores.shape[1]]), tied(scores))


def test_a_loss_without_a_score_is_not_among_the_best() -> None:
    """All NaN is never marked, alone or beside others; and no warning is given."""
    scores = np.array([[np.nan, np.nan], [0.5, 0.6]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(tied(scores), [False, True])
        np.testing.assert_array_equal(tied(scores[:1]), [False])


def test_one_seed_tells_nothing_apart() -> None:
    """With a single seed every loss with a score is marked."""
    assert tied(np.array([[0.1], [0.9]])).all()
