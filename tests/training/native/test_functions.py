"""The functions that the step has of its own, in single precision, against numpy's in double."""

from __future__ import annotations

import numpy as np
import pytest

from lossbench.training.native.library import levels, loaded
from lossbench.training.native.memory import address

from ..cases import COMPILED

pytestmark = COMPILED


def erf(x: np.ndarray) -> np.ndarray:
    """Return scipy's error function."""
    from scipy import special

    return special.erf(x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


FUNCTIONS = ("exp", "log", "log1p", "tanh", "erf", "sigmoid", "log_sigmoid")
"""In the order of `evaluate` in kernel.c."""


def evaluated(level: str, function: str, values: np.ndarray) -> np.ndarray:
    """Return what the step makes of values, whose number is a multiple of sixteen."""
    found = np.array(values, np.float32)
    loaded(level, "float32").calls.evaluate(FUNCTIONS.index(function), address(found), len(found))
    return found


def errors(level: str, function: str, exact, low: float, high: float) -> np.ndarray:
    """Return the errors on 65 536 values in units of the last place of the exact result."""
    values = np.linspace(low, high, 65536).astype(np.float32)
    wanted = exact(values.astype(np.float64))
    return abs(evaluated(level, function, values) - wanted) / np.spacing(abs(wanted).astype(np.float32))


@pytest.mark.parametrize("level", levels())
@pytest.mark.parametrize(
    ("function", "exact", "low", "high", "most"),
    [
        ("exp", np.exp, -87, 88.3, 2),
        ("exp", np.exp, -1, 1, 2),
        ("log", np.log, 1, 1000, 3),
        ("log", np.log, 1e-30, 0.9, 3),
        ("log1p", np.log1p, 0, 1, 3),
        ("log1p", np.log1p, 1e-20, 1e-3, 3),
        ("tanh", np.tanh, -12, 12, 4),
        ("tanh", np.tanh, -0.7, 0.7, 4),
        ("sigmoid", sigmoid, -80, 20, 4),
    ],
)
def test_errors_are_as_stated(level: str, function: str, exact, low: float, high: float, most: int) -> None:
    """No value is off by more than the units of the last place that functions.h states."""
    assert errors(level, function, exact, low, high).max() <= most


@pytest.mark.parametrize("level", levels())
def test_erf_is_as_stated(level: str) -> None:
    """It is off by 7e-7 at most."""
    values = np.linspace(-6, 6, 65536).astype(np.float32)
    assert abs(evaluated(level, "erf", values) - erf(values.astype(np.float64))).max() < 7e-7


@pytest.mark.parametrize("level", levels())
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_nan_stays_one(level: str, function: str) -> None:
    """Where a training goes wrong, no function hides it; the other lanes do not see it."""
    values = np.full(16, 0.5, np.float32)
    clean = evaluated(level, function, values)
    values[5] = np.nan
    found = evaluated(level, function, values)
    assert np.isnan(found[5])
    np.testing.assert_array_equal(np.delete(found, 5), np.delete(clean, 5))


@pytest.mark.parametrize("level", levels())
def test_ends_are_as_stated(level: str) -> None:
    """Far below, an exponential is zero, and far above it stays finite; what is made of it is in order."""
    ends = np.array([-np.inf, -1e30, -100, 100, 1e30, np.inf] + [0] * 10, np.float32)
    exponential, probability = (evaluated(level, name, ends)[:6] for name in ("exp", "sigmoid"))
    np.testing.assert_array_equal(exponential[:3], 0)
    assert (exponential[3:] > 2e38).all()
    assert np.isfinite(exponential).all()
    np.testing.assert_allclose(probability, [0, 0, 0, 1, 1, 1], atol=1e-37)
    np.testing.assert_allclose(evaluated(level, "log_sigmoid", ends)[1:5], [-1e30, -100, 0, 0], atol=1e-37)
