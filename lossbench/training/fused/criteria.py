"""The losses of a pack: the only place that looks at which loss a model has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from lossbench.losses.record import LossRecord
from lossbench.training.fused.batches import Batch, select
from lossbench.training.fused.layout import Layout
from lossbench.training.trial import blamed

Derivative = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

Found = TypeVar("Found", torch.Tensor, np.ndarray)


@dataclass(frozen=True)
class Group:
    """The models that train under one loss, each with its own values of the loss's parameters.

    Args:
        record: the loss.
        specs: the distinct specs of the loss, as the user wrote them.
        parameters: (models, 1, 1) the values of each parameter; (models, 1, outputs) the shares of the classes.
        offset: (models, 1, outputs) added to the raw outputs before the loss sees them; None for zero.
    """

    record: LossRecord
    specs: tuple[str, ...]
    parameters: Mapping[str, torch.Tensor]
    offset: torch.Tensor | None

    def gradient(self, raw: torch.Tensor, target: torch.Tensor, count: int) -> torch.Tensor:
        """Return the gradient of the loss, summed over samples, with respect to raw (models, columns, outputs).

        The target is (models, columns, ...); columns from `count` on are padding.
        """
        seen = raw if self.offset is None else raw + self.offset
        if self.record.slope is not None:
            return self.of_padded(self.stated, seen, target, count)
        with torch.inference_mode(False):  # autograd refuses tensors made in inference mode
            return self.of_padded(self.by_autograd, seen.clone(), target.clone(), count)

    def value(self, raw: torch.Tensor, target: torch.Tensor, count: int) -> np.ndarray:
        """Return the loss summed over samples, (models,) float64; see `gradient` for the arguments."""
        seen = raw if self.offset is None else raw + self.offset
        # As in training: with a gradient to be had, which a user's loss may ask for.
        seen, target = seen.clone().requires_grad_(), target.clone()
        if self.record.whole_batch:
            each = self.record.fn(seen[:, :count], target[:, :count], **self.parameters)
            return np.asarray(float64(each) * count)
        return np.asarray(float64(self.record.fn(seen, target, **self.parameters)[:, :count]).sum(axis=1))

    def by_autograd(self, seen: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the derivative of the sum of all losses, (models, columns, outputs) as `seen`."""
        leaf = seen.detach().requires_grad_()
        losses = self.record.fn(leaf, target, **self.parameters)
        return torch.autograd.grad(losses, leaf, torch.ones_like(losses))[0]

    def stated(self, seen: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the derivative by the formula of the record, (models, columns, outputs) as `seen`."""
        assert self.record.slope is not None  # so it was asked
        return self.record.slope(seen, target, **self.parameters)

    def of_padded(
        self, derivative: Derivative, seen: torch.Tensor, target: torch.Tensor, count: int
    ) -> torch.Tensor:
        """Return the derivative of the sum over samples, (models, columns, outputs).

        A whole-batch loss must not see the padding; its derivative is taken as if it were a sum.
        """
        if not self.record.whole_batch:
            return derivative(seen, target)
        slope = torch.zeros_like(seen)
        slope[:, :count] = derivative(seen[:, :count], target[:, :count]) * count
        return slope


class Targets:
    """The targets of each model, as its loss encodes them.

    Args:
        layout: of the pack.
        trials: (models,) the trial of each model.
    """

    def __init__(self, layout: Layout, trials: np.ndarray) -> None:
        pack = layout.pack
        keys = [(id(pack.training[index].target), pack.losses[index].record.natural_zero) for index in trials]
        versions = dict(zip(keys, trials, strict=True))
        numbers = {key: number for number, key in enumerate(versions)}
        tables = np.concatenate([pack.encoded(index) for index in versions.values()])
        rows, self.shape = len(tables) // len(versions), tables.shape[1:]
        tables = tables.ravel() if self.shape == (1,) else tables  # numbers are selected faster than rows of one
        self.values = (layout.indices if tables.dtype == np.int64 else layout.numbers)(tables)
        self.shift = layout.indices(np.array([numbers[key] * rows for key in keys]))[:, None]

    def take(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the targets of the rows (models, columns): (models, columns), or (models, columns, targets)."""
        return select(self.values, rows + self.shift).view(*rows.shape, *self.shape)


class Criteria:
    """All losses of a pack, each evaluated once a step for all of its models."""

    def __init__(self, layout: Layout) -> None:
        pack = layout.pack
        self.dataset = pack.dataset.name
        records = [pack.losses[index].record for index in layout.slots]
        members = [np.flatnonzero([other is record for other in records]) for record in dict.fromkeys(records)]
        self.groups = [make_group(layout, layout.slots[slots]) for slots in members]
        self.sizes = [len(slots) for slots in members]
        order = np.concatenate(members)  # the models, loss by loss
        self.sorted = bool((order == np.arange(len(order))).all())
        self.order, self.back = layout.indices(order), layout.indices(np.argsort(order))
        self.blocks = layout.indices(order // layout.size)
        self.targets = Targets(layout, layout.slots[order])

    @property
    def built_in(self) -> bool:
        """Whether no loss is a user's, whose code may do anything."""
        return not any(group.record.code for group in self.groups)

    def gradient(self, raw: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the gradient of the mean loss of the batch with respect to raw (models, outputs, columns)."""
        slopes = [slope.transpose(1, 2) for slope in self.of_groups(Group.gradient, raw, batch)]
        delta = torch.cat(slopes)
        delta = (delta if self.sorted else delta.index_select(0, self.back)).div_(batch.count)
        # Assigned, not multiplied by zero: in a model that diverged zero times NaN is NaN.
        delta[:, :, batch.count :].fill_(0)
        return delta

    def value(self, raw: torch.Tensor, batch: Batch) -> np.ndarray:
        """Return the loss of each model, (models,) float64, summed over the batch."""
        values = np.concatenate(list(self.of_groups(Group.value, raw, batch)))
        return np.asarray(values[self.back.cpu().numpy()])

    def of_groups(self, what: Callable[..., Found], raw: torch.Tensor, batch: Batch) -> Iterator[Found]:
        """Yield value or gradient of each group, its models first; a failure names the losses of the group."""
        ordered = raw if self.sorted else raw.index_select(0, self.order)
        parts = ordered.transpose(1, 2).split(self.sizes)
        targets = self.targets.take(batch.rows.index_select(0, self.blocks)).split(self.sizes)
        for group, part, target in zip(self.groups, parts, targets, strict=True):
            users = bool(group.record.code)
            with blamed(group.specs, self.dataset, batch.epoch) if users else nullcontext():
                found = what(group, part, target, batch.count)
            yield found


def float64(values: torch.Tensor) -> np.ndarray:
    """Return values of a loss in double precision, in which they are summed."""
    return np.ascontiguousarray(values.detach().cpu().numpy(), dtype=np.float64)


def make_group(layout: Layout, trials: np.ndarray) -> Group:
    """Group trials (models,) whose losses share a record.

    Parameters are tensors even where all models have the same value: torch rounds a plain number differently, so a
    trial's last bits would depend on its neighbours.
    """
    pack = layout.pack
    losses = [pack.losses[index] for index in trials]
    parameters = {
        name: layout.numbers(np.array([loss.parameters[name] for loss in losses]))[:, None, None]
        for name in losses[0].parameters
    }
    priors = [pack.prior(index) for index in trials]
    for name in priors[0]:
        parameters[name] = layout.numbers(np.stack([prior[name] for prior in priors]))
    specs = tuple(dict.fromkeys(loss.spec for loss in losses))
    offsets = np.stack([pack.offset(index) for index in trials])[:, None]
    return Group(losses[0].record, specs, parameters, layout.numbers(offsets) if offsets.any() else None)
