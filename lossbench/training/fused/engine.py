"""Training a pack, from the initial weights to the trace."""

from __future__ import annotations

from collections.abc import Sequence

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
from lossbench.training.fused.paced import Paced, paced
from lossbench.training.fused.replay import Replay, Step
from lossbench.training.module.model import ModuleModel
from lossbench.training.pack import Pack
from lossbench.training.recorder import Recorder
from lossbench.training.trace import Trace


@np.errstate(all="ignore")  # diverging models overflow; the trace records them
def train(pack: Pack, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Trace:
    """Train every trial of a pack at once.

    Args:
        pack: the trials.
        dtype: the precision of parameters and data.
        device: "cpu" or "cuda".

    Returns:
        The record of the training, in the order of the pack's trials.
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
        optimisers = list(paced(network, layout))
        take = descent(network, batches, criteria, penalties, optimisers)
        # A module may be a user's code, and a graph keeps the rate that it was captured with.
        if isinstance(network, Layers) and all(one.steady for one in optimisers):
            take = as_graph(take, device, criteria)
    with torch.inference_mode():  # cheaper, and nothing here needs autograd
        for epoch in range(pack.epochs):
            for batch in batches.epoch(epoch):
                take(batch)
            crew.rest()
            recorder.record(epoch)
    return recorder.trace()


def network_of(layout: Layout) -> Network:
    """Return the networks of a pack with their first weights."""
    model = layout.pack.model
    return Modules(layout, model) if isinstance(model, ModuleModel) else Layers(layout)


def descent(
    network: Network, batches: Batches, criteria: Criteria, penalties: Penalties, optimisers: Sequence[Paced]
) -> Step:
    """Return a step of all models along their gradients."""

    def step(batch: Batch) -> None:
        raw = network.forward(batches.features(batch))
        network.backward(criteria.gradient(raw, batch))
        penalties.add_to(network.gradient)
        for optimiser in optimisers:
            optimiser.step(batch.epoch)

    return step


def as_graph(step: Step, device: str, criteria: Criteria) -> Step:
    """Return a step as a CUDA graph if the device is CUDA and a step is always the same operations."""
    return Replay(step) if device == "cuda" and criteria.fixed else step
