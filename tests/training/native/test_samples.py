"""The compiled losses of whole samples, a batch at a time, against torch's value and gradient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from lossbench.losses import get_loss
from lossbench.losses.loss import Loss
from lossbench.training.native.library import levels, loaded
from lossbench.training.native.losses import SAMPLES

from ..cases import COMPILED, losses_of
from .one_step import by_step

pytestmark = COMPILED

SPECS = [spec for spec in losses_of("mixture:rows=60") if spec.partition(":")[0] in SAMPLES]

EVERYWHERE = pytest.mark.parametrize(
    ("level", "precision"), [(level, precision) for level in levels() for precision in ("float32", "float64")]
)
CLOSE: Mapping[str, float] = {"float32": 2e-5, "float64": 1e-10}

PRECISE = pytest.mark.parametrize("precision", CLOSE)


def by_torch(loss: Loss, raw: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """Return value and gradient of a batch, as the loop finds them."""
    leaf = torch.tensor(raw, requires_grad=True)
    value = loss.per_sample(leaf, torch.tensor(target))
    return value.item(), torch.autograd.grad(value, leaf)[0].numpy()


def drawn(seed: int, rows: int, targets: int, precision: str, spread: float, whole: bool):
    """Return outputs and targets of a batch; whole numbers coincide often."""
    both = np.random.default_rng(seed).normal(scale=spread, size=(2, rows, targets))
    return np.ascontiguousarray(both.round() if whole else both, precision)


batches = st.tuples(
    st.integers(0, 10_000),
    st.one_of(st.integers(1, 40), st.integers(41, 140)),
    st.integers(1, 2),
    st.sampled_from([0.1, 1.0, 3.0]),
    st.booleans(),
)
"""Seed, rows, targets, spread, and whether the numbers are whole."""


@PRECISE
@pytest.mark.parametrize("spec", [*SPECS, "scaled:factor=3:loss=wasserstein"])
@given(batch=batches)
@example(batch=(0, 1, 2, 1.0, False))
@example(batch=(0, 37, 2, 0.1, True))  # all of them at one point
def test_value_and_gradient_are_those_of_torch(precision: str, spec: str, batch) -> None:
    """Of any number of rows on a line and in the plane, equal ones among them, on every level of vectors."""
    seed, rows, targets, spread, whole = batch
    raw, target = drawn(seed, rows, targets, precision, spread, whole)
    loss, close = get_loss(spec, "distribution", targets), CLOSE[precision]
    wanted, slope = by_torch(loss, raw, target)
    for level in levels():
        value, gradient = by_step(loaded(level, precision), loss, raw, target)
        np.testing.assert_allclose(value, wanted, rtol=close, atol=close, err_msg=level)
        np.testing.assert_allclose(gradient, slope, rtol=close, atol=close / rows, err_msg=level)


@EVERYWHERE
@pytest.mark.parametrize("spec", SAMPLES)
@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_what_is_not_finite_is_not_hidden(
    level: str, precision: str, spec: str, targets: int, spoilt: float
) -> None:
    """Outputs of which one is no number, or too large for one, leave no slope that is one."""
    raw, target = drawn(0, 20, targets, precision, 1.0, whole=False)
    raw[7, -1] = spoilt  # and so are the outputs of every row, since zero times it is no number
    _, gradient = by_step(loaded(level, precision), get_loss(spec, "distribution", targets), raw, target)
    assert not np.isfinite(gradient[:, -1]).any()


@PRECISE
@pytest.mark.parametrize("spec", SAMPLES)
@given(batch=batches, seed=st.integers(0, 10_000))
def test_the_order_of_targets_is_of_no_account(precision: str, spec: str, batch, seed: int) -> None:
    """Value and gradient are of two samples: targets in another order change neither, but for rounding."""
    raw, target = drawn(*batch[:2], batch[2], precision, *batch[3:])
    loss, close = get_loss(spec, "distribution", batch[2]), CLOSE[precision]
    mixed = np.ascontiguousarray(np.random.default_rng(seed).permutation(target))
    for level in levels():
        library = loaded(level, precision)
        (value, gradient), (other, slope) = (by_step(library, loss, raw, one) for one in (target, mixed))
        np.testing.assert_allclose(other, value, rtol=close, atol=close, err_msg=level)
        np.testing.assert_allclose(slope, gradient, rtol=close, atol=close / len(raw), err_msg=level)
