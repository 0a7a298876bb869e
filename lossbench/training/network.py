"""The networks: a linear model or a multi-layer perceptron, and their initial weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from lossbench.errors import BadValue, UnknownName
from lossbench.randomness import stream

ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu")
LAYERS = ("linear", "mlp")
MODELS = (*LAYERS, "cnn", "resmlp")
"""The names of the networks that are built in, those first that are layers in a row."""


@dataclass(frozen=True)
class Model:
    """The shape of a network.

    Args:
        widths: units of each hidden layer; empty for a linear model.
        activation: applied after each hidden layer.
        embeds: True where the last hidden layer is an embedding, without an activation.
        cosines: True where its raw outputs are the cosines between the embedding and the last layer's weights.
    """

    widths: tuple[int, ...]
    activation: str = "relu"
    embeds: bool = False
    cosines: bool = False

    @property
    def bent(self) -> int:
        """The number of layers that are followed by the activation, from the first on."""
        return len(self.widths) - self.embeds

    @property
    def trunk(self) -> Model:
        """The network up to its embedding, which becomes its output."""
        return Model(self.widths[:-1], self.activation)

    @property
    def turned(self) -> Model:
        """The network with a cosine head on its embedding."""
        return replace(self, cosines=True)

    def sizes(self, inputs: int, outputs: int) -> list[tuple[int, int]]:
        """Return (units, inputs) of every layer, first to last.

        Example:
            >>> parse_model("mlp:64,32").sizes(30, 1)
            [(64, 30), (32, 64), (1, 32)]
        """
        chain = (inputs, *self.widths, outputs)
        return [(after, before) for before, after in pairwise(chain)]

    def parameters(self, inputs: int, outputs: int) -> int:
        """Return the number of weights and biases.

        Example:
            >>> parse_model("linear").parameters(30, 1)
            31
        """
        return sum(units * (fan_in + 1) for units, fan_in in self.sizes(inputs, outputs))

    def work(self, inputs: int, outputs: int) -> int:
        """Return the number of multiply-adds for a row."""
        return self.parameters(inputs, outputs)

    def units(self, inputs: int, outputs: int) -> int:
        """Return the number of values that a row has in all layers.

        Example:
            >>> parse_model("mlp:64,32").units(30, 1)
            97
        """
        return sum(units for units, _ in self.sizes(inputs, outputs))

    def embedding(self, inputs: int) -> int:
        """Return the dimension of the embedding, whatever the number of inputs.

        Example:
            >>> parse_model("mlp:64,32").embedding(128)
            32
        """
        return self.widths[-1]

    def first(self, stream: str, seed: int, inputs: int, outputs: int, own: int) -> list[np.ndarray]:
        """Return the initial weights, see `initial_weights`; `own` is the number of outputs of the task."""
        return initial_weights(stream, seed, self, inputs, outputs)

    def shared(self, first: list[np.ndarray], inputs: int, own: int | None) -> list[np.ndarray]:
        """Return the initial weights that all losses share, layer by layer.

        A loss with more outputs than the task has (two-class softmax) shares the task's own outputs with the
        others. A loss with a head on the embedding shares the trunk with losses without one.
        """
        return first[: len(first) - self.embeds] if own is None else [*first[:-1], first[-1][:own]]


def parse_model(spec: str) -> Model:
    """Read `linear` or `mlp:WIDTHS[:ACTIVATION]`.

    Raises:
        UnknownName: no such model or activation.
        BadValue: widths that are not positive whole numbers.

    Example:
        >>> parse_model("mlp:64,32:tanh")
        Model(widths=(64, 32), activation='tanh', embeds=False, cosines=False)
    """
    name, colon, rest = spec.strip().partition(":")
    if name not in LAYERS:
        raise UnknownName("model", name, MODELS, where=f"'{spec}'")
    if name == "linear":
        if colon:
            raise BadValue(f"'{spec}': a linear model has no widths; write linear, or mlp:WIDTHS")
        return Model(())
    widths, colon, activation = rest.partition(":")
    if colon and activation not in ACTIVATIONS:
        raise UnknownName("activation", activation, ACTIVATIONS, where=f"'{spec}'")
    if not all(part.isdecimal() and int(part) > 0 for part in widths.split(",")):
        raise BadValue(f"'{spec}': widths are positive whole numbers separated by commas, as in mlp:64,32:tanh")
    return Model(tuple(map(int, widths.split(","))), activation or "relu")


def initial_weights(dataset: str, seed: int, model: Model, inputs: int, outputs: int) -> list[np.ndarray]:
    """Draw the initial weights of a network: U(-1/√fan_in, 1/√fan_in), biases too.

    This is the default of torch.nn.Linear (LeCun et al. 1998, Efficient BackProp, section 4.6, in spirit). Every
    layer has its own stream and is drawn unit by unit, so two losses that need different numbers of outputs share
    all hidden layers and the output units that both have.

    Returns:
        One matrix (units, inputs + 1) a layer; the last column is the bias.
    """
    weights = []
    for index, (units, fan_in) in enumerate(model.sizes(inputs, outputs)):
        bound = 1 / np.sqrt(fan_in)
        weights.append(stream("weights", dataset, seed, index).uniform(-bound, bound, (units, fan_in + 1)))
    return weights
