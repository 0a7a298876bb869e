from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from claims.designs import carry_out
from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.deciding import judge_all
from lossbench.claims.trained.progress import (
    Models,
    Watched,
    contrasts_in,
    counterexamples,
    curves_of,
    gain,
    learning_curve,
    lower_loss,
    rank_correlation,
)

from ..made_up import made_up

tables = arrays(np.int64, (2, 3, 8), elements=st.integers(0, 9)).map(lambda table: table.astype(float))


@settings(deadline=None, max_examples=25)
@given(tables)
def test_it_is_that_of_scipy_where_both_series_move(pair):
    """Ties included; 0 where scipy has no answer."""
    found = rank_correlation(*pair)
    for first, second, value in zip(*pair, found, strict=True):
        moving = np.ptp(first) > 0 and np.ptp(second) > 0
        assert value == pytest.approx(spearmanr(first, second).statistic if moving else 0.0, abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(tables)
def test_only_the_order_counts(pair):
    """A rising function of either series changes nothing, a falling one the sign."""
    first, second = pair
    assert rank_correlation(np.exp(first), second) == pytest.approx(rank_correlation(first, second))
    assert rank_correlation(-first, second) == pytest.approx(-rank_correlation(first, second))


def test_an_undefined_value_leaves_its_row_undefined():
    """And no other."""
    first = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])
    assert np.isnan(rank_correlation(first, np.tile([1.0, 2.0, 3.0], (2, 1)))).tolist() == [True, False]


CELL = made_up(lambda loss, share: 0.5, ["mse"])
RISING = np.linspace(0.1, 0.8, 30) + np.random.default_rng(0).normal(0, 0.01, (10, 30))


def words(curves):
    """Return what is said of improvement and of its steadiness."""
    return [line.verdict for line in judge_all(list(contrasts_in(CELL, curves, Study(read_terms()))))]


def test_a_rising_curve_is_reproduced_and_a_falling_one_contradicted():
    """In both respects."""
    assert words(RISING) == ["reproduced", "reproduced"]
    assert words(RISING[:, ::-1]) == ["contradicted", "contradicted"]


def test_a_jump_and_a_decline_improve_and_are_not_gradual():
    """The end is above the start, while nearly every epoch is worse than the one before."""
    jump = np.hstack([np.full((10, 1), 0.1), RISING[:, ::-1]])
    assert words(jump + 0.3 * (np.arange(31) > 0)) == ["reproduced", "contradicted"]


def test_the_gain_is_the_same_from_any_level():
    """A score that is higher throughout gains nothing by that."""
    assert gain(RISING + 5.0) == pytest.approx(gain(RISING))


def test_curves_begin_at_the_initialised_network(study):
    """The score before the first epoch is the same under every protocol, and no step has been taken."""
    trainings = learning_curve(Claim("x", "y"), study, datasets=("moons",)).trainings
    curves = [made for one in trainings for _, made in curves_of(*one.trained(study), one.protocol)]
    assert len(curves) == len(study.protocols)
    for one in curves:
        assert one.shape == (len(study.seeds), study.epochs + 1)
        assert (one[:, 0] == curves[-1][:, 0]).all()
        assert one[:, 0].mean() < one[:, -1].mean()


def test_every_task_is_trained_by_its_reference_loss(study):
    """Two lines for every protocol and data set."""
    lines = carry_out(learning_curve(Claim("x", "y"), study, datasets=("moons", "diabetes")), study)
    assert len(lines) == 2 * 2 * 3
    assert {(line.dataset, line.case) for line in lines} == {("moons", "bce"), ("diabetes", "mse")}


WATCHED = Watched("bce", "log_loss", "accuracy", ("moons",))
LEVELS = np.array([0.1, 0.3, 0.5, 0.7])


def models(values, scores):
    """Return four models with these losses and scores, give or take a little over ten seeds."""
    noise = np.random.default_rng(0).normal(0, 0.001, (2, 4, 10))
    cell = made_up(lambda loss, share: 0.5, ["bce"], score="accuracy")
    tables = (level[:, None] + more for level, more in zip((values, scores), noise, strict=True))
    return Models(cell, WATCHED, list("abcd"), *tables)


def example(made):
    """Return the line on counterexamples."""
    (line,) = counterexamples(judge_all(list(made.pairs(0.01))))
    return line


def test_a_loss_that_falls_as_the_score_rises_means_a_better_model():
    """And one that falls with the score means the opposite."""
    (agreeing,) = judge_all([models(LEVELS, 1 - LEVELS).correlation()])
    (opposed,) = judge_all([models(LEVELS, LEVELS).correlation()])
    assert (agreeing.verdict, opposed.verdict) == ("reproduced", "contradicted")
    assert (agreeing.measured, opposed.measured) == (pytest.approx(1), pytest.approx(-1))


def test_one_pair_of_models_is_a_counterexample():
    """One that has the lower loss and the worse score; without any, nothing is shown."""
    swapped = (1 - LEVELS)[[0, 1, 3, 2]]
    found = example(models(LEVELS, swapped))
    assert (found.verdict, found.note.rpartition(": ")[2]) == (
        "reproduced",
        "c vs d, the former has the lower log loss",
    )
    assert example(models(LEVELS, 1 - LEVELS)).verdict == "inconclusive"


def test_models_that_score_alike_are_none():
    """A lower loss with the same score is no counterexample."""
    assert example(models(LEVELS, np.full(4, 0.8))).verdict == "inconclusive"


@pytest.mark.parametrize("relation", ["better", "not always better"])
def test_a_line_for_every_protocol_with_one_rate(study, relation):
    """Where each loss has its own rate, there are not several to compare."""
    found = carry_out(
        lower_loss(Claim("x", "y"), study, watched=(WATCHED,), lr=(0.1, 0.3), relation=relation), study
    )
    assert [line.protocol for line in found] == ["sgd", "adam"]


def test_two_entries_on_one_data_set_are_two_lines(study):
    """Though they are neighbours, and of one loss."""
    watched = (WATCHED, Watched("bce", "log_loss", "f1", ("moons",)))
    claim, lr = Claim("x", "y"), (0.1, 0.3)
    found = carry_out(lower_loss(claim, study, watched=watched, lr=lr, relation="not always better"), study)
    assert [(line.protocol, line.what) for line in found] == [
        (protocol, score) for score in ("accuracy", "f1") for protocol in ("sgd", "adam")
    ]
