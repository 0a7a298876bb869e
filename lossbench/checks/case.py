"""What a check looks at: a loss, and a way to draw inputs for it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import torch

from lossbench.errors import LossFailed
from lossbench.losses import Loss

COMPANY = 7  # rows

NOTHING = 1e-6
"""The share of the gradient in company below which a row alone is said to have none."""


@dataclass(frozen=True)
class Case:
    """A loss with a number of targets, and inputs drawn for it.

    Args:
        loss: the loss.
        targets: number of targets, classes or labels.
        alone: True to make every sample a batch by itself, so that a loss of whole batches has a value for each.
        beside: where `alone`, number of rows, always the same, that stand in the batch beside the sample: a loss
            may need more rows than one.
    """

    loss: Loss
    targets: int
    alone: bool = False
    beside: int = 0

    @property
    def outputs(self) -> int:
        """The number of raw outputs."""
        return self.loss.record.width(self.targets)

    @property
    def is_default(self) -> bool:
        """Whether the parameters are those for which a record declares what depends on them."""
        return all(self.loss.parameters[p.name] == p.default for p in self.loss.record.parameters)

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
        if record.task == "regression":
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
            return self.loss.per_sample(raw, target, **(prior or self.prior(raw)))
        raw, target = self._in_company(raw.unsqueeze(-2), target.unsqueeze(raw.dim() - 1))
        value = self.loss.per_sample(raw, target, **(prior or self.prior(raw)))
        return value if self.loss.record.whole_batch else value[..., 0]

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
    (slope,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach(), slope


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
