from __future__ import annotations

from dataclasses import replace

import pytest

from lossbench.claims import try_claims
from lossbench.claims.retrial import SEED_OFFSET, TIMES, on_fresh_seeds

from .planted import planted

ALWAYS = """
[claims.mine]
claim = "bce always beats mse."
form = "universal"
experiment = "contest"
arms = ["bce", "mse"]
score = "accuracy"
direction = "better"
datasets = ["moons", "breast_cancer"]
[claims.theirs]
claim = "So does it for others."
form = "universal"
same_as = "mine"
[claims.often]
claim = "bce beats mse."
experiment = "contest"
arms = ["bce", "mse"]
score = "accuracy"
direction = "better"
datasets = ["moons", "breast_cancer"]
"""


def found(written, rule, *names, **fields):
    """Return the judgements of claims in a study in which a rule is planted."""
    catalogue = written(ALWAYS)
    return try_claims(catalogue, catalogue.find(names or ("mine",)), planted(rule, **fields))


def ahead(trial, by):
    """Return a score that is higher for bce by so much, and lower on moons."""
    sign = -1 if trial["dataset"] == "moons" else 1
    return 0.8 + sign * by * (trial["loss"] == "bce")


def test_a_counterexample_is_seen_twice_before_it_refutes(written):
    """On the seeds that found it and on fresh ones; a claim by the same evidence likewise."""
    mine, theirs = found(written, lambda trial: ahead(trial, 0.05), "mine", "theirs")
    for judgement in (mine, theirs):
        (again,) = [line for line in judgement.evidence if line.role == "retrial"]
        assert (judgement.verdict, again.verdict, again.dataset) == ("refuted", "contradicted", "moons")
        assert judgement.finding.case is again
        assert "seen again on fresh ones" in judgement.answer


def test_a_counterexample_of_the_first_seeds_alone_refutes_nothing(written):
    """Then there is no word on the claim, and what was tried again is told."""
    (judgement,) = found(written, lambda trial: ahead(trial, 0.05 if trial["seed"] < SEED_OFFSET else -0.05))
    assert judgement.verdict == "too weak to say"
    assert "tried again on fresh seeds, does not refute it" in judgement.answer
    assert judgement.finding.tally.opposing


def test_a_tendency_is_not_tried_again(written):
    """One case does not decide it."""
    (judgement,) = found(written, lambda trial: ahead(trial, 0.05), "often")
    assert {line.role for line in judgement.evidence} == {"unit", "sensitivity"}


def test_where_nothing_speaks_against_a_claim_nothing_is_tried_again(written):
    """It holds everywhere tried."""
    (judgement,) = found(written, lambda trial: 0.8 + 0.05 * (trial["loss"] == "bce"))
    assert judgement.verdict == "holds everywhere tried"
    assert "retrial" not in {line.role for line in judgement.evidence}


def test_fresh_seeds_are_others_and_more():
    """None of the first ones, nor of those that choose their rates."""
    study = planted(lambda trial: 0.8)
    assert len(on_fresh_seeds(study).seeds) == TIMES * len(study.seeds)
    assert not {*on_fresh_seeds(study).seeds} & {*range(study.seeds.stop + 100)}


@pytest.mark.parametrize("spread", [0.02])
def test_chance_alone_seldom_refutes(written, spread):
    """Of two losses that are the same, in 20 studies: as often as one test errs, on one side of two."""
    refuted = 0
    catalogue = written(ALWAYS.replace('["moons", "breast_cancer"]', '["moons", "imbalanced", "breast_cancer"]'))
    for draw in range(20):
        study = planted(lambda trial: 0.8, spread=spread)
        (judgement,) = try_claims(catalogue, catalogue.find(("mine",)), replace(study, first_seed=10000 * draw))
        refuted += judgement.verdict == "refuted"
    assert refuted <= 3  # 2.5 % are expected; more than 3 of 20 come by chance once in 700
