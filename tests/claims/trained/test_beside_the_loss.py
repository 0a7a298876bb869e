from __future__ import annotations

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.contrast import judge_all
from lossbench.claims.trained.beside_the_loss import beside, beside_the_loss, contrasts_of

from ..made_up import made_up

STUDY = Study(read_terms())


def found(accuracy, recall):
    """Return what is said where losses score as planted, and precision is the same."""
    rules = {"precision": lambda loss, share: 0.5, "recall": lambda loss, share: recall[loss]}
    cell = made_up(lambda loss, share: accuracy[loss], list(accuracy), score="accuracy", **rules)
    return beside(judge_all(list(contrasts_of(cell, STUDY)))).verdict


def test_two_losses_of_equal_accuracy_and_unequal_recall_are_enough():
    """Unequal accuracy explains an unequal recall, and equal recall shows nothing."""
    assert found({"a": 0.9, "b": 0.9}, {"a": 0.5, "b": 0.8}) == "reproduced"
    assert found({"a": 0.9, "b": 0.7}, {"a": 0.5, "b": 0.8}) == "inconclusive"
    assert found({"a": 0.9, "b": 0.9}, {"a": 0.8, "b": 0.8}) == "inconclusive"


def test_one_line_says_whether_either_differs(study):
    """Precision or recall, whichever shows it, under every protocol."""
    lines = beside_the_loss(Claim("x", "y"), study, arms=("bce", "tversky"), datasets=("moons",)).carry_out(study)
    assert len(lines) == 3
    assert {line.what for line in lines} <= {"precision", "recall"}
