from __future__ import annotations

import numpy as np
import pytest

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.contrast import judge_all
from lossbench.claims.trained.learning_curve import contrasts_in, curves_of, gain, learning_curve

from ..made_up import made_up

CELL = made_up(lambda loss, share: 0.5, ["mse"])
RISING = np.linspace(0.1, 0.8, 30) + np.random.default_rng(0).normal(0, 0.01, (10, 30))


def words(curves):
    """Return what is said of improvement and of its steadiness."""
    return [line.verdict for line in judge_all(list(contrasts_in(CELL, curves, Study(read_terms()))))]


def test_a_rising_curve_is_reproduced_and_a_falling_one_contradicted():
    """In both respects."""
    assert words(RISING) == ["reproduced", "reproduced"]
    assert words(RISING[:, ::-1]) == ["contradicted", "contradicted"]


def test_a_jump_and_a_decline_improve_and_are_not_gradual():
    """The end is above the start, while nearly every epoch is worse than the one before."""
    jump = np.hstack([np.full((10, 1), 0.1), RISING[:, ::-1]])
    assert words(jump + 0.3 * (np.arange(31) > 0)) == ["reproduced", "contradicted"]


def test_the_gain_is_the_same_from_any_level():
    """A score that is higher throughout gains nothing by that."""
    assert gain(RISING + 5.0) == pytest.approx(gain(RISING))


def test_curves_begin_at_the_initialised_network(study):
    """The score before the first epoch is the same under every protocol, and no step has been taken."""
    trainings = learning_curve(Claim("x", "y"), study, datasets=("moons",)).trainings
    curves = [made for one in trainings for _, made in curves_of(*one.trained(study), one.protocol)]
    assert len(curves) == len(study.protocols)
    for one in curves:
        assert one.shape == (len(study.seeds), study.epochs + 1)
        assert (one[:, 0] == curves[-1][:, 0]).all()
        assert one[:, 0].mean() < one[:, -1].mean()


def test_every_task_is_trained_by_its_reference_loss(study):
    """Two lines for every protocol and data set."""
    lines = learning_curve(Claim("x", "y"), study, datasets=("moons", "diabetes")).carry_out(study)
    assert len(lines) == 2 * 2 * 3
    assert {(line.dataset, line.case) for line in lines} == {("moons", "bce"), ("diabetes", "mse")}
