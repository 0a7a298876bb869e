from __future__ import annotations

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.custom_loss import custom_loss, match_of
from lossbench.claims.match import judge_all

from .made_up import made_up


def test_a_loss_from_a_file_scores_as_the_built_in_one(study):
    """The squared error under every protocol, seed by seed, to the last digit."""
    lines = [line for line in custom_loss(Claim("x", "y"), study) if line.dataset == "diabetes"]
    assert [(line.verdict, line.measured) for line in lines] == [("reproduced", 0.0)] * 3


def test_a_loss_that_scores_otherwise_is_not_the_same():
    """A difference beyond the margin contradicts."""
    cell = made_up(lambda loss, share: 0.5 + 0.1 * (loss == "my mse"), ["my mse", "mse"])
    assert judge_all([match_of(cell, "my mse", "mse", Study(read_terms()))])[0].verdict == "contradicted"
