"""A linear law whose errors are uneven, or have heavy tails."""

from __future__ import annotations

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.generators import whole
from lossbench.randomness import stream

INPUTS = 10
_NAMES = tuple(f"x{i}" for i in range(INPUTS))


def uneven(growth: float = 1.0, noise: float = 1.0, rows: float = 500, seed: int = 0) -> Dataset:
    """A sum of ten features with normal noise that is larger in some places than in others.

    y = (x₀ + x₁ + ... + x₉) / √10 + N(0, s²), with s = noise exp(growth x₀ - growth²), all x from N(0, 1). The
    mean of s² is noise², whatever the growth; with growth 0 it is the law of `line`.

    Source: Harvey 1976, Estimating regression models with multiplicative heteroscedasticity, Econometrica 44.

    Example:
        >>> uneven(rows=60).target.shape
        (60, 1)
    """
    count, random = whole("uneven", rows), stream("generate", "uneven", seed)
    features = random.normal(size=(count, INPUTS))
    size = noise * np.exp(growth * features[:, :1] - growth**2)
    return _plane("uneven", features, size * random.normal(size=(count, 1)))


def heavy(df: float = 3.0, noise: float = 1.0, rows: float = 500, seed: int = 0) -> Dataset:
    """A sum of ten features with noise of heavy tails: Student's t.

    y = (x₀ + x₁ + ... + x₉) / √10 + noise · t, t with df degrees of freedom, all x from N(0, 1). With df 2 and
    less the variance of the errors is infinite, with df 1 and less they have no mean; their median is always zero.

    Source: Lange, Little and Taylor 1989, Robust statistical modeling using the t distribution, JASA 84.

    Example:
        >>> heavy(rows=60).target.shape
        (60, 1)
    """
    count, random = whole("heavy", rows), stream("generate", "heavy", seed)
    features = random.normal(size=(count, INPUTS))
    return _plane("heavy", features, noise * random.standard_t(df, size=(count, 1)))


def _plane(name: str, features: np.ndarray, errors: np.ndarray) -> Dataset:
    target = features.sum(axis=1, keepdims=True) / np.sqrt(INPUTS) + errors
    return Dataset(name, "regression", features, target, ("y",), _NAMES)
