"""The penalties of the fused engine against the loop's cost."""

from __future__ import annotations

import pytest
import torch

from lossbench.training.fused.layout import Layout
from lossbench.training.fused.network import Layers, Penalties
from lossbench.training.loop.networks import build_network, penalty

from .cases import pack, trial

STRENGTHS = ((0.0, 0.0), (0.3, 0.0), (0.0, 0.2), (0.1, 0.7))


@pytest.mark.parametrize("model", ["linear", "mlp:5", "mlp:4,3:tanh"])
@pytest.mark.parametrize("name", ["iris", "linnerud"])
def test_slope_is_that_of_the_cost(name: str, model: str) -> None:
    """Each model gets the gradient of its own l1 Σ|w| + l2 Σw²; its biases get none."""
    group = pack(*(trial(name, model=model, l1=l1, l2=l2) for l1, l2 in STRENGTHS))
    layout = Layout.of(group, torch.float64)
    network = Layers(layout)
    Penalties(network, layout).add_to(network.gradient)
    for index, (l1, l2) in enumerate(STRENGTHS):
        slot = layout.home[index]
        leaves = [layer[slot].clone().requires_grad_() for layer in network.layers]
        cost = sum(l1 * leaf[:, :-1].abs().sum() + l2 * leaf[:, :-1].square().sum() for leaf in leaves)
        wanted = torch.autograd.grad(cost, leaves)
        for layer, gradient in zip(network.gradients, wanted, strict=True):
            torch.testing.assert_close(layer[slot], gradient, rtol=1e-14, atol=0)
            assert not layer[slot][:, -1].any()


@pytest.mark.parametrize(("l1", "l2"), STRENGTHS)
def test_loop_penalises_weights_only(l1: float, l2: float) -> None:
    """The loop's penalty is l1 Σ|w| + l2 Σw² of the weight matrices, whatever the biases."""
    group = pack(trial("iris", model="mlp:5"))
    network = build_network(group, 0, torch.float64)
    weights = [torch.as_tensor(matrix[:, :-1]) for matrix in group.weights[0]]
    wanted = sum(l1 * w.abs().sum() + l2 * w.square().sum() for w in weights)
    torch.testing.assert_close(penalty(network, l1, l2).detach(), torch.as_tensor(wanted))


@pytest.mark.parametrize("l1", [0.0, 0.5])
def test_penalties_add_to_what_is_there(l1: float) -> None:
    """The penalties are added to the gradient of the loss; with strength zero nothing is added."""
    group = pack(trial("iris", l1=l1))
    layout = Layout.of(group, torch.float64)
    network = Layers(layout)
    network.gradient.fill_(3)
    Penalties(network, layout).add_to(network.gradient)
    torch.testing.assert_close(network.gradient, 3 + l1 * network.theta.sign() * network.weights_only())
