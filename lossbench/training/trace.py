"""The record of a training: for each trial a curve, two sets of raw outputs, and its fit to the training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Literal

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import Fold, Part
from lossbench.losses.loss import Loss
from lossbench.losses.record import Link
from lossbench.metrics.convergence import best_epoch
from lossbench.metrics.oddness import Inputs
from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import function_of
from lossbench.task import VALUED
from lossbench.training.pack import Pack
from lossbench.training.packing import VALUES
from lossbench.training.targets import into_units, predicted_by


@dataclass(frozen=True)
class Trace:
    """The record of a pack's training; everything else is computed from it.

    Args:
        curve: (trials, epochs) score on the validation part after each epoch, see `Pack.watched`, in the target's
            own units; NaN once diverged, or where the score is undefined.
        last: (trials, test rows, outputs) raw test outputs at the last epoch; NaN where diverged.
        best: (trials, test rows, outputs) the same at the epoch of the best validation score; NaN where there is
            none.
        diverged: (trials,) the first epoch, counted from 1, with a raw validation output that is not finite; 0 if
            there is none.
        train_loss: (trials, 2) mean of the loss itself, without penalties, over its training part, with any
            contamination; at the last epoch and at that of the best validation score. NaN where diverged, where
            there is no best epoch, or where it is not finite.
        train_score: (trials, 2) the same score on the same part, likewise.
        validation: (trials, 2, validation rows, outputs) raw validation outputs at the last and at the best epoch,
            likewise; None where no threshold is chosen.
        slopes: (trials, epochs, parts) for a sum of losses, the norm of the gradient of each loss's batch mean
            with respect to the raw outputs, times its weight, averaged over the steps of an epoch. NaN once
            diverged or ended, and where a loss has fewer parts or is no sum; None where no loss is a sum.
        trained: (trials,) epochs until the training ended, early or not; the curve is constant from there. None
            where unknown.
        sign: of the score; -1 where smaller is better.
    """

    curve: np.ndarray
    last: np.ndarray
    best: np.ndarray
    diverged: np.ndarray
    train_loss: np.ndarray
    train_score: np.ndarray
    _: KW_ONLY
    validation: np.ndarray | None = None
    slopes: np.ndarray | None = None
    trained: np.ndarray | None = None
    sign: float = 1.0

    @property
    def best_epoch(self) -> np.ndarray:
        """The epoch of the best validation score, counted from 1, (trials,); 0 if there is none."""
        return np.where(self.diverged > 0, 0, best_epoch(self.sign * self.curve))


def joined(traces: Sequence[Trace]) -> Trace:
    """Return the records of several trainings under the same protocol as one, in their order."""
    whole: dict[str, Any] = dict(vars(traces[0]))
    for name, first in whole.items():
        if isinstance(first, np.ndarray):
            whole[name] = np.concatenate([vars(one)[name] for one in traces])
    return Trace(**whole)


def holds_validation(pack: Pack) -> bool:
    """Say whether raw outputs on validation are kept, to choose a threshold there."""
    return bool(pack.setup.threshold) or pack.dataset.task == "anomaly"


class Validator:
    """Scores the raw outputs of many trials at once: by the primary score on test, else by the watched score.

    Args:
        indices: of the trials to score.
        part: of the outputs; "train" is the training part of each trial, with any contamination.
    """

    def __init__(
        self, pack: Pack, indices: Sequence[int], part: Literal["train", "validation", "test"] = "validation"
    ) -> None:
        self.pack, self.indices = pack, np.asarray(indices)
        self.metric = pack.metric if part == "test" else pack.watched
        folds = [pack.folds[pack.trials[index].seed] for index in indices]
        # R² is the same in standardised units; converting them back would only cost time.
        self.convert = pack.dataset.task in VALUED and self.metric.name != "r2"
        clean = [getattr(fold, part) for fold in folds]
        seen = [pack.training[index] for index in indices] if part == "train" else clean
        self.groups = members_by_link([pack.losses[index] for index in indices])
        self.gives_back = pack.dataset.task == "anomaly"
        if self.gives_back:
            self.inputs = {
                link: inputs_of([folds[one] for one in members], [seen[one] for one in members])
                for link, members in self.groups.items()
            }
            targets = [fold.dataset.target[rows.rows] for fold, rows in zip(folds, seen, strict=True)]
        else:
            shown = [in_units(*each) for each in zip(folds, clean, seen, strict=True)] if self.convert else seen
            targets = [rows.target for rows in shown]
        self.targets = targets_of(pack.dataset, targets)

    def __call__(self, raw: np.ndarray) -> np.ndarray:
        """Return the score of each trial, (trials,), from raw outputs (trials, rows, outputs)."""
        scores, task = np.empty(len(raw)), self.pack.dataset.task
        for link, members in self.groups.items():
            predicted = predicted_by(self.pack, self.indices[members], raw[members])
            if self.convert:
                predicted = into_units(self.pack, self.indices[members], predicted)
            if self.gives_back:
                inputs = self.inputs[link]
                compare = inputs.errors if self.metric.name == "explained" else inputs.oddness
                predicted = compare(predicted, link)
            prediction = predict(self.pack.dataset.in_images(predicted), link, task, self.pack.dataset.modes)
            scores[members] = function_of(self.metric)(self.targets[members], prediction)
        return scores


def targets_of(dataset: Dataset, targets: Sequence[np.ndarray]) -> np.ndarray:
    """Return the targets of several parts for scores, (parts, n, ...), or (parts, images, pixels)."""
    stacked = np.stack(targets)
    return np.asarray(dataset.in_images(stacked[..., None])) if dataset.pixels > 1 else stacked


def inputs_of(folds: Sequence[Fold], parts: Sequence[Part]) -> Inputs:
    """Return the rows of some parts, one of each fold, as inputs that networks reconstruct."""
    means = np.stack([fold.train.features.mean(axis=0) for fold in folds])
    return Inputs(np.stack([part.target for part in parts]), means)


def training_scores(pack: Pack, indices: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Return the score of each trial on its own training part, (trials,).

    Args:
        pack: the trials.
        indices: (trials,) their indices.
        raw: (trials, rows, outputs) their raw outputs.
    """
    few = max(1, VALUES // raw[0].size)  # trials at a time, since a training part may be large
    parts = [slice(start, start + few) for start in range(0, len(indices), few)]
    return np.concatenate([Validator(pack, indices[part].tolist(), "train")(raw[part]) for part in parts])


def in_units(fold: Fold, clean: Part, seen: Part) -> Part:
    """Return a part with the targets (rows, targets) of a regression in their own units.

    They equal those of the table to the last bit, except where contamination has changed them.
    """
    table = fold.dataset.target[clean.rows].reshape(clean.target.shape)
    moved = seen.target * fold.target_scale + fold.target_mean
    return replace(seen, target=np.where(seen.target == clean.target, table, moved))


def members_by_link(losses: Sequence[Loss]) -> dict[Link, np.ndarray]:
    """Return, for each link, the positions of the losses that have it, (losses of the link,)."""
    links = [loss.link for loss in losses]
    return {link: np.flatnonzero([other == link for other in links]) for link in dict.fromkeys(links)}


def finite(raw: np.ndarray) -> np.ndarray:
    """Say which trials have only finite raw outputs (trials, rows, outputs), (trials,)."""
    return np.asarray(np.isfinite(raw).all(axis=(1, 2)))
