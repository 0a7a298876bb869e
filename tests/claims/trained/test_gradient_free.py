"""The experiment on a loss without a slope."""

from __future__ import annotations

import pytest

from claims.designs import carry_out
from lossbench.claims import Claim
from lossbench.claims.cell import CONSTANT
from lossbench.claims.trained.gradient_free import gradient_free, slope_of
from lossbench.errors import BadValue

TOLD = {"loss": "zero_one", "beside": ("bce",), "datasets": ("moons:rows=100",), "without": "es", "along": "adam"}


def test_a_loss_without_a_slope_beats_the_constant_answer(study):
    """One unit a data set, over seeds; beside it both optimisers of the other loss, each at its own rate."""
    design = gradient_free(Claim("x", "y"), study, **TOLD, lr=(0.1, 0.3))
    unit, *beside = carry_out(design, study)
    assert (unit.role, unit.arms, unit.over) == ("unit", ("zero_one by es", CONSTANT), "seeds")
    assert unit.verdict == "reproduced"
    assert unit.measured > 0.1
    shown = {line.arms[1] for line in beside if line.role == "sensitivity"}
    assert shown == {"bce by es", "bce by adam"}
    (level,) = (line for line in beside if line.aspect == "level")
    assert all(f"{arm} 0." in level.note for arm in ("zero_one by es", "bce by es", "bce by adam"))


def test_only_a_loss_without_a_slope_has_none():
    """The largest slope of zero_one is zero, and that of a hinge is one."""
    assert (slope_of("zero_one").verdict, slope_of("zero_one").measured) == ("reproduced", 0.0)
    assert (slope_of("hinge").verdict, slope_of("hinge").measured) == ("contradicted", 1.0)


def test_a_loss_that_a_gradient_can_train_is_refused(study):
    """The claim is about another kind of loss."""
    with pytest.raises(BadValue, match="'hinge' has a gradient to follow"):
        gradient_free(Claim("x", "y"), study, **TOLD | {"loss": "hinge"}, lr=(0.1, 0.3))
