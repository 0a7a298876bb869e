"""How often something happened: counts, with zeros among them."""

from __future__ import annotations

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.generators import whole
from lossbench.randomness import stream

SLOPES = np.array([0.6, -0.4, 0.3, 0.0])


def events(mean: float = 2.0, dispersion: float = 0.0, rows: float = 500, seed: int = 0) -> Dataset:
    """How many times did it happen? Counts whose rate depends on three of four features.

    y from Poisson(μ g), with log μ = log(mean) + 0.6 x₀ - 0.4 x₁ + 0.3 x₂ - 0.305, all x from N(0, 1), so that the
    mean of all counts is `mean`. With dispersion 0, g = 1 and the variance of a count is its mean μ. Else g is
    from a gamma law with mean 1 and variance `dispersion`: the negative binomial law, with variance
    μ + dispersion · μ².

    Source: McCullagh and Nelder 1989, Generalized Linear Models, sections 6.2 and 6.2.3.

    Example:
        >>> found = events(rows=200)
        >>> bool((found.target == found.target.round()).all()), bool((found.target == 0).any())
        (True, True)
    """
    count, random = whole("events", rows), stream("generate", "events", seed)
    features = random.normal(size=(count, len(SLOPES)))
    rate = mean * np.exp(features @ SLOPES - (SLOPES @ SLOPES) / 2)
    if dispersion > 0:
        rate = rate * random.gamma(1 / dispersion, dispersion, count)
    target = random.poisson(rate).astype(np.float64)
    return Dataset("events", "regression", features, target[:, None], ("count",), tuple(f"x{i}" for i in range(4)))
