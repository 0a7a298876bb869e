"""How a loss grows as the probability of the true class falls: which law fits, and what happens at the ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import get_loss

Law = Literal["exponential", "power", "logarithmic"]

LAWS: dict[Law, tuple[Callable[[np.ndarray, float], np.ndarray], np.ndarray]] = {
    "exponential": (lambda p, c: np.exp(-c * p), np.geomspace(0.1, 1e6, 141)),
    "power": (lambda p, c: p**-c, np.geomspace(0.05, 2.0, 81)),
    "logarithmic": (lambda p, c: np.log(p), np.ones(1)),
}
"""Each law a + b g(p; c): the function g, and the values of c that are tried. Powers below 0.05 are left out: they
are the logarithm, in the limit."""


@experiment("growth")
def growth(claim: Claim, study: Study, *, loss: str, law: Law) -> list[Evidence]:
    """Fit the loss at probabilities from 1e-6 to 1 by three laws, and look at its values at 0 and 1.

    a + b exp(-c p), a + b p⁻ᶜ and a + b log p, each with its best constants by least squares. The law whose
    residuals are smallest is the one by which the loss grows.
    """
    probability = np.geomspace(1e-6, 1.0, 601)
    values = value_at(loss, probability)
    misfits = {name: misfit(name, probability, values) for name in LAWS}
    found = min(misfits, key=lambda name: misfits[name])
    at_zero, at_one = abs(value_at(loss, np.array([0.0, 1.0]))).tolist()  # no minus before a zero
    said = ", ".join(f"{name} {error:.1%}" for name, error in misfits.items())
    return [
        Evidence(
            "reproduced" if found == law else "contradicted",
            quantity=f"share of its variance that {law} growth leaves unexplained",
            detail="growth",
            reported=0.0,
            measured=misfits[law],
            n=len(probability),
            note=f"the growth is {found}; unexplained by each law: {said}",
        ),
        Evidence(
            "reproduced" if np.isinf(at_zero) else "contradicted",
            quantity="value at probability 0",
            detail="value at 0",
            reported=np.inf,
            measured=at_zero,
        ),
        Evidence(
            "reproduced" if at_one == 0 else "contradicted",
            quantity="value at probability 1",
            detail="value at 1",
            reported=0.0,
            measured=at_one,
        ),
    ]


def value_at(spec: str, probability: np.ndarray) -> np.ndarray:
    """Return the loss of samples whose true class of two has these probabilities."""
    p = torch.tensor(probability)
    raw = torch.stack([p, 1 - p], dim=-1).log()
    target = torch.zeros(len(p), dtype=torch.int64)
    return np.asarray(get_loss(spec, "multiclass")(raw, target))


def misfit(law: Law, p: np.ndarray, values: np.ndarray) -> float:
    """Return the share of the variance that a law leaves unexplained, with its best constants."""
    shape, constants = LAWS[law]
    best = min(residual(shape(p, c), values) for c in constants)
    return best / float(np.square(values - values.mean()).sum())


def residual(shape: np.ndarray, values: np.ndarray) -> float:
    """Return the sum of squares that is left by the best line through the values over a shape."""
    design = np.stack([np.ones_like(shape), shape], axis=-1)
    constants = np.linalg.lstsq(design, values, rcond=None)[0]
    return float(np.square(values - design @ constants).sum())
