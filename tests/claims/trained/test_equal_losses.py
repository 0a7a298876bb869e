from __future__ import annotations

from dataclasses import replace

import pytest

from claims.designs import carry_out
from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.deciding import judge_all
from lossbench.claims.trained.equal_losses import (
    beside,
    beside_the_built_in,
    beside_the_loss,
    contrasts_of,
    custom_loss,
)
from lossbench.store import open_store

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
    """Precision or recall, whichever shows it, under every protocol and on every data set."""
    lines = carry_out(beside_the_loss(Claim("x", "y"), study, arms=("bce", "tversky"), datasets=("moons",)), study)
    assert len(lines) == 3
    assert {line.what for line in lines} <= {"precision", "recall"}


def test_a_loss_from_a_file_scores_as_the_built_in_one(study):
    """The squared error under every protocol, to the last digit; of six comparisons, eight seeds say so."""
    eight = replace(study, terms=replace(study.terms, seeds=8))
    lines = [line for line in carry_out(custom_loss(Claim("x", "y"), eight), eight) if line.dataset == "diabetes"]
    assert [(line.verdict, line.measured) for line in lines] == [("reproduced", 0.0)] * 3


def test_a_loss_that_scores_otherwise_is_not_the_same():
    """A difference beyond the margin contradicts."""
    cell = made_up(lambda loss, share: 0.5 + 0.1 * (loss == "my mse"), ["my mse", "mse"])
    assert judge_all(list(beside_the_built_in(cell, Study(read_terms()))))[0].verdict == "contradicted"


def test_what_was_trained_once_is_not_trained_again(study, tmp_path, monkeypatch):
    """The file keeps its place, and so the trainings of its losses are found in the store."""
    with open_store(tmp_path) as store:
        stored = replace(study, store=store)
        first = carry_out(custom_loss(Claim("x", "y"), stored), stored)
        monkeypatch.setattr(
            "lossbench.run.runner.train_and_contribute", lambda *pack, **how: pytest.fail("it was trained")
        )
        assert carry_out(custom_loss(Claim("x", "y"), stored), stored) == first
