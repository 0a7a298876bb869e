"""The models of a pack, with the interface that the recorder needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch

from lossbench.training.embedded import Reader
from lossbench.training.fused.batches import Views
from lossbench.training.fused.fit import Fit
from lossbench.training.fused.layout import Layout, padded
from lossbench.training.fused.network import Network
from lossbench.training.trace import Validator, finite


class FusedCrew:
    """The models of a network, see `lossbench.training.recorder.Crew`.

    Args:
        network: the models.
        layout: maps models to trials.
        fit: evaluates them on their training rows.
    """

    def __init__(self, network: Network, layout: Layout, fit: Fit) -> None:
        self.network, self.layout, self.fit = network, layout, fit
        self.tables = {
            part: Views([layout.pack.seen(index, part).features for index in layout.views], layout)
            for part in (("train",) * layout.pack.embeds + ("validation", "test"))
        }
        self.validator = Validator(layout.pack, layout.slots.tolist())
        self.kept = network.theta.clone()
        self.resting: list[tuple[torch.Tensor, torch.Tensor]] = []

    def validated(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the primary score of every model on validation, and whether its raw outputs are finite."""
        shown = self.shown("validation")
        return self.validator(shown), finite(shown)

    def shown(self, part: str) -> np.ndarray:
        """Return the scored outputs of every model on a part: raw outputs, or readings of embeddings."""
        if self.layout.pack.embeds:
            return self.reader(self.layout.slots.tolist(), part, self.embeddings)
        return self.outputs(self.tables[part]).transpose(1, 2).cpu().numpy()

    def embeddings(self, part: str) -> np.ndarray:
        """Return the embeddings of the rows of a part by every model, (models, rows, numbers)."""
        return self.ends(self.tables[part], self.network.embed).transpose(1, 2).cpu().numpy()

    @cached_property
    def reader(self) -> Reader:
        """The reader of embeddings."""
        return Reader(self.layout.pack)

    def outputs(self, table: Views) -> torch.Tensor:
        """Return the raw outputs of every model, on the device, (models, outputs, rows)."""
        return self.ends(table, self.network.forward)

    def ends(self, table: Views, forward: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Return the outputs of `forward` for the rows of a table, (models, units, rows)."""
        few = self.network.few
        each = np.minimum(np.arange(padded(table.rows, few)), table.rows - 1)
        columns = self.layout.indices(each).expand(len(table.shift), -1)
        chunks = [forward(table.take(rows)) for rows in columns.split(few, dim=1)]
        return torch.cat(chunks, dim=2)[:, :, : table.rows]

    def fitted(self) -> np.ndarray:
        """Return loss and score of every model on its training rows, (2, models)."""
        shown = self.shown("train") if self.layout.pack.embeds else None
        return np.stack(self.fit(self.outputs(self.fit.batches.table), shown))

    def slopes(self) -> np.ndarray:
        """Return the mean norms of the slopes of each part of a sum since the last call, (models, parts)."""
        return self.fit.criteria.norms()

    def keep(self, models: np.ndarray) -> None:
        """Remember the parameters of some models."""
        chosen = self.layout.indices(models)
        self.kept.index_copy_(0, chosen, self.network.theta.index_select(0, chosen))

    def end(self, models: np.ndarray) -> None:
        """Stop training some models from now on."""
        chosen = self.layout.indices(models)
        self.resting.append((chosen, self.network.theta.index_select(0, chosen)))

    def rest(self) -> None:
        """Undo an epoch's changes to models whose training has ended, which step along to keep the shapes."""
        for chosen, rows in self.resting:
            self.network.theta.index_copy_(0, chosen, rows)

    def restore(self) -> None:
        """Give every model its kept parameters."""
        self.network.theta.copy_(self.kept)
