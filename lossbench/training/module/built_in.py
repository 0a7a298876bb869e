"""Built-in networks that are not plain sequential layers: a trunk with a linear head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "gelu": functional.gelu}


class Headed(torch.nn.Module):
    """A trunk and a linear head, the two parts that a user's module needs where an embedding is learnt.

    Args:
        trunk: maps features (rows, inputs) to the input of the head, (rows, numbers).
        numbers: outputs of the trunk.
        outputs: raw outputs.
    """

    def __init__(self, trunk: torch.nn.Module, numbers: int, outputs: int) -> None:
        super().__init__()
        self.trunk, self.head = trunk, torch.nn.Linear(numbers, outputs)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the raw outputs (rows, outputs)."""
        raw: torch.Tensor = self.head(self.trunk(features))
        return raw


class Convolution(torch.nn.Module):
    """A convolution of 3 × 3 pixels: the product of its weights with each pixel's neighbourhood.

    For many models at once that is one product per model, where torch's own convolution takes many times as long.

    Args:
        before: input channels.
        after: output channels.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        plain = torch.nn.Linear(9 * before, after)
        self.weight, self.bias = plain.weight, plain.bias

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return images (channels, rows, height, width)."""
        around = neighbours(images)
        made: torch.Tensor = self.weight @ around.flatten(1) + self.bias.unsqueeze(1)
        return torch.unflatten(made, 1, around.shape[1:])


class Convolutions(torch.nn.Module):
    """Convolutions of 3 × 3 pixels, each followed by max pooling of 2 × 2 pixels and a rectifier.

    Source: LeCun et al. 1998, Gradient-based learning applied to document recognition, section II, with today's
    rectifier and max pooling.

    Args:
        image: its channels, height and width.
        widths: channels of each convolution.
        embeds: whether to leave out the last rectifier.
    """

    def __init__(self, image: tuple[int, int, int], widths: Sequence[int], embeds: bool) -> None:
        super().__init__()
        self.image, self.embeds = image, embeds
        pairs = zip((image[0], *widths), widths, strict=False)
        self.layers = torch.nn.ModuleList(Convolution(before, after) for before, after in pairs)
        self.numbers = widths[-1] * (image[1] >> len(widths)) * (image[2] >> len(widths))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the last layer, (rows, numbers), of images (rows, pixels), channel by channel, line by line."""
        hidden = torch.unflatten(features, 1, self.image).transpose(0, 1)  # (channels, rows, height, width)
        for number, layer in enumerate(self.layers, start=1):
            hidden = halved(halved(layer(hidden), 2), 3)
            hidden = hidden if self.embeds and number == len(self.layers) else torch.relu(hidden)
        return torch.flatten(hidden.transpose(0, 1), 1)


def neighbours(images: torch.Tensor) -> torch.Tensor:
    """Return the 3 × 3 pixels around each pixel, zeros beyond the edge: (9 * channels, rows, height, width).

    Args:
        images: (channels, rows, height, width).

    Example:
        >>> neighbours(torch.ones(1, 1, 2, 2)).sum(dim=0).tolist()
        [[[4.0, 4.0], [4.0, 4.0]]]
    """
    height, width = images.shape[-2:]
    padded = functional.pad(images, (1, 1, 1, 1))
    parts = [
        padded[:, :, line : line + height, column : column + width] for line in range(3) for column in range(3)
    ]
    return torch.cat(parts)


def halved(images: torch.Tensor, axis: int) -> torch.Tensor:
    """Return the greater of every two neighbours along an axis; an odd last one is dropped.

    Example:
        >>> halved(torch.tensor([[3.0, 1.0, 4.0, 1.0, 5.0]]), 1)
        tensor([[3., 4.]])
    """
    half = images.shape[axis] // 2
    pairs = images.narrow(axis, 0, 2 * half).unflatten(axis, (half, 2))
    return torch.maximum(pairs.select(axis + 1, 0), pairs.select(axis + 1, 1))


class Residual(torch.nn.Module):
    """A hidden layer with residual blocks, h + W₂ a(W₁ norm(h)), then a norm and the activation.

    Source: Gorishniy et al. 2021, Revisiting deep learning models for tabular data, section 3.2, with layer norm
    instead of batch norm, which would make a row's prediction depend on the rest of its batch.

    Args:
        inputs: features.
        width: units of every layer.
        blocks: how many.
        activation: the name of a.
        embeds: whether to leave out the last activation.
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
