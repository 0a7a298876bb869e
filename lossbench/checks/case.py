"""The subject of a check: a loss, and random inputs for it."""

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

FIXED_ROWS = 7  # fixed rows that are added to a batch of a single row

NEGLIGIBLE = 1e-6
"""A gradient smaller than this share of another one counts as zero."""


class TimeIsUp(Exception):
    """A check took too long and was stopped."""


@dataclass(frozen=True)
class Case:
    """A loss with a number of targets, and inputs drawn for it.

    Args:
        loss: the loss.
        targets: number of targets, classes or labels.
        alone: True to make every sample a batch by itself, so that a whole-batch loss has a value for each sample.
        beside: where `alone`, the number of fixed rows that are added to each such batch, for a loss that needs
            more than one row.
        precision: the precision in which the loss computes; inputs are rounded to it, but never below single
            precision, in which a loss is trained.
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
        """Whether all parameters have their defaults, for which a record declares its facts."""
        return all(self.loss.parameters[p.name] == p.default for p in self.loss.record.parameters)

    @property
    def rounding(self) -> float:
        """A generous bound on the rounding error of a number near one: 4e-10 in double precision."""
        return float(torch.finfo(self.precision).eps ** 0.6)

    @property
    def one_by_one(self) -> bool:
        """Whether the loss is called once per model, so that many models take long."""
        return any(note.topic is Topic.MODEL_BY_MODEL for note in self.loss.record.notes)

    def draw(
        self, *shape: int, seed: int = 0, scale: float = 2.0, outputs: int | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return raw outputs and targets at random, in float64.

        Args:
            *shape: leading dimensions and the batch.
            seed: the seed of the random numbers.
            scale: standard deviation of the raw outputs.
            outputs: number of raw outputs; None for that of the case.

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
        raw, target = self._with_fixed_rows(raw.unsqueeze(-2), target.unsqueeze(raw.dim() - 1))
        value = self._called(raw, target, prior or self.prior(raw))
        return value if self.loss.record.whole_batch else value[..., 0]

    def _called(self, raw: torch.Tensor, target: torch.Tensor, prior: dict[str, torch.Tensor]) -> torch.Tensor:
        """Call the loss on raw (..., batch, outputs); a custom loss always gets a tensor with a gradient."""
        if self.precision != torch.float64:
            raw, target = raw.float(), target.float() if target.is_floating_point() else target
        if not self.loss.record.code:
            return self.loss.per_sample(raw, target, **prior)
        leaf = raw if raw.requires_grad else raw.clone().requires_grad_()  # the loss may call autograd itself
        value = self._timed(leaf, target, prior)
        return value if raw.requires_grad else value.detach()

    def _timed(self, raw: torch.Tensor, target: torch.Tensor, prior: dict[str, torch.Tensor]) -> torch.Tensor:
        """Call the loss, once per model where it must be; look at the clock before every call."""
        lead = raw.shape[:-2]
        if not (self.one_by_one and lead):
            self._check_time()
            return self.loss.per_sample(raw, target, **prior)
        models = (each.flatten(0, len(lead) - 1).split(1) for each in (raw, target))
        values = []
        for some in zip(*models, strict=True):
            self._check_time()
            values.append(self.loss.per_sample(*some, **prior))
        together: torch.Tensor = torch.cat(values).unflatten(0, lead)
        return together

    def _check_time(self) -> None:
        if time.monotonic() > self.until:
            raise TimeIsUp

    def _with_fixed_rows(self, raw: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Add the fixed rows to each batch (..., 1, outputs)."""
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
    """Return the case in the precision of the loss: single if it accepts no double, or rounds; half likewise."""
    found = _in_single_or_double(case)
    coarse = found.precision != torch.float64 and _is_coarse(found)
    return replace(found, precision=torch.bfloat16) if coarse else found


PIECES, STRETCH = 64, 0.03
"""The pieces of a short line, and its length in units of common raw outputs: some roundings in half precision."""

UNEVEN = 0.05
"""Rises on neighbouring pieces that differ by more than this share of a usual one have a step between them."""


def _is_coarse(case: Case) -> bool:
    """Say whether a loss computes in half precision (bfloat16, float16): its values are such, or rise in steps.

    Of a gradient that is cut off from the value, the value is smooth; a jump or two, as of a rounded prediction,
    are no precision.
    """
    raw, target = case.draw(FIXED_ROWS)
    try:
        slope = value_and_gradient(case, raw, target)[1]
        step = STRETCH / PIECES * raw.abs().mean() * slope.sign()
        values = torch.stack([case.value(raw + place * step, target) for place in range(PIECES + 1)])
    except (LossFailed, RuntimeError, IndexError):
        return False
    if any(torch.equal(values, values.to(kind).to(values.dtype)) for kind in (torch.bfloat16, torch.float16)):
        return True
    rises = values.double().reshape(len(values), -1).sum(-1).diff()
    return int((rises.diff().abs() > UNEVEN * rises.abs().mean()).sum()) > PIECES // 8


def _in_single_or_double(case: Case) -> Case:
    """Return the case in single precision if the loss accepts no double, or rounds its inputs."""
    single = replace(case, precision=torch.float32)
    raw, target = case.draw(FIXED_ROWS)
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
        value_and_gradient(case, *case.draw(FIXED_ROWS))
    except (LossFailed, RuntimeError, IndexError):
        return False
    return True


def row_by_row(case: Case) -> Case:
    """Return a case in which every sample is a batch by itself, with fixed rows if the loss needs them."""
    single = replace(case, alone=True)
    among = replace(single, beside=FIXED_ROWS)
    raw, target = case.draw(3)
    try:
        with warnings.catch_warnings(action="ignore"):  # warnings about too few rows; the loss then gets more
            value, slope = value_and_gradient(single, raw, target)
            beside = gradient(among, raw, target)
    except (LossFailed, RuntimeError, IndexError):  # raised on a single row
        return among
    finite = bool(value.isfinite().all() and slope.isfinite().all())
    # A correlation, or a cosine over the batch, of a single row is only a sign: flat, with a jump at zero.
    return single if finite and bool(slope.norm() >= NEGLIGIBLE * beside.norm()) else among
