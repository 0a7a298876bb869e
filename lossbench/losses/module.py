"""A loss as a `torch.nn.Module` with mean reduction, for your own training loop.

This file imports torch, so only `Loss.module` imports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from lossbench.errors import BadValue
from lossbench.losses.record import LossRecord


class Checked(Protocol):
    """The part of `lossbench.losses.Loss` that a module uses."""

    @property
    def record(self) -> LossRecord:
        """The record of the loss."""

    @property
    def label(self) -> str:
        """The name with every parameter."""

    def __call__(self, raw: torch.Tensor, target: torch.Tensor, prior: torch.Tensor | None = None) -> torch.Tensor:
        """Return the loss of each row, checked."""


class MeanLoss(torch.nn.Module):
    """The mean of a loss over the rows of a batch.

    It has nothing to train and nothing to save: its `state_dict` is empty.

    Args:
        prior: the share of each class or label in the training rows, see `Loss.module`.

    Example:
        >>> from lossbench.losses import get_loss
        >>> criterion = get_loss("huber:delta=1.2", "regression").module()
        >>> criterion
        MeanLoss(huber:delta=1.2, task=regression)
        >>> criterion(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 3.0]))
        tensor(0.2500)
    """

    prior: torch.Tensor | None

    def __init__(self, loss: Checked, prior: Sequence[float] | torch.Tensor | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.register_buffer("prior", _shares(loss, prior), persistent=False)

    def forward(self, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of a batch, ().

        Args:
            raw: (batch, outputs) as they leave the network; (batch,) where there is one output; of masks
                (batch, 1, height, width) or (batch, pixels).
            target: see `Loss.module`.

        Raises:
            BadValue: a shape, a dtype or a class that does not match. Nothing is ever broadcast.
        """
        if self.loss.record.task == "segmentation":
            raw, target = raw.flatten(1), target.flatten(1)
        raw = raw.unsqueeze(-1) if raw.dim() == 1 else raw
        prior = None if self.prior is None else self.prior.to(raw)
        if prior is not None and len(prior) != raw.shape[-1]:
            raise BadValue(f"{self}: prior has {len(prior)} shares, but raw has {raw.shape[-1]} outputs")
        return self.loss(raw, _as_wanted(self.loss.record, raw, target), prior).mean()

    def extra_repr(self) -> str:
        """Return the loss with its parameters, and its task."""
        return f"{self.loss.label}, task={self.loss.record.task}"


def _as_wanted(record: LossRecord, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return targets of 0 and 1 as class indices, where a binary loss has an output for each of both classes."""
    if record.task != "binary" or record.encoding != "index":
        return target
    target = target.squeeze(-1) if target.shape == (*raw.shape[:-1], 1) else target
    whole = target.long()
    return whole if bool((whole == target).all()) else target


def _shares(loss: Checked, prior: Sequence[float] | torch.Tensor | None) -> torch.Tensor | None:
    """Return the shares of the classes, (outputs,); None for a loss that does not depend on them.

    Raises:
        BadValue: shares that are missing, not wanted, or invalid.
    """
    if prior is None and loss.record.prior:
        raise BadValue(
            f"loss '{loss.record.name}' depends on the share of each class in the training rows; give them: "
            ".module(prior=[0.9, 0.1])"
        )
    if prior is None:
        return None
    if not loss.record.prior:
        raise BadValue(f"loss '{loss.record.name}' does not depend on the shares of the classes; leave prior out")
    shares = torch.as_tensor(prior, dtype=torch.float64).flatten()
    if not bool(((shares > 0) & (shares < 1)).all()):
        raise BadValue(f"prior={shares.tolist()} are no shares of classes; give numbers between 0 and 1")
    return shares
