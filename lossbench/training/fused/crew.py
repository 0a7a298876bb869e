"""The models of a pack, as the recorder asks for them."""

from __future__ import annotations

import numpy as np
import torch

from lossbench.training.fused.batches import Table
from lossbench.training.fused.fit import Fit
from lossbench.training.fused.layout import LANES, Layout, padded
from lossbench.training.fused.network import Network
from lossbench.training.trace import Validator, finite


class FusedCrew:
    """The models of a network, see `lossbench.training.recorder.Crew`.

    Args:
        network: the models.
        layout: says which trial each of them is.
        fit: says how well they fit their training rows.
    """

    def __init__(self, network: Network, layout: Layout, fit: Fit) -> None:
        self.network, self.layout, self.fit = network, layout, fit
        folds = [layout.pack.folds[layout.pack.trials[index].seed] for index in layout.views]
        self.tables = {
            part: Table([getattr(fold, part).features for fold in folds], layout)
            for part in ("validation", "test")
        }
        self.validator = Validator(layout.pack, layout.slots.tolist())
        self.kept = network.theta.clone()

    def validated(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the primary score of every model on validation, and whether its raw outputs are finite."""
        raw = self.raw_outputs("validation")
        return self.validator(raw), finite(raw)

    def tested(self) -> np.ndarray:
        """Return the raw outputs of every model on test, (models, rows, outputs)."""
        return self.raw_outputs("test")

    def validation_outputs(self) -> np.ndarray:
        """Return the raw outputs of every model on validation, (models, rows, outputs)."""
        return self.raw_outputs("validation")

    def raw_outputs(self, part: str) -> np.ndarray:
        """Return the raw outputs of every model on a part, (models, rows, outputs)."""
        return self.outputs(self.tables[part]).transpose(1, 2).cpu().numpy()

    def outputs(self, table: Table) -> torch.Tensor:
        """Return the raw outputs of every model where they were computed, (models, outputs, rows)."""
        each = np.minimum(np.arange(padded(table.rows)), table.rows - 1)
        columns = self.layout.indices(each).expand(len(table.shift), -1)
        # Few rows at a time, so that their hidden values stay in the cache.
        chunks = [self.network.forward(table.take(rows)) for rows in columns.split(LANES, dim=1)]
        return torch.cat(chunks, dim=2)[:, :, : table.rows]

    def fitted(self) -> np.ndarray:
        """Return loss and score of every model on its training rows, (2, models)."""
        return np.stack(self.fit(self.outputs(self.fit.batches.table)))

    def keep(self, models: np.ndarray) -> None:
        """Remember the parameters of some models."""
        chosen = self.layout.indices(models)
        self.kept.index_copy_(0, chosen, self.network.theta.index_select(0, chosen))

    def restore(self) -> None:
        """Give every model its kept parameters."""
        self.network.theta.copy_(self.kept)
