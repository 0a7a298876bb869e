"""The models of a pack as they lie in memory, and what the compiled step does to them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lossbench.training.native.library import library
from lossbench.training.native.losses import TORCH
from lossbench.training.native.memory import address, zeros
from lossbench.training.native.models import Measures, plan_of, records_of
from lossbench.training.native.tables import Tables
from lossbench.training.pack import VALUES, Pack
from lossbench.training.trace import finite, training_scores

if TYPE_CHECKING:
    from lossbench.training.native.by_torch import ByTorch


class Crew:
    """The models of a pack, one a trial; see `lossbench.training.recorder.Crew`.

    Args:
        pack: the trials.
        dtype: the precision of everything but indices.
    """

    def __init__(self, pack: Pack, dtype: np.dtype) -> None:
        self.pack, self.dtype, self.calls = pack, dtype, library(dtype).calls
        self.plan = plan_of(pack)
        self.measures = Measures.of(self.calls, self.plan)
        self.tables = Tables(pack, dtype, self.measures.lanes)
        self.theta, self.first, self.second = (self.rows_of_parameters(len(pack.trials)) for _ in range(3))
        self.gradient = self.rows_of_parameters(1)  # of one model at a time
        self.work = zeros((self.measures.room,), np.dtype(np.uint8))
        self.lay_out()
        self.kept = self.theta.copy()
        self.models = records_of(self)
        self.compiled, self.others = (np.flatnonzero(which) for which in self.halves)
        self.trained = self.models[self.compiled]

    @property
    def halves(self) -> tuple[np.ndarray, np.ndarray]:
        """Say which models have a compiled loss, and which have not, (models,) each."""
        compiled = self.models["loss"] != TORCH
        return compiled, ~compiled

    @cached_property
    def by_torch(self) -> ByTorch:
        """The models whose loss is not compiled."""
        from lossbench.training.native.by_torch import ByTorch

        return ByTorch(self, self.others)

    def rows_of_parameters(self, models: int) -> np.ndarray:
        """Return zeros (models, parameters)."""
        return zeros((models, self.measures.parameters), self.dtype)

    def lay_out(self) -> None:
        """Give every model its first weights."""
        for layers in {id(layers): layers for layers in self.pack.weights}.values():
            matrices = np.concatenate([layer.ravel() for layer in layers]).astype(self.dtype)
            row = self.rows_of_parameters(1)
            self.calls.lay_out(address(self.plan), address(matrices), address(row))
            self.theta[[other is layers for other in self.pack.weights]] = row

    def epoch(self, epoch: int) -> None:
        """Take the steps of an epoch with every model."""
        plan, records = address(self.plan), (address(self.trained), len(self.trained))
        self.calls.epoch(plan, *records, epoch, address(self.work))
        if len(self.others):
            self.by_torch.epoch(epoch)

    def outputs(self, records: np.ndarray, tables: list[np.ndarray]) -> np.ndarray:
        """Return the raw outputs of some models for a table each, (models, rows, outputs)."""
        places = np.array([address(table) for table in tables], np.uint64)
        raw = np.empty((len(tables), len(tables[0]), self.pack.outputs), self.dtype)
        wanted = address(records), len(records), address(places), len(tables[0])
        self.calls.outputs(address(self.plan), *wanted, address(raw), address(self.work))
        return raw

    def raw_outputs(self, part: str) -> np.ndarray:
        """Return the raw outputs of every model on a part, (models, rows, outputs)."""
        folds = [self.pack.folds[trial.seed] for trial in self.pack.trials]
        return self.outputs(self.models, [self.tables.features(getattr(fold, part).features) for fold in folds])

    def keep(self, models: np.ndarray) -> None:
        """Remember the parameters of some models."""
        self.kept[models] = self.theta[models]

    def restore(self) -> None:
        """Give every model its kept parameters."""
        self.theta[:] = self.kept

    def fitted(self) -> np.ndarray:
        """Return loss and score of every model on its training rows, (2, models)."""
        few = max(1, VALUES // (len(self.pack.training[0].features) * self.pack.outputs))
        parts = [self.compiled[start : start + few] for start in range(0, len(self.compiled), few)]
        found = np.empty((2, len(self.models)))
        for indices in [*parts, self.others][: len(parts) + bool(len(self.others))]:
            found[:, indices] = self.fitted_of(indices)
        return found

    def fitted_of(self, indices: np.ndarray) -> np.ndarray:
        """Return loss and score of some models, all of whose losses are compiled or none is, (2, models)."""
        records = self.models[indices]
        raw = self.outputs(records, [self.tables.features(self.pack.training[i].features) for i in indices])
        sound = finite(raw)
        if records["loss"][0] == TORCH:  # a user's loss may refuse what is not finite
            loss = self.by_torch.loss(np.where(sound[:, None, None], raw, self.dtype.type(0)))
        else:
            loss = self.loss(records, raw)
        score = training_scores(self.pack, indices, raw)
        return np.stack([np.where(sound & np.isfinite(loss), loss, np.nan), np.where(sound, score, np.nan)])

    def loss(self, records: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """Return the mean loss of models, (models,), from their raw outputs (models, training rows, outputs)."""
        totals = np.empty(len(records))
        given = address(records), len(records), address(raw), address(totals)
        self.calls.losses(address(self.plan), *given, address(self.work))
        return totals / raw.shape[1]
