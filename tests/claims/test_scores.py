"""What trials came to, and would have come to had other seeds chosen the rates."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims.cell import Cell
from lossbench.claims.scores import CONSTANT, by_seed, scores_at_other_choices

from .made_up import made_up

few = settings(deadline=None, max_examples=25)
LOSSES, RATES, SEEDS = ("bce", "mse"), (0.01, 0.1, 1.0), 20


def choosing(worth, shares=(0.0,), noise=0.0):
    """Return the trials of seeds that choose among rates, whose score is planted by loss, rate and share."""
    rng = np.random.default_rng(3)
    rows = [
        {"loss": loss, "lr": lr, "outlier_fraction": share, "seed": seed, "accuracy": worth(loss, lr) - share}
        | {"validation_score": worth(loss, lr) - share + rng.normal(0.0, noise)}
        for loss, lr, share, seed in product(LOSSES, RATES, shares, range(60, 60 + SEEDS))
    ]
    about = {"dataset": "made up", "task": "binary", "score": "accuracy", "status": "ok", "constant_score": 0.5}
    return pd.DataFrame(rows).assign(**about, grid=pd.NA, sampling="redrawn", train_rows=60, test_rows=20)


def clear(loss, lr):
    """Return a score by which one rate is far better than the others."""
    return 0.9 if lr == 0.1 else 0.6


def close(loss, lr):
    """Return a score by which two rates are hardly apart for one loss only."""
    return {0.01: 0.60, 0.1: 0.90, 1.0: 0.90 if loss == "mse" else 0.6}[lr]


def cell_of(trials, score=lambda loss, share: 0.9):
    """Return reported trials beside those that chose their rates."""
    cell = made_up(score, LOSSES, score="accuracy")
    return Cell(cell.protocol, cell.trials.assign(task="binary"), choosing=trials)


def test_where_every_half_chooses_alike_nothing_hangs_on_the_choice():
    """The variance is zero, and the interval is that of the given rates."""
    cell = cell_of(choosing(clear, noise=0.01))
    assert float(cell.spread_of("accuracy", LOSSES).choice) == 0.0


def test_what_halves_choose_otherwise_is_part_of_the_variance():
    """Half the square of how far the difference is apart under two choices, as often as they differ."""
    trials = choosing(lambda loss, lr: close(loss, lr), noise=0.1)
    trials.loc[(trials.loss == "mse") & (trials.lr == 1.0), "accuracy"] = 0.7
    first, other = scores_at_other_choices(trials, list(LOSSES), [0.0])
    moves = (first.difference("accuracy", LOSSES) - other.difference("accuracy", LOSSES)).mean(axis=-1)
    apart = np.abs(moves) > 0.1
    assert 0.1 < apart.mean() < 1.0
    cell = cell_of(trials)
    assert float(cell.spread_of("accuracy", LOSSES).choice) == pytest.approx((moves**2).mean() / 2, rel=0.01)
    given_rates = Cell(cell.protocol, cell.trials).spread_of("accuracy", LOSSES).at().interval()
    assert cell.spread_of("accuracy", LOSSES).at().interval().low < given_rates.low


def test_halves_have_no_seed_in_common_and_choose_on_clean_data():
    """A rate that is best under contamination only is never chosen; dirty scores are those of the clean choice."""
    trials = choosing(clear, shares=(0.0, 0.2))
    dirty = trials.outlier_fraction > 0
    trials.loc[dirty & (trials.lr == 1.0), "validation_score"] = 1.0
    for scores in scores_at_other_choices(trials, list(LOSSES), [0.0, 0.2]):
        assert set(scores.of("lr", "mse").ravel()) == set(scores.of("lr", "mse", 0.2).ravel()) == {0.1}
        assert scores.of("accuracy", "bce", 0.2) == pytest.approx(0.7)
        assert scores.of("seed", "bce").shape == (200, SEEDS)


@few
@given(st.sets(st.tuples(st.sampled_from(LOSSES), st.sampled_from(RATES[::2]))))
def test_a_rate_that_was_not_tried_is_not_chosen(missing):
    """Each loss chooses among those that were nearly chosen for it."""
    trials = choosing(lambda loss, lr: 0.6 + 0.3 * (lr != 0.1), noise=0.2)
    kept = trials[[pair not in missing for pair in zip(trials.loss, trials.lr, strict=True)]]
    for scores in scores_at_other_choices(kept, list(LOSSES), [0.0]):
        for loss in LOSSES:
            found = scores.of("lr", loss)
            assert not np.isnan(found).any()
            assert not {(loss, rate) for rate in found.ravel()} & missing


def test_a_training_that_diverged_has_the_score_of_the_constant_answer():
    """Of the score that is judged; of any other it is undefined."""
    trials = made_up(lambda loss, share: 0.9, LOSSES, score="accuracy", f1=lambda loss, share: 0.8).trials
    gone = (trials.loss == "mse") & (trials.seed == 2)
    trials.loc[gone, ["status", "accuracy", "f1"]] = ["diverged", np.nan, np.nan]
    scores = by_seed(trials)
    assert scores.score_of("mse", "accuracy")[2] == scores.score_of(CONSTANT, "accuracy")[2] == 0.0
    assert np.isnan(scores.score_of("mse", "f1")[2])
    assert not np.isnan(scores.score_of("bce", "f1")).any()
