"""The optimisers, for many models at once: flat vectors of all parameters, updated in place.

Each follows the formulas, the defaults and the order of operations of torch.optim, which the loop engine uses.
A hyperparameter is a vector with one value a parameter, expanded from one value a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from lossbench.errors import UnknownName
from lossbench.lazy import torch
from lossbench.spec import Parameter, numbers, split_spec

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Sgd:
    """Stochastic gradient descent with momentum: b ← μ b + g, θ ← θ − η b (Polyak 1964; Sutskever et al. 2013)."""

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("momentum", 0.0, low=0, high=1, open_high=True, meaning="share of the last step kept"),
    )

    def __init__(self, theta: torch.Tensor, rate: torch.Tensor, hyper: Mapping[str, torch.Tensor]) -> None:
        self.theta, self.rate, self.momentum = theta, rate, hyper["momentum"]
        self.velocity = torch.zeros_like(theta)

    def step(self, gradient: torch.Tensor) -> None:
        """Move all parameters once."""
        self.velocity.mul_(self.momentum).add_(gradient)
        self.theta.addcmul_(self.velocity, self.rate, value=-1)


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1)."""

    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __init__(self, theta: torch.Tensor, rate: torch.Tensor, hyper: Mapping[str, torch.Tensor]) -> None:
        self.theta, self.rate, self.steps = theta, rate, 0
        self.mean, self.square, self.scratch = (torch.zeros_like(theta) for _ in range(3))

    def step(self, gradient: torch.Tensor) -> None:
        """Move all parameters once."""
        self.steps += 1
        correct1, correct2 = 1 - BETA1**self.steps, 1 - BETA2**self.steps
        self.mean.lerp_(gradient, 1 - BETA1)
        self.square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        # m̂ / (√v̂ + ε) with both corrections moved into two scalars: fewer passes over memory.
        torch.sqrt(self.square, out=self.scratch).add_(EPSILON * correct2**0.5)
        torch.div(self.mean, self.scratch, out=self.scratch)
        self.theta.addcmul_(self.scratch, self.rate, value=-(correct2**0.5) / correct1)


class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← (1 − η λ) θ before each step (Loshchilov & Hutter 2019)."""

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("weight_decay", 0.01, low=0, meaning="λ, the decay of the weights; biases stay"),
    )

    def __init__(self, theta: torch.Tensor, rate: torch.Tensor, hyper: Mapping[str, torch.Tensor]) -> None:
        super().__init__(theta, rate, hyper)
        self.keep = 1 - rate * hyper["weight_decay"]

    def step(self, gradient: torch.Tensor) -> None:
        """Move all parameters once."""
        self.theta.mul_(self.keep)
        super().step(gradient)


OPTIMISERS: dict[str, type[Sgd | Adam]] = {"sgd": Sgd, "adam": Adam, "adamw": AdamW}


def parse_optimiser(spec: str) -> tuple[str, dict[str, float]]:
    """Read `sgd:momentum=0.9`, `adam` or `adamw:weight_decay=0.1` into a name and all its hyperparameters.

    Raises:
        UnknownName: no such optimiser or parameter.
        BadValue: a parameter out of its range.

    Example:
        >>> parse_optimiser("sgd")
        ('sgd', {'momentum': 0.0})
    """
    name, given = split_spec(spec)
    if name not in OPTIMISERS:
        raise UnknownName("optimiser", name, OPTIMISERS)
    return name, numbers(spec, given, OPTIMISERS[name].parameters)
