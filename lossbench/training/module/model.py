"""A network that is a module of torch: how it is made, its initial weights, and its parameters and constants."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import compress
from operator import ge
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lossbench.errors import ModelFailed
from lossbench.lazy import torch
from lossbench.losses.custom.contain import contained
from lossbench.randomness import stream
from lossbench.training.module.locate import Maker, Recipe, given, recipe_of, remember

if TYPE_CHECKING:
    from torch.nn import Module

TRUNK, HEAD = "trunk", "head"
"""The parts of a module whose embedding is learnt: the head stands on what the trunk returns."""


class Source(Protocol):
    """Makes a module from the numbers of features and of raw outputs; `code` is empty for a built-in one."""

    @property
    def code(self) -> str:
        """A hash of its code and its arguments."""

    def __call__(self, inputs: int, outputs: int) -> Module:
        """Make the module, drawing its initial weights from torch's generator."""


@dataclass(frozen=True)
class Form:
    """The parameters and constants of a module, in the order of its initial weights.

    Args:
        parameters: the shape of each trained parameter, by name.
        constants: the shapes of frozen parameters, then of buffers, by name.
    """

    parameters: dict[str, tuple[int, ...]]
    constants: dict[str, tuple[int, ...]]

    @property
    def sizes(self) -> list[int]:
        """The number of numbers in each parameter."""
        return [int(np.prod(shape)) for shape in self.parameters.values()]

    @property
    def size(self) -> int:
        """The number of numbers in all of them."""
        return sum(self.sizes)


@dataclass(frozen=True)
class ModuleModel:
    """A network that is a module of torch, of the user's own or built in.

    Args:
        spec: as the user named it.
        source: makes the module.
        embeds: True where its trunk returns an embedding.
        trunk_only: True where it is only the trunk.
        cosines: True where its raw outputs are the cosines between the embedding and its head's weights.
        fault: why many of them cannot be trained at once; empty where they can.
    """

    spec: str
    source: Source = field(repr=False)
    embeds: bool = False
    trunk_only: bool = False
    cosines: bool = False
    fault: str = field(default="", compare=False)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a spec: the classes of a user's file cannot be imported by name in another process."""
        if not isinstance(self.source, Recipe):
            return ModuleModel, (self.spec, self.source, self.embeds, self.trunk_only, self.cosines)
        handed = given(self.source.maker.name)
        return _restored, (self.spec, self.code, handed, self.embeds, self.trunk_only, self.cosines)

    @property
    def code(self) -> str:
        """A hash of its code and its arguments; empty for one that is built in."""
        return self.source.code

    @property
    def trunk(self) -> ModuleModel:
        """The network up to its embedding, which becomes its output."""
        return replace(self, embeds=False, trunk_only=True)

    @property
    def turned(self) -> ModuleModel:
        """The network with a cosine head on its embedding."""
        return replace(self, cosines=True)

    def made(self, inputs: int, outputs: int) -> Module:
        """Make the module, with initial weights from torch's generator, in single precision on the processor.

        Raises:
            ModelFailed: cosines are wanted, and the weights of its head are not a vector for each class.
        """
        whole = self.source(inputs, outputs)
        if self.cosines and isinstance(head := getattr(whole, HEAD, None), torch.nn.Module):
            setattr(whole, HEAD, self.turn(head))
        return getattr(whole, TRUNK) if self.trunk_only else whole

    def turn(self, head: Module) -> Module:
        """Return the cosine head that replaces a linear one."""
        from lossbench.training.module.cosines import Cosines

        if not isinstance(head, torch.nn.Linear):
            raise ModelFailed(
                f"model '{self.spec}' has a {HEAD} that is a {type(head).__name__}, and a loss of class vectors "
                f"takes them from the weights of a torch.nn.Linear; let the {HEAD} be one, or leave them out"
            )
        return Cosines.of(head)

    def form(self, inputs: int, outputs: int) -> Form:
        """Return its parameters and constants."""
        return _form(self, inputs, outputs)

    def parameters(self, inputs: int, outputs: int) -> int:
        """Return the number of trained values."""
        return self.form(inputs, outputs).size

    def work(self, inputs: int, outputs: int) -> int:
        """Return a measure of the work for a row: the numbers that the backward pass keeps of it."""
        return _work(self, inputs, outputs)

    def units(self, inputs: int, outputs: int) -> int:
        """Return roughly how many values a row has in all layers: a guess, since convolutions share parameters."""
        return self.parameters(inputs, outputs)

    def embedding(self, inputs: int) -> int:
        """Return the dimension of the embedding."""
        return _embedding(self, inputs)

    def first(self, stream: str, seed: int, inputs: int, outputs: int, own: int) -> list[np.ndarray]:
        """Return the initial values of its parameters, then of its constants, as it draws them itself.

        A loss that needs more outputs than the task has shares all parameters with the others, up to the outputs
        that both have: so the module is made twice, with the same random numbers.

        Args:
            stream: the name of the random stream.
            seed: the repetition.
            inputs: features.
            outputs: raw outputs.
            own: raw outputs of the task.
        """
        values = self.drawn(stream, seed, inputs, own if self.trunk_only else outputs)
        if outputs == own or self.trunk_only:
            return values
        for wide, narrow in zip(values, self.drawn(stream, seed, inputs, own), strict=True):
            if wide.ndim == narrow.ndim and all(map(ge, wide.shape, narrow.shape)):
                wide[corner(narrow.shape)] = narrow
        return values

    def drawn(self, stream_name: str, seed: int, inputs: int, outputs: int) -> list[np.ndarray]:
        """Return the values of a newly made module."""
        number = int(stream("weights", stream_name, seed, "module").integers(2**63))
        with drawing(self, number):
            module = self.made(inputs, outputs)
        return [value.detach().clone().numpy() for value in tensors(module, form_of(module)).values()]

    def shared(self, first: list[np.ndarray], inputs: int, own: int | None) -> list[np.ndarray]:
        """Return the initial weights that all losses share, and the hash of the code; see `Model.shared`."""
        code, form = np.frombuffer(self.code.encode(), np.uint8), self.form(inputs, own or 1)
        shapes = form.parameters | form.constants
        if own is None:
            trunk = [self.trunk_only or name.startswith(f"{TRUNK}.") for name in shapes]
            return [*compress(first, trunk), code]
        return [*(one[corner(shape)] for one, shape in zip(first, shapes.values(), strict=True)), code]


def tensors(module: Module, form: Form) -> dict[str, torch.Tensor]:
    """Return the parameters and the constants of a module by name."""
    held = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: held[name] for name in (*form.parameters, *form.constants)}


def form_of(module: Module) -> Form:
    """Return the parameters and constants of a module."""
    trained = {name: tuple(one.shape) for name, one in module.named_parameters() if one.requires_grad}
    frozen = {name: tuple(one.shape) for name, one in module.named_parameters() if name not in trained}
    return Form(trained, frozen | {name: tuple(one.shape) for name, one in module.named_buffers()})


def corner(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the slices of this shape at the beginning of every axis of a larger array.

    Example:
        >>> np.arange(6).reshape(2, 3)[corner((1, 2))].tolist()
        [[0, 1]]
    """
    return tuple(map(slice, shape))


@lru_cache(maxsize=64)
def _form(model: ModuleModel, inputs: int, outputs: int) -> Form:
    with drawing(model, 0):
        return form_of(model.made(inputs, outputs))


@lru_cache(maxsize=64)
def _embedding(model: ModuleModel, inputs: int) -> int:
    with drawing(model, 0), torch.no_grad():
        return int(model.trunk.made(inputs, 1)(torch.zeros(2, inputs)).shape[-1])


@contextmanager
def drawing(model: ModuleModel, number: int) -> Iterator[None]:
    """Seed all generators that a module may draw its initial weights from; restore them at the end."""
    with contained() if model.code else nullcontext(), torch.random.fork_rng(devices=[]):
        if model.code:
            random.seed(number)
            np.random.seed(number % 2**32)  # noqa: NPY002  a module may draw from it
        torch.default_generator.manual_seed(number)
        yield


def kept_numbers(module: Module, features: torch.Tensor) -> int:
    """Return how many numbers the backward pass keeps of features (rows, inputs), parameters included."""
    kept: list[int] = []

    def keep(value: torch.Tensor) -> torch.Tensor:
        kept.append(value.numel())
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value), torch.enable_grad():
        module(features)
    return max(1, sum(kept))


@lru_cache(maxsize=64)
def _work(model: ModuleModel, inputs: int, outputs: int) -> int:
    with drawing(model, 0):
        return kept_numbers(model.made(inputs, outputs).eval(), torch.zeros(1, inputs))


def _restored(
    spec: str, code: str, handed: Maker | None, embeds: bool, trunk_only: bool, cosines: bool
) -> ModuleModel:
    """Unpickle a model from another process.

    Raises:
        ModelFailed: its code differs here.
    """
    if handed is not None:
        remember(handed)
    source = recipe_of(spec)
    if source.code != code:
        raise ModelFailed(f"the code of model '{spec}' changed during the run; run the same command again")
    return ModuleModel(spec, source, embeds, trunk_only, cosines)
