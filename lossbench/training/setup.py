"""A data set, and what the names in its trials stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lossbench.data.dataset import Dataset
from lossbench.losses.loss import Loss
from lossbench.training.module.model import ModuleModel
from lossbench.training.network import Model
from lossbench.training.optimisers import Optimiser
from lossbench.training.schedule import CONSTANT, Schedule
from lossbench.training.trial import Trial


@dataclass(frozen=True)
class Setup:
    """A data set, and what the names in its trials stand for.

    Args:
        dataset: to train on.
        losses: by spec, in the order of the report.
        models: by spec.
        optimisers: by spec.
        threshold: the score that chooses each training's class threshold on validation; empty for the link's own.
        schedules: by spec.
    """

    dataset: Dataset
    losses: Mapping[str, Loss]
    models: Mapping[str, Model | ModuleModel]
    optimisers: Mapping[str, Optimiser]
    threshold: str = ""
    schedules: Mapping[str, Schedule] = field(default_factory=lambda: {CONSTANT: Schedule()})

    def network(self, trial: Trial) -> Model | ModuleModel:
        """Return the network of a trial, with the head that its loss wants, or without one."""
        model, record = self.models[trial.model], self.losses[trial.loss].record
        if record.headless:
            return model.trunk
        return model.turned if record.head == "cosine" else model

    def outputs(self, trial: Trial) -> int:
        """Return the number of raw outputs of a trial."""
        record = self.losses[trial.loss].record
        if record.headless:
            return self.models[trial.model].embedding(self.dataset.features.shape[1])
        return record.width(self.dataset.targets)
