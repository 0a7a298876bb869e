"""The operations of a network: products of many small matrices, and activations with their backward passes.

The backward kernels of activations are torch's own: one pass over memory each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

aten = torch.ops.aten


def product(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """Write left · right into `out`, matrix by matrix, and return it.

    Args:
        left: (..., rows, inner).
        right: (..., inner, columns); leading axes of length one are broadcast.
        out: (..., rows, columns).
    """
    if out.device.type != "cpu":
        return out.copy_(left @ right)
    # numpy calls its BLAS once for each matrix, so no result depends on the number or values of the others. On
    # matrices this small it is also faster than torch, with AVX-512 by a factor of two and more.
    np.matmul(left.numpy(), right.numpy(), out=out.numpy())
    return out


def transposed_product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return leftᵀ · right, matrix by matrix; an outer product if there is a single row.

    Args:
        left: (..., inner, rows).
        right: (..., inner, columns).

    Returns:
        (..., rows, columns).
    """
    turned = left.transpose(-1, -2)
    if left.shape[-2] == 1:
        return turned * right
    return product(turned, right, right.new_empty(*turned.shape[:-1], right.shape[-1]))


@dataclass(frozen=True)
class Activation:
    """A function of hidden values (models, units, columns) and its derivative, in place where possible.

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
    # The derivative of these functions follows from the activation itself.
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
