"""Which constant minimises a loss on a small sample, and so what it makes a network estimate.

The loss of one raw output for the whole sample is minimised, and the prediction from that output is compared with
the statistics of the sample.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from scipy import stats
from scipy.optimize import brentq, minimize, minimize_scalar

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case
from lossbench.losses.positive import positive
from lossbench.metrics.prediction import predict

SAMPLE = np.array([0.6, 0.9, 1.2, 1.5, 1.7, 1.9, 2.0, 2.6, 3.3, 4.1, 9.0])
"""Targets of a regression: above zero and skewed, so that no two statistics are the same."""

SHARES = (0.3, 0.65, 0.15)
"""The share of the samples that have each label; for two classes the first is the share of positives."""

CLASSES = np.repeat([0, 1, 2], [4, 13, 3])

ROWS = 20
NEAR = 1e-3

Estimates = Mapping[str, bool]
"""By the name of a statistic, whether the preferred output predicts it."""


def weighted_median(weights: np.ndarray) -> float:
    """Return the first value of the sample at which half of the weight (sample,) is reached."""
    return float(SAMPLE[np.searchsorted(weights.cumsum(), weights.sum() / 2)])


def centre(pull: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return the value at which the pulls of the sample's errors, (sample,) to (sample,), sum to zero."""
    return float(brentq(lambda value: pull(SAMPLE - value).sum(), SAMPLE.min(), SAMPLE.max(), xtol=1e-12))


def moved_mean(reach: float) -> float:
    """Return the mean of the sample when values farther than `reach` from that mean are moved to this distance."""
    return centre(lambda error: error.clip(-reach, reach))


STATISTICS: Mapping[str, Callable[..., float]] = {
    "mean": lambda: SAMPLE.mean(),
    "median": lambda: np.median(SAMPLE),
    "quantile tau": lambda tau: np.quantile(SAMPLE, tau, method="inverted_cdf"),
    "expectile tau": lambda tau: stats.expectile(SAMPLE, tau),
    "median weighted by 1/|y|": lambda: weighted_median(1 / SAMPLE),
    "geometric mean of 1 + y, less 1": lambda: stats.gmean(1 + SAMPLE) - 1,
    "mean of targets moved to within delta of it": lambda delta: moved_mean(delta),
    "mean of targets moved to within beta of it": lambda beta: moved_mean(beta),
    "mean weighted by 1/√(1 + ((y - f)/delta)²)": lambda delta: centre(lambda e: e / np.hypot(1, e / delta)),
    "mean weighted by tanh(y - f)/(y - f)": lambda: centre(np.tanh),
}
"""Statistics of the regression sample by their names in records, each a function of the loss's parameters."""


def statistics(parameters: Mapping[str, float]) -> dict[str, float]:
    """Return the statistics of the sample by name; those with a parameter only if the loss has it too."""
    wanted = {name: inspect.signature(statistic).parameters for name, statistic in STATISTICS.items()}
    return {
        name: STATISTICS[name](**{key: parameters[key] for key in keys})
        for name, keys in wanted.items()
        if set(keys) <= set(parameters)
    }


def risk(case: Case, raw: torch.Tensor, target: torch.Tensor, **prior: torch.Tensor) -> torch.Tensor:
    """Return the mean loss (n,) of each raw output (n, outputs) when it is given for every target (rows, ...)."""
    rows = len(target)
    every = raw[:, None].expand(-1, rows, -1)
    value = case.value(every, target.expand(len(raw), *target.shape), **prior)
    return value if case.loss.record.whole_batch else value.mean(-1)


def preferred(case: Case, target: torch.Tensor, **prior: torch.Tensor) -> np.ndarray:
    """Return the raw output (outputs,) of least risk.

    A single output is searched on a grid and refined without a derivative; several outputs are found by descent
    along the gradient, from zero.
    """
    if case.outputs > 1:
        return _descended(case, target, prior)
    ends = (-1, 10) if case.loss.task == "regression" else (-8, 8)
    grid = torch.linspace(*ends, 221, dtype=torch.float64)
    best, step = float(grid[risk(case, grid[:, None], target, **prior).argmin()]), float(grid[1] - grid[0])

    def at(raw: float) -> float:
        return float(risk(case, torch.tensor([[raw]], dtype=torch.float64), target, **prior))

    near, options = (best - step, best + step), {"xatol": 1e-10}
    return np.array([minimize_scalar(at, bounds=near, method="bounded", options=options).x])


def _descended(case: Case, target: torch.Tensor, prior: Mapping[str, torch.Tensor]) -> np.ndarray:
    def value_and_slope(raw: np.ndarray) -> tuple[float, np.ndarray]:
        point = torch.as_tensor(raw).requires_grad_()
        value = risk(case, point[None], target, **prior)
        (slope,) = torch.autograd.grad(value.sum(), point)
        return float(value.detach()), slope.numpy()

    found: Any = minimize(value_and_slope, np.zeros(case.outputs), jac=True, method="L-BFGS-B")
    return np.asarray(found.x)


def sample(case: Case) -> torch.Tensor:
    """Return the targets of the sample as the record encodes them, (rows,) or (rows, targets)."""
    record = case.loss.record
    if record.task == "regression":
        return torch.as_tensor(SAMPLE)[:, None].expand(-1, case.targets)
    if record.task == "multiclass":
        return torch.as_tensor(CLASSES)
    # Row i has a label where i is among the first of a permutation that is the label's own.
    rank = (np.arange(ROWS)[:, None] * np.array([1, 3, 7])[: case.targets]) % ROWS
    present = torch.as_tensor(rank < ROWS * np.array(SHARES)[: case.targets])
    return present[:, 0].long() if record.encoding == "index" else present.double()


def check_elicits(case: Case) -> Observation:
    """Find the preferred constant, name it, and compare it with what the record declares."""
    target = sample(case)
    share = _shares(case, target)
    prior = {"prior": torch.as_tensor(share)[None]} if case.loss.record.prior else {}
    raw = preferred(case, target, **prior)
    if not bool(risk(case, torch.as_tensor(raw)[None], target, **prior).isfinite().all()):
        return observed("no constant: of one it is NaN or infinite", noted=True)
    regression = case.loss.task == "regression"
    estimates, saw = _of_values(case, raw) if regression else _of_classes(case, raw, share)
    claim = _claim(case)
    if not estimates.get(claim, True):
        return observed(f"{saw}: declared to be the {claim}, and is not", failed=True)
    held = claim if claim in estimates else next((name for name, holds in estimates.items() if holds), "")
    known = held if claim in (held, "") else f"declared as {claim}"
    return observed(f"{saw}: {known or 'no statistic that is known here'}", noted=not known)


def _shares(case: Case, target: torch.Tensor) -> np.ndarray:
    """Return the share of each class or label in a sample, (classes,) or (labels,)."""
    if case.loss.task == "multiclass":
        return np.bincount(CLASSES) / len(CLASSES)
    return target.double().reshape(len(target), -1).mean(0).numpy()


def _claim(case: Case) -> str:
    """Return what a record says that a loss estimates; if it depends on parameters, only at their defaults."""
    claim = case.loss.facts.estimates if case.loss.facts else ""
    return claim if case.is_default or claim in STATISTICS else ""


def _of_values(case: Case, raw: np.ndarray) -> tuple[Estimates, str]:
    """Name the value predicted by raw (outputs,) among the statistics of the sample."""
    value = float(positive(torch.tensor(raw[0]))) if case.loss.link == "softplus" else float(raw[0])
    given = statistics(case.loss.parameters)
    estimates = {name: abs(value - statistic) < NEAR for name, statistic in given.items()}
    estimates["a value between median and mean"] = given["median"] < value < given["mean"]
    estimates["a quantile"] = bool((abs(SAMPLE - value) < NEAR).any())
    beside = f"where the mean is {given['mean']:.4g}, the median {given['median']:.4g}"
    return estimates, f"{round(value, 6) + 0.0:.4g} {beside}"


def _of_classes(case: Case, raw: np.ndarray, share: np.ndarray) -> tuple[Estimates, str]:
    """Name what raw (outputs,) says about classes or labels of known shares (classes,)."""
    reading = predict(raw[None, None], case.loss.link, case.loss.task)
    likely = share.argmax() if case.loss.task == "multiclass" else share > 0.5
    right = bool(np.all(reading.decision.flatten() == likely))
    score, belief = reading.ranking, reading.probability
    near = partial(np.allclose, rtol=0, atol=NEAR)
    estimates = {
        "probability": belief is not None and near(belief, share),
        "2p - 1": near(score, 2 * share - 1),
        "log(p / (1 - p))": near(score, np.log(share / (1 - share))),
        "½ log(p / (1 - p))": near(score, np.log(share / (1 - share)) / 2),
        "each label's share of all labels": belief is not None
        and len(share) > 1
        and near(belief, share / share.sum()),
        "most probable class": right,
    }
    said = f"raw outputs {_listed(raw)}" if belief is None else f"probabilities {_listed(belief.flatten())}"
    return estimates, f"{said} for shares of {_listed(share)}"


def _listed(numbers: np.ndarray) -> str:
    return ", ".join(f"{number:.3g}" for number in numbers)
