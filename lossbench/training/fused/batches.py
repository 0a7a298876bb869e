"""The training rows of all blocks, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from lossbench.training.fused.layout import Layout, padded


@dataclass(frozen=True)
class Batch:
    """The rows of one step.

    Args:
        rows: (blocks, columns) row numbers in the training part.
        count: how many columns are rows of the batch; the others are padding and repeat the first row.
        epoch: counted from 0.
    """

    rows: torch.Tensor
    count: int
    epoch: int


class Views:
    """Features of several views, with a last column of ones, so that a bias is one more weight.

    Args:
        views: the features (rows, inputs) of each view, all of one shape.
        layout: says which view each block sees.
    """

    def __init__(self, views: list[np.ndarray], layout: Layout) -> None:
        self.rows = len(views[0])
        values = np.pad(np.concatenate(views), ((0, 0), (0, 1)), constant_values=1)
        self.values = layout.numbers(values)
        self.shift = layout.indices(layout.block)[:, None] * self.rows

    def take(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the features (blocks, columns, inputs + 1) of the rows (blocks, columns)."""
        return select(self.values, rows + self.shift)


def select(values: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Return the entries of a table (rows, ...) at the row numbers (n, columns), (n, columns, ...)."""
    return values.index_select(0, rows.ravel()).view(*rows.shape, *values.shape[1:])


class Batches:
    """The training rows in the order of each seed.

    Every batch, even the last of an epoch, has the same number of columns: shapes are static, and the bits of a
    model do not depend on its neighbours.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout, pack, rows = layout, layout.pack, len(layout.pack.training[0].features)
        self.orders = np.stack([pack.orders[pack.trials[index].seed] for index in layout.views])
        starts = np.arange(0, rows, pack.batch_size)[:, None]
        self.counts = np.minimum(pack.batch_size, rows - starts)
        columns = np.arange(padded(pack.batch_size))
        self.places = starts + np.where(columns < self.counts, columns, 0)  # (steps, columns) in the order

    @cached_property
    def table(self) -> Views:
        """The features of each view."""
        return Views([self.layout.pack.training[index].features for index in self.layout.views], self.layout)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        rows = self.layout.indices(self.orders[self.layout.block, epoch][:, self.places])
        for step, count in enumerate(self.counts.ravel().tolist()):
            yield Batch(rows[:, step], count, epoch)

    def features(self, batch: Batch) -> torch.Tensor:
        """Return the features of a batch, (blocks, columns, inputs + 1)."""
        return self.table.take(batch.rows)
