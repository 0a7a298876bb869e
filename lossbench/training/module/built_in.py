"""Networks that are built in and are no plain layers in a row: of two parts, a trunk and a linear head on it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "gelu": functional.gelu}


class Headed(torch.nn.Module):
    """A trunk and a linear head, as a module of one's own has them where an embedding is learnt.

    Args:
        trunk: from features (rows, inputs) to what the head stands on, (rows, numbers).
        numbers: of these.
        outputs: raw outputs.
    """

    def __init__(self, trunk: torch.nn.Module, numbers: int, outputs: int) -> None:
        super().__init__()
        self.trunk, self.head = trunk, torch.nn.Linear(numbers, outputs)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the raw outputs (rows, outputs)."""
        raw: torch.Tensor = self.head(self.trunk(features))
        return raw


class Convolutions(torch.nn.Module):
    """Convolutions of 3 × 3 pixels, each with an activation and halved by the largest of 2 × 2.

    Source: LeCun et al. 1998, Gradient-based learning applied to document recognition, section II, with the
    rectifier and the maximum of today.

    Args:
        image: its height and width.
        widths: channels of each convolution.
        embeds: whether the last activation is left out.
    """

    def __init__(self, image: tuple[int, int], widths: Sequence[int], embeds: bool) -> None:
        super().__init__()
        self.image, self.embeds = image, embeds
        pairs = zip((1, *widths), widths, strict=False)
        self.layers = torch.nn.ModuleList(torch.nn.Conv2d(before, after, 3, padding=1) for before, after in pairs)
        self.numbers = widths[-1] * (image[0] >> len(widths)) * (image[1] >> len(widths))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the last layer, (rows, numbers), of images (rows, pixels), line by line."""
        hidden = features.unflatten(1, (1, *self.image))
        for number, layer in enumerate(self.layers, start=1):
            hidden = layer(hidden)
            hidden = hidden if self.embeds and number == len(self.layers) else torch.relu(hidden)
            hidden = functional.max_pool2d(hidden, 2)
        return hidden.flatten(1)


class Residual(torch.nn.Module):
    """A hidden layer to which blocks add what is missing: h + W₂ a(W₁ norm(h)), then a norm and the activation.

    Source: Gorishniy et al. 2021, Revisiting deep learning models for tabular data, section 3.2, with layer norm
    in the place of batch norm, which would let a row's prediction hang on its neighbours in the batch.

    Args:
        inputs: features.
        width: units of every layer.
        blocks: how many.
        activation: the name of a.
        embeds: whether the last activation is left out.
    """

    def __init__(self, inputs: int, width: int, blocks: int, activation: str, embeds: bool) -> None:
        super().__init__()
        self.activation, self.embeds = ACTIVATIONS[activation], embeds
        self.first = torch.nn.Linear(inputs, width)
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(width) for _ in range(blocks + 1))
        self.into = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in range(blocks))
        self.back = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in range(blocks))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the last hidden layer, (rows, width)."""
        hidden = self.first(features)
        for norm, into, back in zip(self.norms, self.into, self.back, strict=False):
            hidden = hidden + back(self.activation(into(norm(hidden))))
        last: torch.Tensor = self.norms[-1](hidden)
        return last if self.embeds else self.activation(last)
