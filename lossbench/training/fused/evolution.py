"""The evolution strategy for all models of a pack: it evaluates one child of every model at a time."""

from __future__ import annotations

import numpy as np
import torch

from lossbench.training.fused.batches import Batch, Batches
from lossbench.training.fused.criteria import Criteria
from lossbench.training.fused.layout import Layout
from lossbench.training.fused.network import Network, Penalties
from lossbench.training.mutations import Mutations


class Evolution:
    """Moves each model to the best of its mutations, unless that costs more.

    The models of a seed share random numbers; each multiplies them by its own rate.

    Args:
        network: the models, which are updated in place.
        layout: maps models to trials.
        batches: the training rows.
        criteria: the losses.
        penalties: of the models.
    """

    def __init__(
        self, network: Network, layout: Layout, batches: Batches, criteria: Criteria, penalties: Penalties
    ) -> None:
        self.network, self.layout, self.batches = network, layout, batches
        self.criteria, self.penalties, pack = criteria, penalties, layout.pack
        trials, seeds = [pack.trials[index] for index in layout.slots], list(pack.folds)
        self.seed = np.array([seeds.index(trial.seed) for trial in trials])
        self.rates = layout.numbers(pack.rates[layout.slots])
        self.mutations = Mutations(pack.stream, seeds, pack.children, len(network.places))

    def step(self, batch: Batch) -> None:
        """Take a step on a batch; a child with a NaN cost is never taken, a parent with one is replaced."""
        theta, features = self.network.theta, self.batches.features(batch)
        parent, best = theta.clone(), theta.clone()
        allowed, least = self.cost(features, batch), np.full(len(theta), np.inf)
        for rows in self.mutations.draw():
            theta.copy_(parent + self.moves(rows, batch.epoch))
            cost = self.cost(features, batch)
            self.take(best, theta, cost < least)
            least = np.fmin(least, cost)
        theta.copy_(parent)
        self.take(theta, best, ~(least > allowed))

    def moves(self, rows: np.ndarray, epoch: int) -> torch.Tensor:
        """Return the mutations of models, (models, padded parameters), from random rows (seeds, parameters)."""
        padded = np.zeros((len(rows), self.network.theta.shape[1]))
        padded[:, self.network.places] = rows
        return self.layout.numbers(padded[self.seed]) * self.rates[:, epoch, None]

    def cost(self, features: torch.Tensor, batch: Batch) -> np.ndarray:
        """Return the cost that each model minimises, (models,) float64."""
        raw = self.network.forward(features)
        return np.asarray(self.criteria.value(raw, batch) / batch.count + self.penalties.value())

    def take(self, into: torch.Tensor, other: torch.Tensor, models: np.ndarray) -> None:
        """Copy the rows of some models, a mask (models,), from one tensor (models, parameters) into another."""
        into.copy_(torch.where(self.layout.indices(models)[:, None], other, into))
