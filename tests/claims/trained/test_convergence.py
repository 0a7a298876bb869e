from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from lossbench.claims import read_catalogue, try_claims

from ..planted import planted

CATALOGUE = read_catalogue()
T9 = CATALOGUE.claims["T9"]
REPORTED = {"bce": 18.0, "ce": 23.0}  # and 25 for the others


def found(rule, **fields):
    """Return the judgement on T9 where trainings take as many epochs as a rule says."""
    return try_claims(CATALOGUE, [T9], planted(rule, spread=0.1, **fields))[0]


def voting(judgement):
    """Count the verdicts on the order."""
    return Counter(line.verdict for line in judgement.evidence if line.what == "epochs_to_target")


def reported(trial):
    """Return the document's epochs."""
    return REPORTED.get(trial["loss"], 25.0)


def test_the_reported_order_is_reproduced_and_its_opposite_contradicted():
    """Seven pairs of losses on two classes and five on more, at three rates under two protocols, and tuned."""
    pairs = (2 * 7 + 5) * (3 + 3 + 1)
    assert voting(found(reported)) == {"reproduced": pairs}
    assert voting(found(lambda trial: 50 - reported(trial))) == {"contradicted": pairs}


def test_losses_that_never_get_there_are_no_tie():
    """Nothing is known of them, and they are not called equivalent."""
    judgement = found(lambda trial: 1000.0)
    assert set(voting(judgement)) == {"not testable"}
    assert judgement.verdict == "not testable"


def test_a_loss_that_never_gets_there_is_slower_than_one_that_does():
    """It is counted with the epochs of the run, and the note says so."""
    judgement = found(lambda trial: 5.0 if trial["loss"] == "bce" else 1000.0)
    line = next(line for line in judgement.evidence if line.case.startswith("bce vs mse"))
    assert line.verdict == "reproduced"
    assert line.measured == pytest.approx(5 - 30, abs=0.5)
    assert "mse got there in 0 of 5 runs" in line.note


def test_the_order_of_the_rows_says_nothing():
    """Trials that are shuffled say the same."""
    assert set(found(reported).evidence) == set(found(reported, shuffled=True).evidence)


def test_every_loss_stands_beside_its_reported_epochs():
    """The levels are shown and not judged."""
    levels = [line for line in found(reported).evidence if line.aspect == "level"]
    assert all(line.measured == pytest.approx(line.reported, abs=0.5) for line in levels)
    assert {line.verdict for line in levels} == {"not testable"}


def test_a_real_race(study):
    """Of two epochs, in which no target can be held for three: everything is censored."""
    (judgement,) = try_claims(CATALOGUE, [replace(T9, arguments={**T9.arguments, "datasets": "iris"})], study)
    assert judgement.verdict == "not testable"
