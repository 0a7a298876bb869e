"""The models of a pack while they train."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from lossbench.training.embedded import Reader
from lossbench.training.native.gallery import CompiledGallery
from lossbench.training.native.judge import Judge, can_judge
from lossbench.training.native.losses import TORCH
from lossbench.training.native.models import Models, moving
from lossbench.training.native.step import Step
from lossbench.training.native.tables import Tables
from lossbench.training.pack import Pack
from lossbench.training.packing import VALUES
from lossbench.training.torch_threads import one_thread_of_torch
from lossbench.training.trace import Validator, finite, training_scores

if TYPE_CHECKING:
    from lossbench.training.native.by_torch import ByTorch


class Crew:
    """The models of a pack, one per trial; see `lossbench.training.recorder.Crew`.

    Args:
        pack: the trials.
        dtype: the precision of everything but indices.
    """

    def __init__(self, pack: Pack, dtype: np.dtype) -> None:
        self.pack, self.step = pack, Step(pack, dtype)
        self.tables = Tables(pack, dtype, self.step.lanes)
        self.models = Models(pack, self.step, self.tables)
        self.kept = self.models.theta.copy()
        compiled = self.models.records["loss"] != TORCH
        self.compiled, self.others = np.flatnonzero(compiled), np.flatnonzero(~compiled)
        self.records = self.models.records[self.compiled]
        self.going = np.ones(len(pack.trials), dtype=bool)

    @cached_property
    def by_torch(self) -> ByTorch:
        """The models whose loss is not compiled."""
        one_thread_of_torch()
        from lossbench.training.native.by_torch import ByTorch

        return ByTorch(self.pack, self.others, self.step, self.models.records[self.others])

    def epoch(self, epoch: int) -> None:
        """Take the steps of an epoch with every model that is still training."""
        self.models.pace(self.records, self.compiled, epoch)
        with moving(self.records, self.going[self.compiled]) as records:
            self.step.epoch(records, epoch)
        if self.going[self.others].any():
            self.models.pace(self.by_torch.records, self.others, epoch)
            self.by_torch.epoch(epoch, self.going[self.others])

    def validated(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the primary score of every model on validation, and whether its raw outputs are finite."""
        if self.judge is not None:
            return self.judge.validation(self.models.records)
        shown = self.shown("validation")
        return self.validator(shown), finite(shown)

    def shown(self, part: str) -> np.ndarray:
        """Return the scored outputs of every model on a part: raw outputs, or readings of embeddings."""
        if self.pack.embeds:
            return self.readings(np.arange(len(self.pack.trials)), part)
        return self.step.outputs(self.models.records, *self.tables.of_part(part))

    def readings(self, indices: np.ndarray, part: str) -> np.ndarray:
        """Return the readings of the embeddings of some models on a part, (models, rows, readings)."""

        def embeddings(part: str) -> Iterator[np.ndarray]:
            places, rows = self.tables.of_part(part)
            return self.step.embeddings(self.models.records[indices], places[indices], rows)

        return self.reader(indices, part, embeddings)

    @cached_property
    def reader(self) -> Reader:
        """The reader of embeddings."""
        return Reader(self.pack, partial(CompiledGallery, library=self.step.library))

    @cached_property
    def validator(self) -> Validator:
        """Scores raw outputs where the score is not compiled."""
        return Validator(self.pack, range(len(self.pack.trials)))

    @cached_property
    def judge(self) -> Judge | None:
        """The compiled score; None where it is not the primary score of the data set."""
        return Judge(self.pack, self.step, self.tables) if can_judge(self.pack) else None

    def slopes(self) -> np.ndarray:
        """Return the mean norms of the slopes of each part of a sum since the last call, (models, parts)."""
        found = np.full((len(self.pack.trials), self.pack.parts), np.nan)
        if self.going[self.others].any():
            found[self.others] = self.by_torch.criteria.norms()
        return found

    def keep(self, models: np.ndarray) -> None:
        """Remember the parameters of some models."""
        self.kept[models] = self.models.theta[models]

    def end(self, models: np.ndarray) -> None:
        """Stop training some models from now on."""
        self.going[models] = False

    def restore(self) -> None:
        """Give every model its kept parameters."""
        self.models.theta[:] = self.kept

    def fitted(self) -> np.ndarray:
        """Return loss and score of every model on its training rows, (2, models)."""
        few = max(1, VALUES // (len(self.pack.training[0].features) * self.pack.outputs))
        found = np.empty((2, len(self.pack.trials)))
        for start in range(0, len(self.compiled), few):
            indices = self.compiled[start : start + few]
            found[:, indices] = self.fitted_of_compiled(indices)
        if len(self.others):
            raw = self.training_outputs(self.others)
            tame = np.where(finite(raw)[:, None, None], raw, raw.dtype.type(0))  # a user's loss may refuse NaN
            found[:, self.others] = self.fit(self.others, raw, self.by_torch.loss(tame))
        return found

    def fitted_of_compiled(self, indices: np.ndarray) -> np.ndarray:
        """Return loss and score of some models with a compiled loss, (2, models)."""
        records = self.models.records[indices]
        if self.judge is not None:
            return self.judge.training(records, indices)
        raw = self.training_outputs(indices)
        return self.fit(indices, raw, self.step.losses(records, raw))

    def training_outputs(self, indices: np.ndarray) -> np.ndarray:
        """Return the raw outputs of some models on their training rows, (models, rows, outputs)."""
        places = self.tables.places([self.pack.training[index].features for index in indices])
        return self.step.outputs(self.models.records[indices], *places)

    def fit(self, indices: np.ndarray, raw: np.ndarray, loss: np.ndarray) -> np.ndarray:
        """Return loss and score of some models on their training rows, (2, models); NaN if not finite."""
        shown = self.readings(indices, "train") if self.pack.embeds else raw
        sound, score = finite(raw), training_scores(self.pack, indices, shown)
        return np.stack([np.where(sound & np.isfinite(loss), loss, np.nan), np.where(sound, score, np.nan)])
