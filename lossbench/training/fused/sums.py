"""The models of a pack that train under one sum of losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from lossbench.losses.record import LossRecord
from lossbench.training.fused.group import Group, float64, group_of, per_model
from lossbench.training.fused.layout import Layout


class SumGroup:
    """A weighted sum of losses: each is evaluated by itself, and the norm of its slopes is recorded at every step.

    Args:
        record: of the sum.
        groups: the models under each of its losses.
        factors: (models, 1, 1) the weights of each.
    """

    def __init__(self, record: LossRecord, groups: Sequence[Group], factors: Sequence[torch.Tensor]) -> None:
        self.record, self.groups, self.factors = record, groups, factors
        self.specs = groups[0].specs
        self.lengths: list[np.ndarray] = []

    def gradient(
        self, raw: torch.Tensor, target: torch.Tensor, count: int, weights: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the gradient of the sum, see `Group.gradient`, and record the norm of each part of it."""
        slopes = [
            factor * group.gradient(raw, target, count, weights)
            for group, factor in zip(self.groups, self.factors, strict=True)
        ]
        self.lengths.append(np.stack([length(slope[:, :count]) for slope in slopes], axis=1) / count)
        return sum(slopes[1:], slopes[0])

    def value(
        self, raw: torch.Tensor, target: torch.Tensor, count: int, weights: torch.Tensor | None
    ) -> np.ndarray:
        """Return the sum, see `Group.value`."""
        values = [
            float64(factor).ravel() * group.value(raw, target, count, weights)
            for group, factor in zip(self.groups, self.factors, strict=True)
        ]
        return np.asarray(np.sum(values, axis=0))

    def norms(self) -> np.ndarray:
        """Return the norm of the slope of each loss's batch mean, (models, losses), averaged over recorded steps.

        The record is then cleared. Weights count: for w times a loss the norm is w times as large.
        """
        noted, self.lengths = self.lengths, []
        return np.asarray(np.mean(noted, axis=0))


def length(slope: torch.Tensor) -> np.ndarray:
    """Return the Euclidean norm of slopes (models, columns, outputs), (models,) float64.

    Computed by numpy, which sums a row in the same way whatever the other rows are.
    """
    return np.asarray(np.sqrt(np.square(float64(slope).reshape(len(slope), -1)).sum(axis=1)))


def make_sum(layout: Layout, trials: np.ndarray) -> SumGroup:
    """Group trials (models,) whose losses are one sum, each with its own parameters."""
    losses = [layout.pack.losses[index] for index in trials]
    record = losses[0].record
    groups = [
        group_of(layout, trials, part.record, [part.own(loss.parameters) for loss in losses])
        for part in record.parts
    ]
    factors = [per_model(layout, [part.factor(loss.parameters) for loss in losses]) for part in record.parts]
    return SumGroup(record, groups, factors)
