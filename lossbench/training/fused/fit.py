"""How well each model fits its training rows: the mean of its loss, and its score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from lossbench.training.fused.batches import Batches
from lossbench.training.fused.criteria import Criteria
from lossbench.training.fused.layout import Layout
from lossbench.training.trace import finite, training_scores


class Fit:
    """Evaluates the losses of all models on their own training parts.

    The rows come in the batches of the first epoch. So a loss of whole batches sees the batches of training, and
    no loss sees more rows at once than there.

    Args:
        layout: maps models to trials.
        batches: their training rows.
        criteria: their losses.
    """

    def __init__(self, layout: Layout, batches: Batches, criteria: Criteria) -> None:
        self.layout, self.batches, self.criteria = layout, batches, criteria
        self.block = layout.indices(np.arange(len(layout.slots)) // layout.size)

    def __call__(self, raw: torch.Tensor, shown: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return mean loss and score of each model, (models,) each; NaN where not finite.

        Args:
            raw: (models, outputs, rows) raw outputs on the training rows of each.
            shown: (models, rows, numbers) outputs to score instead of the raw ones; None to score these.
        """
        rows = raw.transpose(1, 2).cpu().numpy()
        sound = finite(rows)
        # A user's loss may refuse outputs that are not finite.
        loss = self.loss(torch.where(self.layout.indices(sound)[:, None, None], raw, 0.0))
        score = training_scores(self.layout.pack, self.layout.slots, rows if shown is None else shown)
        return np.where(sound & np.isfinite(loss), loss, np.nan), np.where(sound, score, np.nan)

    def loss(self, raw: torch.Tensor) -> np.ndarray:
        """Return the mean loss of each model, (models,), from raw outputs (models, outputs, rows)."""
        total, last = np.zeros(len(raw)), self.layout.pack.epochs - 1
        for batch in self.batches.epoch(0):
            columns = batch.rows.index_select(0, self.block)[:, None].expand(-1, raw.shape[1], -1)
            total += self.criteria.value(raw.gather(2, columns), replace(batch, epoch=last))
        return total / raw.shape[2]
