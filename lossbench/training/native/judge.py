"""The compiled score: the accuracy of one decision per row."""

from __future__ import annotations

import numpy as np

from lossbench.metrics.prediction import own_threshold
from lossbench.training.native.step import Step
from lossbench.training.native.tables import Tables
from lossbench.training.pack import Pack


def can_judge(pack: Pack) -> bool:
    """Say whether the primary score is the accuracy, with one class per row."""
    return pack.watched.name == "accuracy" and pack.dataset.task in ("binary", "multiclass")


class Judge:
    """Scores the models of a pack by their accuracy, as `lossbench.metrics` does, to the last bit.

    Args:
        pack: the trials.
        step: the compiled step.
        tables: the tables that its models read.
    """

    def __init__(self, pack: Pack, step: Step, tables: Tables) -> None:
        self.pack, self.step, self.tables = pack, step, tables
        folds = [pack.folds[trial.seed] for trial in pack.trials]
        self.features, self.rows = tables.of_part("validation")
        self.classes = tables.class_places([fold.validation.target for fold in folds])
        self.thresholds = np.array([own_threshold(loss.link) for loss in pack.losses])

    def validation(self, records: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the accuracy of every model on validation, and whether its raw outputs there are finite."""
        places = self.features, self.classes, self.thresholds
        hits, _ = self.step.judge(records, *places, self.rows, losses=False)
        return accuracy(hits, self.rows), hits >= 0

    def training(self, records: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Return loss and accuracy of some models on their training rows, (2, models); NaN if not finite."""
        parts = [self.pack.training[index] for index in indices]
        features, rows = self.tables.places([part.features for part in parts])
        places = features, self.tables.class_places([part.target for part in parts]), self.thresholds[indices]
        hits, loss = self.step.judge(records, *places, rows, losses=True)
        loss[(hits < 0) | ~np.isfinite(loss)] = np.nan
        return np.stack([loss, accuracy(hits, rows)])


def accuracy(hits: np.ndarray, rows: int) -> np.ndarray:
    """Return the share of rows decided right; NaN where the number of hits is negative."""
    return np.where(hits < 0, np.nan, hits / rows)
