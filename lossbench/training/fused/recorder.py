"""What is recorded of a training: the validation curve; test outputs and fit at the last and the best epoch."""

from __future__ import annotations

import numpy as np
import torch

from lossbench.data.fold import Part
from lossbench.training.fused.batches import Table
from lossbench.training.fused.fit import Fit
from lossbench.training.fused.layout import LANES, Layout, padded
from lossbench.training.fused.network import Network
from lossbench.training.trace import Trace, Validator, finite


class Recorder:
    """Scores all models after each epoch and remembers the best parameters of each.

    Args:
        network: the models.
        layout: says which trial each of them is.
        fit: says how well they fit their training rows.
    """

    def __init__(self, network: Network, layout: Layout, fit: Fit) -> None:
        self.network, self.layout, self.fit, pack = network, layout, fit, layout.pack
        folds = [pack.folds[pack.trials[index].seed] for index in layout.views]
        self.validation = self.evaluation([fold.validation for fold in folds])
        self.test = self.evaluation([fold.test for fold in folds])
        self.validator = Validator(pack, layout.slots.tolist())
        models = len(layout.slots)
        self.curve = np.full((models, pack.epochs), np.nan)
        self.diverged = np.zeros(models, dtype=int)
        self.best_score = np.full(models, -np.inf)  # the greater the better, whatever the score
        self.best_theta = network.theta.clone()

    def evaluation(self, parts: list[Part]) -> Table:
        """Return the features of one clean part of each view."""
        return Table([part.features for part in parts], self.layout)

    def raw_outputs(self, table: Table) -> np.ndarray:
        """Return the raw outputs of every model, (models, rows, outputs)."""
        return self.outputs(table).transpose(1, 2).cpu().numpy()

    def outputs(self, table: Table) -> torch.Tensor:
        """Return the raw outputs of every model where they were computed, (models, outputs, rows)."""
        each = np.minimum(np.arange(padded(table.rows)), table.rows - 1)
        columns = self.layout.indices(each).expand(len(table.shift), -1)
        # Few rows at a time, so that their hidden values stay in the cache.
        chunks = [self.network.forward(table.take(rows)) for rows in columns.split(LANES, dim=1)]
        return torch.cat(chunks, dim=2)[:, :, : table.rows]

    def record(self, epoch: int) -> None:
        """Score all models on the validation part; keep the parameters of those with a new best score."""
        raw = self.raw_outputs(self.validation)
        score = self.validator(raw)
        self.diverged[~finite(raw) & (self.diverged == 0)] = epoch + 1
        score[self.diverged > 0] = np.nan
        self.curve[:, epoch] = score
        merit = self.layout.pack.metric.sign * score
        improved = merit > self.best_score
        self.best_score[improved] = merit[improved]
        models = self.layout.indices(np.flatnonzero(improved))
        self.best_theta.index_copy_(0, models, self.network.theta.index_select(0, models))

    def trace(self) -> Trace:
        """Return the finished record, trial by trial; the network then holds its best parameters."""
        last, fit = self.raw_outputs(self.test), self.fitted()
        self.network.theta.copy_(self.best_theta)
        best, best_fit = self.raw_outputs(self.test), self.fitted()
        gone, never = self.diverged > 0, np.isneginf(self.best_score)
        last[gone], best[gone | never], fit[:, gone], best_fit[:, gone | never] = np.nan, np.nan, np.nan, np.nan
        loss, score = np.stack([fit, best_fit], axis=2)
        parts = (self.curve, last, best, self.diverged, loss, score)
        return Trace(*(part[self.layout.home] for part in parts), sign=self.layout.pack.metric.sign)

    def fitted(self) -> np.ndarray:
        """Return loss and score of every model on its training rows, (2, models)."""
        return np.stack(self.fit(self.outputs(self.fit.batches.table)))
