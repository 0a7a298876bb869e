"""The compiled losses of masks, a batch at a time, against torch's value and gradient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from lossbench.losses import get_loss
from lossbench.training.native.library import levels, loaded
from lossbench.training.native.losses import IMAGES

from ..cases import COMPILED, losses_of
from .one_step import by_step

pytestmark = COMPILED

SPECS = [spec for spec in losses_of("discs:images=20") if spec.partition(":")[0] in IMAGES]
CLOSE: Mapping[str, float] = {"float32": 2e-5, "float64": 1e-10}

batches = st.tuples(
    st.integers(0, 10_000),
    st.integers(1, 20),
    st.integers(1, 14),
    st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    st.booleans(),
)
"""Seed, images, pixels, the share that is of objects, and whether the outputs are whole numbers."""


@pytest.mark.parametrize("precision", CLOSE)
@pytest.mark.parametrize("spec", SPECS)
@given(batch=batches)
@example(batch=(0, 3, 13, 0.0, True))
def test_value_and_gradient_are_those_of_torch(precision: str, spec: str, batch) -> None:
    """Of any number of images of any size, empty and full masks and equal outputs among them, on every level."""
    seed, images, pixels, share, whole = batch
    random = np.random.default_rng(seed)
    raw, target = 2 * random.normal(size=(images, pixels)), random.random((images, pixels)) < share
    raw, target = (np.ascontiguousarray(one, precision) for one in (raw.round() if whole else raw, target))
    loss = get_loss(spec, "segmentation", pixels)
    leaf = torch.tensor(raw, requires_grad=True)
    wanted = loss.per_sample(leaf, torch.tensor(target)).mean()
    slope, close = torch.autograd.grad(wanted, leaf)[0].numpy().reshape(-1, 1), CLOSE[precision]
    for level in levels():
        value, gradient = by_step(
            loaded(level, precision), loss, raw.reshape(-1, 1), target.reshape(-1, 1), pixels=pixels
        )
        np.testing.assert_allclose(value, wanted.item(), rtol=close, atol=close, err_msg=level)
        np.testing.assert_allclose(gradient, slope, rtol=close, atol=close / raw.size, err_msg=level)
