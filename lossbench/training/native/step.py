"""The compiled step, called on arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossbench.training.native.library import best_library
from lossbench.training.native.losses import looks_at
from lossbench.training.native.memory import address, zeros
from lossbench.training.network import ACTIVATIONS
from lossbench.training.pack import Pack

OPTIMISERS = {"sgd": 0, "adam": 1, "adamw": 1}
"""The numbers of kernel.c; decoupled decay is a number of every model's record."""

PATIENCE = 1 << 30  # parameters times rows of a call: some tenths of a second without Ctrl-C


class Step:
    """The calls of the library for the networks of one pack; their records are those of `models.MODEL`.

    Args:
        pack: the trials.
        dtype: the precision of everything but indices.

    Attributes:
        lanes: of a vector. parameters: the length of a model's parameters in memory.
        few: models per call of an epoch.
    """

    def __init__(self, pack: Pack, dtype: np.dtype) -> None:
        self.dtype, self.plan = dtype, plan_of(pack)
        self.library = best_library(dtype)
        self.calls = self.library.calls
        self.lanes, self.parameters, room = self.measures(self.plan)
        self.trunk = trunk_of(pack, self.plan)
        room = max(room, self.measures(self.trunk)[2])
        self.few = int(max(1, PATIENCE // (len(pack.training[0].features) * self.parameters)))
        self.work = zeros((room,), np.dtype(np.uint8))

    def measures(self, plan: np.ndarray) -> list[int]:
        """Return lanes of a vector, parameters of a model, and bytes of working memory."""
        found = np.zeros(3, np.int64)
        self.calls.measures(address(plan), address(found))
        return list(found.tolist())

    def rows(self, models: int) -> np.ndarray:
        """Return zeros (models, parameters)."""
        return zeros((models, self.parameters), self.dtype)

    def laid_out(self, layers: list[np.ndarray]) -> np.ndarray:
        """Return matrices (units, inputs + 1) as parameters, (1, parameters)."""
        matrices, row = np.concatenate([layer.ravel() for layer in layers]).astype(self.dtype), self.rows(1)
        self.calls.lay_out(address(self.plan), address(matrices), address(row))
        return row

    def epoch(self, records: np.ndarray, epoch: int) -> None:
        """Take all steps of an epoch with models whose loss is compiled, a few per call."""
        for start in range(0, len(records), self.few):
            part = records[start : start + self.few]
            self.calls.epoch(address(self.plan), address(part), len(part), epoch, address(self.work))

    def outputs(self, records: np.ndarray, places: np.ndarray, rows: int) -> np.ndarray:
        """Return the raw outputs of models, each for its own table of features, (models, rows, outputs)."""
        raw = np.empty((len(records), rows, self.plan[-1]), self.dtype)
        self.fill(raw, self.plan, records, places)
        return raw

    def embeddings(self, records: np.ndarray, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """Yield the embeddings of each model for its own table, (rows, numbers); the memory is reused."""
        raw = np.empty((1, rows, self.trunk[-1]), self.dtype)
        for index in range(len(records)):
            one = slice(index, index + 1)
            self.fill(raw, self.trunk, records[one], places[one])
            yield raw[0]

    def fill(self, raw: np.ndarray, plan: np.ndarray, records: np.ndarray, places: np.ndarray) -> None:
        """Compute the values of a plan's last layer, (models, rows, units).

        Args:
            raw: the array to fill.
            plan: of the networks, or of their first layers.
            records: (models,).
            places: (models,) uint64, the address of each model's table, all with the same number of rows.
        """
        wanted = address(records), len(records), address(places), raw.shape[1]
        self.calls.outputs(address(plan), *wanted, address(raw), address(self.work))

    def judge(
        self,
        records: np.ndarray,
        features: np.ndarray,
        classes: np.ndarray,
        thresholds: np.ndarray,
        rows: int,
        losses: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return how many rows of its table each model decides right, -1 if not all finite, and its mean loss.

        Args:
            records: (models,).
            features: (models,) uint64, the address of each model's table.
            classes: (models,) uint64, the address of its classes.
            thresholds: (models,) that a single raw output must exceed for class 1.
            rows: of each table.
            losses: whether to compute the mean loss; the tables must then be those of the training part.
        """
        hits, totals = np.empty(len(records), np.int64), np.zeros(len(records))
        where = address(features), address(classes), address(thresholds), rows
        found = address(hits), address(totals) if losses else None
        self.calls.judge(address(self.plan), address(records), len(records), *where, *found, address(self.work))
        return hits, totals / rows

    def losses(self, records: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """Return the mean compiled loss of models, (models,), from their raw outputs on all training rows."""
        totals = np.empty(len(records))
        given = address(records), len(records), address(raw), address(totals)
        self.calls.losses(address(self.plan), *given, address(self.work))
        return np.asarray(totals / raw.shape[1])

    def ahead(self, records: np.ndarray, at: int, rows: int, raw: np.ndarray) -> None:
        """Compute raw outputs (models, outputs, columns) of the batch that begins at a place in the order of rows.

        Columns beyond its rows repeat the first row.
        """
        given = address(records), len(records), at, rows, raw.shape[2]
        self.calls.ahead(address(self.plan), *given, address(raw), address(self.work))

    def back(self, records: np.ndarray, at: int, rows: int, slopes: np.ndarray) -> None:
        """Take a step, given the slopes (models, outputs, columns) of the mean loss of the same batch."""
        given = address(records), len(records), at, rows, slopes.shape[2]
        self.calls.back(address(self.plan), *given, address(slopes), address(self.work))


def plan_of(pack: Pack) -> np.ndarray:
    """Return the plan of a pack: layers, activation, optimiser, batch, rows, bent, unit of the loss, widths."""
    sizes = pack.layers.sizes(pack.dataset.features.shape[1], pack.outputs)
    kind = OPTIMISERS[pack.setup.optimisers[pack.trials[0].optimizer].name]
    rows = len(pack.training[0].features)
    steps = ACTIVATIONS.index(pack.layers.activation), kind, min(pack.batch_size, rows), rows
    kinds = pack.layers.bent, max(looks_at(loss) for loss in set(pack.losses))
    return np.array([len(sizes), *steps, *kinds, sizes[0][1], *(units for units, _ in sizes)], np.int32)


def trunk_of(pack: Pack, plan: np.ndarray) -> np.ndarray:
    """Return the plan of the layers up to an embedding; of all layers where there is no head."""
    head = int(pack.layers.embeds)
    return np.array([plan[0] - head, *plan[1 : len(plan) - head]], np.int32)
