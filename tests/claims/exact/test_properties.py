from __future__ import annotations

import numpy as np
import pytest

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.exact import properties

CLAIM, STUDY = Claim("x", "y"), Study(read_terms())


def words(evidence):
    """Return the verdicts in their order."""
    return [line.verdict for line in evidence]


@pytest.mark.parametrize(
    ("loss", "formula"), [("mse", "(y - p)²"), ("mae", "|y - p|"), ("expectile:tau=0.5", "½ (y - p)²")]
)
def test_each_loss_is_its_own_definition_and_no_other(loss, formula):
    """The right formula is reproduced, and the others are contradicted."""
    for other in properties.DEFINITIONS:
        expected = ["reproduced" if other == formula else "contradicted"]
        assert words(properties.definition(CLAIM, STUDY, loss=loss, formula=other)) == expected


def test_half_of_a_loss_has_half_of_its_gradient_and_the_same_minimiser():
    """A wrong factor is seen in the gradient, another loss in the minimiser too."""
    assert words(properties.proportional(CLAIM, STUDY, loss="pinball:tau=0.5", to="mae", factor=0.5)) == (
        ["reproduced", "reproduced"]
    )
    assert words(properties.proportional(CLAIM, STUDY, loss="expectile:tau=0.5", to="mse", factor=1.0)) == (
        ["contradicted", "reproduced"]
    )
    assert words(properties.proportional(CLAIM, STUDY, loss="huber", to="mse", factor=0.5)) == (
        ["contradicted", "contradicted"]
    )


@pytest.mark.parametrize(
    ("loss", "weight", "held"),
    [
        ("mse", "growing", True),
        ("mse", "alike", False),
        ("mae", "alike", True),
        ("mae", "growing", False),
        ("huber", "growing", False),
        ("huber", "alike", False),
    ],
)
def test_doubled_errors_weigh_as_claimed_or_not(loss, weight, held):
    """The squared error more than doubles, the absolute error doubles, huber first the one, then the other."""
    found = words(properties.weight_of_errors(CLAIM, STUDY, loss=loss, weight=weight))
    assert ("contradicted" not in found) == held


def test_cross_entropy_of_two_distributions_is_that_of_the_formula():
    """-Σ p log q, which is not what comes of exchanging them."""
    (line,) = properties.asymmetry(CLAIM, STUDY)
    assert line.verdict == "reproduced"
    p, q = np.array([[0.2, 0.8]]), np.array([[0.5, 0.5]])
    tensors = (properties.torch.tensor(one) for one in (p, q))
    assert properties.entropy(*tensors).item() == pytest.approx(-(p * np.log(q)).sum())


@pytest.mark.parametrize("experiment", ["softmax_range", "cost", "forward_pass", "heads"])
def test_what_the_tool_itself_is_made_of_holds(experiment):
    """Softmax, the cost, the forward pass and the heads are as the documents say."""
    assert set(words(getattr(properties, experiment)(CLAIM, STUDY))) == {"reproduced"}


def test_descent_on_a_line_ends_at_least_squares_for_the_squared_error_alone():
    """Its steps never raise the loss; the absolute error ends elsewhere."""
    assert words(properties.line_fit(CLAIM, STUDY, loss="mse")) == ["reproduced", "reproduced"]
    assert words(properties.line_fit(CLAIM, STUDY, loss="mae"))[1] == "contradicted"


def test_a_difference_beyond_rounding_is_a_contradiction():
    """The largest of all differences decides."""
    assert properties.agreement("x", np.array([0.0, 1e-15]), 2).verdict == "reproduced"
    assert properties.agreement("x", np.array([0.0, -1e-6]), 2).verdict == "contradicted"
