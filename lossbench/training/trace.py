"""The record of a training: for each trial one curve and two sets of raw outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lossbench.data.fold import Fold, Part
from lossbench.losses.loss import Loss
from lossbench.losses.record import Link
from lossbench.metrics.convergence import best_epoch
from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import score
from lossbench.training.pack import Pack


@dataclass(frozen=True)
class Trace:
    """The record of a pack's training; everything else is computed from it.

    Args:
        curve: (trials, epochs) primary score on the validation part after each epoch, in the target's own units;
            NaN once diverged, or where the score is undefined.
        last: (trials, test rows, outputs) raw test outputs at the last epoch; NaN where diverged.
        best: (trials, test rows, outputs) the same at the epoch of the best validation score; NaN where there is
            none.
        diverged: (trials,) the first epoch, counted from 1, with a raw validation output that is not finite; 0 if
            there is none.
        sign: of the score; -1 where the smaller is the better.
    """

    curve: np.ndarray
    last: np.ndarray
    best: np.ndarray
    diverged: np.ndarray
    sign: float = 1.0

    @property
    def best_epoch(self) -> np.ndarray:
        """The epoch of the best validation score, counted from 1, (trials,); 0 if there is none."""
        return np.where(self.diverged > 0, 0, best_epoch(self.sign * self.curve))


class Validator:
    """Scores the raw outputs of many trials at once.

    Args:
        pack: the trials.
        indices: which of them are scored.
        part: the part of the fold that the outputs are for.
    """

    def __init__(
        self, pack: Pack, indices: Sequence[int], part: Literal["validation", "test"] = "validation"
    ) -> None:
        self.pack, self.indices = pack, np.asarray(indices)
        folds = [pack.folds[pack.trials[index].seed] for index in indices]
        # R² is the same in standardised units; to convert them back would only cost time.
        self.convert = pack.dataset.task == "regression" and pack.metric.name != "r2"
        self.targets = np.stack([target_of(fold, getattr(fold, part), self.convert) for fold in folds])
        self.groups = members_by_link([pack.losses[index] for index in indices])

    def __call__(self, raw: np.ndarray) -> np.ndarray:
        """Return the primary score of each trial, (trials,), from raw outputs (trials, rows, outputs)."""
        scores, task = np.empty(len(raw)), self.pack.dataset.task
        for link, members in self.groups.items():
            predicted = self.pack.predicted(self.indices[members], raw[members])
            if self.convert:
                predicted = self.pack.in_units(self.indices[members], predicted)
            prediction = predict(predicted, link, task)
            scores[members] = score(self.pack.metric.name, task, self.targets[members], prediction)
        return scores


def target_of(fold: Fold, part: Part, in_units: bool) -> np.ndarray:
    """Return the target of a part, for a regression (rows, targets), standardised or in its own units."""
    return fold.dataset.target[part.rows].reshape(part.target.shape) if in_units else part.target


def members_by_link(losses: Sequence[Loss]) -> dict[Link, np.ndarray]:
    """Return, for each link, the positions of its losses, (losses of the link,)."""
    links = [loss.link for loss in losses]
    return {link: np.flatnonzero([other == link for other in links]) for link in dict.fromkeys(links)}


def finite(raw: np.ndarray) -> np.ndarray:
    """Say which trials have only finite raw outputs, (trials,), given these (trials, rows, outputs)."""
    return np.asarray(np.isfinite(raw).all(axis=(1, 2)))
