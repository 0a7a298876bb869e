"""The training of a pack, from the first weights to the trace."""

from __future__ import annotations

import torch

from lossbench.training.fused.batches import Batches
from lossbench.training.fused.criteria import Criteria
from lossbench.training.fused.layout import Layout
from lossbench.training.fused.network import Network
from lossbench.training.fused.penalties import Penalties
from lossbench.training.fused.recorder import Recorder
from lossbench.training.optimisers import OPTIMISERS, Adam, Sgd, parse_optimiser
from lossbench.training.pack import Pack
from lossbench.training.trace import Trace


def train(pack: Pack, dtype: torch.dtype = torch.float32) -> Trace:
    """Train every trial of a pack at once.

    Args:
        pack: the trials.
        dtype: the precision of parameters and data.

    Returns:
        What was recorded, in the order of the pack's trials.
    """
    layout = Layout.of(pack)
    network = Network(pack, layout, dtype)
    batches = Batches(pack, layout, dtype)
    criteria = Criteria(pack, layout, dtype)
    penalties = Penalties(pack, layout, network)
    optimiser = build_optimiser(pack, layout, network)
    recorder = Recorder(pack, layout, network)
    for epoch in range(pack.epochs):
        for batch in batches.epoch(epoch):
            raw = network.forward(batches.features(batch))
            network.backward(criteria.gradient(raw, batch))
            penalties.add_to(network.gradient)
            optimiser.step(network.gradient)
        recorder.record(epoch)
    return recorder.trace()


def build_optimiser(pack: Pack, layout: Layout, network: Network) -> Sgd | Adam:
    """Return the optimiser with every model's own hyperparameters; only the weights decay, never the biases."""
    specs = [parse_optimiser(pack.trials[index].optimizer) for index in layout.slots]
    rate = network.spread([pack.trials[index].lr for index in layout.slots])
    hyper = {key: network.spread([values[key] for _, values in specs]) for key in specs[0][1]}
    if "weight_decay" in hyper:
        hyper["weight_decay"] *= network.weights_only()
    return OPTIMISERS[specs[0][0]](network.theta, rate, hyper)
