"""The schedule of a training: its rate over the epochs, gradient clipping, and early stopping."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lossbench.errors import BadValue, UnknownName
from lossbench.schema import USUAL
from lossbench.spec import Parameter, numbers, split_spec

CONSTANT = USUAL["schedule"]

_ANY = (
    Parameter("warmup", 0, low=0, meaning="epochs in which the rate rises", unit="epochs"),
    Parameter("clip", math.inf, low=0, open_low=True, meaning="the longest gradient of a model"),
    Parameter("patience", math.inf, low=1, meaning="epochs without a gain that end a training", unit="epochs"),
)
KINDS: Mapping[str, tuple[Parameter, ...]] = {
    CONSTANT: _ANY,
    "cosine": _ANY,
    "step": (
        Parameter("step_size", 30, low=1, meaning="epochs from a fall to the next", unit="epochs"),
        Parameter("gamma", 0.1, low=0, high=1, open_low=True, open_high=True, meaning="what a fall leaves"),
        *_ANY,
    ),
}
"""The parameters of each kind of schedule; they are called as in torch."""

WHOLE = ("warmup", "patience", "step_size")


@dataclass(frozen=True)
class Schedule:
    """A schedule: its kind, with a value for each parameter.

    Args:
        kind: one of `KINDS`.
        warmup: epochs in which the rate rises to its full value.
        clip: the largest norm of a gradient, penalties included; longer gradients are scaled down to it.
        patience: epochs without a gain on validation after which a model's training ends.
        step_size: epochs between two drops of the rate.
        gamma: the factor of a drop.
    """

    kind: str = CONSTANT
    warmup: float = 0
    clip: float = math.inf
    patience: float = math.inf
    step_size: float = 30
    gamma: float = 0.1

    def factors(self, epochs: int) -> np.ndarray:
        r"""Return the factor on the rate in each epoch, (epochs,), in [0, 1].

        In epoch e = 0, 1 ... of E, with w epochs of warm-up: (e + 1) / (w + 1) while e < w; then 1, or (1 + cos(π
        (e - w) / (E - w))) / 2, or γ to the power of the number of whole steps in e - w. These are the rates of
        `torch.optim.lr_scheduler.LinearLR` and, after it, `CosineAnnealingLR` or `StepLR`, stepped once an epoch.

        Source: Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, equation 5;
        Goyal et al. 2017, Accurate, large minibatch SGD, section 2.2.

        Example:
            >>> Schedule("step", warmup=1, step_size=2, gamma=0.5).factors(6).tolist()
            [0.5, 1.0, 1.0, 0.5, 0.5, 0.25]
        """
        return np.array([self.factor(epoch, epochs) for epoch in range(epochs)])

    def factor(self, epoch: int, epochs: int) -> float:
        """Return the factor on the rate in one epoch; see `factors`."""
        since = epoch - self.warmup
        if since < 0:
            return (epoch + 1) / (self.warmup + 1)
        if self.kind == "cosine":
            return (1 + math.cos(math.pi * since / (epochs - self.warmup))) / 2
        return self.gamma ** (since // self.step_size) if self.kind == "step" else 1.0


def parse_schedule(spec: str) -> Schedule:
    """Read `constant`, `cosine:warmup=5`, `step:step_size=20:gamma=0.5`, `constant:clip=1:patience=10`.

    Raises:
        UnknownName: no such schedule or parameter.
        BadValue: a parameter out of range, or a number of epochs that is not whole.

    Example:
        >>> parse_schedule("cosine:warmup=5").warmup
        5.0
    """
    kind, given = split_spec(spec)
    if kind not in KINDS:
        raise UnknownName("schedule", kind, KINDS)
    found = numbers(spec, given, KINDS[kind])
    for name in given:
        if name in WHOLE and found[name] != int(found[name]):
            raise BadValue(f"'{spec}': {name}={given[name]}; give a whole number of epochs")
    return Schedule(kind, **found)


def check_length(spec: str, schedule: Schedule, epochs: int) -> None:
    """Refuse a schedule that needs more epochs than there are.

    Raises:
        BadValue: the warm-up never ends, the rate never drops, or no training can end early.
    """
    if schedule.warmup >= epochs:
        raise BadValue(
            f"schedule '{spec}' warms up for {schedule.warmup:g} epochs, and a training has {epochs}; give fewer, "
            "or more --epochs"
        )
    if schedule.kind == "step" and schedule.warmup + schedule.step_size >= epochs:
        raise BadValue(
            f"schedule '{spec}' never lowers the rate: the first step is after "
            f"{schedule.warmup + schedule.step_size:g} epochs, and a training has {epochs}; give a smaller "
            f"step_size, or more --epochs"
        )
    if epochs <= schedule.patience < math.inf:
        raise BadValue(
            f"schedule '{spec}' waits {schedule.patience:g} epochs for a gain, and a training has {epochs}, so "
            "none would end early; give fewer, or more --epochs"
        )
