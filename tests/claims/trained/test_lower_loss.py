from __future__ import annotations

import numpy as np
import pytest

from lossbench.claims import Claim
from lossbench.claims.contrast import judge_all
from lossbench.claims.trained.lower_loss import Models, Watched, counterexamples, lower_loss

from ..made_up import made_up

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
    (line,) = counterexamples(judge_all(list(made.pairs())))
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
    assert (found.verdict, found.note.rpartition(": ")[2]) == ("reproduced", "c vs d")
    assert example(models(LEVELS, 1 - LEVELS)).verdict == "inconclusive"


def test_models_that_score_alike_are_none():
    """A lower loss with the same score is no counterexample."""
    assert example(models(LEVELS, np.full(4, 0.8))).verdict == "inconclusive"


@pytest.mark.parametrize("relation", ["better", "not always better"])
def test_a_line_for_every_protocol_with_one_rate(study, relation):
    """Where each loss has its own rate, there are not several to compare."""
    found = lower_loss(Claim("x", "y"), study, watched=(WATCHED,), lr=(0.1, 0.3), relation=relation).carry_out(
        study
    )
    assert [line.protocol for line in found] == ["sgd", "adam"]
