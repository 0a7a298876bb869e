"""How a loss grows as the probability of the true class falls, and how far one target can pull a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from lossbench.claims.claim import Claim, Evidence, decided
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import Loss, get_loss

Law = Literal["exponential", "power", "logarithmic"]

LAWS: dict[Law, tuple[Callable[[np.ndarray, float], np.ndarray], np.ndarray]] = {
    "exponential": (lambda p, c: np.exp(-c * p), np.geomspace(0.1, 1e6, 141)),
    "power": (lambda p, c: p**-c, np.geomspace(0.05, 2.0, 81)),
    "logarithmic": (lambda p, c: np.log(p), np.ones(1)),
}
"""For each law a + b g(p; c) the function g, and the values of c that are tried. Powers below 0.05 are left out:
in the limit they are the logarithm."""


@experiment("growth")
def growth(claim: Claim, study: Study, *, loss: str, law: Law) -> list[Evidence]:
    """Fit the loss at probabilities from 1e-6 to 1 by three laws, and check its values at 0 and 1.

    The laws are a + b exp(-c p), a + b p⁻ᶜ and a + b log p, each fitted by least squares. The loss grows by the
    law with the smallest residuals.
    """
    probability = np.geomspace(1e-6, 1.0, 601)
    values = value_at(loss, probability)
    misfits = {name: misfit(name, probability, values) for name in LAWS}
    found = min(misfits, key=lambda name: misfits[name])
    at_zero, at_one = abs(value_at(loss, np.array([0.0, 1.0]))).tolist()  # abs turns -0.0 into 0.0
    said = ", ".join(f"{name} {error:.1%}" for name, error in misfits.items())
    what, n = f"share of its variance that {law} growth leaves unexplained", len(probability)
    note = f"the growth is {found}; unexplained by each law: {said}"
    rest = "" if found == law else f"; {law} growth leaves {100 * misfits[law]:.1f} % of the variance unexplained"
    clause = f"the growth is {found}{rest}"
    about = Evidence(decided(found == law), what, detail="growth", clause=clause, note=note)
    shape = replace(about, reported=0.0, measured=misfits[law], n=n)
    ends = value_beside(0, np.inf, at_zero, "infinite at 0"), value_beside(1, 0.0, at_one, "zero at 1")
    return [replace(shape, part=f"{law} growth"), *ends]


def value_beside(place: int, stated: float, measured: float, part: str) -> Evidence:
    """Return the evidence on the loss at one probability, against the stated value."""
    where = f"value at {place}"
    what = f"value at probability {place}"
    clause = f"the loss is {'infinite' if np.isinf(measured) else f'{measured:.3g}'} at probability {place}"
    about = Evidence(decided(measured == stated), what, detail=where, part=part, clause=clause)
    return replace(about, reported=stated, measured=measured)


def value_at(spec: str, probability: np.ndarray) -> np.ndarray:
    """Return the loss (n,) of samples of two classes, whose true class has these probabilities (n,)."""
    p = torch.tensor(probability)
    raw = torch.stack([p, 1 - p], dim=-1).log()
    target = torch.zeros(len(p), dtype=torch.int64)
    return np.asarray(get_loss(spec, "multiclass")(raw, target))


def misfit(law: Law, p: np.ndarray, values: np.ndarray) -> float:
    """Return the smallest share of the variance of values (n,) at p (n,) that a law leaves unexplained."""
    shape, constants = LAWS[law]
    best = min(residual(shape(p, c), values) for c in constants)
    return best / float(np.square(values - values.mean()).sum())


def residual(shape: np.ndarray, values: np.ndarray) -> float:
    """Return the residual sum of squares of the best linear fit of the values to a shape."""
    design = np.stack([np.ones_like(shape), shape], axis=-1)
    constants = np.linalg.lstsq(design, values, rcond=None)[0]
    return float(np.square(values - design @ constants).sum())


TARGETS = 21
NEAR, FAR = 1e3, 1e6
"""The distances by which one target is moved, in standard deviations of the others."""

STEPS = 200  # bisection steps: enough for the last digit

Influence = Literal["bounded", "unbounded"]


@experiment("influence")
def influence(claim: Claim, study: Study, *, losses: tuple[str, ...], influence: Influence) -> list[Evidence]:
    """Move one of 21 targets far away, and measure how far the best constant prediction follows.

    The influence is unbounded if the prediction keeps following: a thousand times the distance moves it at least
    ten times as far. Otherwise it is bounded.
    """
    return [influence_under(get_loss(spec, "regression"), influence) for spec in losses]


def influence_under(loss: Loss, claimed: Influence) -> Evidence:
    """Return the evidence on the influence under one loss."""
    near, far = (shift(loss, distance) for distance in (NEAR, FAR))
    found: Influence = "unbounded" if far > 10 * near else "bounded"
    what = f"shift of the fit when one of {TARGETS} targets moves by {FAR:g} sd"
    note = f"{found}: {near:.3g} sd when it moves by {NEAR:g} sd, {far:.3g} when by {FAR:g}"
    return Evidence(decided(found == claimed), what, arms=(loss.name,), measured=far, n=TARGETS, note=note)


def shift(loss: Loss, distance: float) -> float:
    """Return the change of the best constant when the middle target is moved up by a distance."""
    from scipy.special import ndtri

    targets = ndtri((np.arange(TARGETS) + 0.5) / TARGETS)
    moved = targets.copy()
    moved[TARGETS // 2] += distance
    return abs(best_constant(loss, moved) - best_constant(loss, targets))


def best_constant(loss: Loss, targets: np.ndarray) -> float:
    """Return the best single prediction for targets (n,), by bisection on the slope of a convex loss.

    Example:
        >>> round(best_constant(get_loss("mae", "regression"), np.array([0.0, 1.0, 9.0])), 6)
        1.0
    """
    low, high = float(targets.min()), float(targets.max())
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(loss, middle, targets) > 0 else (middle, high)
    return (low + high) / 2


def slope(loss: Loss, constant: float, targets: np.ndarray) -> float:
    """Return the derivative of the cost of targets (n,) with respect to one prediction for all."""
    prediction = torch.full((len(targets), 1), constant, dtype=torch.float64, requires_grad=True)
    cost = loss.per_sample(prediction, torch.tensor(targets)[:, None]).sum()
    return float(torch.autograd.grad(cost, prediction)[0].sum())
