"""The loop engine: every trial of a pack, one after the other, as anybody would train it in PyTorch."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch

from lossbench.training.loop.cost import Cost
from lossbench.training.loop.networks import network_of
from lossbench.training.loop.steps import Descent, Evolution
from lossbench.training.pack import Pack
from lossbench.training.trace import Trace, Validator, finite, holds_validation, joined


def train(pack: Pack, dtype: torch.dtype = torch.float32) -> Trace:
    """Train every trial of a pack, one after the other.

    Args:
        pack: the trials.
        dtype: the precision of parameters and data.

    Returns:
        The record of the training, in the order of the pack's trials.
    """
    costs = (Cost(pack, index, dtype) for index in range(len(pack.trials)))
    return joined([record(follow(cost), cost) for cost in costs])


@dataclass
class Course:
    """One training: what was seen after each epoch, and the network of the last and of the best one."""

    last: torch.nn.Module
    best: torch.nn.Module
    curve: np.ndarray
    slopes: np.ndarray
    trained: int
    diverged: int = 0


def follow(cost: Cost) -> Course:
    """Train the network of a trial until its epochs are over, it diverges, or its patience ends."""
    pack, trial, validator = cost.pack, cost.trial, Validator(cost.pack, [cost.index])
    network = network_of(pack, cost.index, cost.features.dtype)
    step = Evolution(network, cost).step if pack.children else Descent(network, cost).step
    curve, slopes = np.full(trial.epochs, np.nan), np.full((trial.epochs, pack.parts), np.nan)
    course = Course(network, copy.deepcopy(network), curve, slopes, trial.epochs)
    most, best_epoch = -np.inf, 0
    for epoch in range(trial.epochs):
        lengths = []
        for rows in cost.batches(epoch):
            with cost.named(epoch):
                if pack.parts:
                    lengths.append(cost.slopes(network(cost.features[rows]), rows))
                step(rows, float(pack.rates[cost.index, epoch]))
        shown = cost.shown(network, "validation")[None]
        if not finite(shown).all():
            course.diverged = epoch + 1
            break
        curve[epoch] = validator(shown)[0]
        slopes[epoch] = np.mean(lengths, axis=0) if lengths else np.nan
        if (merit := pack.watched.sign * curve[epoch]) > most:
            course.best, most, best_epoch = copy.deepcopy(network), merit, epoch + 1
        if epoch + 1 - best_epoch >= pack.patience[cost.index]:
            curve[epoch:], course.trained = curve[epoch], epoch + 1  # the network no longer changes
            break
    return course


def record(course: Course, cost: Cost) -> Trace:
    """Return the record of one training; what a network that has diverged, or was never best, gives is NaN."""
    pack, ends, outputs, fits = cost.pack, (course.last, course.best), [], []
    gone = course.diverged > 0, course.diverged > 0 or bool(np.isnan(course.curve).all())
    for network, lost in zip(ends, gone, strict=True):
        outputs.append(cost.shown(network, "test"))
        fits.append(np.array(cost.fit(network)))
        if lost:
            outputs[-1][:], fits[-1][:] = np.nan, np.nan
    last, best, (loss, score) = outputs[0][None], outputs[1][None], np.stack(fits, axis=1)[:, None]
    held = np.stack([cost.shown(network, "validation") for network in ends])
    return Trace(
        course.curve[None],
        last,
        best,
        np.array([course.diverged]),
        loss,
        score,
        validation=held[None] if holds_validation(pack) else None,
        slopes=course.slopes[None] if pack.parts else None,
        trained=np.array([course.trained]),
        sign=pack.watched.sign,
    )
