"""How a layer combines hidden values with its weights: by a product or, for cosines, one of unit vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from lossbench.losses.structured.embedded import SHORTEST
from lossbench.training.fused.kernels import product, transposed_product


class Join(ABC):
    """A layer of all models.

    Hidden values are (models, units + 1, columns), the last of them one, and a layer (models, units, inputs + 1).
    """

    @abstractmethod
    def forward(self, layer: torch.Tensor, hidden: torch.Tensor, into: torch.Tensor) -> None:
        """Fill the values of the layer, (models, units, columns)."""

    @abstractmethod
    def backward(
        self, delta: torch.Tensor, layer: torch.Tensor, hidden: torch.Tensor, gradient: torch.Tensor
    ) -> torch.Tensor:
        """Fill the gradient of the layer, given that of its values; return that of the hidden values."""


class Affine(Join):
    """The product with the weights, and the bias."""

    def forward(self, layer: torch.Tensor, hidden: torch.Tensor, into: torch.Tensor) -> None:
        """Fill the values of the layer, (models, units, columns)."""
        product(layer, hidden, into)

    def backward(
        self, delta: torch.Tensor, layer: torch.Tensor, hidden: torch.Tensor, gradient: torch.Tensor
    ) -> torch.Tensor:
        """Fill the gradient of the layer, given that of its values; return that of the hidden values."""
        product(delta, hidden.transpose(1, 2), gradient)
        return transposed_product(layer[:, :, :-1], delta)


class Cosine(Join):
    """The cosines between hidden values and weights; the bias counts for nothing."""

    def forward(self, layer: torch.Tensor, hidden: torch.Tensor, into: torch.Tensor) -> None:
        """Fill the values of the layer, (models, units, columns)."""
        self.hidden, self.weights = Unit(hidden[:, :-1], axis=1), Unit(layer[:, :, :-1], axis=2)
        product(self.weights.vectors, self.hidden.vectors, into)

    def backward(
        self, delta: torch.Tensor, layer: torch.Tensor, hidden: torch.Tensor, gradient: torch.Tensor
    ) -> torch.Tensor:
        """Fill the gradient of the layer, given that of its values; return that of the hidden values."""
        turned = self.hidden.vectors.transpose(1, 2)
        weights = product(delta, turned, torch.empty_like(self.weights.vectors))
        gradient[:, :, :-1] = self.weights.backward(weights)
        gradient[:, :, -1].fill_(0)
        return self.hidden.backward(transposed_product(self.weights.vectors, delta))


class Unit:
    """Vectors scaled to length one, except those that are too short.

    Args:
        values: the vectors, along `axis`.
        axis: of the vectors.
    """

    def __init__(self, values: torch.Tensor, axis: int) -> None:
        self.axis, squares = axis, values.square().sum(axis, keepdim=True)
        self.long = squares >= SHORTEST**2
        self.length = squares.clamp(min=SHORTEST**2).sqrt()
        self.vectors = values / self.length

    def backward(self, slope: torch.Tensor) -> torch.Tensor:
        """Return the gradient of the values from that of the unit vectors: its orthogonal part over the length."""
        along = (self.vectors * slope).sum(self.axis, keepdim=True)
        return (slope - self.vectors * torch.where(self.long, along, 0)) / self.length
