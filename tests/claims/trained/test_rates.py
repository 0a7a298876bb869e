from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from lossbench.claims import read_catalogue, try_claims
from lossbench.claims.judge import check
from lossbench.claims.trained.rates import reported_rates
from lossbench.errors import ConfigError

from ..planted import planted

CATALOGUE = read_catalogue()
T4 = CATALOGUE.claims["T4"]
REPORTED = {0.001: 0.872, 0.01: 0.901, 0.1: 0.827}


@cache
def found(rule, **fields):
    """Return the judgement on T4 where trainings score by a rule."""
    return try_claims(CATALOGUE, [T4], planted(rule, **fields))[0]


def as_reported(trial):
    """Return the document's score of a reported rate, and another for the others."""
    return REPORTED.get(trial["lr"], 0.5)


def voting(judgement):
    """Count the verdicts on the order."""
    return Counter(line.verdict for line in judgement.evidence if line.what == "accuracy")


def test_the_rates_come_best_first():
    """0.01, then 0.001, then 0.1, with the digits printed."""
    assert reported_rates(T4, "accuracy") == {0.01: "0.901", 0.001: "0.872", 0.1: "0.827"}
    assert list(reported_rates(T4, "accuracy")) == [0.01, 0.001, 0.1]


def test_the_reported_curve_is_reproduced_and_its_opposite_contradicted():
    """Three pairs of rates, for every loss on every data set under two protocols."""
    pairs = 3 * 2 * (4 + 4 + 3)
    assert voting(found(as_reported)) == {"reproduced": pairs}
    assert voting(found(lambda trial: 1 - as_reported(trial))) == {"contradicted": pairs}


def test_a_flat_curve_is_no_difference():
    """Rates that score alike are equivalent."""
    assert found(lambda trial: 0.9).verdict == "order refuted; size refuted"


def test_rates_that_are_not_reported_have_no_say():
    """Whatever they score, they are shown and not judged."""
    judgement = found(as_reported)
    shown = [line for line in judgement.evidence if line.aspect == "level"]
    assert len(shown) == 9 * 2 * 11
    assert {line.reported for line in shown} == {None, *REPORTED.values()}
    assert all(line.verdict == "not testable" for line in shown)


def test_the_order_of_the_rows_says_nothing():
    """Trials that are shuffled say the same."""
    assert set(found(as_reported).evidence) == set(found(as_reported, shuffled=True).evidence)


def test_a_curve_without_a_reported_rate_is_refused(study):
    """Before anything is trained."""
    short = replace(T4, arguments={**T4.arguments, "lr": [0.001, 0.01]})
    with pytest.raises(ConfigError, match=r"0\.1 is not on the curve"):
        check(short, study)


def test_a_real_curve(study):
    """Small steps for two epochs leave moons where they were; larger ones do not."""
    (judgement,) = try_claims(CATALOGUE, [replace(T4, arguments={**T4.arguments, "datasets": "moons"})], study)
    curve = [
        line.measured
        for line in judgement.evidence
        if line.aspect == "level" and line.protocol == "adam" and line.case.startswith("ce")
    ]
    assert len(curve) == 9
    assert curve[0] < max(curve)


T9 = CATALOGUE.claims["T9"]
EPOCHS_REPORTED = {"bce": 18.0, "ce": 23.0}  # and 25 for the others


@cache
def raced(rule, **fields):
    """Return the judgement on T9 where trainings take as many epochs as a rule says."""
    return try_claims(CATALOGUE, [T9], planted(rule, spread=0.1, **fields))[0]


def voting_epochs(judgement):
    """Count the verdicts on the order."""
    return Counter(line.verdict for line in judgement.evidence if line.what == "epochs_to_target")


def reported(trial):
    """Return the document's epochs."""
    return EPOCHS_REPORTED.get(trial["loss"], 25.0)


def test_the_reported_order_is_reproduced_and_its_opposite_contradicted():
    """Seven pairs of losses on two classes and five on more, at three rates under two protocols, and tuned."""
    pairs = (2 * 7 + 5) * (3 + 3 + 1)
    assert voting_epochs(raced(reported)) == {"reproduced": pairs}
    assert voting_epochs(raced(lambda trial: 50 - reported(trial))) == {"contradicted": pairs}


def test_losses_that_never_get_there_are_no_tie():
    """Nothing is known of them, and they are not called equivalent."""
    judgement = raced(lambda trial: 1000.0)
    assert set(voting_epochs(judgement)) == {"not testable"}
    assert judgement.verdict == "not testable"


def test_a_loss_that_never_gets_there_is_slower_than_one_that_does():
    """It is counted with the epochs of the run, and the note says so."""
    judgement = raced(lambda trial: 5.0 if trial["loss"] == "bce" else 1000.0)
    line = next(line for line in judgement.evidence if line.case.startswith("bce vs mse"))
    assert line.verdict == "reproduced"
    assert line.measured == pytest.approx(5 - 30, abs=0.5)
    assert "mse got there in 0 of 5 runs" in line.note


def test_the_order_of_the_rows_says_nothing_of_times():
    """Trials that are shuffled say the same."""
    assert set(raced(reported).evidence) == set(raced(reported, shuffled=True).evidence)


def test_every_loss_stands_beside_its_reported_epochs():
    """The levels are shown and not judged."""
    levels = [line for line in raced(reported).evidence if line.aspect == "level"]
    assert all(line.measured == pytest.approx(line.reported, abs=0.5) for line in levels)
    assert {line.verdict for line in levels} == {"not testable"}


def test_a_real_race(study):
    """Of two epochs, in which no target can be held for three: everything is censored."""
    (judgement,) = try_claims(CATALOGUE, [replace(T9, arguments={**T9.arguments, "datasets": "iris"})], study)
    assert judgement.verdict == "not testable"
