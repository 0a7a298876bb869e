"""Networks, optimisers and penalties as torch has them."""

from __future__ import annotations

import numpy as np
import torch

from lossbench.training.module.cosines import Cosines
from lossbench.training.module.model import ModuleModel, drawing, form_of, tensors
from lossbench.training.network import Model
from lossbench.training.optimisers import Optimiser
from lossbench.training.pack import Pack

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "gelu": torch.nn.GELU}


def network_of(pack: Pack, index: int, dtype: torch.dtype) -> torch.nn.Module:
    """Return the network of a trial with its first weights."""
    model = pack.model
    if not isinstance(model, ModuleModel):
        return build_network(pack, index, dtype)
    with drawing(model, 0):
        network = model.made(pack.dataset.features.shape[1], pack.outputs).eval().to(dtype)
    held = tensors(network, form_of(network)).values()
    for value, first in zip(held, pack.weights[index], strict=True):
        value.data.copy_(torch.tensor(first))
    return network


def build_network(pack: Pack, index: int, dtype: torch.dtype) -> torch.nn.Sequential:
    """Return the layers of a trial's network with its first weights."""
    layers: list[torch.nn.Module] = []
    for number, matrix in enumerate(pack.weights[index]):
        units, columns = matrix.shape
        layer = torch.nn.Linear(columns - 1, units, dtype=dtype)
        layer.weight.data = torch.tensor(matrix[:, :-1], dtype=dtype)
        layer.bias.data = torch.tensor(matrix[:, -1], dtype=dtype)
        layers += [layer, ACTIVATIONS[pack.layers.activation]()] if number < pack.layers.bent else [layer]
    if pack.layers.cosines:
        layers[-1] = Cosines.of(layer)
    return torch.nn.Sequential(*layers)


def build_optimiser(network: torch.nn.Module, optimiser: Optimiser, lr: float) -> torch.optim.Optimizer:
    """Return torch's own optimiser; only the weights decay, never the biases."""
    name, hyper = optimiser
    weights = [p for p in network.parameters() if p.ndim > 1]
    biases = [p for p in network.parameters() if p.ndim <= 1]
    if name == "sgd":
        return torch.optim.SGD(network.parameters(), lr, momentum=hyper["momentum"])
    if name == "adam":
        return torch.optim.Adam(network.parameters(), lr)
    groups = [{"params": weights, "weight_decay": hyper["weight_decay"]}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr)


def trunk_of(network: torch.nn.Module, model: Model | ModuleModel) -> torch.nn.Module:
    """Return a network without the head on its embedding."""
    trunk: torch.nn.Module = network.trunk if isinstance(model, ModuleModel) else network[:-1]  # type: ignore
    return trunk


def penalty(network: torch.nn.Module, l1: float, l2: float) -> torch.Tensor:
    """Return l1 · Σ|w| + l2 · Σw² over all weights but not biases, a tensor ()."""
    matrices = [p.flatten() for p in network.parameters() if p.ndim > 1 and p.requires_grad]
    weights = torch.cat(matrices) if matrices else torch.zeros(1)
    return l1 * weights.abs().sum() + l2 * weights.square().sum()


def raw_outputs(network: torch.nn.Module, features: torch.Tensor) -> np.ndarray:
    """Return the raw outputs (rows, outputs) for features (rows, inputs), without recording gradients."""
    with torch.no_grad():
        return np.asarray(network(features).cpu())
