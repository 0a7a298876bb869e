"""The training of a pack, from the initial weights to the trace."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import torch

from lossbench.training.fused.batches import Batch, Batches
from lossbench.training.fused.crew import FusedCrew
from lossbench.training.fused.criteria import Criteria
from lossbench.training.fused.evolution import Evolution
from lossbench.training.fused.fit import Fit
from lossbench.training.fused.layout import Layout
from lossbench.training.fused.modules import Modules
from lossbench.training.fused.network import Layers, Network, Penalties
from lossbench.training.fused.replay import Replay, Step
from lossbench.training.module.model import ModuleModel
from lossbench.training.optimisers import OPTIMISERS, Adam, Sgd
from lossbench.training.pack import Pack
from lossbench.training.recorder import Recorder
from lossbench.training.trace import Trace


@np.errstate(all="ignore")  # models that diverge overflow; the trace records them
def train(pack: Pack, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Trace:
    """Train every trial of a pack at once.

    Args:
        pack: the trials.
        dtype: the precision of parameters and data.
        device: "cpu" or "cuda".

    Returns:
        What was recorded, in the order of the pack's trials.
    """
    layout = Layout.of(pack, dtype, device)
    network, batches, criteria = network_of(layout), Batches(layout), Criteria(layout)
    penalties = Penalties(network, layout)
    crew = FusedCrew(network, layout, Fit(layout, batches, criteria))
    recorder = Recorder(pack, len(layout.slots), layout.home, crew)
    take: Step
    if pack.children:
        take = Evolution(network, layout, batches, criteria, penalties).step
    else:
        take = descent(network, layout, batches, criteria, penalties)
        if isinstance(network, Layers):  # a module may be a user's
            take = as_graph(take, device, criteria)
    with torch.inference_mode():  # cheaper, and nothing here needs autograd
        for epoch in range(pack.epochs):
            for batch in batches.epoch(epoch):
                take(batch)
            recorder.record(epoch)
    return recorder.trace()


def network_of(layout: Layout) -> Network:
    """Return the networks of a pack with their first weights."""
    model = layout.pack.model
    return Modules(layout, model) if isinstance(model, ModuleModel) else Layers(layout)


def descent(network: Network, layout: Layout, batches: Batches, criteria: Criteria, penalties: Penalties) -> Step:
    """Return a step of all models along their gradients."""
    optimisers = build_optimisers(network, layout)

    def step(batch: Batch) -> None:
        raw = network.forward(batches.features(batch))
        network.backward(criteria.gradient(raw, batch))
        penalties.add_to(network.gradient)
        for optimiser in optimisers:
            optimiser.step()

    return step


def as_graph(step: Step, device: str, criteria: Criteria) -> Step:
    """Return a step as a CUDA graph if the device is CUDA and all that a step does is fixed."""
    return Replay(step) if device == "cuda" and criteria.fixed else step


def build_optimisers(network: Network, layout: Layout) -> list[Sgd | Adam]:
    """Return one optimiser for each specification and rate; the models that share them lie side by side.

    Only the weights decay, never the biases.
    """
    optimisers, start, pack = [], 0, layout.pack
    for (spec, rate), models in groupby((pack.trials[i].optimizer, pack.trials[i].lr) for i in layout.slots):
        rows = slice(start, start := start + len(list(models)))
        name, hyper = pack.setup.optimisers[spec]
        decays = {key: value * network.weights_only() for key, value in hyper.items() if key == "weight_decay"}
        optimisers.append(OPTIMISERS[name](network.theta[rows], network.gradient[rows], rate, {**hyper, **decays}))
    return optimisers
