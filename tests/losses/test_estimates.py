"""What the regression losses estimate: the best constant prediction for a sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lossbench.checks.case import Case, gradient
from lossbench.checks.elicits import SAMPLE, STATISTICS, minimiser, risk, statistics, weighted_median
from lossbench.losses import get_loss
from lossbench.losses.positive import positive

from .cases import CASES

MEDIAN, MEAN = np.median(SAMPLE), SAMPLE.mean()
ONE_OUTPUT = [
    Case(case.loss, 1)
    for case in CASES
    if case.loss.task == "regression" and case.loss.record.outputs_per_target == 1
]


def mean_loss(case: Case, raw: float) -> float:
    """Return the mean loss of one raw output for the whole sample."""
    return float(risk(case, torch.tensor([[raw]], dtype=torch.float64), column(SAMPLE)))


def column(values: np.ndarray) -> torch.Tensor:
    """Return values as the targets of a regression."""
    return torch.as_tensor(values)[:, None]


def by_search(case: Case, values: np.ndarray = SAMPLE) -> float:
    """Return the raw output of the least risk, without a derivative: the best of a grid, made precise by scipy."""
    return float(minimiser(case, column(values))[0])


def slope_of(case: Case, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the derivative that the engines use: the record's own, or else autograd's."""
    stated = case.loss.record.slope
    return stated(raw, target, **case.loss.parameters) if stated else gradient(case, raw, target)


def by_descent(case: Case) -> float:
    """Return where gradient descent on the record's own slope ends, by torch's rule that halves overlong steps."""
    target = torch.as_tensor(SAMPLE)[:, None]
    raw = torch.full((1,), float(MEDIAN), dtype=torch.float64)
    descent = torch.optim.Rprop([raw], lr=0.1, step_sizes=(1e-12, 1.0))
    for _ in range(200):
        raw.grad = slope_of(case, raw.expand_as(target), target).mean(0)
        descent.step()
    return float(raw)


def predicted(case: Case, raw: float) -> float:
    """Return the prediction that a raw output stands for."""
    return float(positive(torch.tensor(raw))) if case.loss.link == "softplus" else raw


@pytest.mark.parametrize("case", ONE_OUTPUT, ids=str)
def test_descent_ends_at_the_least_risk(case):
    """Training on the stated slope and searching without one find a constant of the same, least risk."""
    assert mean_loss(case, by_descent(case)) == pytest.approx(mean_loss(case, by_search(case)), rel=1e-9)


@pytest.mark.parametrize("case", [case for case in ONE_OUTPUT if case.loss.facts.estimates in STATISTICS], ids=str)
def test_estimates_what_the_record_says(case):
    """The best constant prediction is the statistic that the record names."""
    statistic = statistics(case.loss.parameters)[case.loss.facts.estimates]
    assert predicted(case, by_descent(case)) == pytest.approx(statistic, abs=1e-6)
    assert predicted(case, by_search(case)) == pytest.approx(statistic, abs=1e-6)


COMPROMISES = {"huber": "delta", "smooth_l1": "beta", "pseudo_huber": "delta"}
"""The losses that are squares for small errors and lines for large ones, with the parameter that parts the two."""


@pytest.mark.parametrize(("name", "parameter"), COMPROMISES.items())
def test_compromises_go_from_the_median_to_the_mean(name, parameter):
    """All errors are large for a tiny parameter, and small for a huge one."""
    small, large = (Case(get_loss(f"{name}:{parameter}={value}"), 1) for value in (1e-5, 1e4))
    assert by_search(small) == pytest.approx(MEDIAN, abs=1e-4)
    assert by_search(large) == pytest.approx(MEAN, abs=1e-4)


@pytest.mark.parametrize("name", [*COMPROMISES, "log_cosh"])
def test_compromises_need_not_lie_between_median_and_mean(name):
    """One far target below pulls no harder than a near one above, of which there are two."""
    values = np.array([0.5, 5.0, 5.0, 7.0, 7.0])
    assert by_search(Case(get_loss(name), 1), values) > np.median(values) + 0.1 > values.mean()


# Barron's loss is among them where alpha is not above 0.
CENTRES = [
    case
    for case in ONE_OUTPUT
    if "centre that far targets hardly move" in case.loss.facts.estimates
    and case.loss.parameters.get("alpha", 0) <= 0
]


@pytest.mark.parametrize("case", CENTRES, ids=str)
def test_far_targets_hardly_move_a_centre(case):
    """The largest target, a thousand times as large, counts as if it were not there."""
    far = np.append(SAMPLE[:-1], 1000 * SAMPLE[-1])
    assert by_search(case, far) == pytest.approx(by_search(case, SAMPLE[:-1]), abs=1e-3)


def test_smape_weighs_by_its_own_prediction():
    """The best constant is the median in which a target y weighs y / (y + f)²."""
    found = by_search(Case(get_loss("smape"), 1))
    assert weighted_median(SAMPLE / (SAMPLE + found) ** 2) == pytest.approx(found, abs=1e-6)


@pytest.mark.parametrize("spec", ["epsilon_insensitive", "epsilon_insensitive:epsilon=0.7"])
def test_tube_has_as_many_targets_above_as_below(spec):
    """About the best constant, once those on the edge of the tube are counted on the side that needs them."""
    case = Case(get_loss(spec), 1)
    error = SAMPLE - by_search(case)
    epsilon, edge = case.loss.parameters["epsilon"], 1e-6
    assert (error > epsilon + edge).sum() <= (error < -epsilon + edge).sum()
    assert (error < -epsilon - edge).sum() <= (error > epsilon - edge).sum()
