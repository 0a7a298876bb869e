from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from lossbench.claims import read_catalogue, try_claims
from lossbench.claims.judge import check
from lossbench.errors import ConfigError

from ..planted import planted

CATALOGUE = read_catalogue()
T3 = CATALOGUE.claims["T3"]


@cache
def ahead(by, **fields):
    """Return the judgement on T3 where binary cross-entropy is ahead of every other loss by so much."""
    study = planted(lambda trial: 0.8 + by * (trial["loss"] == "bce"), spread=0.0001, **fields)
    (judgement,) = try_claims(CATALOGUE, CATALOGUE.find(("T3",)), study)
    return judgement


def voting(judgement, scores):
    """Count the verdicts on some scores."""
    return Counter(line.verdict for line in judgement.evidence if line.what in scores)


@pytest.mark.parametrize(("by", "word"), [(0.05, "reproduced"), (-0.05, "contradicted"), (0.0, "equivalent")])
def test_the_order_that_is_planted_is_found(by, word):
    """Ahead is reproduced, behind contradicted, level equivalent: three protocols, data sets and readings."""
    judgement = ahead(by)
    assert voting(judgement, ("accuracy", "f1")) == {word: 3 * 3 * 3 * 2}


def test_the_size_of_the_difference_is_judged_too():
    """A lead of 0.116 is the reported one of accuracy, and not that of F1, but for the mirrored one."""
    judgement = ahead(0.116)
    assert voting(judgement, ("size of the difference in accuracy",)) == {"reproduced": 27}
    assert judgement.verdict == "order holds; size mixed"


def test_the_order_of_the_rows_says_nothing():
    """Trials that are shuffled say the same."""
    assert set(ahead(0.05).evidence) == set(ahead(0.05, shuffled=True).evidence)


def test_the_level_of_every_loss_stands_once_beside_the_reported_one():
    """Four losses, two scores, on three data sets under three protocols; none has a vote."""
    levels = [line for line in ahead(0.05).evidence if line.aspect == "level"]
    assert len(levels) == len(set(levels)) == 4 * 2 * 3 * 3
    assert {line.reported for line in levels if line.case == "bce"} == {0.859, 0.912}


def test_the_data_at_the_implied_share_say_so():
    """Their F1 is that of the frequent class."""
    lines = [line for line in ahead(0.05).evidence if line.dataset.startswith("imbalanced")]
    assert any("76.2% positives, as the reported rows imply" in line.note for line in lines)


def test_a_search_that_cannot_be_carried_out_is_refused(study):
    """Before anything is trained."""
    search = {**T3.arguments["search"], "models": ["mlp:none"]}
    with pytest.raises(ConfigError, match="mlp:none"):
        check(replace(T3, arguments={**T3.arguments, "search": search}), study)


def test_a_real_table(study):
    """Trainings of two epochs give evidence under every protocol, with levels that are scores."""
    small = replace(T3, arguments={**T3.arguments, "datasets": "moons"})
    (judgement,) = try_claims(CATALOGUE, [small], study)
    assert {line.protocol for line in judgement.evidence} == {"sgd", "adam", "tuned"}
    assert all(0 <= line.measured <= 1 for line in judgement.evidence if line.aspect == "level")
