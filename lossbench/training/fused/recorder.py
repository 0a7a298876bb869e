"""What is kept of a training: the validation curve, and the test outputs at the last and at the best epoch."""

from __future__ import annotations

import numpy as np
import torch

from lossbench.data.fold import Part
from lossbench.training.fused.batches import Table
from lossbench.training.fused.layout import Layout, padded
from lossbench.training.fused.network import Network
from lossbench.training.pack import Pack
from lossbench.training.trace import Trace, Validator, finite

ROWS = 128  # rows of one forward pass without gradient; more would not stay in the cache


class Recorder:
    """Scores all models after each epoch and remembers the best parameters of each.

    Args:
        pack: the trials.
        layout: which trial sits where.
        network: the models.
    """

    def __init__(self, pack: Pack, layout: Layout, network: Network) -> None:
        self.network, self.home = network, torch.as_tensor(layout.home)
        folds = [pack.folds[trial.seed] for trial in pack.trials]
        self.validation = self.evaluation([folds[index].validation for index in layout.views], layout)
        self.test = self.evaluation([folds[index].test for index in layout.views], layout)
        self.validator = Validator(pack, range(len(folds)))
        self.curve = np.full((len(folds), pack.epochs), np.nan)
        self.diverged = np.zeros(len(folds), dtype=int)
        self.best_score = np.full(len(folds), -np.inf)
        self.best_theta = network.theta.clone()

    def evaluation(self, parts: list[Part], layout: Layout) -> Table:
        """Return the features of one clean part of each view."""
        return Table([part.features for part in parts], layout.block, self.network.theta.dtype)

    def raw_outputs(self, table: Table) -> np.ndarray:
        """Return the raw outputs of every trial, (trials, rows, outputs)."""
        columns = torch.arange(padded(table.rows)).clamp_(max=table.rows - 1)
        blocks = len(table.shift)
        chunks = [
            self.network.forward(table.take(rows.expand(blocks, -1))).index_select(0, self.home)
            for rows in columns.split(ROWS)
        ]
        return torch.cat(chunks, dim=2)[:, :, : table.rows].transpose(1, 2).cpu().numpy()

    def record(self, epoch: int) -> None:
        """Score all models on the validation part and keep the parameters that beat their own best."""
        raw = self.raw_outputs(self.validation)
        score = self.validator(raw)
        self.diverged[~finite(raw) & (self.diverged == 0)] = epoch + 1
        score[self.diverged > 0] = np.nan
        self.curve[:, epoch] = score
        improved = score > self.best_score
        self.best_score[improved] = score[improved]
        slots = self.home[torch.as_tensor(improved)]
        best, now = self.network.split(self.best_theta), self.network.layers
        for kept, layer in zip(best, now, strict=True):
            kept[slots] = layer[slots]

    def trace(self) -> Trace:
        """Return the finished record; the network is left with its best parameters."""
        last = self.raw_outputs(self.test)
        self.network.theta.copy_(self.best_theta)
        best = self.raw_outputs(self.test)
        gone = self.diverged > 0
        last[gone], best[gone] = np.nan, np.nan
        return Trace(self.curve, last, best, self.diverged)
