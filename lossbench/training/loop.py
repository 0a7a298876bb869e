"""The loop engine: plain PyTorch, one network at a time. The oracle for the fused engine, never fast."""

from __future__ import annotations

import copy
from contextlib import nullcontext

import numpy as np
import torch

from lossbench.training.optimisers import Optimiser
from lossbench.training.pack import Pack
from lossbench.training.trace import Trace, Validator, finite
from lossbench.training.trial import blamed

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "gelu": torch.nn.GELU}


def train(pack: Pack, dtype: torch.dtype = torch.float32) -> Trace:
    """Train every trial of a pack, one after the other.

    Args:
        pack: the trials.
        dtype: the precision of parameters and data.

    Returns:
        What was recorded, in the order of the pack's trials.
    """
    traces = [train_one(pack, index, dtype) for index in range(len(pack.trials))]
    curve, last, best, diverged = (np.stack(field) for field in zip(*traces, strict=True))
    return Trace(curve, last, best, diverged, pack.metric.sign)


def train_one(pack: Pack, index: int, dtype: torch.dtype) -> tuple[np.ndarray, ...]:
    """Train one trial; return its curve (epochs,), last and best (test rows, outputs) and diverged ()."""
    trial, loss = pack.trials[index], pack.losses[index]
    fold = pack.folds[trial.seed]
    features = torch.tensor(pack.training[index].features, dtype=dtype)
    target = torch.tensor(pack.encoded(index))
    target = target.to(dtype) if target.is_floating_point() else target
    offset = torch.tensor(pack.offset(index), dtype=dtype)
    prior = {name: torch.tensor(share, dtype=dtype) for name, share in pack.prior(index).items()}
    validation, test = (torch.tensor(part.features, dtype=dtype) for part in (fold.validation, fold.test))
    validator = Validator(pack, [index])

    network = build_network(pack, index, dtype)
    optimiser = build_optimiser(network, pack.setup.optimisers[trial.optimizer], trial.lr)
    best, best_score, diverged = copy.deepcopy(network), -np.inf, 0
    curve = np.full(trial.epochs, np.nan)
    for epoch, order in enumerate(pack.orders[trial.seed]):
        for rows in torch.tensor(order).split(pack.batch_size):
            optimiser.zero_grad()
            with blamed((trial.loss,), trial.dataset, epoch) if loss.record.code else nullcontext():
                per_sample = loss.per_sample(network(features[rows]) + offset, target[rows], **prior)
                (per_sample.mean() + penalty(network, trial.l1, trial.l2)).backward()
            optimiser.step()
        raw = raw_outputs(network, validation)[None]
        if not finite(raw).all():
            diverged = epoch + 1
            break
        curve[epoch] = validator(raw)[0]
        if (merit := pack.metric.sign * curve[epoch]) > best_score:
            best, best_score = copy.deepcopy(network), merit
    last = raw_outputs(network, test) * (np.nan if diverged else 1)
    at_best = raw_outputs(best, test) * (np.nan if diverged or np.isneginf(best_score) else 1)
    return curve, last, at_best, np.array(diverged)


def build_network(pack: Pack, index: int, dtype: torch.dtype) -> torch.nn.Sequential:
    """Return the network of a trial with its initial weights."""
    layers: list[torch.nn.Module] = []
    for matrix in pack.weights[index]:
        units, columns = matrix.shape
        layer = torch.nn.Linear(columns - 1, units, dtype=dtype)
        layer.weight.data = torch.tensor(matrix[:, :-1], dtype=dtype)
        layer.bias.data = torch.tensor(matrix[:, -1], dtype=dtype)
        layers += [layer, ACTIVATIONS[pack.model.activation]()]
    return torch.nn.Sequential(*layers[:-1])


def build_optimiser(network: torch.nn.Module, optimiser: Optimiser, lr: float) -> torch.optim.Optimizer:
    """Return torch's own optimiser; only the weights decay, never the biases."""
    name, hyper = optimiser
    weights = [p for p in network.parameters() if p.ndim > 1]
    biases = [p for p in network.parameters() if p.ndim == 1]
    if name == "sgd":
        return torch.optim.SGD(network.parameters(), lr, momentum=hyper["momentum"])
    if name == "adam":
        return torch.optim.Adam(network.parameters(), lr)
    groups = [{"params": weights, "weight_decay": hyper["weight_decay"]}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr)


def penalty(network: torch.nn.Module, l1: float, l2: float) -> torch.Tensor:
    """Return l1 · Σ|w| + l2 · Σw² over all weights but not biases, a tensor ()."""
    weights = torch.cat([p.flatten() for p in network.parameters() if p.ndim > 1])
    return l1 * weights.abs().sum() + l2 * weights.square().sum()


def raw_outputs(network: torch.nn.Module, features: torch.Tensor) -> np.ndarray:
    """Return the raw outputs (rows, outputs) for features (rows, inputs), without recording gradients."""
    with torch.no_grad():
        return np.asarray(network(features).cpu())
