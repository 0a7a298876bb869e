"""The networks of all models as one tensor program, with handwritten backward pass and penalties.

The interface of a trainable network comes first; `modules.py` implements it for networks that are not sequential
layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import torch

from lossbench.training.fused.joins import Affine, Cosine, Join
from lossbench.training.fused.kernels import ACTIVATIONS, product
from lossbench.training.fused.layout import LANES, SLOTS, Layout, padded


class Network(ABC):
    """The parameters of all models and their gradient, each (models, padded parameters).

    Args:
        rows: by seed, the initial parameters as a row without padding.
        places: (parameters,) the position of each in a padded row.
        width: of a padded row; the padding is zero, and stays zero.
        models: number of rows; those beyond the layout's models are dummies; None for no dummies.
    """

    few = LANES
    """Rows of a table that are computed at a time, so that their hidden values stay in the cache."""

    def __init__(
        self,
        layout: Layout,
        rows: Mapping[int, np.ndarray],
        places: np.ndarray,
        width: int,
        models: int | None = None,
    ) -> None:
        theta = np.zeros((models or len(layout.slots), width))
        seeds = [layout.pack.trials[index].seed for index in layout.slots]
        theta[:, places] = [rows[seed] for seed in (*seeds, *[seeds[0]] * (len(theta) - len(seeds)))]
        self.places, self.whole = places, layout.numbers(theta)
        self.whole_gradient = torch.zeros_like(self.whole)
        self.theta, self.gradient = self.whole[: len(seeds)], self.whole_gradient[: len(seeds)]

    @abstractmethod
    def weights_only(self) -> torch.Tensor:
        """Return a row that is one at each weight and zero at each bias, (padded parameters,)."""

    @abstractmethod
    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the raw outputs (models, outputs, columns) of features (blocks, columns, inputs + 1).

        What the backward pass needs is kept until the next call.
        """

    @abstractmethod
    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """Return embeddings (models, numbers, columns) of features: the raw outputs, or the input of a head."""

    @abstractmethod
    def backward(self, delta: torch.Tensor) -> None:
        """Fill the gradient, given that of the cost with respect to the raw outputs (models, outputs, columns)."""


class Layers(Network):
    """Networks that are sequential layers.

    A row of parameters holds layer after layer, then zeros as padding, see `padded`. A layer is viewed as (models,
    units, inputs + 1), the bias as last column; in memory the units of one input are adjacent, since some products
    then take half the time. Activations are (models, units + 1, columns): the last unit is one and carries the
    bias of the next layer; the batch is the innermost axis, where it fills the vector registers.
    """

    def __init__(self, layout: Layout) -> None:
        pack = layout.pack
        inputs, model = pack.dataset.features.shape[1], pack.layers
        self.shapes = model.sizes(inputs, pack.outputs)
        size = model.parameters(inputs, pack.outputs)
        rows = {trial.seed: row(first) for trial, first in zip(pack.trials, pack.weights, strict=True)}
        super().__init__(layout, rows, np.arange(size), padded(size, LANES // SLOTS))
        self.layers, self.gradients = self.split(self.theta), self.split(self.gradient)
        self.activation, self.bent = ACTIVATIONS[model.activation], model.bent
        self.embeds = model.embeds
        self.joins: list[Join] = [Affine() for _ in self.shapes]
        if model.cosines:
            self.joins[-1] = Cosine()

    def split(self, rows: torch.Tensor) -> list[torch.Tensor]:
        """View rows (models, parameters) as one tensor (models, units, inputs + 1) for each layer."""
        sizes = [units * (inputs + 1) for units, inputs in self.shapes]
        parts = rows[:, : sum(sizes)].split(sizes, dim=1)
        pairs = zip(parts, self.shapes, strict=True)
        return [part.unflatten(1, (inputs + 1, units)).transpose(1, 2) for part, (units, inputs) in pairs]

    def weights_only(self) -> torch.Tensor:
        """Return a row that is one at each weight and zero at each bias, (parameters,)."""
        mask = torch.zeros_like(self.theta[:1])
        for layer in self.split(mask):
            layer[:, :, :-1].fill_(1)
        return mask[0]

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the raw outputs (models, outputs, columns) of features (blocks, columns, inputs + 1).

        What the backward pass needs is kept until the next call.
        """
        self.features, self.hidden, self.saved = features, [], []
        values, raw = self.room(0)
        # The models of a block share their features.
        product(in_blocks(self.layers[0]), features.transpose(1, 2).unsqueeze(1), in_blocks(raw))
        for index in range(1, len(self.layers)):
            hidden, saved = self.activation.forward(values) if index <= self.bent else (values, values)
            hidden[:, -1].fill_(1)
            self.hidden.append(hidden)
            self.saved.append(saved[:, :-1])
            values, raw = self.room(index)
            self.joins[index].forward(self.layers[index], hidden, raw)
        return raw

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """Return embeddings (models, numbers, columns) of features: the raw outputs, or the input of a head."""
        raw = self.forward(features)
        return self.hidden[-1][:, :-1] if self.embeds else raw

    def backward(self, delta: torch.Tensor) -> None:
        """Fill the gradient, given that of the cost with respect to the raw outputs (models, outputs, columns)."""
        for index in reversed(range(1, len(self.layers))):
            place = self.layers[index], self.hidden[index - 1], self.gradients[index]
            delta = self.joins[index].backward(delta, *place)
            if index <= self.bent:
                delta = self.activation.backward(delta, self.saved[index - 1])
        product(in_blocks(delta), self.features.unsqueeze(1), in_blocks(self.gradients[0]))

    def room(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return uninitialised memory for a layer's result, with and without the unit that is one.

        (models, units + 1, columns) and its view (models, units, columns); the last layer has no such unit.
        """
        units, hidden = self.shapes[index][0], index < len(self.shapes) - 1
        values = self.theta.new_empty(len(self.theta), units + hidden, self.features.shape[1])
        return values, values[:, :units]


class Penalties:
    """The gradient of l1 · Σ|w| + l2 · Σw² over the weights of each model; biases are not penalised.

    Args:
        network: whose parameters are penalised.
        layout: maps its models to trials.
    """

    def __init__(self, network: Network, layout: Layout) -> None:
        trials = [layout.pack.trials[index] for index in layout.slots]
        self.theta, weights = network.theta, network.weights_only()
        l1, l2 = np.array([t.l1 for t in trials]), np.array([2 * t.l2 for t in trials])
        self.l1 = torch.outer(layout.numbers(l1), weights) if l1.any() else None
        self.l2 = torch.outer(layout.numbers(l2), weights) if l2.any() else None

    def add_to(self, gradient: torch.Tensor) -> None:
        """Add the penalties' gradient to `gradient`, (models, parameters), in place."""
        if self.l1 is not None:
            gradient.addcmul_(self.theta.sign(), self.l1)
        if self.l2 is not None:
            gradient.addcmul_(self.theta, self.l2)

    def value(self) -> np.ndarray:
        """Return the penalties of each model, (models,) float64."""
        total = np.zeros(len(self.theta))
        for strength, size in ((self.l1, torch.abs), (self.l2, lambda theta: theta.square() / 2)):
            if strength is not None:
                total += (size(self.theta) * strength).cpu().numpy().astype(np.float64).sum(axis=1)
        return total


def row(layers: list[np.ndarray]) -> np.ndarray:
    """Return matrices (units, inputs + 1) as one row of parameters, (parameters,)."""
    return np.concatenate([layer.T.ravel() for layer in layers])


def in_blocks(tensor: torch.Tensor) -> torch.Tensor:
    """View (models, ...) as (blocks, SLOTS, ...): the models of a block share their features."""
    return tensor.view(-1, SLOTS, *tensor.shape[1:])
