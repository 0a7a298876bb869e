"""The loop engine: plain PyTorch, one network at a time. The oracle for the fused engine, never fast."""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

from lossbench.losses.loss import Loss
from lossbench.training.embedded import Reader
from lossbench.training.module.cosines import Cosines
from lossbench.training.module.model import ModuleModel, drawing, form_of, tensors
from lossbench.training.mutations import Mutations, in_layers
from lossbench.training.network import Model
from lossbench.training.optimisers import Optimiser
from lossbench.training.pack import Pack
from lossbench.training.targets import encoded, offset_of, prior_of
from lossbench.training.trace import Trace, Validator, finite, holds_validation
from lossbench.training.trial import blamed

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "gelu": torch.nn.GELU}


def train(pack: Pack, dtype: torch.dtype = torch.float32) -> Trace:
    """Train every trial of a pack, one after the other.

    Args:
        pack: the trials.
        dtype: the precision of parameters and data.

    Returns:
        The record of the training, in the order of the pack's trials.
    """
    traces = [train_one(pack, index, dtype) for index in range(len(pack.trials))]
    *parts, validation, slopes, trained = (np.stack(field) for field in zip(*traces, strict=True))
    asked, shares = validation if holds_validation(pack) else None, slopes if pack.parts else None
    return Trace(*parts, validation=asked, slopes=shares, trained=trained, sign=pack.watched.sign)


def train_one(pack: Pack, index: int, dtype: torch.dtype) -> tuple[np.ndarray, ...]:
    """Train one trial; return its entries in the fields of a `Trace`, in the same order."""
    cost = Cost(pack, index, dtype)
    network, best, curve, slopes, diverged, trained = networks(pack, index, cost)
    outputs = [cost.shown(one, "test") for one in (network, best)]
    held = np.stack([cost.shown(one, "validation") for one in (network, best)])
    fits = np.array([cost.fit(network), cost.fit(best)])
    for place, gone in enumerate([diverged > 0, diverged > 0 or np.isnan(curve).all()]):
        if gone:
            outputs[place][:], fits[place] = np.nan, np.nan
    return curve, *outputs, np.array(diverged), *fits.T, held, slopes, np.array(trained)


class Cost:
    """The loss of one trial on its training rows."""

    def __init__(self, pack: Pack, index: int, dtype: torch.dtype) -> None:
        self.pack, self.index, self.trial, self.loss = pack, index, pack.trials[index], pack.losses[index]
        self.features = torch.tensor(pack.training[index].features, dtype=dtype)
        target = torch.tensor(encoded(pack, index))
        self.target = target.to(dtype) if target.is_floating_point() else target
        self.offset = torch.tensor(offset_of(pack, index), dtype=dtype)
        weights = pack.training[index].weights
        self.weights = None if weights is None else torch.tensor(weights, dtype=dtype)
        self.prior = {name: torch.tensor(share, dtype=dtype) for name, share in prior_of(pack, index).items()}

    def mean(self, raw: torch.Tensor, rows: torch.Tensor, loss: Loss | None = None) -> torch.Tensor:
        """Return the mean loss of some rows, (), given raw outputs (rows, outputs): the trial's, or another."""
        in_images = self.pack.dataset.in_images
        loss = loss or self.loss
        prior = self.prior if loss.record.prior else {}
        each = loss.per_sample(in_images(raw + self.offset), in_images(self.target[rows]), **prior)
        return each.mean() if self.weights is None else (each * self.weights[rows]).mean()

    def slopes(self, raw: torch.Tensor, rows: torch.Tensor) -> np.ndarray:
        """Return the norm of the gradient of each part of a sum with respect to raw outputs, (parts,)."""
        found = np.full(self.pack.parts, np.nan)
        for place, part in enumerate(self.loss.record.parts):
            leaf = raw.detach().requires_grad_()
            alone = Loss(part.record, self.loss.spec, part.own(self.loss.parameters))
            cost = part.factor(self.loss.parameters) * self.mean(leaf, rows, alone)
            found[place] = torch.autograd.grad(cost, leaf)[0].norm().item()
        return found

    def penalised(self, network: torch.nn.Module, rows: torch.Tensor) -> torch.Tensor:
        """Return the cost that is minimised, loss and penalties, on some rows, ()."""
        mean = self.mean(network(self.features[rows]), rows)
        return mean + penalty(network, self.trial.l1, self.trial.l2)

    def shown(self, network: torch.nn.Module, part: str) -> np.ndarray:
        """Return the scored outputs on a part, (rows, numbers): raw outputs, or readings of embeddings."""
        body = trunk_of(network, self.pack.model) if self.pack.model.embeds else network

        def ends(part: str) -> list[np.ndarray]:
            features = self.pack.seen(self.index, part).features
            return [raw_outputs(body, torch.tensor(features, dtype=self.features.dtype))]

        return Reader(self.pack)([self.index], part, ends)[0] if self.pack.embeds else ends(part)[0]

    def batches(self, epoch: int) -> list[torch.Tensor]:
        """Return the row numbers of each batch of an epoch."""
        return list(torch.tensor(self.pack.orders[self.trial.seed][epoch]).split(self.pack.batch_size))

    def named(self, epoch: int) -> AbstractContextManager[None]:
        """Attribute a failure to the loss, if it is the user's."""
        loss, dataset = self.trial.loss, self.trial.dataset
        return blamed((loss,), dataset, epoch) if self.loss.record.code else nullcontext()

    def fit(self, network: torch.nn.Module) -> tuple[float, float]:
        """Return mean loss and score on the training rows, in batches of the first epoch; NaN if not finite."""
        raw = raw_outputs(network, self.features)
        if not np.isfinite(raw).all():
            return np.nan, np.nan
        total, outputs = 0.0, torch.tensor(raw).requires_grad_()
        for rows in self.batches(0):
            with self.named(self.trial.epochs - 1):
                total += self.mean(outputs[rows], rows).item() * len(rows) / len(raw)
        shown = self.shown(network, "train") if self.pack.embeds else raw
        (score,) = Validator(self.pack, [self.index], "train")(shown[None])
        return total if np.isfinite(total) else np.nan, score


def networks(
    pack: Pack, index: int, cost: Cost
) -> tuple[torch.nn.Module, torch.nn.Module, np.ndarray, np.ndarray, int, int]:
    """Train one trial; return last and best network, curve, slopes, epoch of divergence or 0, and last epoch."""
    trial, validator = cost.trial, Validator(pack, [index])
    network = network_of(pack, index, cost.features.dtype)
    step = Evolution(network, cost).step if pack.children else Descent(network, cost).step
    best, best_score, best_epoch, diverged = copy.deepcopy(network), -np.inf, 0, 0
    curve, slopes = np.full(trial.epochs, np.nan), np.full((trial.epochs, pack.parts), np.nan)
    for epoch in range(trial.epochs):
        lengths, rate = [], float(pack.rates[index, epoch])
        for rows in cost.batches(epoch):
            with cost.named(epoch):
                if pack.parts:
                    lengths.append(cost.slopes(network(cost.features[rows]), rows))
                step(rows, rate)
        shown = cost.shown(network, "validation")[None]
        if not finite(shown).all():
            diverged = epoch + 1
            break
        curve[epoch] = validator(shown)[0]
        slopes[epoch] = np.mean(lengths, axis=0) if lengths else np.nan
        if (merit := pack.watched.sign * curve[epoch]) > best_score:
            best, best_score, best_epoch = copy.deepcopy(network), merit, epoch + 1
        if epoch + 1 - best_epoch >= pack.patience[index]:
            curve[epoch:] = curve[epoch]  # the network no longer changes
            return network, best, curve, slopes, diverged, epoch + 1
    return network, best, curve, slopes, diverged, trial.epochs


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


def trunk_of(network: torch.nn.Module, model: Model | ModuleModel) -> torch.nn.Module:
    """Return a network without the head on its embedding."""
    trunk: torch.nn.Module = network.trunk if isinstance(model, ModuleModel) else network[:-1]  # type: ignore
    return trunk


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


def penalty(network: torch.nn.Module, l1: float, l2: float) -> torch.Tensor:
    """Return l1 · Σ|w| + l2 · Σw² over all weights but not biases, a tensor ()."""
    matrices = [p.flatten() for p in network.parameters() if p.ndim > 1 and p.requires_grad]
    weights = torch.cat(matrices) if matrices else torch.zeros(1)
    return l1 * weights.abs().sum() + l2 * weights.square().sum()


def raw_outputs(network: torch.nn.Module, features: torch.Tensor) -> np.ndarray:
    """Return the raw outputs (rows, outputs) for features (rows, inputs), without recording gradients."""
    with torch.no_grad():
        return np.asarray(network(features).cpu())
