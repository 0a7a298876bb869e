from __future__ import annotations

import pytest
import torch

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.exact.derivatives import (
    FORMULAS,
    RATE,
    RAW,
    TOLERANCE,
    WEIGHT,
    after_sigmoid,
    derivative,
    gradient_of,
    points_of,
    remaining,
    saturation,
    steps_to_right,
)
from lossbench.losses import get_loss

TRUE = [
    ("mse", "regression", "the prediction", "2 (p - y)"),
    ("mse", "binary", "the probability", "2 (p - y)"),
    ("mse", "binary", "the raw output of a sigmoid", "2 (p - y) p (1 - p)"),
    ("bce", "binary", "the probability", "(p - y) / (p (1 - p))"),
    ("bce", "binary", "the raw output of a sigmoid", "p - y"),
    ("ce", "multiclass", "the probability", "-y / p"),
    ("ce", "multiclass", "the raw output of a softmax", "p - y"),
]


@pytest.mark.parametrize(("name", "task", "variable", "formula"), TRUE)
def test_one_formula_holds_for_each_variable(name, task, variable, formula):
    """With respect to each variable, one of the formulas is right, and every other is far off."""
    (point,) = [point for point in points_of(get_loss(name, task)) if point.variable == variable]
    assert [other for other in FORMULAS if point.error(other) <= TOLERANCE] == [formula]


@pytest.mark.parametrize(("name", "task", "variable", "formula"), TRUE)
def test_the_verdict_is_that_of_the_variable(name, task, variable, formula):
    """A formula is reproduced for the variable for which it holds, and contradicted for the others."""
    evidence = derivative(Claim("x", "y"), Study(read_terms()), loss=name, formula=formula, tasks=(task,))
    assert {line.case for line in evidence if line.verdict == "reproduced"} == {variable}
    assert {line.verdict for line in evidence if line.case != variable} <= {"contradicted"}


def test_the_gradient_is_that_of_finite_differences():
    """Autograd through the link agrees with the slope between two near probabilities."""
    loss = get_loss("bce", "binary")
    at, step = torch.linspace(0.1, 0.9, 9, dtype=torch.float64)[:, None], 1e-6
    target = torch.ones_like(at)
    ends = [loss.per_sample(torch.logit(at + sign * step), target) for sign in (1, -1)]
    slope = (ends[0] - ends[1]) / (2 * step)
    assert torch.allclose(gradient_of(loss, at, target, torch.logit)[:, 0], slope, rtol=1e-6)


def test_cross_entropy_keeps_its_gradient_and_loses_it_after_a_sigmoid():
    """From raw outputs the gradient doubles, p - y from a half to one; after a sigmoid nothing is left."""
    direct, after, _ = saturation(Claim("x", "y"), Study(read_terms()))
    assert (direct.verdict, direct.measured) == ("contradicted", 2.0)
    assert (after.verdict, after.measured) == ("reproduced", 0.0)


def test_the_squared_error_on_a_sigmoid_loses_its_gradient():
    """What is left is 8 p² (1 - p), in double precision too."""
    left = remaining(get_loss("mse", "binary").per_sample, torch.float64)
    p = torch.tensor(RAW, dtype=torch.float64).sigmoid()
    assert abs(left - float(8 * p**2 * (1 - p))) < 1e-15


def test_both_ways_to_write_it_agree_where_nothing_is_saturated():
    """It is the same function: only rounding tells them apart."""
    raw, target = torch.linspace(-3, 3, 13)[:, None], torch.ones(13, 1)
    assert torch.allclose(after_sigmoid(raw, target), get_loss("bce", "binary").per_sample(raw, target), atol=1e-6)


def test_cross_entropy_pays_its_way_out_at_one_step_a_tenth():
    """Its gradient is one while it is wrong beyond doubt, so that it takes about 20 / 0.1 steps."""
    assert steps_to_right("bce") == pytest.approx(-WEIGHT / RATE, rel=0.1)


def test_a_squared_error_on_a_sigmoid_never_gets_out():
    """Its gradient is that of the sigmoid, which has vanished; a squared error of the raw output does get out."""
    assert steps_to_right("mse") is None
    assert steps_to_right("mse_logits") is not None


def test_the_claim_that_cross_entropy_suffers_is_contradicted():
    """And what mse does is said beside it."""
    *_, line = saturation(Claim("x", "y"), Study(read_terms()))
    assert (line.verdict, line.note) == ("contradicted", "mse on a sigmoid: not within 1000 steps")
