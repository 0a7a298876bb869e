from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from lossbench.claims import read_catalogue, try_claims
from lossbench.claims.judge import check
from lossbench.claims.scores import scores_at_other_choices
from lossbench.claims.trained.loss_by_penalty import by_arm
from lossbench.errors import ConfigError

from ..planted import planted

CATALOGUE = read_catalogue()
T7 = CATALOGUE.claims["T7"]
PAIR, LOSS, PENALTY = "accuracy", "accuracy, main effect of the loss", "accuracy, main effect of the penalty"


def found(rule, **fields):
    """Return the judgement on T7 where trainings score by a rule."""
    return try_claims(CATALOGUE, [T7], planted(rule, **fields))[0]


def verdicts(judgement, what):
    """Return the verdicts on one thing."""
    return set(Counter(line.verdict for line in judgement.evidence if line.what == what))


@pytest.mark.parametrize("by", [0.05, -0.05])
def test_an_effect_of_the_loss_alone_is_found_to_be_of_the_loss(by):
    """The pair differs by it, and the penalties are alike."""
    judgement = found(lambda trial: 0.8 + by * (trial["loss"] == "bce"))
    word = "reproduced" if by > 0 else "contradicted"
    assert verdicts(judgement, PAIR) == verdicts(judgement, LOSS) == {word}
    assert verdicts(judgement, PENALTY) == {"equivalent"}


@pytest.mark.parametrize("by", [0.05, -0.05])
def test_an_effect_of_the_penalty_alone_is_found_to_be_of_the_penalty(by):
    """The pair differs by it, and the losses are alike."""
    judgement = found(lambda trial: 0.8 + by * (trial["l2"] > 0))
    word = "reproduced" if by > 0 else "contradicted"
    assert verdicts(judgement, PAIR) == verdicts(judgement, PENALTY) == {word}
    assert verdicts(judgement, LOSS) == {"equivalent"}


def test_without_interaction_the_effects_add_up_to_the_pair():
    """What the two arms differ by is what the loss and what the penalty contribute."""
    judgement = found(lambda trial: 0.8 + 0.05 * (trial["loss"] == "bce") - 0.02 * (trial["l1"] > 0), spread=0.0)
    of = {what: next(line.measured for line in judgement.evidence if line.what == what) for what in (PAIR, LOSS)}
    effect = next(line.measured for line in judgement.evidence if line.what == PENALTY)
    assert of[PAIR] == pytest.approx(of[LOSS] + effect) == pytest.approx(0.07)


def test_each_loss_gets_the_strength_that_validates_best():
    """Where one is best by far, it is the one reported."""
    best = {"bce": 0.01, "mse": 0.001}
    judgement = found(lambda trial: 0.8 + 0.1 * (best.get(trial["loss"], 0.0001) in (trial["l1"], trial["l2"])))
    notes = [line.note for line in judgement.evidence if line.what == PAIR and line.case == "bce l2 vs mse l1"]
    assert all("bce l2 at 0.01" in note and "mse l1 at 0.001" in note for note in notes)


def test_every_cell_of_the_grid_is_shown():
    """Four losses and three penalties, on two data sets under three protocols; two of them are reported."""
    levels = [line for line in found(lambda trial: 0.8).evidence if line.aspect == "level"]
    assert len({(line.protocol, line.dataset, line.case) for line in levels}) == len(levels) == 12 * 6
    assert {line.case: line.reported for line in levels if line.reported is not None} == {
        "bce l2": 0.903,
        **dict.fromkeys(("mse l1", "mse_logits l1", "mse_pm1 l1"), 0.817),
    }


def test_the_order_of_the_rows_says_nothing():
    """Trials that are shuffled say the same."""

    def rule(trial):
        return 0.8 + 0.05 * (trial["loss"] == "bce") + 0.01 * trial["l2"]

    assert set(found(rule).evidence) == set(found(rule, shuffled=True).evidence)


def test_a_penalty_that_does_not_exist_is_refused(study):
    """Before anything is trained."""
    with pytest.raises(ConfigError, match="l3"):
        check(replace(T7, arguments={**T7.arguments, "arms": ["bce l3", "mse l1"]}), study)


def test_a_real_grid(study):
    """The strength that is reported is one of the grid."""
    small = {**T7.arguments, "datasets": "moons", "strengths": [0.0001, 0.01]}
    (judgement,) = try_claims(CATALOGUE, [replace(T7, arguments=small)], study)
    notes = [line.note for line in judgement.evidence if line.what == PAIR]
    assert len(notes) == 3 * 3
    assert all(any(f"bce l2 at {strength}" in note for strength in ("0.0001", "0.01")) for note in notes)


def test_other_seeds_choose_other_strengths():
    """Each arm among its own: what hangs on the strength is part of the interval, as what hangs on the rate is."""
    rng = np.random.default_rng(0)
    strengths = ((0, 0), (0.01, 0), (0.1, 0), (0, 0.1), (0, 1))
    rows = [
        {"loss": loss, "l1": l1, "l2": l2, "lr": 0.1, "seed": seed, "validation_score": rng.normal()}
        for loss, (l1, l2), seed in product(("bce", "mse"), strengths, range(20))
    ]
    about = {"dataset": "moons", "task": "binary", "score": "accuracy", "status": "ok", "outlier_fraction": 0.0}
    arms = ["bce none", "bce l1", "mse l2"]
    for scores in scores_at_other_choices(by_arm(pd.DataFrame(rows).assign(**about)), arms, [0.0]):
        assert [set(scores.of("l1", arm).ravel()) for arm in arms] == [{0}, {0.01, 0.1}, {0}]
        assert [set(scores.of("l2", arm).ravel()) for arm in arms] == [{0}, {0}, {0.1, 1}]
