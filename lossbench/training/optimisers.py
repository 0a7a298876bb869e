"""The optimisers, for many models at once: their parameters (models, parameters) are updated in place.

Those that follow a gradient have the formulas and the defaults of torch.optim, which the loop engine uses. All
models share a rate, which may change at each step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from lossbench.errors import BadValue, UnknownName
from lossbench.lazy import torch
from lossbench.spec import Parameter, numbers, split_spec

Hyper = Mapping[str, "float | torch.Tensor"]  # a weight decay is (parameters,), zero at the biases


class Sgd:
    """Stochastic gradient descent with momentum: b ← μ b + g, θ ← θ − η b (Polyak 1964; Sutskever et al. 2013)."""

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("momentum", 0.0, low=0, high=1, open_high=True, meaning="share of the last step kept"),
    )

    def __init__(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, hyper: Hyper) -> None:
        self.theta, self.gradient, self.rate, self.momentum = theta, gradient, rate, hyper["momentum"]
        self.velocity = torch.zeros_like(theta)

    def step(self) -> None:
        """Move all parameters once."""
        self.velocity.mul_(self.momentum).add_(self.gradient)
        self.theta.add_(self.velocity, alpha=-self.rate)


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1).

    torch's fused kernel takes a step in one pass over memory. It is called directly, since torch.optim imports
    torch's compiler at the first step, which takes longer than many runs.
    """

    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __init__(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, hyper: Hyper) -> None:
        self.theta, self.gradient, self.rate = theta, gradient, rate
        self.mean, self.square = torch.zeros_like(theta), torch.zeros_like(theta)
        self.steps = theta.new_zeros((), dtype=torch.float32)

    def step(self) -> None:
        """Move all parameters once."""
        self.steps += 1
        tensors = self.theta, self.gradient, self.mean, self.square
        state = *([tensor] for tensor in tensors), [], [self.steps]
        rest = {"weight_decay": 0.0, "eps": 1e-8, "amsgrad": False, "maximize": False}
        torch.ops.aten._fused_adam_(*state, lr=self.rate, beta1=0.9, beta2=0.999, **rest)


class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← (1 − η λ) θ before each step (Loshchilov & Hutter 2019)."""

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("weight_decay", 0.01, low=0, meaning="λ, the decay of the weights; biases stay"),
    )

    def __init__(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, hyper: Hyper) -> None:
        super().__init__(theta, gradient, rate, hyper)
        self.decay = hyper["weight_decay"]

    def step(self) -> None:
        """Move all parameters once."""
        self.theta.mul_(1 - self.rate * self.decay)
        super().step()


OPTIMISERS: dict[str, type[Sgd | Adam]] = {"sgd": Sgd, "adam": Adam, "adamw": AdamW}
"""Those that follow a gradient."""

EVOLUTION = "es"
CHILDREN = Parameter("children", 8, low=1, high=1000, meaning="λ, mutations tried a step")
"""The one that follows none: a (1 + λ) evolution strategy (Rechenberg 1973, Evolutionsstrategie).

Of λ children θ + η N(0, 1) that with the least cost on the batch takes the parent's place, unless it costs more: a
tie is accepted, or a plateau would hold it for ever. The learning rate η is the standard deviation of a mutation.
"""


class Optimiser(NamedTuple):
    """An optimiser by its name, with a value for each of its hyperparameters."""

    name: str
    hyper: Mapping[str, float]

    @property
    def children(self) -> int:
        """The number of mutations tried per step; 0 for an optimiser that follows a gradient."""
        return int(self.hyper.get(CHILDREN.name, 0))


def parse_optimiser(spec: str) -> Optimiser:
    """Read `sgd:momentum=0.9`, `adam`, `adamw:weight_decay=0.1` or `es:children=20`.

    Raises:
        UnknownName: no such optimiser or parameter.
        BadValue: a parameter out of range, or a number of children that is not whole.

    Example:
        >>> parse_optimiser("sgd")
        Optimiser(name='sgd', hyper={'momentum': 0.0})
    """
    name, given = split_spec(spec)
    allowed = {key: kind.parameters for key, kind in OPTIMISERS.items()} | {EVOLUTION: (CHILDREN,)}
    if name not in allowed:
        raise UnknownName("optimiser", name, allowed)
    found = Optimiser(name, numbers(spec, given, allowed[name]))
    if found.children != found.hyper.get(CHILDREN.name, 0):
        raise BadValue(f"'{spec}': {found.hyper[CHILDREN.name]:g} children; give a whole number of them")
    return found
