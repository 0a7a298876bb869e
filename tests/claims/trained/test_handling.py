from __future__ import annotations

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.contrast import judge_all
from lossbench.claims.existence import any_differs
from lossbench.claims.trained.handling import Hardship, contrasts_of, handling

from ..made_up import made_up

STUDY = Study(read_terms())


def found(rule, shares=(0.0, 0.2), score="r2"):
    """Return the one line on three losses in a planted cell."""
    cell = made_up(rule, ["mse", "mae", "huber"], shares, score=score)
    return any_differs(judge_all(list(contrasts_of(cell, STUDY))))


def test_one_loss_that_bears_outliers_otherwise_is_enough():
    """It is named; where all lose alike, the claim is contradicted, however well they score."""
    one = found(lambda loss, share: 0.8 - 2 * share * (loss != "mae"))
    assert (one.verdict, one.note) == ("reproduced", "1 of 2 comparisons differ: mae vs mse")
    assert found(lambda loss, share: 0.5 + 0.2 * (loss == "mae") - share).verdict == "contradicted"


def test_data_that_are_hard_as_they_are_are_judged_by_their_score():
    """Without contamination, the primary score itself is compared."""
    assert (
        found(lambda loss, share: 0.5 + 0.2 * (loss == "mae"), (0.0,), "balanced_accuracy").verdict == "reproduced"
    )
    assert found(lambda loss, share: 0.5, (0.0,), "balanced_accuracy").verdict == "contradicted"


def test_a_line_for_every_hardship_and_protocol(study):
    """Core losses, trained."""
    lines = handling(Claim("x", "y"), study, hardships=(Hardship(("diabetes",), "feature", (0.2,)),)).carry_out(
        study
    )
    assert [line.protocol for line in lines] == ["sgd", "adam", "tuned"]
    assert all("feature outliers" in line.what for line in lines)
