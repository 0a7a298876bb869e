"""Losses that are not compiled: torch evaluates them between the two halves of a compiled step."""

from __future__ import annotations

import numpy as np
import torch

from lossbench.training.fused.batches import Batch, Batches
from lossbench.training.fused.criteria import Criteria
from lossbench.training.fused.fit import Fit
from lossbench.training.fused.layout import Layout, padded
from lossbench.training.native.memory import zeros
from lossbench.training.native.models import moving
from lossbench.training.native.step import Step
from lossbench.training.pack import Pack


class ByTorch:
    """Some models of a pack, which take each step together.

    Args:
        indices: (models,) the trial of each model.
        step: the compiled step.
        records: (models,) of these models.
    """

    def __init__(self, pack: Pack, indices: np.ndarray, step: Step, records: np.ndarray) -> None:
        self.pack, self.halves, self.records = pack, step, records
        layout = Layout.one_by_one(pack, indices, getattr(torch, step.dtype.name))
        self.batches, self.criteria = Batches(layout), Criteria(layout)
        self.fit = Fit(layout, self.batches, self.criteria)
        self.raw = zeros((len(indices), pack.outputs, padded(pack.batch_size)), step.dtype)

    def epoch(self, epoch: int, going: np.ndarray) -> None:
        """Take the steps of an epoch with the models that are still training, a mask (models,)."""
        at = epoch * len(self.pack.training[0].features)
        with torch.inference_mode():  # cheaper, and nothing here needs autograd
            for batch in self.batches.epoch(epoch):
                self.step(batch, at, going)
                at += batch.count

    def step(self, batch: Batch, at: int, going: np.ndarray) -> None:
        """Take one step, on a batch that begins at a place in the order of the rows.

        The losses of all models are evaluated, since their bits might depend on the number of models.
        """
        self.halves.ahead(self.records, at, batch.count, self.raw)
        slopes = self.criteria.gradient(torch.from_numpy(self.raw), batch).contiguous().numpy()
        with moving(self.records, going) as records:
            self.halves.back(records, at, batch.count, slopes if going.all() else slopes[going])

    def loss(self, raw: np.ndarray) -> np.ndarray:
        """Return the mean loss of each model, (models,), from finite raw outputs on all training rows."""
        with torch.inference_mode():
            return self.fit.loss(torch.from_numpy(raw).transpose(1, 2))
