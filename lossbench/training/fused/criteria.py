"""The losses of a pack: the only place that looks at which loss a model has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from lossbench.losses.loss import Loss
from lossbench.training.fused.batches import Batch
from lossbench.training.fused.layout import SLOTS, Layout
from lossbench.training.pack import Pack


class Targets:
    """Training targets of the models of one loss.

    Args:
        versions: the distinct targets, (rows,) or (rows, outputs) each.
        which: (models,) the version that each model sees.
    """

    def __init__(self, versions: list[torch.Tensor], which: np.ndarray) -> None:
        self.values = torch.cat(versions)
        self.shift = torch.as_tensor(which)[:, None] * len(versions[0])

    def take(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the targets of the rows (models, columns)."""
        taken = self.values.index_select(0, (rows + self.shift).ravel())
        return taken.view(*rows.shape, *self.values.shape[1:])


@dataclass(frozen=True)
class Group:
    """The models that train under one loss.

    Args:
        loss: their loss.
        members: (models,) their slots.
        blocks: (models,) the blocks they sit in.
        targets: what they are trained on.
        offset: (models, 1, outputs) added to the raw outputs before the loss sees them, or None for nothing.
    """

    loss: Loss
    members: torch.Tensor
    blocks: torch.Tensor
    targets: Targets
    offset: torch.Tensor | None

    def gradient(self, raw: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the gradient of each sample's loss with respect to its raw outputs.

        Args:
            raw: (models, outputs, columns) of all models.
            rows: (blocks, columns) the rows of the batch.

        Returns:
            (models of the group, outputs, columns)
        """
        leaf = raw.index_select(0, self.members).requires_grad_()
        seen = leaf.transpose(1, 2)
        seen = seen if self.offset is None else seen + self.offset
        target = self.targets.take(rows.index_select(0, self.blocks))
        (gradient,) = torch.autograd.grad(self.loss.per_sample(seen, target).sum(), leaf)
        return gradient


class Criteria:
    """All losses of a pack, evaluated group by group.

    Args:
        pack: the trials.
        layout: which trial sits where.
        dtype: the precision of the targets.
    """

    def __init__(self, pack: Pack, layout: Layout, dtype: torch.dtype) -> None:
        losses = [pack.losses[index] for index in layout.slots]
        self.groups = [
            make_group(pack, layout, np.flatnonzero([other is loss for other in losses]), dtype)
            for loss in dict.fromkeys(losses)
        ]

    def gradient(self, raw: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the gradient of the mean loss of the batch with respect to the raw outputs, of their shape."""
        delta = torch.empty_like(raw)
        for group in self.groups:
            delta.index_copy_(0, group.members, group.gradient(raw, batch.rows))
        delta.div_(batch.count)
        # Assigned, not multiplied by zero: a model that diverged stays where it is, and zero times NaN is NaN.
        delta[:, :, batch.count :] = 0
        return delta


def make_group(pack: Pack, layout: Layout, members: np.ndarray, dtype: torch.dtype) -> Group:
    """Collect the models in the slots `members`, which share a loss."""
    trials = layout.slots[members]
    versions: dict[int, int] = {}
    which = [versions.setdefault(id(pack.training[index].target), int(index)) for index in trials]
    order = {index: position for position, index in enumerate(versions.values())}
    tensors = [torch.as_tensor(pack.encoded(index)) for index in versions.values()]
    tensors = [t.to(dtype) if t.is_floating_point() else t for t in tensors]
    offsets = torch.as_tensor(np.stack([pack.offset(index) for index in trials]), dtype=dtype)[:, None]
    return Group(
        loss=pack.losses[trials[0]],
        members=torch.as_tensor(members),
        blocks=torch.as_tensor(members // SLOTS),
        targets=Targets(tensors, np.array([order[index] for index in which])),
        offset=offsets if offsets.any() else None,
    )
