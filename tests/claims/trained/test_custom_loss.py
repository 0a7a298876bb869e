from __future__ import annotations

from dataclasses import replace

import pytest

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.contrast import judge_all
from lossbench.claims.trained.custom_loss import contrasts_of, custom_loss
from lossbench.store import open_store

from ..made_up import made_up


def test_a_loss_from_a_file_scores_as_the_built_in_one(study):
    """The squared error under every protocol, seed by seed, to the last digit; six seeds are enough to say so."""
    six = replace(study, terms=replace(study.terms, quick_seeds=6))
    lines = [line for line in custom_loss(Claim("x", "y"), six).carry_out(six) if line.dataset == "diabetes"]
    assert [(line.verdict, line.measured) for line in lines] == [("reproduced", 0.0)] * 3


def test_a_loss_that_scores_otherwise_is_not_the_same():
    """A difference beyond the margin contradicts."""
    cell = made_up(lambda loss, share: 0.5 + 0.1 * (loss == "my mse"), ["my mse", "mse"])
    assert judge_all(list(contrasts_of(cell, Study(read_terms()))))[0].verdict == "contradicted"


def test_what_was_trained_once_is_not_trained_again(study, tmp_path, monkeypatch):
    """The file keeps its place, and so the trainings of its losses are found in the store."""
    with open_store(tmp_path) as store:
        stored = replace(study, store=store)
        first = custom_loss(Claim("x", "y"), stored).carry_out(stored)
        monkeypatch.setattr("lossbench.run.runner.train_pack", lambda *pack, **how: pytest.fail("it was trained"))
        assert custom_loss(Claim("x", "y"), stored).carry_out(stored) == first
