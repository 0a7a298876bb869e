"""The experiment on losses of embeddings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from claims.designs import carry_out
from lossbench.claims import Claim
from lossbench.claims.trained.embeddings import embeddings
from lossbench.errors import UsageError

TOLD = {
    "arms": ("ce", "triplet"),
    "score": ("top_1", "top_5"),
    "beside": ("probe_top_1",),
    "direction": "better",
    "datasets": ("digit_pairs:classes=6:rows=10",),
    "model": "mlp:16,8",
}


def test_both_scores_are_units_in_order_and_size(study):
    """One unit a data set and score; beside them the probe, which is never counted, and the levels."""
    reported = {("ce", "top_1"): "0.843", ("triplet", "top_1"): "0.815"}
    lines = carry_out(embeddings(replace(Claim("x", "y"), reported=reported), study, **TOLD), study)
    units = [line for line in lines if line.role == "unit"]
    assert [(line.quantity, line.aspect) for line in units] == [
        ("top_1", "outcome"),
        ("top_1", "size"),
        ("top_5", "outcome"),
    ]
    assert {line.quantity for line in lines if line.role == "sensitivity"} == {"probe_top_1"}
    levels = {(line.arms, line.quantity): line for line in lines if line.aspect == "level"}
    assert len(levels) == 4
    assert levels[("ce",), "top_1"].reported == 0.843
    assert 0.3 < levels[("ce",), "top_1"].measured <= 1


def test_a_network_without_an_embedding_is_refused(study):
    """Before anything is trained."""
    with pytest.raises(UsageError, match="has no embedding"):
        embeddings(Claim("x", "y"), study, **TOLD | {"model": "linear"}).check(study)
