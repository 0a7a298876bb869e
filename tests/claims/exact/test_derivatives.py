from __future__ import annotations

import pytest
import torch

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.exact.derivatives import FORMULAS, TOLERANCE, derivative, gradient_of, points_of
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
