"""The experiment on masks that are decided in two ways."""

from __future__ import annotations

import pytest

from claims.designs import carry_out
from lossbench.claims import Claim
from lossbench.claims.trained.masks import DECIDED, masks


def test_each_data_set_is_decided_in_two_ways_and_the_difference_is_shown(study):
    """Two units a data set, each with means and rates; what the threshold makes is shown, and never counted."""
    design = masks(Claim("x", "y"), study, overlap="dice", by_pixel="bce", images=("discs:images=20",))
    *units, shown = carry_out(design, study)
    assert [line.detail for line in units] == list(DECIDED.values())
    assert {line.role for line in units} == {"unit"}
    assert all("at rate" in line.note for line in units)
    assert shown.role == "shown"
    assert shown.measured == pytest.approx(units[0].measured - units[1].measured)
