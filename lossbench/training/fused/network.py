"""The networks of all models as one tensor program, with the backward pass written by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from lossbench.training.fused.activations import ACTIVATIONS
from lossbench.training.fused.layout import WIDTH, Layout, padded
from lossbench.training.pack import Pack


class Network:
    """The parameters of all models in one flat vector, layer after layer, and their gradient in another.

    A layer is a tensor (models, units, inputs + 1). A hidden layer has one unit more than it is named for, whose
    activation is set to one: it carries the bias of the next layer. Activations are (models, units, columns): the
    batch lies innermost, where it fills the vector registers. The flat vectors end in a few zeros that belong to
    no model, see `padded`.

    Args:
        pack: the trials.
        layout: which trial sits where.
        dtype: the precision.
    """

    def __init__(self, pack: Pack, layout: Layout, dtype: torch.dtype) -> None:
        networks = [pack.weights[index] for index in layout.slots]
        tensors = [np.stack(layer) for layer in zip(*networks, strict=True)]
        tensors[:-1] = [np.pad(tensor, ((0, 0), (0, 1), (0, 0))) for tensor in tensors[:-1]]
        missing = padded(tensors[0].shape[2], WIDTH) - tensors[0].shape[2]
        tensors[0] = np.insert(tensors[0], [-1] * missing, 0, axis=2)
        self.shapes = [tensor.shape for tensor in tensors]
        self.sizes = [tensor.size for tensor in tensors]
        self.theta = torch.zeros(padded(sum(self.sizes)), dtype=dtype)
        self.gradient = torch.zeros_like(self.theta)
        self.layers, self.gradients = self.split(self.theta), self.split(self.gradient)
        for layer, tensor in zip(self.layers, tensors, strict=True):
            layer.copy_(torch.as_tensor(tensor))
        self.activation = ACTIVATIONS[pack.model.activation]

    def split(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """View a flat vector as one tensor (models, units, inputs + 1) a layer."""
        parts = flat[: sum(self.sizes)].split(self.sizes)
        return [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def spread(self, per_model: Sequence[float]) -> torch.Tensor:
        """Return a flat vector that repeats one value a model for each of its parameters."""
        flat, values = torch.zeros_like(self.theta), torch.tensor(per_model, dtype=self.theta.dtype)[:, None, None]
        for layer in self.split(flat):
            layer.copy_(values)
        return flat

    def weights_only(self) -> torch.Tensor:
        """Return a flat vector that is one at each weight and zero at each bias."""
        mask = torch.ones_like(self.theta)
        for layer in self.split(mask):
            layer[:, :, -1] = 0
        return mask

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the raw outputs (models, outputs, columns) of features (blocks, columns, padded inputs).

        What the backward pass needs is kept until the next call.
        """
        self.features, self.hidden, self.saved = features, [], []
        first = self.layers[0].view(len(features), -1, features.shape[2])
        # All models of a block share their features: their first layers are one product.
        below = torch.bmm(first, features.transpose(1, 2)).view(len(self.layers[0]), -1, features.shape[1])
        for layer in self.layers[1:]:
            below, saved = self.activation.forward(below)
            below[:, -1] = 1
            self.hidden.append(below)
            self.saved.append(saved)
            below = torch.bmm(layer, below)
        return below

    def backward(self, delta: torch.Tensor) -> None:
        """Fill the gradient, given that of the cost with respect to the raw outputs (models, outputs, columns)."""
        for index in reversed(range(1, len(self.layers))):
            torch.bmm(delta, self.hidden[index - 1].transpose(1, 2), out=self.gradients[index])
            delta = transposed_product(self.layers[index], delta)
            delta = self.activation.backward(delta, self.saved[index - 1])
            delta[:, -1] = 0
        stacked = delta.view(len(self.features), -1, delta.shape[2])
        shape = (len(self.features), -1, self.features.shape[2])
        torch.bmm(stacked, self.features, out=self.gradients[0].view(shape))


def transposed_product(layer: torch.Tensor, delta: torch.Tensor) -> torch.Tensor:
    """Return layerᵀ · delta for every model; an outer product where there is a single output."""
    if layer.shape[1] == 1:
        return layer.transpose(1, 2) * delta
    return torch.bmm(layer.transpose(1, 2), delta)
