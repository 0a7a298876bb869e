"""The activations of hidden layers, in place where possible, each with its backward pass.

The backward kernels are torch's own: one pass over memory each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

aten = torch.ops.aten


@dataclass(frozen=True)
class Activation:
    """A function of the hidden values and its derivative, on tensors (models, units, columns).

    Args:
        forward: takes the values, which it may overwrite; returns the activations, and what `backward` needs.
        backward: takes the gradient of the activations, which it overwrites, and what `forward` saved; returns the
            gradient of the values.
    """

    forward: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
    backward: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _in_place(
    function: Callable[[torch.Tensor], torch.Tensor],
) -> Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    # The derivative of these follows from the activation itself.
    def forward(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        function(values)
        return values, values

    return forward


ACTIVATIONS = {
    "relu": Activation(
        _in_place(torch.relu_), lambda g, a: aten.threshold_backward.grad_input(g, a, 0, grad_input=g)
    ),
    "tanh": Activation(_in_place(torch.tanh_), lambda g, a: aten.tanh_backward.grad_input(g, a, grad_input=g)),
    "sigmoid": Activation(
        _in_place(torch.sigmoid_), lambda g, a: aten.sigmoid_backward.grad_input(g, a, grad_input=g)
    ),
    "gelu": Activation(
        lambda z: (aten.gelu(z), z), lambda g, z: aten.gelu_backward.grad_input(g, z, grad_input=g)
    ),
}
