"""Optimisers whose rate changes from epoch to epoch, with clipping of long gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch

from lossbench.training.fused.kernels import product
from lossbench.training.fused.layout import Layout, moved_alike
from lossbench.training.fused.network import Network
from lossbench.training.optimisers import OPTIMISERS, Adam, Sgd

SMALL = 1e-6
"""Added to a norm before it divides, as in `torch.nn.utils.clip_grad_norm_`."""


@dataclass(frozen=True)
class Paced:
    """An optimiser for models that share optimiser, rate and schedule.

    Args:
        optimiser: of their parameters and gradients, (models, parameters).
        rates: (epochs,) of each epoch.
        clip: the largest norm of a model's gradient; infinite for no clipping.
    """

    optimiser: Sgd | Adam
    rates: np.ndarray
    clip: float

    @property
    def steady(self) -> bool:
        """Whether the rate is the same in all epochs."""
        return bool((self.rates == self.rates[0]).all())

    def step(self, epoch: int) -> None:
        """Move all parameters once, in an epoch counted from 0."""
        self.optimiser.rate = float(self.rates[epoch])
        if self.clip < math.inf:
            shorten(self.optimiser.gradient, self.clip)
        self.optimiser.step()


def shorten(gradient: torch.Tensor, longest: float) -> None:
    """Scale the gradients of models (models, parameters) in place, so that none has a norm above `longest`.

    Source: Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1.
    """
    wide = gradient.double()  # squares of large gradients would overflow
    square = product(wide.unsqueeze(1), wide.unsqueeze(2), wide.new_empty(len(wide), 1, 1))
    share = longest / (square[:, :, 0].sqrt() + SMALL)
    gradient.mul_(share.clamp(max=1).to(gradient.dtype))


def paced(network: Network, layout: Layout) -> Iterator[Paced]:
    """Yield one optimiser for each specification, rate and schedule; models that share them are adjacent.

    Only the weights decay, never the biases.
    """
    pack, start = layout.pack, 0
    for (spec, rate, _), models in groupby(layout.slots, key=lambda index: moved_alike(pack.trials[index])):
        trials = list(models)
        rows = slice(start, start := start + len(trials))
        name, hyper = pack.setup.optimisers[spec]
        decays = {key: value * network.weights_only() for key, value in hyper.items() if key == "weight_decay"}
        optimiser = OPTIMISERS[name](network.theta[rows], network.gradient[rows], rate, {**hyper, **decays})
        yield Paced(optimiser, pack.rates[trials[0]], pack.schedules[trials[0]].clip)
