"""Find the constant prediction that minimises a loss on a small sample, and so what a network would estimate.

The mean loss of one raw output for a whole sample is minimised, and the prediction from that output is compared
with statistics of the sample. A loss estimates a statistic if this holds on all samples.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np
import torch
from scipy import stats
from scipy.optimize import brentq, minimize, minimize_scalar

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case
from lossbench.checks.groups import reading_of
from lossbench.losses.custom.calls import in_gradient
from lossbench.losses.custom.contain import failing
from lossbench.losses.positive import positive
from lossbench.metrics.prediction import predict
from lossbench.task import VALUED

SAMPLE = np.array([0.6, 0.9, 1.2, 1.5, 1.7, 1.9, 2.0, 2.6, 3.3, 4.1, 9.0])
"""Targets of a regression: above zero and skewed, so that no two statistics are equal."""

MIRRORED = SAMPLE.min() + SAMPLE.max() - SAMPLE[::-1]
"""The same sample, skewed to the other side."""

SHARES = (0.3, 0.65, 0.15, 0.7), (0.9, 0.1, 0.4, 0.2), (0.1, 0.85, 0.95, 0.6), (0.65, 0.3, 0.8, 0.45)
"""In each sample, the share of rows with each label, or pixel; for two classes the first is that of positives."""

COUNTS = (4, 13, 3), (15, 2, 3)
"""In each sample, the rows of each of several classes."""

FEW = 2
"""The number of samples for a loss with several outputs, whose search takes long."""

ROWS = 20
NEAR = {torch.float64: 1e-3, torch.float32: 1e-2, torch.bfloat16: 1e-1}
"""How near a prediction must be to a statistic that it estimates, by the precision of the loss."""

CALLS = 200
"""The largest number of evaluations of one search: that of a loss without a minimum would not end."""

STARTS = 0.0, 1.0
"""The size of the raw outputs at the start of a search with several outputs, for one sample after the other."""

Estimates = Mapping[str, bool]
"""By the name of a statistic, whether the minimising output predicts it."""


def weighted_median(weights: np.ndarray, y: np.ndarray = SAMPLE) -> float:
    """Return the first value of an ordered sample at which half of the weight (sample,) is reached."""
    return float(y[np.searchsorted(weights.cumsum(), weights.sum() / 2)])


def centre(y: np.ndarray, pull: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return the value at which `pull`, a function of the errors (sample,), sums to zero over a sample."""
    return float(brentq(lambda value: pull(y - value).sum(), y.min(), y.max(), xtol=1e-12))


def moved_mean(y: np.ndarray, reach: float) -> float:
    """Return the mean of a sample, with values farther than `reach` from that mean moved to that distance."""
    return centre(y, lambda error: error.clip(-reach, reach))


STATISTICS: Mapping[str, Callable[..., float]] = {
    "mean": lambda y: y.mean(),
    "median": lambda y: np.median(y),
    "quantile tau": lambda y, tau: np.quantile(y, tau, method="inverted_cdf"),
    "expectile tau": lambda y, tau: stats.expectile(y, tau),
    "median weighted by 1/|y|": lambda y: weighted_median(1 / y, y),
    "geometric mean of 1 + y, less 1": lambda y: stats.gmean(1 + y) - 1,
    "mean of targets moved to within delta of it": lambda y, delta: moved_mean(y, delta),
    "mean of targets moved to within beta of it": lambda y, beta: moved_mean(y, beta),
    "mean weighted by 1/√(1 + ((y - f)/delta)²)": lambda y, delta: centre(y, lambda e: e / np.hypot(1, e / delta)),
    "mean weighted by tanh(y - f)/(y - f)": lambda y: centre(y, np.tanh),
}
"""Statistics of an ordered sample (sample,) by their names in records; other arguments are loss parameters."""


def statistics(parameters: Mapping[str, float], y: np.ndarray = SAMPLE) -> dict[str, float]:
    """Return the statistics of a sample by name; one with a parameter only if the loss has that parameter."""
    wanted = {name: list(inspect.signature(statistic).parameters)[1:] for name, statistic in STATISTICS.items()}
    return {
        name: STATISTICS[name](y, **{key: parameters[key] for key in keys})
        for name, keys in wanted.items()
        if set(keys) <= set(parameters)
    }


def risk(case: Case, raw: torch.Tensor, target: torch.Tensor, **prior: torch.Tensor) -> torch.Tensor:
    """Return the mean loss (n,) of each raw output (n, outputs) as the prediction for all targets (rows, ...)."""
    rows = len(target)
    every = raw[:, None].expand(-1, rows, -1)
    value = case.value(every, target.expand(len(raw), *target.shape), **prior)
    return value if case.loss.record.whole_batch else value.mean(-1)


def minimiser(case: Case, target: torch.Tensor, start: float = 0.0, **prior: torch.Tensor) -> np.ndarray:
    """Return the raw output (outputs,) of smallest risk.

    A single output is searched on a grid and refined without derivatives; several outputs are found by gradient
    descent from `start`.
    """
    if case.outputs > 1:
        return _descended(case, target, start, prior)
    ends = (-1, 10) if case.loss.task in VALUED else (-8, 8)
    grid = torch.linspace(*ends, 221, dtype=torch.float64)
    best, step = float(grid[risk(case, grid[:, None], target, **prior).argmin()]), float(grid[1] - grid[0])

    def at(raw: float) -> float:
        return float(risk(case, torch.tensor([[raw]], dtype=torch.float64), target, **prior))

    near, options = (best - step, best + step), {"xatol": 1e-10}
    return np.array([minimize_scalar(at, bounds=near, method="bounded", options=options).x])


def _descended(case: Case, target: torch.Tensor, start: float, prior: Mapping[str, torch.Tensor]) -> np.ndarray:
    def value_and_slope(raw: np.ndarray) -> tuple[float, np.ndarray]:
        point = torch.as_tensor(raw).requires_grad_()
        value = risk(case, point[None], target, **prior)
        with failing(in_gradient):
            (slope,) = torch.autograd.grad(value.sum(), point)
        return float(value.detach()), slope.numpy()

    began = np.random.default_rng(0).normal(scale=start, size=case.outputs)
    found: Any = minimize(value_and_slope, began, jac=True, method="L-BFGS-B", options={"maxfun": CALLS})
    return np.asarray(found.x)


def samples(case: Case) -> list[torch.Tensor]:
    """Return the targets of each sample as the record encodes them, (rows,) or (rows, targets)."""
    record = case.loss.record
    if record.task in VALUED:
        return [torch.as_tensor(y.copy())[:, None].expand(-1, case.targets) for y in (SAMPLE, MIRRORED)]
    if record.task == "multiclass":
        return [torch.as_tensor(np.repeat([0, 1, 2], counts)) for counts in COUNTS]
    # Each label has a permutation of the rows, and is present in the first rows of it.
    rank = (np.arange(ROWS)[:, None] * np.array([1, 3, 7, 9])[: case.targets]) % ROWS
    shares = SHARES if case.outputs == 1 else SHARES[:FEW]
    present = [torch.as_tensor(rank < np.round(ROWS * np.array(each)[: case.targets])) for each in shares]
    return [each[:, 0].long() if record.encoding == "index" else each.double() for each in present]


def check_elicits(case: Case) -> Observation:
    """Find the minimising constants, name the statistic that they are, and compare it with the record's claim."""
    found = _estimates(case)
    if found is None:
        return observed("nothing: the loss of some constant is NaN or infinite", noted=True)
    (estimates, saw), claim = found, _claim(case)
    if not estimates.get(claim, True):
        return observed(f"{saw}: declared to be the {claim}, but it is not", failed=True)
    held = _confirmed(estimates, claim)
    known = held if claim in (held, "") else f"declared as {claim}"
    return observed(f"{saw}: {known or 'no statistic that is known here'}", noted=not known)


def estimated(case: Case) -> str:
    """Name the statistic that a loss estimates on all samples; empty where none is known."""
    found = _estimates(case)
    return _confirmed(found[0], "") if found else ""


def _confirmed(estimates: Estimates, claim: str) -> str:
    """Return the declared statistic if it can be tested, else the first one that is estimated."""
    return claim if claim in estimates else next((name for name, holds in estimates.items() if holds), "")


def _estimates(case: Case) -> tuple[Estimates, str] | None:
    """Return which statistics the minimising constants of all samples are; None if a loss is not finite."""
    targets = samples(case)
    shares = [_shares(case, target) for target in targets]
    priors = [{"prior": torch.as_tensor(share)[None]} if case.loss.record.prior else {} for share in shares]
    each = list(zip(targets, priors, strict=True))
    raw = [minimiser(case, target, start, **prior) for (target, prior), start in zip(each, cycle(STARTS))]
    risks = [
        risk(case, torch.as_tensor(one)[None], its, **prior) for one, (its, prior) in zip(raw, each, strict=True)
    ]
    if not all(bool(value.isfinite().all()) for value in risks):
        return None
    if case.loss.task not in VALUED:
        return _of_classes(case, np.stack(raw), np.stack(shares))
    found = [_of_values(case, one, target[:, 0].numpy()) for one, target in zip(raw, targets, strict=True)]
    return {name: all(estimates[name] for estimates, _ in found) for name in found[0][0]}, found[0][1]


def _shares(case: Case, target: torch.Tensor) -> np.ndarray:
    """Return the share of each class or label in a sample, (classes,) or (labels,)."""
    if case.loss.task == "multiclass":
        return np.bincount(target.numpy(), minlength=case.targets) / len(target)
    return target.double().reshape(len(target), -1).mean(0).numpy()


def _claim(case: Case) -> str:
    """Return the statistic that a record claims; if it depends on parameters, only at their defaults."""
    claim = case.loss.facts.estimates if case.loss.facts else ""
    return claim if case.is_default or claim in STATISTICS else ""


def _of_values(case: Case, raw: np.ndarray, y: np.ndarray) -> tuple[Estimates, str]:
    """Compare the value predicted by raw (outputs,) with the statistics of an ordered sample."""
    value = float(positive(torch.tensor(raw[0]))) if case.loss.link == "softplus" else float(raw[0])
    given, near = statistics(case.loss.parameters, y), NEAR[case.precision]
    estimates = {name: abs(value - statistic) < near for name, statistic in given.items()}
    low, high = sorted((given["median"], given["mean"]))
    estimates["a value between median and mean"] = low < value < high
    estimates["a quantile"] = bool((abs(y - value) < near).any())
    beside = f"where the mean is {given['mean']:.4g}, the median {given['median']:.4g}"
    return estimates, f"{round(value, 6) + 0.0:.4g} {beside}"


def _of_classes(case: Case, raw: np.ndarray, share: np.ndarray) -> tuple[Estimates, str]:
    """Compare raw outputs (samples, outputs) with the known shares (samples, classes) of classes or labels."""
    reading = predict(raw[None], case.loss.link, reading_of(case.loss.task))
    likely = (
        share.argmax(-1) if case.loss.task == "multiclass" else (share > 0.5).reshape(reading.decision[0].shape)
    )
    score = reading.ranking.reshape(share.shape)
    belief = None if reading.probability is None else reading.probability.reshape(share.shape)
    near = partial(np.allclose, rtol=0, atol=NEAR[case.precision])
    estimates = {
        "probability": belief is not None and near(belief, share),
        "2p - 1": near(score, 2 * share - 1),
        "log(p / (1 - p))": near(score, np.log(share / (1 - share))),
        "½ log(p / (1 - p))": near(score, np.log(share / (1 - share)) / 2),
        "each label's share of all labels": belief is not None
        and share.shape[-1] > 1
        and near(belief, share / share.sum(-1, keepdims=True)),
        "most probable class": bool(np.all(reading.decision[0] == likely)),
    }
    if case.loss.task == "anomaly":  # its targets are numbers from 0 to 1, here only 0 and 1
        estimates = {"mean": estimates["probability"], "median": estimates["most probable class"]}
    said = f"raw outputs {_listed(raw)}" if belief is None else f"probabilities {_listed(belief)}"
    return estimates, f"{said} for shares of {_listed(share)}"


def _listed(numbers: np.ndarray) -> str:
    """Write the numbers (samples, n), separating samples by semicolons if each has several numbers."""
    rows = [", ".join(f"{number:.3g}" for number in row) for row in numbers]
    return ("; " if numbers.shape[-1] > 1 else ", ").join(rows)
