"""The mutations of an evolution strategy: random changes of a network, the same for all losses of a seed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lossbench.randomness import stream
from lossbench.training.network import Model


class Mutations:
    """The mutations of every seed, each from a random stream of its own that continues from step to step.

    Example:
        >>> Mutations("iris", [0, 1], children=8, parameters=15).draw().shape
        (8, 2, 15)
    """

    def __init__(self, dataset: str, seeds: Iterable[int], children: int, parameters: int) -> None:
        self.streams = [stream("mutations", dataset, seed) for seed in seeds]
        self.shape = children, parameters

    def draw(self) -> np.ndarray:
        """Draw the mutations of a step, standard normal: (children, seeds, parameters)."""
        return np.stack([one.normal(size=self.shape) for one in self.streams], axis=1)


def in_layers(row: np.ndarray, model: Model, inputs: int, outputs: int) -> list[np.ndarray]:
    """Cut a row of parameters (parameters,) into matrices (units, inputs + 1), one per layer, biases last.

    Example:
        >>> from lossbench.training.network import parse_model
        >>> in_layers(np.arange(6.0), parse_model("linear"), inputs=2, outputs=2)[0].tolist()
        [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]
    """
    layers, start = [], 0
    for units, columns in model.sizes(inputs, outputs):
        stop = start + units * (columns + 1)
        layers.append(row[start:stop].reshape(columns + 1, units).T)
        start = stop
    return layers
