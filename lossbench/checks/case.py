"""What a check looks at: a loss, and a way to draw inputs for it."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass, replace

import numpy as np
import torch

from lossbench.errors import LossFailed
from lossbench.losses import Loss
from lossbench.losses.custom.calls import in_gradient
from lossbench.losses.custom.contain import failing
from lossbench.remark import Topic
from lossbench.task import VALUED

COMPANY = 7  # rows

NOTHING = 1e-6
"""The share of the gradient in company below which a row alone is said to have none."""


class TimeIsUp(Exception):
    """A check took too long and was given up."""


@dataclass(frozen=True)
class Case:
    """A loss with a number of targets, and inputs drawn for it.

    Args:
        loss: the loss.
        targets: number of targets, classes or labels.
        alone: True to make every sample a batch by itself, so that a loss of whole batches has a value for each.
        beside: where `alone`, number of rows, always the same, that stand in the batch beside the sample: a loss
            may need more rows than one.
        precision: that in which the loss computes; what is given in a higher one is rounded to it.
        until: when to give up, by `time.monotonic`.
    """

    loss: Loss
    targets: int
    alone: bool = False
    beside: int = 0
    precision: torch.dtype = torch.float64
    until: float = math.inf

    @property
    def outputs(self) -> int:
        """The number of raw outputs."""
        return self.loss.record.width(self.targets)

    @property
    def is_default(self) -> bool:
        """Whether the parameters are those for which a record declares what depends on them."""
        return all(self.loss.parameters[p.name] == p.default for p in self.loss.record.parameters)

    @property
    def rounding(self) -> float:
        """What rounding may do to a number near one, with some to spare: 4e-10 in double precision."""
        return float(torch.finfo(self.precision).eps ** 0.6)

    @property
    def one_by_one(self) -> bool:
        """Whether every model is a call of its own, so that many models take long."""
        return any(note.topic is Topic.MODEL_BY_MODEL for note in self.loss.record.notes)

    def draw(
        self, *shape: int, seed: int = 0, scale: float = 2.0, outputs: int | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return raw outputs and targets at random, in float64.

        Args:
            *shape: leading dimensions and the batch.
            seed: of the random numbers.
            scale: standard deviation of the raw outputs.
            outputs: number of raw outputs, where it is not that of the case.

        Returns:
            raw (*shape, outputs), and targets as the record encodes them: class indices, numbers of 0 and 1, or
            for regression numbers of size 0.5 to 3, above zero where predictions are.
        """
        rng = np.random.default_rng(seed)
        width, record = outputs or self.outputs, self.loss.record
        raw = torch.as_tensor(rng.normal(scale=scale, size=(*shape, width)))
        targets = (*shape, width // record.outputs_per_target)
        if record.encoding == "index":
            return raw, torch.as_tensor(rng.integers(width, size=shape))
        if record.task in VALUED:
            signs = [1.0] if record.link == "softplus" else [-1.0, 1.0]
            return raw, torch.as_tensor(rng.choice(signs, size=targets) * rng.uniform(0.5, 3, size=targets))
        return raw, torch.as_tensor(rng.integers(2, size=targets).astype(float))

    def prior(self, raw: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return uneven shares (1, outputs) of the classes or labels, if the loss asks for them."""
        if not self.loss.record.prior:
            return {}
        share = torch.arange(1, raw.shape[-1] + 1, dtype=raw.dtype)
        share = share / (share.sum() if self.loss.task == "multiclass" else raw.shape[-1] + 2)
        return {"prior": share[None]}

    def value(self, raw: torch.Tensor, target: torch.Tensor, **prior: torch.Tensor) -> torch.Tensor:
        """Return the loss of every sample (..., batch), or of every batch (...).

        Args:
            raw: (..., batch, outputs).
            target: (..., batch) or (..., batch, targets).
            **prior: (1, outputs) shares to use instead of those of `prior`.
        """
        if not self.alone:
            return self._called(raw, target, prior or self.prior(raw))
        raw, target = self._in_company(raw.unsqueeze(-2), target.unsqueeze(raw.dim() - 1))
        value = self._called(raw, target, prior or self.prior(raw))
        return value if self.loss.record.whole_batch else value[..., 0]

    def _called(self, raw: torch.Tensor, target: torch.Tensor, prior: dict[str, torch.Tensor]) -> torch.Tensor:
        """Call the loss on raw (..., batch, outputs); one of the user's own always gets what has a gradient."""
        if self.precision != torch.float64:
            raw = raw.to(self.precision)
            target = target.to(self.precision) if target.is_floating_point() else target
        if not self.loss.record.code:
            return self.loss.per_sample(raw, target, **prior)
        leaf = raw if raw.requires_grad else raw.clone().requires_grad_()  # it may differentiate by itself
        value = self._timed(leaf, target, prior)
        return value if raw.requires_grad else value.detach()

    def _timed(self, raw: torch.Tensor, target: torch.Tensor, prior: dict[str, torch.Tensor]) -> torch.Tensor:
        """Call the loss, and give up when time is up: each of models that are evaluated one by one is a call."""
        lead = raw.shape[:-2]
        if not (self.one_by_one and lead):
            self._look_at_the_clock()
            return self.loss.per_sample(raw, target, **prior)
        models = (each.flatten(0, len(lead) - 1).split(1) for each in (raw, target))
        values = []
        for some in zip(*models, strict=True):
            self._look_at_the_clock()
            values.append(self.loss.per_sample(*some, **prior))
        together: torch.Tensor = torch.cat(values).unflatten(0, lead)
        return together

    def _look_at_the_clock(self) -> None:
        if time.monotonic() > self.until:
            raise TimeIsUp

    def _in_company(self, raw: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the batches (..., 1, outputs) with the fixed rows added to each."""
        if not self.beside:
            return raw, target
        more, its = self.draw(self.beside, seed=1)
        lead = raw.shape[:-2]
        return (
            torch.cat([raw, more.to(raw.dtype).expand(*lead, *more.shape)], dim=len(lead)),
            torch.cat([target, its.to(target.dtype).expand(*lead, *its.shape)], dim=len(lead)),
        )

    def __str__(self) -> str:
        return f"{self.loss.task}-{self.loss.label}"


def gradient(case: Case, raw: torch.Tensor, target: torch.Tensor, **prior: torch.Tensor) -> torch.Tensor:
    """Return the gradient of every sample's (or batch's) loss in its raw outputs (..., batch, outputs)."""
    return value_and_gradient(case, raw, target, **prior)[1]


def value_and_gradient(
    case: Case, raw: torch.Tensor, target: torch.Tensor, **prior: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of every sample (..., batch), or of every batch (...), and its gradient, as `raw`."""
    leaf = raw.clone().requires_grad_()
    value = case.value(leaf, target, **prior)
    with failing(in_gradient):
        (slope,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach(), slope


def in_its_precision(case: Case) -> Case:
    """Return the case in single precision where the loss takes no double, or rounds what it is given."""
    single = replace(case, precision=torch.float32)
    raw, target = case.draw(COMPANY)
    try:
        value, slope = value_and_gradient(case, raw, target)
    except (LossFailed, RuntimeError, IndexError):
        return single if _works(single) else case
    step = 1e-9 * raw.abs().mean() * slope.sign()
    off = (case.value(raw + step, target) - value).sum() - (slope * step).sum()
    return single if bool(off.abs() > 0.05 * (slope * step).sum()) else case


def _works(case: Case) -> bool:
    """Say whether the loss takes the precision of a case."""
    try:
        value_and_gradient(case, *case.draw(COMPANY))
    except (LossFailed, RuntimeError, IndexError):
        return False
    return True


def lone(case: Case) -> Case:
    """Return a case whose samples are batches by themselves; with fixed rows if a single row says too little."""
    single = replace(case, alone=True)
    among = replace(single, beside=COMPANY)
    raw, target = case.draw(3)
    try:
        with warnings.catch_warnings(action="ignore"):  # about too few rows; the loss then gets more
            value, slope = value_and_gradient(single, raw, target)
            beside = gradient(among, raw, target)
    except (LossFailed, RuntimeError, IndexError):  # what a loss raises on a single row
        return among
    finite = bool(value.isfinite().all() and slope.isfinite().all())
    # A correlation, or a cosine over the batch, is a mere sign of one row: flat, and a jump at zero.
    return single if finite and bool(slope.norm() >= NOTHING * beside.norm()) else among
