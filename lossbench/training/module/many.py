"""Computing the models of a pack: many in one tensor program where that changes no bit, else one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate

import numpy as np
import torch
from torch.func import functional_call, vmap

from lossbench.losses.custom.calls import UNMAPPABLE
from lossbench.losses.custom.source import in_one_line
from lossbench.training.module.model import TRUNK, Form, ModuleModel, drawing, form_of, kept_numbers, tensors

WIDEST = 64  # models in a program: more are not faster
SCORED = 128  # rows at a time where only outputs are needed
NUMBERS = 1 << 20  # kept by a program for the backward pass: four megabytes, about a cache

Tensors = Mapping[str, torch.Tensor]
Run = Callable[[Tensors, Tensors, torch.Tensor], torch.Tensor]
"""From parameters and constants (models, ...) and features (models, rows, inputs) to (models, rows, outputs)."""


@dataclass(frozen=True)
class Way:
    """How models are computed.

    Args:
        module: the network, whose own values are never used.
        width: models in one program; each has the same bits in every place.
        fault: why the width is one; empty where it is more.
    """

    module: torch.nn.Module
    width: int
    fault: str = ""

    @property
    def run(self) -> Run:
        """The function that computes `width` models."""
        return program(self.module, self.width)

    @property
    def trunk(self) -> Run:
        """The function that computes the trunks of `width` models."""
        return program(Trunk(self.module), self.width)


class Trunk(torch.nn.Module):
    """A module of which only the trunk is computed; its parameters keep the names of the whole module."""

    def __init__(self, whole: torch.nn.Module) -> None:
        super().__init__()
        self._modules.update(whole._modules)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the input of the head."""
        found: torch.Tensor = getattr(self, TRUNK)(features)
        return found


def program(module: torch.nn.Module, width: int) -> Run:
    """Return the function that computes `width` models."""

    def one(parameters: Tensors, constants: Tensors, features: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = functional_call(module, (dict(parameters), dict(constants)), (features,))
        return found

    if width > 1:
        return vmap(one, randomness="error")

    def alone(parameters: Tensors, constants: Tensors, features: torch.Tensor) -> torch.Tensor:
        own, fixed = ({name: value[0] for name, value in held.items()} for held in (parameters, constants))
        return one(own, fixed, features[0]).unsqueeze(0)

    return alone


ALIGNED = 16  # numbers: every parameter then begins at an address aligned for vector loads


def starts(form: Form) -> list[int]:
    """Return where each parameter begins in a row, and where the row ends: all multiples of `ALIGNED`."""
    return list(accumulate((-(-size // ALIGNED) * ALIGNED for size in form.sizes), initial=0))


def room(form: Form) -> int:
    """Return the length of a row."""
    return starts(form)[-1]


def places_of(form: Form) -> np.ndarray:
    """Return the position in a row of each number of the parameters, (numbers,)."""
    parts = zip(starts(form), form.sizes, strict=False)
    return np.concatenate([np.arange(start, start + size) for start, size in parts])


def views(rows: torch.Tensor, form: Form) -> dict[str, torch.Tensor]:
    """View rows (models, room) as the parameters of models, (models, ...) each, by name."""
    found = {}
    for (name, shape), start, size in zip(form.parameters.items(), starts(form), form.sizes, strict=False):
        own = rows[:, start : start + size].detach()
        found[name] = own.unflatten(1, shape) if shape else own[:, 0]
    return found


def way_of(model: ModuleModel, inputs: int, outputs: int, rows: int, dtype: torch.dtype) -> Way:
    """Return how to compute models of this shape, in steps of so many rows, in evaluation mode.

    Many models share a program where each has the same bits in every place, and the same values as alone, up to
    rounding. That depends only on the shape, so it is decided once, on arbitrary numbers.
    """
    return _way(model, inputs, outputs, rows, dtype)


@lru_cache(maxsize=64)
def _way(model: ModuleModel, inputs: int, outputs: int, rows: int, dtype: torch.dtype) -> Way:
    with drawing(model, 0), torch.inference_mode(False):
        module = model.made(inputs, outputs).eval().to(dtype)
        form = form_of(module)
        if rows * inputs > NUMBERS:
            return Way(module, 1)
        width = max(1, min(WIDEST, NUMBERS // kept_numbers(module, torch.randn(rows, inputs, dtype=dtype))))
        if width == 1:
            return Way(module, 1)
        tables = (torch.randn(width, count, inputs, dtype=dtype) for count in dict.fromkeys((rows, SCORED)))
        faults = (Crowd.of(module, form, width, features).fault() for features in tables)
        fault = next(filter(None, faults), "")
    return Way(module, 1, fault) if fault else Way(module, width)


@dataclass(frozen=True)
class Crowd:
    """Some models, to be computed in several ways and compared.

    Args:
        module: the network.
        form: its parameters and constants.
        parameters: (models, ...) of each, by name.
        constants: likewise.
        features: (models, rows, inputs).
    """

    module: torch.nn.Module
    form: Form
    parameters: Tensors
    constants: Tensors
    features: torch.Tensor

    @staticmethod
    def of(module: torch.nn.Module, form: Form, models: int, features: torch.Tensor) -> Crowd:
        """Return models whose parameters are near those of a module."""
        held = {name: value.detach().expand(models, *value.shape) for name, value in tensors(module, form).items()}
        moved = {
            name: held[name] + 0.1 * torch.randn(held[name].shape, dtype=features.dtype)
            for name in form.parameters
        }
        return Crowd(module, form, moved, {name: held[name].contiguous() for name in form.constants}, features)

    def fault(self) -> str:
        """Say why they cannot be computed in one program; empty where they can."""
        try:
            together = self.computed(program(self.module, len(self.features)))
            turned = self.turned(1).computed(program(self.module, len(self.features)))
        except Exception as error:
            said = str(error)
            return next((meaning for phrase, meaning in UNMAPPABLE.items() if phrase in said), in_one_line(error))
        alone = self.first().computed(program(self.module, 1))
        close = partial(torch.allclose, rtol=1e-4, atol=1e-5, equal_nan=True)
        if not all(close(one, many[:1]) for one, many in zip(alone, together, strict=True)):
            return "it then gives other values"
        same = (torch.equal(one.roll(1, 0), other) for one, other in zip(together, turned, strict=True))
        return "" if all(same) else "the last bits of a model would hang on its place among the others"

    def first(self) -> Crowd:
        """Return the first model alone."""
        return self.over(lambda value: value[:1])

    def turned(self, places: int) -> Crowd:
        """Return the same models, each moved by so many places."""
        return self.over(lambda value: value.roll(places, 0))

    def over(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Crowd:
        """Return the models after a change to every tensor."""
        moved, held = (
            {name: change(value) for name, value in each.items()} for each in (self.parameters, self.constants)
        )
        return Crowd(self.module, self.form, moved, held, change(self.features))

    def computed(self, run: Run) -> list[torch.Tensor]:
        """Return the outputs and the gradients of all parameters, (models, ...) each."""
        places = views(self.features.new_zeros(len(self.features), room(self.form)), self.form)
        leaves = {name: places[name].copy_(value).requires_grad_() for name, value in self.parameters.items()}
        with torch.enable_grad():
            raw = run(leaves, self.constants, self.features)
            found = torch.autograd.grad(
                raw.square().sum(), list(leaves.values()), allow_unused=True, materialize_grads=True
            )
        return [raw.detach(), *found]
