"""The losses that are not compiled: torch evaluates them between a compiled forward and a compiled backward step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from lossbench.training.fused.batches import Batch, Batches
from lossbench.training.fused.criteria import Criteria
from lossbench.training.fused.fit import Fit
from lossbench.training.fused.layout import Layout, padded
from lossbench.training.native.memory import address, zeros

if TYPE_CHECKING:
    from lossbench.training.native.crew import Crew


class ByTorch:
    """Some models of a crew, a step of all at a time.

    Args:
        crew: the models of the pack.
        indices: (models,) the numbers of those whose loss is not compiled.
    """

    def __init__(self, crew: Crew, indices: np.ndarray) -> None:
        self.crew, self.indices = crew, indices
        layout = Layout.one_by_one(crew.pack, indices, getattr(torch, crew.dtype.name))
        self.batches, self.criteria = Batches(layout), Criteria(layout)
        self.fit = Fit(layout, self.batches, self.criteria)
        self.models = crew.models[indices]
        self.raw = zeros((len(indices), crew.pack.outputs, padded(crew.pack.batch_size)), crew.dtype)
        self.work = zeros((len(indices), crew.measures.room), np.dtype(np.uint8))

    def epoch(self, epoch: int) -> None:
        """Take the steps of an epoch."""
        with torch.inference_mode():  # cheaper, and nothing here needs autograd
            for step, batch in enumerate(self.batches.epoch(epoch)):
                self.step(batch, epoch * self.batches.orders.shape[2] + step * self.crew.pack.batch_size)

    def step(self, batch: Batch, at: int) -> None:
        """Take one step, of a batch that begins at a place in the order of the rows."""
        calls, plan, columns = self.crew.calls, address(self.crew.plan), self.raw.shape[2]
        models, work = (address(self.models), len(self.models)), (address(self.work), self.crew.measures.room)
        calls.ahead(plan, *models, at, batch.count, columns, address(self.raw), *work)
        slopes = self.criteria.gradient(torch.from_numpy(self.raw), batch).contiguous()
        calls.back(plan, *models, batch.count, columns, slopes.data_ptr(), *work)

    def loss(self, raw: np.ndarray) -> np.ndarray:
        """Return the mean loss of each model, (models,), from finite raw outputs (models, training rows, outputs)."""
        return self.fit.loss(torch.from_numpy(raw).transpose(1, 2))
