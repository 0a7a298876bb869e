"""The penalties on the weights, with separate strengths for each model."""

from __future__ import annotations

import numpy as np
import torch

from lossbench.training.fused.layout import Layout
from lossbench.training.fused.network import Network
from lossbench.training.fused.placement import Placement
from lossbench.training.pack import Pack


class Penalties:
    """The gradient of l1 · Σ|w| + l2 · Σw² over the weights of each model; biases are not penalised.

    Args:
        pack: the trials.
        layout: which trial sits in which slot.
        network: whose parameters are penalised.
        placement: where they are kept.
    """

    def __init__(self, pack: Pack, layout: Layout, network: Network, placement: Placement) -> None:
        trials = [pack.trials[index] for index in layout.slots]
        self.theta, weights = network.theta, network.weights_only()
        l1, l2 = np.array([t.l1 for t in trials]), np.array([2 * t.l2 for t in trials])
        self.l1 = torch.outer(placement.numbers(l1), weights) if l1.any() else None
        self.l2 = torch.outer(placement.numbers(l2), weights) if l2.any() else None

    def add_to(self, gradient: torch.Tensor) -> None:
        """Add the penalties' gradient to `gradient`, (models, parameters), in place."""
        if self.l1 is not None:
            gradient.addcmul_(self.theta.sign(), self.l1)
        if self.l2 is not None:
            gradient.addcmul_(self.theta, self.l2)
