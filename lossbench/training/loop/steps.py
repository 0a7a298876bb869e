"""One step of a training: along the gradient, or without one."""

from __future__ import annotations

import copy

import numpy as np
import torch

from lossbench.training.loop.cost import Cost
from lossbench.training.loop.networks import build_optimiser
from lossbench.training.module.model import ModuleModel
from lossbench.training.mutations import Mutations, in_layers


class Descent:
    """Steps along the gradient of the cost."""

    def __init__(self, network: torch.nn.Module, cost: Cost) -> None:
        self.network, self.cost, trial = network, cost, cost.trial
        self.optimiser = build_optimiser(network, cost.pack.setup.optimisers[trial.optimizer], trial.lr)
        self.clip = cost.pack.schedules[cost.index].clip

    def step(self, rows: torch.Tensor, rate: float) -> None:
        """Take a step on a batch."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        self.cost.penalised(self.network, rows).backward()
        if self.clip < np.inf:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
        self.optimiser.step()


class Evolution:
    """Moves to the best of some mutations, unless that costs more; see `lossbench.training.optimisers`."""

    def __init__(self, network: torch.nn.Module, cost: Cost) -> None:
        self.network, self.cost, pack = network, cost, cost.pack
        size = pack.model.parameters(pack.dataset.features.shape[1], pack.outputs)
        self.mutations = Mutations(pack.stream, [cost.trial.seed], pack.children, size)

    def step(self, rows: torch.Tensor, rate: float) -> None:
        """Take a step on a batch."""
        parent, best, least = self.network, self.network, np.inf
        for (row,) in self.mutations.draw():
            child = self.mutated(row, rate)
            if (found := self.cost.penalised(child, rows).item()) < least:
                best, least = child, found
        if not least > self.cost.penalised(parent, rows).item():
            self.network.load_state_dict(best.state_dict())

    def mutated(self, row: np.ndarray, rate: float) -> torch.nn.Module:
        """Return a copy of the network, its parameters moved by a row of random numbers times the rate."""
        child = copy.deepcopy(self.network)
        for value, moves in self.cut(row, child):
            value += rate * torch.tensor(moves, dtype=value.dtype)
        return child

    def cut(self, row: np.ndarray, network: torch.nn.Module) -> list[tuple[torch.Tensor, np.ndarray]]:
        """Return the parameters of a network, each with its part of a row of random numbers."""
        model, inputs = self.cost.pack.model, self.cost.features.shape[1]
        if isinstance(model, ModuleModel):
            trained = [one.data for one in network.parameters() if one.requires_grad]
            parts = np.split(row, np.cumsum([one.numel() for one in trained])[:-1])
            return [(one, part.reshape(one.shape)) for one, part in zip(trained, parts, strict=True)]
        layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
        matrices = in_layers(row, model, inputs, self.cost.pack.outputs)
        pairs = list(zip(layers, matrices, strict=True))
        weights = [(layer.weight.data, matrix[:, :-1]) for layer, matrix in pairs]
        return weights + [(layer.bias.data, matrix[:, -1]) for layer, matrix in pairs]
