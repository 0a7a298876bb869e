"""The losses of a pack: the only place that depends on which loss a model has."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch

from lossbench.training.fused.batches import Batch, select
from lossbench.training.fused.group import Group, make_group
from lossbench.training.fused.layout import Layout
from lossbench.training.fused.sums import SumGroup, make_sum
from lossbench.training.targets import encoded
from lossbench.training.trial import blamed

Found = TypeVar("Found", torch.Tensor, np.ndarray)


class PerRow:
    """Values of each model's training rows: targets, as its loss encodes them, or weights.

    Args:
        trials: (models,) the trial of each model.
        values: returns those of a trial's rows, (rows, ...).
        key: of a trial; equal keys mean equal values.
    """

    def __init__(
        self,
        layout: Layout,
        trials: np.ndarray,
        values: Callable[[int], np.ndarray],
        key: Callable[[int], Hashable],
    ) -> None:
        keys = [key(index) for index in trials]
        versions = dict(zip(keys, trials, strict=True))
        numbers = {key: number for number, key in enumerate(versions)}
        tables = np.concatenate([values(index) for index in versions.values()])
        rows, self.shape = len(tables) // len(versions), tables.shape[1:]
        tables = tables.ravel() if self.shape == (1,) else tables  # numbers are selected faster than rows of one
        self.values = (layout.indices if tables.dtype == np.int64 else layout.numbers)(tables)
        self.shift = layout.indices(np.array([numbers[key] * rows for key in keys]))[:, None]

    def take(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the values of the rows (models, columns): (models, columns), or (models, columns, targets)."""
        return select(self.values, rows + self.shift).view(*rows.shape, *self.shape)


def targets_of(layout: Layout, trials: np.ndarray) -> PerRow:
    """Return the targets of each model, as its loss encodes them."""
    pack = layout.pack

    def key(index: int) -> Hashable:
        return id(pack.training[index].target), pack.losses[index].record.natural_zero

    return PerRow(layout, trials, partial(encoded, pack), key)


def weights_of(layout: Layout, trials: np.ndarray) -> PerRow | None:
    """Return the weights of each model's training rows; None where all rows count alike."""
    parts = layout.pack.training
    if parts[0].weights is None:
        return None
    return PerRow(layout, trials, lambda index: np.asarray(parts[index].weights), lambda index: id(parts[index]))


class Criteria:
    """All losses of a pack, each evaluated once a step for all of its models."""

    def __init__(self, layout: Layout) -> None:
        pack = layout.pack
        self.dataset = pack.dataset.name
        records = [pack.losses[index].record for index in layout.slots]
        members = [np.flatnonzero([other is record for other in records]) for record in dict.fromkeys(records)]
        self.groups = [self.group_of(layout, layout.slots[slots]) for slots in members]
        self.members, self.parts = members, pack.parts
        self.sizes = [len(slots) for slots in members]
        self.in_images, self.pixels = pack.dataset.in_images, pack.dataset.pixels
        order = np.concatenate(members)  # the models, loss by loss
        self.sorted = bool((order == np.arange(len(order))).all())
        self.order, self.back = layout.indices(order), layout.indices(np.argsort(order))
        self.blocks = layout.indices(order // layout.size)
        self.targets = targets_of(layout, layout.slots[order])
        self.weights = weights_of(layout, layout.slots[order])

    @staticmethod
    def group_of(layout: Layout, trials: np.ndarray) -> Group | SumGroup:
        """Group trials (models,) whose losses share a record."""
        summed = layout.pack.losses[trials[0]].record.parts
        return make_sum(layout, trials) if summed else make_group(layout, trials)

    @property
    def fixed(self) -> bool:
        """Whether a step is always the same operations: no user's loss, and no sum with recorded slopes."""
        return not any(group.record.code or group.record.parts for group in self.groups)

    def norms(self) -> np.ndarray:
        """Return the mean norms of slopes since the last call, (models, parts); see `SumGroup`."""
        found = np.full((len(self.order), self.parts), np.nan)
        for group, members in zip(self.groups, self.members, strict=True):
            if isinstance(group, SumGroup) and self.parts:
                found[members, : len(group.groups)] = group.norms()
        return found

    def gradient(self, raw: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the gradient of the mean loss of the batch with respect to raw (models, outputs, columns)."""
        slopes = [self.of_rows(slope).transpose(1, 2) for slope in self.of_groups(gradient_of, raw, batch)]
        delta = torch.cat(slopes)
        delta = (delta if self.sorted else delta.index_select(0, self.back)).div_(batch.count // self.pixels)
        # Assigned, not multiplied by zero: in a diverged model zero times NaN is NaN.
        delta[:, :, batch.count :].fill_(0)
        return delta

    def of_rows(self, slope: torch.Tensor) -> torch.Tensor:
        """Return slopes of samples as slopes of rows, (models, columns, outputs): images become pixels."""
        return slope if self.pixels == 1 else slope.reshape(len(slope), -1, 1)

    def value(self, raw: torch.Tensor, batch: Batch) -> np.ndarray:
        """Return the loss of each model, (models,) float64, summed over rows; an image counts once per pixel."""
        values = np.concatenate(list(self.of_groups(value_of, raw, batch))) * self.pixels
        return np.asarray(values[self.back.cpu().numpy()])

    def of_groups(self, what: Callable[..., Found], raw: torch.Tensor, batch: Batch) -> Iterator[Found]:
        """Yield value or gradient of each group, in group order; a failure names the losses of the group."""
        ordered = raw if self.sorted else raw.index_select(0, self.order)
        parts = ordered.transpose(1, 2).split(self.sizes)
        rows = batch.rows.index_select(0, self.blocks)
        targets = self.targets.take(rows).split(self.sizes)
        weights = [None] * len(targets) if self.weights is None else self.weights.take(rows).split(self.sizes)
        for group, part, target, weight in zip(self.groups, parts, targets, weights, strict=True):
            users, count = bool(group.record.code), batch.count // self.pixels
            with blamed(group.specs, self.dataset, batch.epoch) if users else nullcontext():
                found = what(group, self.in_images(part), self.in_images(target), count, weight)
            yield found


def gradient_of(group: Group | SumGroup, *given: Any) -> torch.Tensor:
    """Return the gradient of a group, see `Group.gradient`."""
    return group.gradient(*given)


def value_of(group: Group | SumGroup, *given: Any) -> np.ndarray:
    """Return the value of a group, see `Group.value`."""
    return group.value(*given)
