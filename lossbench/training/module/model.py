"""A network that is a module of torch: how it is made, with which first weights, and what it consists of."""

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
    """What makes a module from the numbers of features and of raw outputs; `code` is empty for a built-in one."""

    @property
    def code(self) -> str:
        """A hash of its code and its arguments."""

    def __call__(self, inputs: int, outputs: int) -> Module:
        """Make the module, drawing its first weights from torch's generator."""


@dataclass(frozen=True)
class Form:
    """What a module consists of, in the order of its first weights.

    Args:
        parameters: the shape of each that is trained, by its name.
        constants: likewise of those that are not: frozen ones, then buffers.
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
        source: what makes it.
        embeds: True where what its trunk returns is an embedding.
        trunk_only: True where the trunk is all there is of it.
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
        """Travel as a spec: the classes of a user's file cannot be imported by name in another process."""
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
        """The network up to its embedding, which then is its outputs."""
        return replace(self, embeds=False, trunk_only=True)

    @property
    def turned(self) -> ModuleModel:
        """The network with a head of cosines on its embedding."""
        return replace(self, cosines=True)

    def made(self, inputs: int, outputs: int) -> Module:
        """Make the module, with first weights of torch's generator, in single precision on the processor.

        Raises:
            ModelFailed: cosines are wanted, and its head has no weights that are a vector for each class.
        """
        whole = self.source(inputs, outputs)
        if self.cosines and isinstance(head := getattr(whole, HEAD, None), torch.nn.Module):
            setattr(whole, HEAD, self.turn(head))
        return getattr(whole, TRUNK) if self.trunk_only else whole

    def turn(self, head: Module) -> Module:
        """Return the head of cosines that stands for a linear one."""
        from lossbench.training.module.cosines import Cosines

        if not isinstance(head, torch.nn.Linear):
            raise ModelFailed(
                f"model '{self.spec}' has a {HEAD} that is a {type(head).__name__}, and a loss of class vectors "
                f"takes them from the weights of a torch.nn.Linear; let the {HEAD} be one, or leave them out"
            )
        return Cosines.of(head)

    def form(self, inputs: int, outputs: int) -> Form:
        """Return what it consists of."""
        return _form(self, inputs, outputs)

    def parameters(self, inputs: int, outputs: int) -> int:
        """Return the number of numbers that are trained."""
        return self.form(inputs, outputs).size

    def work(self, inputs: int, outputs: int) -> int:
        """Return about how much it takes to compute a row: the numbers that are kept of one for the way back."""
        return _work(self, inputs, outputs)

    def units(self, inputs: int, outputs: int) -> int:
        """Return about how many values a row has in all layers: a guess, since convolutions share parameters."""
        return self.parameters(inputs, outputs)

    def embedding(self, inputs: int) -> int:
        """Return how many numbers the embedding has."""
        return _embedding(self, inputs)

    def first(self, stream: str, seed: int, inputs: int, outputs: int, own: int) -> list[np.ndarray]:
        """Return the first values of its parameters, then of its constants, as it draws them by itself.

        A loss that needs more outputs than the task has shares all parameters with the others, up to the outputs
        that both have: so it has to be made twice, with the same random numbers.

        Args:
            stream: by what name the random numbers are drawn.
            seed: the repetition.
            inputs: features.
            outputs: raw outputs.
            own: those of the task.
        """
        values = self.drawn(stream, seed, inputs, own if self.trunk_only else outputs)
        if outputs == own or self.trunk_only:
            return values
        for wide, narrow in zip(values, self.drawn(stream, seed, inputs, own), strict=True):
            if wide.ndim == narrow.ndim and all(map(ge, wide.shape, narrow.shape)):
                wide[corner(narrow.shape)] = narrow
        return values

    def drawn(self, stream_name: str, seed: int, inputs: int, outputs: int) -> list[np.ndarray]:
        """Return the values that it is made with."""
        number = int(stream("weights", stream_name, seed, "module").integers(2**63))
        with drawing(self, number):
            module = self.made(inputs, outputs)
        return [value.detach().clone().numpy() for value in tensors(module, form_of(module)).values()]

    def shared(self, first: list[np.ndarray], inputs: int, own: int | None) -> list[np.ndarray]:
        """Return what of the first weights all losses share, and the hash of the code; see `Model.shared`."""
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
    """Return what a module consists of."""
    trained = {name: tuple(one.shape) for name, one in module.named_parameters() if one.requires_grad}
    frozen = {name: tuple(one.shape) for name, one in module.named_parameters() if name not in trained}
    return Form(trained, frozen | {name: tuple(one.shape) for name, one in module.named_buffers()})


def corner(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return what of a larger array is of this shape, from its beginning in every axis.

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
    """Seed all generators that a module may draw its first weights from; afterwards they go on as before."""
    with contained() if model.code else nullcontext(), torch.random.fork_rng(devices=[]):
        if model.code:
            random.seed(number)
            np.random.seed(number % 2**32)  # noqa: NPY002  a module may draw from it
        torch.default_generator.manual_seed(number)
        yield


def kept_numbers(module: Module, features: torch.Tensor) -> int:
    """Return how many numbers a model keeps for the way back, parameters too, of features (rows, inputs)."""
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
    """Return a model that comes from another process.

    Raises:
        ModelFailed: its code is another one here.
    """
    if handed is not None:
        remember(handed)
    source = recipe_of(spec)
    if source.code != code:
        raise ModelFailed(f"the code of model '{spec}' changed during the run; run the same command again")
    return ModuleModel(spec, source, embeds, trunk_only, cosines)
