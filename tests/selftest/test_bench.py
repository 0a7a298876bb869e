"""The benchmark measures what it says on a machine of any speed."""

from __future__ import annotations

import pytest
import torch

from lossbench.selftest.bench import LOSSES, SHARES, make_pack, measure, multiply
from lossbench.training.fused.batches import Batches
from lossbench.training.fused.layout import Layout
from lossbench.training.fused.network import Network


def test_figures_belong_together() -> None:
    """There is one row for each size, every rate is positive, and the ratio is that of the two rates."""
    figures = measure(sizes=(1, 9), epochs=1)
    assert list(figures.models) == [1, 9]
    assert (figures > 0).all(axis=None)
    assert list(figures.ratio) == pytest.approx(list(figures.fused_per_second / figures.loop_per_second))


def test_the_pack_holds_all_losses_and_shares() -> None:
    """A pack of one seed's size has each loss at each share once."""
    pack = make_pack(len(LOSSES) * len(SHARES), epochs=1)
    assert {(trial.loss, trial.outlier_fraction) for trial in pack.trials} == {
        (a, b) for a in LOSSES for b in SHARES
    }
    assert {trial.seed for trial in pack.trials} == {0}


def test_the_products_are_those_of_a_step() -> None:
    """With a linear activation in between, the products alone give the gradient of the real backward pass."""
    pack = make_pack(3, epochs=1)
    layout = Layout.of(pack, torch.float64)
    network, batches = Network(layout), Batches(layout)
    features = batches.features(next(iter(batches.epoch(0))))
    delta = torch.ones_like(network.forward(features))
    network.backward(delta)
    last = network.gradients[-1].clone()
    multiply(network, features, delta)
    torch.testing.assert_close(network.gradients[-1], last)
    assert network.gradients[0].abs().sum() > 0
