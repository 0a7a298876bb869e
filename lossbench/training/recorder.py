"""Recording a training: the validation curve, and test outputs and fit at the last and the best epoch."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from lossbench.training.pack import Pack
from lossbench.training.trace import Trace, holds_validation


class Crew(Protocol):
    """The models of a pack while they train: the interface of an engine for a recorder."""

    def validated(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the primary score of every model on validation, and whether its raw outputs there are finite."""

    def shown(self, part: str) -> np.ndarray:
        """Return the scored outputs of every model on "validation" or "test", (models, rows, numbers).

        These are its raw outputs, or readings of its embeddings.
        """

    def fitted(self) -> np.ndarray:
        """Return mean loss and score of every model on its training rows, (2, models); NaN if not finite."""

    def slopes(self) -> np.ndarray:
        """Return the mean norms of the slopes of each part of a sum since the last call, (models, parts)."""

    def keep(self, models: np.ndarray) -> None:
        """Remember the parameters of some models, given their numbers."""

    def end(self, models: np.ndarray) -> None:
        """Stop training some models from now on, given their numbers."""

    def restore(self) -> None:
        """Give every model the parameters that were kept last, or its initial ones."""


class Recorder:
    """Scores all models after each epoch, keeps the best parameters of each, and stops trainings early.

    A model whose training has ended no longer changes: its curve stays constant.

    Args:
        home: (trials,) one model of each trial.
    """

    def __init__(self, pack: Pack, models: int, home: np.ndarray, crew: Crew) -> None:
        self.home, self.crew, self.sign = home, crew, pack.watched.sign
        self.holds = holds_validation(pack)
        self.curve = np.full((models, pack.epochs), np.nan)
        self.slopes = np.full((models, pack.epochs, pack.parts), np.nan)
        self.diverged = np.zeros(models, dtype=int)
        self.best_score = np.full(models, -np.inf)  # greater is better, whatever the score
        self.best_epoch = np.zeros(models, dtype=int)  # counted from 1
        self.patience, self.trained = np.full(models, np.inf), np.full(models, pack.epochs)
        self.patience[home] = pack.patience

    def record(self, epoch: int) -> None:
        """Score all models on the validation part; keep the parameters of those with a new best score."""
        score, sound = self.crew.validated()
        self.diverged[~sound & (self.diverged == 0)] = epoch + 1
        score[self.diverged > 0] = np.nan
        self.curve[:, epoch] = score
        if self.slopes.size:
            still = (self.diverged == 0) & (self.trained > epoch)
            self.slopes[:, epoch] = np.where(still[:, None], self.crew.slopes(), np.nan)
        merit = self.sign * score
        improved = merit > self.best_score
        self.best_score[improved], self.best_epoch[improved] = merit[improved], epoch + 1
        self.crew.keep(np.flatnonzero(improved))
        self.end(epoch + 1)

    def end(self, epochs: int) -> None:
        """Stop training models that have not improved for the epochs of their patience."""
        waited = epochs - self.best_epoch >= self.patience
        ending = np.flatnonzero(waited & (self.diverged == 0) & (self.trained > epochs))
        if len(ending):
            self.trained[ending] = epochs
            self.crew.end(ending)

    def trace(self) -> Trace:
        """Return the finished record, trial by trial; the models then have their best parameters."""
        last, fit, held = self.crew.shown("test"), self.crew.fitted(), self.held()
        self.crew.restore()
        best, best_fit = self.crew.shown("test"), self.crew.fitted()
        held = [*held, *self.held()]
        gone, never = self.diverged > 0, np.isneginf(self.best_score)
        last[gone], best[gone | never], fit[:, gone], best_fit[:, gone | never] = np.nan, np.nan, np.nan, np.nan
        loss, score = np.stack([fit, best_fit], axis=2)
        parts = (self.curve, last, best, self.diverged, loss, score)
        validation = np.stack(held, axis=1)[self.home] if held else None
        slopes = self.slopes[self.home] if self.slopes.size else None
        told = {"validation": validation, "slopes": slopes, "trained": self.trained[self.home]}
        return Trace(*(part[self.home] for part in parts), **told, sign=self.sign)

    def held(self) -> list[np.ndarray]:
        """Return the raw outputs of every model on validation, if a threshold is chosen there."""
        return [self.crew.shown("validation")] if self.holds else []
