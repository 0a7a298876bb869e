"""A user's own model on trial before training: whether its result is usable, and depends on nothing else.

A trial's numbers depend only on its record. So a network may keep no state and draw no random numbers, and the
outputs of a row may depend only on its parameters and on that row.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from lossbench.apart import Ended, apart
from lossbench.errors import ModelFailed
from lossbench.lazy import torch
from lossbench.losses.custom.contain import failing
from lossbench.losses.custom.endless import TRIAL
from lossbench.losses.custom.source import in_one_line
from lossbench.training.module.locate import Recipe, beyond_processor
from lossbench.training.module.model import HEAD, TRUNK, ModuleModel, drawing

if TYPE_CHECKING:
    from torch.nn import Module

ROWS = 7  # a prime, unlike usual numbers of features or outputs


@dataclass(frozen=True)
class Probe:
    """A model to be tried on a few rows.

    Args:
        model: to be tried.
        whom: the data set and the loss that need them, for messages.
    """

    model: ModuleModel
    recipe: Recipe
    inputs: int
    outputs: int
    whom: str

    def check(self) -> None:
        """Refuse a model that cannot be trained, or whose numbers would depend on more than its record.

        Raises:
            ModelFailed: it is such a model; the error says what it does, and what to do instead.
        """
        with drawing(self.model, 0), warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            self.check_parts(module := self.model.made(self.inputs, self.outputs))
            features = torch.randn(ROWS, self.inputs)
            raw = self.called(module, features)
            self.check_result(raw)
            self.check_draws(module, features)
            self.check_state(module, features)
            self.check_rows(module, features, raw)
            self.check_gradient(module, features)

    def check_parts(self, module: Module) -> None:
        """Refuse a network with nothing to train, on another device, or without the parts to embed."""
        lazy = [name for name, one in module.named_parameters() if torch.nn.parameter.is_lazy(one)]
        if lazy:
            raise self.failed(
                f"has parameters without a shape ({lazy[0]}), which a first call would settle; give "
                "its layers their sizes"
            )
        if not any(one.requires_grad for one in module.parameters()):
            raise self.failed("has no parameters to train; give it a layer that has, as torch.nn.Linear")
        held = (*module.parameters(), *module.buffers())
        if strange := next((one.dtype for one in held if one.is_complex() or one.dtype == torch.bfloat16), None):
            raise self.failed(f"holds numbers of {strange}; let it be made in torch.float32, as layers are")
        if away := next((one.device for one in held if one.device.type != "cpu"), None):
            raise self.failed(
                f"lies on {away}; let it be made on the processor, lossbench moves it where it trains"
            )
        if self.model.embeds and not all(
            isinstance(getattr(module, part, None), torch.nn.Module) for part in (TRUNK, HEAD)
        ):
            raise self.failed(
                f"has no parts {TRUNK} and {HEAD}, and '{self.whom}' learns an embedding: let it have both, the "
                "trunk from features to the embedding, and the head from there to the raw outputs"
            )

    def called(self, module: Module, features: torch.Tensor) -> Any:
        """Return a module's result for features."""

        def fault(error: BaseException) -> ModelFailed:
            said = in_one_line(error)
            shape = f"({len(features)}, {self.inputs})"
            called = f"raised {said} when it was called with features {shape}"
            return self.failed(called, error, beyond_processor(said))

        with failing(fault):
            return module(features)

    def check_result(self, raw: Any) -> None:
        """Refuse any result but a number for each row and output."""
        if not torch.is_tensor(raw) or not raw.is_floating_point():
            kind = f"numbers of {raw.dtype}" if torch.is_tensor(raw) else type(raw).__name__
            raise self.failed(f"returned {kind}; let it return raw outputs, a tensor of floating-point numbers")
        if tuple(raw.shape) != (ROWS, self.outputs):
            raise self.failed(
                f"returned shape {tuple(raw.shape)} for {ROWS} rows, and {self.whom} wants raw outputs "
                f"({ROWS}, {self.outputs}); let its last layer have as many as a parameter "
                "named outputs tells it"
            )
        if not bool(raw.isfinite().all()):
            raise self.failed("returned NaN or infinity for ordinary features; mend its first weights")

    def check_draws(self, module: Module, features: torch.Tensor) -> None:
        """Refuse a network that draws random numbers when it is called."""
        module.train()
        before = randomness()
        self.called(module, features)
        if randomness() == before:
            return
        kind = next((one for one in module.modules() if "Dropout" in type(one).__name__), None)
        layer = next((name for name, one in module.named_modules() if one is kind), "")
        named = f" ({type(kind).__name__}{f', {layer}' if layer else ''})" if kind is not None else ""
        raise self.failed(
            f"draws random numbers when it is called{named}, so that its numbers would hang on what was drawn "
            "before; leave that out: --l2 and --optimizer adamw keep weights small"
        )

    def check_state(self, module: Module, features: torch.Tensor) -> None:
        """Refuse a network that keeps state from its inputs, or behaves differently in evaluation mode."""
        module.train()
        before = {name: value.clone() for name, value in module.state_dict().items()}
        plain = dict(kept(module))
        first = self.called(module, features)
        self.called(module, 2 * features + 1)
        moved = [name for name, value in module.state_dict().items() if not torch.equal(value, before[name])]
        moved += [name for name, value in kept(module) if plain.get(name) != value]
        if moved:
            norm = any("BatchNorm" in type(one).__name__ for one in module.modules())
            advice = (
                "LayerNorm or GroupNorm keep nothing"
                if norm
                else "let its outputs hang on parameters and features alone"
            )
            raise self.failed(f"keeps a state that calls change ({', '.join(moved[:3])}); {advice}")
        if not alike(self.called(module, features), first):
            raise self.failed(
                "gives other outputs when it is called again; let them hang on parameters and features alone"
            )
        if not alike(self.called(module.eval(), features), first):
            raise self.failed("gives other outputs in training than in evaluation; let it be the same in both")

    def check_rows(self, module: Module, features: torch.Tensor, raw: torch.Tensor) -> None:
        """Refuse a network in which a row's outputs depend on the other rows of the batch, or on their number."""
        for rows in (slice(0, 2), slice(3, ROWS)):
            if not alike(self.called(module, features[rows]), raw[rows]):
                raise self.failed(
                    "makes the outputs of a row hang on the other rows of the batch, as batch norm does; a "
                    "row must get the same ones among any others: take LayerNorm, and no mean over the first axis"
                )

    def check_gradient(self, module: Module, features: torch.Tensor) -> None:
        """Refuse a network whose outputs depend on none of its parameters."""
        trained = [one for one in module.parameters() if one.requires_grad]
        raw = self.called(module, features)
        found = torch.autograd.grad(raw.sum(), trained, allow_unused=True) if raw.requires_grad else ()
        if all(one is None for one in found):
            raise self.failed(
                "has outputs that hang on none of its parameters (detach, numpy or no_grad cut them off)"
            )

    def failed(self, fault: str, error: BaseException | None = None, advice: str = "") -> ModelFailed:
        """Return the error for a fault."""
        return self.recipe.failed(fault, error, advice)


def check_model(model: ModuleModel, inputs: int, outputs: int, whom: str) -> None:
    """Try a user's own model; see `Probe`. A built-in one needs no trial."""
    if isinstance(model.source, Recipe):
        probe = Probe(model, model.source, inputs, outputs, whom)
        try:
            apart(probe.check, silence=TRIAL)
        except Ended as error:
            raise probe.failed(f"{error}; let it return its outputs, whatever they are") from None


def randomness() -> tuple[object, ...]:
    """Return the states of the generators that a network may draw from."""
    numpy = np.random.get_state()  # noqa: NPY002
    return torch.random.get_rng_state().numpy().tobytes(), random.getstate(), (numpy[1].tobytes(), *numpy[2:])  # type: ignore


def kept(module: Module) -> Iterator[tuple[str, object]]:
    """Yield the plain attributes of a module and of its parts, each in a comparable form."""
    for prefix, part in module.named_modules():
        for name, value in vars(part).items():
            if not name.startswith("_") and name != "training":
                yield f"{prefix}.{name}".lstrip("."), said(value)


def said(value: object) -> object:
    """Return a value in a comparable form: its identity and, for numbers and texts, its value."""
    if torch.is_tensor(value):
        return (tuple(value.shape), value.detach().cpu().numpy().tobytes())
    if isinstance(value, np.ndarray):
        return (value.shape, value.tobytes())
    if isinstance(value, list | tuple | set):
        return (type(value), tuple(map(said, value)))
    if isinstance(value, dict):
        return (dict, tuple((repr(key), said(one)) for key, one in value.items()))
    return value if isinstance(value, int | float | str | bool | None) else id(value)


def alike(one: Any, other: torch.Tensor) -> bool:
    """Say whether outputs are equal up to rounding; a matrix product may depend on the number of rows."""
    return torch.is_tensor(one) and one.shape == other.shape and torch.allclose(one, other, rtol=1e-4, atol=1e-5)
