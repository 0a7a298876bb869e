"""The facts of an answer are the verdicts, and what is recommended is beaten by nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.stats.answer.facts import TableAnswer
from lossbench.stats.findings import Findings
from lossbench.stats.tuning import disagreements, tuning_table
from lossbench.stats.verdicts import BETTER, WORSE
from stats.synthetic import SETTING, SHARES, learnt, over, score_tables, table

few = settings(max_examples=settings.default.max_examples // 5, deadline=None)
LOSSES = ("bce", "mse", "mae", "ce")


def only(trials: pd.DataFrame) -> TableAnswer:
    """Return the answer of trials of one table."""
    (found,) = Findings(trials).answers
    return found


@few
@given(scores=score_tables(LOSSES))
def test_the_best_are_beaten_by_no_other(scores: dict[str, np.ndarray]) -> None:
    """They are the losses that no row of the comparisons finds worse by more than the margin, with all scores."""
    findings = Findings(table(scores))
    beaten, losers = (
        {
            row.second if row.verdict in WORSE else row.first
            for row in findings.comparisons.itertuples()
            if row.verdict in words
        }
        for words in ((*WORSE, *BETTER), (WORSE[0], BETTER[0]))
    )
    sound = [row.loss for row in findings.summary.itertuples() if row.n and not row.diverged + row.failed]
    assert list(findings.answers[0].best) == [loss for loss in sound if loss not in losers]
    assert {loss for loss, _ in findings.answers[0].beaten} == beaten
    assert set(findings.answers[0].losers) == losers


@few
@given(scores=score_tables(LOSSES))
def test_each_loss_stands_under_its_verdict_of_the_summary(scores: dict[str, np.ndarray]) -> None:
    """Verdict, difference and interval against the reference are those of `summary.csv`, for every loss."""
    findings = Findings(table(scores))
    names = ["loss", "verdict", "difference", "difference_low", "difference_high", "more_seeds"]
    wanted = findings.summary[names].iloc[1:]
    found = pd.DataFrame([vars(one) for one in findings.answers[0].others]).set_axis(names, axis=1)
    pd.testing.assert_frame_equal(found, wanted.reset_index(drop=True), check_dtype=False)


@few
@given(scores=score_tables(LOSSES))
def test_each_share_is_judged_by_itself_and_all_together_at_the_level_of_one(
    scores: dict[str, np.ndarray],
) -> None:
    """A verdict at a share is that of a run with no other share, at a level divided by their number."""
    trials = table(scores)
    found = only(trials).contaminated
    assert [(one.kind, one.share) for one in found] == [("label", share) for share in SHARES[1:]]
    for one in found:
        alone = Findings(trials[trials.outlier_fraction == one.share].reset_index(drop=True))
        wanted = alone.comparisons.iloc[: len(one.others)]
        told = np.array([verdict in (*WORSE, *BETTER) for _, verdict, _ in one.others])
        assert np.array_equal(told, wanted.verdict.isin([*WORSE, *BETTER]) & (len(found) * wanted.p_holm < 0.05))
        means = [one.reference, *(mean for _, _, mean in one.others)]
        place = SHARES.index(one.share)
        np.testing.assert_allclose(means, [learnt(values[:, place]).mean() for values in scores.values()])
        gone = {loss: int(np.isnan(values[:, place]).sum()) for loss, values in scores.items()}
        assert {loss.loss: loss.diverged for loss in one.unfinished} == {loss: n for loss, n in gone.items() if n}


def test_one_share_says_nothing_of_contamination() -> None:
    """Where nothing varies in dirt, no test of it is made."""
    trials = table({"bce": np.full((4, 1), 0.5), "mse": np.full((4, 1), 0.75)}, [0.0])
    assert only(trials).contaminated == ()


@few
@given(scores=score_tables(LOSSES))
def test_who_did_not_end_well_is_counted(scores: dict[str, np.ndarray]) -> None:
    """Each loss with a diverged training is named with their number, and is not recommended."""
    gone = {loss: int(np.isnan(values[:, 0]).sum()) for loss, values in scores.items()}
    found = only(table(scores))
    assert {one.loss: one.diverged for one in found.unfinished} == {loss: n for loss, n in gone.items() if n}
    assert not {one.loss for one in found.unfinished} & set(found.best)


@given(
    gains=st.lists(st.floats(-0.2, 0.2), min_size=6, max_size=6).filter(lambda found: np.std(found) > 1e-6),
    lift=st.sampled_from([-1.0, 0.0, 2.0]),
)
def test_that_nothing_is_learnt_is_said_unless_a_loss_beats_the_constant(gains: list[float], lift: float) -> None:
    """A loss whose mean is that of the constant answer, or below, is no better; one well above it is enough."""
    level, noise = SETTING["constant_score"], np.array(gains) - np.mean(gains)
    scores = {
        "bce": (level - 0.1 + noise)[:, None],
        "mse": (level + lift * 3 * noise.std(ddof=1) + noise)[:, None],
    }
    found = only(table(scores, [0.0])).unlearned
    assert found is None if lift > 0 else found == pytest.approx(level)


def test_nothing_is_said_of_learning_where_the_constant_answer_has_no_score() -> None:
    """Nor from one seed, but for a score that is no higher."""
    level = SETTING["constant_score"]
    equal = {loss: np.full((5, 1), level) for loss in ("bce", "mse")}
    unknown = table(equal, [0.0]).assign(constant_score=np.nan)
    assert only(unknown).unlearned is None
    for gain, said in ((0.01, None), (-0.01, level)):
        one = table({"bce": np.array([[level - 0.1]]), "mse": np.array([[level + gain]])}, [0.0])
        assert only(one).unlearned == said


def test_what_is_short_hangs_on_the_unit() -> None:
    """Seeds that split one table lack rows, those of a law lack seeds, and a single one lacks a second."""
    random = np.random.default_rng(1)
    noise = {"bce": random.integers(0, 65, (8, 1)) / 64, "mse": random.integers(0, 65, (8, 1)) / 64}
    one = {loss: values[:1] for loss, values in noise.items()}
    same = {"bce": noise["bce"], "mse": noise["bce"][::-1]}
    assert only(table(same, [0.0])).limit == "rows"
    assert only(table(same, [0.0], sampling="redrawn")).limit == "seeds"
    assert only(table(one, [0.0])).limit == "one seed"


def test_disagreement_is_that_of_the_views() -> None:
    """Where one rate for all says something else, loss, rate and verdict stand in the tuned answer."""
    random = np.random.default_rng(0)
    heights = {("bce", 0.01): 0.5, ("bce", 0.1): 0.75, ("mse", 0.01): 0.75, ("mse", 0.1): 0.75}
    parts = [
        table({loss: height + random.integers(-2, 3, (12, 1)) / 64}, [0.0], lr=lr, sampling="redrawn")
        for (loss, lr), height in heights.items()
    ]
    trials = pd.concat(parts, ignore_index=True).assign(validation_score=lambda frame: frame.accuracy)
    findings = Findings(trials, tuning_table(trials[trials.seed < 5]))
    wanted = disagreements(findings.summary)[["loss", "lr", "verdict"]].itertuples(index=False, name=None)
    (own,) = [one for one in findings.answers if one.view == "tuned"]
    assert own.disagree == tuple(wanted)
    assert ("mse", 0.01, "better") in own.disagree
    assert dict(own.rates)["bce"] == 0.1
    assert findings.answer.tables == (own,)


def test_a_run_is_counted_over_its_tables() -> None:
    """Each loss is best on as many tables as say so, beaten where they say so, and recommended if nowhere."""
    findings = Findings(over(4, 3))
    answer = findings.answer
    for one in answer.tallies:
        assert one.best == sum(one.loss in each.best for each in findings.answers)
        assert one.beaten == tuple(each.dataset for each in findings.answers if one.loss in each.losers)
    assert set(answer.recommended("binary")) == {one.loss for one in answer.tallies if one.best == 4}
    assert len(answer.silent) == sum(not each.beaten for each in findings.answers)
