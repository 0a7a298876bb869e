"""What the regression losses estimate: the best constant prediction for a sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import minimize_scalar

from lossbench.losses import get_loss
from lossbench.losses.positive import positive

from .cases import CASES, Case

SAMPLE = np.array([0.6, 0.9, 1.2, 1.5, 1.7, 1.9, 2.0, 2.6, 3.3, 4.1, 9.0])
MEDIAN, MEAN = np.median(SAMPLE), SAMPLE.mean()
ONE_OUTPUT = [case for case in CASES if case.loss.task == "regression" and case.outputs == 2]


def weighted_median(weights: np.ndarray) -> float:
    """Return the first value of the sample at which half of the weight is reached."""
    return SAMPLE[np.searchsorted(weights.cumsum(), weights.sum() / 2)]


STATISTICS = {
    "mean": lambda: MEAN,
    "median": lambda: MEDIAN,
    "quantile tau": lambda tau: np.quantile(SAMPLE, tau, method="inverted_cdf"),
    "expectile tau": lambda tau: stats.expectile(SAMPLE, tau),
    "median weighted by 1/|y|": lambda: weighted_median(1 / SAMPLE),
    "geometric mean of 1 + y, less 1": lambda: stats.gmean(1 + SAMPLE) - 1,
}


def risk(case: Case, raw: float, sample: np.ndarray = SAMPLE) -> float:
    """Return the mean loss of one raw output for the whole sample."""
    target = torch.as_tensor(sample)[:, None]
    return float(case.value(torch.full_like(target, raw), target).mean())


def by_search(case: Case, sample: np.ndarray = SAMPLE) -> float:
    """Return the raw output of the least risk, without a derivative: the best of a grid, made precise by scipy."""
    grid = np.linspace(-1, 10, 221)
    best = grid[np.argmin([risk(case, raw, sample) for raw in grid])]
    bounds = best - 0.1, best + 0.1
    options = {"xatol": 1e-10}
    return minimize_scalar(lambda raw: risk(case, raw, sample), bounds=bounds, method="bounded", options=options).x


def by_descent(case: Case) -> float:
    """Return where gradient descent on the record's own slope ends, by torch's rule that halves overlong steps."""
    target = torch.as_tensor(SAMPLE)[:, None]
    raw = torch.full((1,), float(MEDIAN), dtype=torch.float64)
    descent = torch.optim.Rprop([raw], lr=0.1, step_sizes=(1e-12, 1.0))
    for _ in range(200):
        slope = case.loss.record.slope(raw.expand_as(target), target, **case.loss.parameters)
        raw.grad = slope.mean(0)
        descent.step()
    return float(raw)


def predicted(case: Case, raw: float) -> float:
    """Return the prediction that a raw output stands for."""
    return float(positive(torch.tensor(raw))) if case.loss.link == "softplus" else raw


@pytest.mark.parametrize("case", ONE_OUTPUT, ids=str)
def test_descent_ends_at_the_least_risk(case):
    """Training on the stated slope and searching without one find a constant of the same, least risk."""
    assert risk(case, by_descent(case)) == pytest.approx(risk(case, by_search(case)), rel=1e-9)


@pytest.mark.parametrize("case", [case for case in ONE_OUTPUT if case.loss.facts.estimates in STATISTICS], ids=str)
def test_estimates_what_the_record_says(case):
    """The best constant prediction is the statistic that the record names."""
    statistic = STATISTICS[case.loss.facts.estimates](**tau_of(case))
    assert predicted(case, by_descent(case)) == pytest.approx(statistic, abs=1e-6)
    assert predicted(case, by_search(case)) == pytest.approx(statistic, abs=1e-6)


def tau_of(case: Case) -> dict[str, float]:
    """Return the parameter that the statistic has too."""
    return {key: value for key, value in case.loss.parameters.items() if key == "tau"}


COMPROMISES = [case for case in ONE_OUTPUT if "between median and mean" in case.loss.facts.estimates]


@pytest.mark.parametrize("case", COMPROMISES, ids=str)
def test_compromises_lie_between(case):
    """The best constant prediction lies strictly between median and mean."""
    assert MEDIAN < by_search(case) < MEAN


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
    found = by_search(Case(get_loss("smape")))
    assert weighted_median(SAMPLE / (SAMPLE + found) ** 2) == pytest.approx(found, abs=1e-6)


@pytest.mark.parametrize("spec", ["epsilon_insensitive", "epsilon_insensitive:epsilon=0.7"])
def test_tube_has_as_many_targets_above_as_below(spec):
    """About the best constant, once those on the edge of the tube are counted on the side that needs them."""
    case = Case(get_loss(spec))
    error = SAMPLE - by_search(case)
    epsilon, edge = case.loss.parameters["epsilon"], 1e-6
    assert (error > epsilon + edge).sum() <= (error < -epsilon + edge).sum()
    assert (error < -epsilon - edge).sum() <= (error > epsilon - edge).sum()
