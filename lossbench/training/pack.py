"""A pack: trials that can train in one tensor program, and the data that they train on; see `packing`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import Fold, Part, make_fold
from lossbench.losses.loss import Loss
from lossbench.metrics.gallery import READINGS
from lossbench.metrics.scores import primary_metric
from lossbench.schema import METRICS, Metric, watched
from lossbench.training.module.model import ModuleModel
from lossbench.training.network import Model
from lossbench.training.orders import drawn_order
from lossbench.training.schedule import Schedule
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial
from lossbench.training.view import View, contaminated_part, tested_part, view_of


@dataclass(frozen=True)
class Pack:
    """Trials of one shape.

    Args:
        setup: the data set, and the objects that the trials' specs name.
        trials: the trials; results come back in this order.
        arm: 0 except in A/A tests, whose arms differ only in initial weights and batch order.
    """

    setup: Setup
    trials: tuple[Trial, ...]
    arm: int = 0

    @property
    def dataset(self) -> Dataset:
        """The data set that the trials train on."""
        return self.setup.dataset

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """The loss of every trial; trials of one loss share one object."""
        return tuple(self.setup.losses[t.loss] for t in self.trials)

    @cached_property
    def folds(self) -> dict[int, Fold]:
        """The split of every seed."""
        return {seed: make_fold(self.dataset, seed) for seed in sorted({t.seed for t in self.trials})}

    @cached_property
    def training(self) -> tuple[Part, ...]:
        """The training part of every trial, contaminated; equal contaminations share one object."""
        return self._as_seen(contaminated_part)

    @cached_property
    def tested(self) -> tuple[Part, ...]:
        """The test part of every trial, contaminated where the trial says so; equal ones share one object."""
        return self._as_seen(tested_part)

    def _as_seen(self, part_of: Callable[[Fold, Trial], Part]) -> tuple[Part, ...]:
        made: dict[View, Part] = {}
        for t in self.trials:
            if view_of(t) not in made:
                made[view_of(t)] = part_of(self.folds[t.seed], t)
        return tuple(made[view_of(t)] for t in self.trials)

    def seen(self, index: int, part: str) -> Part:
        """Return a part of a trial's fold as it is scored: "train" clean, "validation", or "test"."""
        if part == "test":
            return self.tested[index]
        found: Part = getattr(self.folds[self.trials[index].seed], part)
        return found

    @property
    def model(self) -> Model | ModuleModel:
        """The network that all trials share; only up to its embedding where the losses see that."""
        return self.setup.network(self.trials[0])

    @property
    def layers(self) -> Model:
        """The same network, where it is known to be sequential layers."""
        assert isinstance(self.model, Model)
        return self.model

    @property
    def children(self) -> int:
        """The number of mutations tried per step; 0 for an optimiser that follows a gradient."""
        return self.setup.optimisers[self.trials[0].optimizer].children

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedule of every trial."""
        return tuple(self.setup.schedules[t.schedule] for t in self.trials)

    @cached_property
    def patience(self) -> np.ndarray:
        """The epochs without a gain on validation after which each trial's training ends, (trials,)."""
        return np.array([schedule.patience for schedule in self.schedules])

    @cached_property
    def rates(self) -> np.ndarray:
        """The rate of every trial in each epoch, (trials, epochs)."""
        factors = {one: one.factors(self.epochs) for one in dict.fromkeys(self.schedules)}
        return np.array([t.lr * factors[one] for t, one in zip(self.trials, self.schedules, strict=True)])

    @property
    def parts(self) -> int:
        """The most parts of a sum among the losses, whose gradients are recorded; 0 without gradients."""
        return 0 if self.children else max(len(loss.record.parts) for loss in self.losses)

    @property
    def metric(self) -> Metric:
        """The primary score, by which the data set is judged."""
        return primary_metric(self.dataset)

    @property
    def watched(self) -> Metric:
        """The score on validation, after every epoch: the primary one where that is defined there."""
        name = watched(self.dataset.task, self.metric.name)
        return self.metric if name == self.metric.name else METRICS[name]

    @property
    def outputs(self) -> int:
        """The number of raw outputs."""
        return self.setup.outputs(self.trials[0])

    @property
    def embeds(self) -> bool:
        """Whether readings of embeddings are scored, see `lossbench.training.embedded`."""
        return self.dataset.task == "embedding"

    @property
    def shown(self) -> int:
        """The number of scored values per row: raw outputs, or readings of its embedding."""
        return READINGS if self.embeds else self.outputs

    @property
    def batch_size(self) -> int:
        """Rows per step, of whole images where a data set has images; at most all rows."""
        return min(self.trials[0].batch_size * self.dataset.pixels, len(self.training[0].features))

    @property
    def epochs(self) -> int:
        """Passes over the training rows."""
        return self.trials[0].epochs

    @cached_property
    def weights(self) -> tuple[list[np.ndarray], ...]:
        """The initial weights of every trial; trials of one seed share one object.

        One matrix (outputs, inputs + 1) per layer; for a module its parameters, then its constants.
        """
        shape = self.dataset.features.shape[1], self.outputs, self.dataset.targets
        made = {seed: self.model.first(self.stream, seed, *shape) for seed in self.folds}
        return tuple(made[t.seed] for t in self.trials)

    @cached_property
    def orders(self) -> dict[int, np.ndarray]:
        """The batch order of every seed, (epochs, training rows)."""
        drawn_for = self.dataset, self.stream
        return {seed: drawn_order(*drawn_for, seed, self.epochs, fold.train) for seed, fold in self.folds.items()}

    @property
    def stream(self) -> str:
        """The name of the random streams of initial weights and batch orders."""
        return f"{self.dataset.stream} arm {self.arm}" if self.arm else self.dataset.stream
