"""The networks that specs such as `cnn:8,16`, `resmlp:64x2` or `nets.py:Net:width=32` name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue, UnknownName
from lossbench.training.module.locate import is_own, recipe_of
from lossbench.training.module.model import ModuleModel
from lossbench.training.network import ACTIVATIONS, Model, parse_model

if TYPE_CHECKING:
    from torch.nn import Module


@dataclass(frozen=True)
class Convolutional:
    """Makes `cnn:WIDTHS`.

    Args:
        widths: channels of each convolution.
        image: channels, height and width; None until the data set is known.
        embeds: whether its last layer is an embedding, without an activation.
    """

    widths: tuple[int, ...]
    image: tuple[int, int, int] | None = None
    embeds: bool = False
    code: str = ""

    def __call__(self, inputs: int, outputs: int) -> Module:
        """Make the network."""
        from lossbench.training.module.built_in import Convolutions, Headed

        assert self.image is not None  # set by `fitted`
        trunk = Convolutions(self.image, self.widths, self.embeds)
        return Headed(trunk, trunk.numbers, outputs)


@dataclass(frozen=True)
class Residuals:
    """Makes `resmlp:WIDTHxBLOCKS[:ACTIVATION]`; see `Convolutional`."""

    width: int
    blocks: int
    activation: str = "relu"
    embeds: bool = False
    code: str = ""

    def __call__(self, inputs: int, outputs: int) -> Module:
        """Make the network."""
        from lossbench.training.module.built_in import Headed, Residual

        trunk = Residual(inputs, self.width, self.blocks, self.activation, self.embeds)
        return Headed(trunk, self.width, outputs)


def find_model(spec: str) -> Model | ModuleModel:
    """Return the network that a spec names.

    Raises:
        UsageError: there is no such network, or the spec cannot be read.

    Example:
        >>> find_model("cnn:8,16").source.widths, find_model("mlp:16").widths
        ((8, 16), (16,))
    """
    spec = spec.strip()
    if is_own(spec):
        return ModuleModel(spec, recipe_of(spec))
    name, _, rest = spec.partition(":")
    if name == "cnn":
        return ModuleModel(spec, _convolutional(spec, rest))
    return ModuleModel(spec, _residuals(spec, rest)) if name == "resmlp" else parse_model(spec)


def _convolutional(spec: str, rest: str) -> Convolutional:
    widths = rest.split(",")
    if not all(part.isdecimal() and int(part) > 0 for part in widths):
        raise BadValue(f"'{spec}': the channels of its convolutions are positive whole numbers, as in cnn:8,16")
    return Convolutional(tuple(map(int, widths)))


def _residuals(spec: str, rest: str) -> Residuals:
    shape, colon, activation = rest.partition(":")
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", shape)
    if match is None:
        raise BadValue(f"'{spec}': give the units of its layers and the number of its blocks, as in resmlp:64x2")
    if colon and activation not in ACTIVATIONS:
        raise UnknownName("activation", activation, ACTIVATIONS, where=f"'{spec}'")
    return Residuals(int(match[1]), int(match[2]), activation or "relu")


def fitted(model: ModuleModel, dataset: Dataset) -> ModuleModel:
    """Return a network adapted to a data set: a convolutional one gets the shape of its images.

    Raises:
        BadValue: convolutions on a table, or so many that nothing is left of an image.
    """
    source = model.source
    if isinstance(source, Convolutional | Residuals) and dataset.task == "embedding":
        source = replace(source, embeds=True)
    if isinstance(source, Convolutional):
        shape = dataset.image_shape
        if shape is None:
            raise BadValue(
                f"'{model.spec}' is for images, and a row of '{dataset.name}' is none; give mlp:16, resmlp:64x2 "
                "or images as an array (rows, height, width): -d images.npz:target=y"
            )
        if min(shape[-2:]) >> len(source.widths) == 0:
            raise BadValue(
                f"'{model.spec}' halves an image {len(source.widths)} times, and those of '{dataset.name}' are "
                f"{shape[-2]} × {shape[-1]} pixels; give fewer convolutions"
            )
        image = (shape[0] if len(shape) > 2 else 1, shape[-2], shape[-1])
        source = replace(source, image=image)
    return replace(model, source=source, embeds=dataset.task == "embedding")
