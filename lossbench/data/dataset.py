"""A data set: features, target and what is known about them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from lossbench.remark import Remark
from lossbench.schema import Metric
from lossbench.task import Task

Sampling = Literal["resplit", "redrawn"]
"""Whether all seeds split the same table and so share rows ("resplit"), or each draws its own rows ("redrawn")."""

_WEIGHING = re.compile(r':(?:class_)?weight=(?:"(?:[^"]|"")*"|.)*?(?=:\w+=|$)')


@dataclass(frozen=True, eq=False)
class Modes:
    """The separate clouds (modes) of a law.

    Args:
        centres: (modes, targets) float64, in units of the target.
        shares: (modes,) of the samples, which sum to one.
        radius: how far from its centre a sample still belongs to a mode.
    """

    centres: np.ndarray
    shares: np.ndarray
    radius: float


@dataclass(frozen=True, eq=False)
class Dataset:
    """One table of features and targets, neither split nor scaled; or the law from which every seed draws one.

    Args:
        name: the spec as the user gave it, such as "imbalanced:positives=0.05".
        task: what is to be predicted.
        features: (rows, columns) float64; NaN where a value is missing.
        target: (rows,) int64 class index for binary, multiclass and embedding; (rows, targets) float64 for
            regression; (rows, labels) int64 of 0 and 1 for multilabel; (rows,) int64 of 0 and 1 for segmentation,
            where a row is a pixel; (rows, targets) float64 samples for distribution, not paired with the rows of
            the features; (rows,) int64, 1 for an anomaly, where the networks learn to reconstruct the features of
            normal rows, which lie in [0, 1].
        classes: names of the classes, labels or regression targets, in order.
        feature_names: names of the columns.
        score: the primary score where the task's usual one would mislead; None means the task's usual one.
        notes: what was done to the table as it was read: rows dropped, values missing ...
        groups: (rows,) int64, the number of each row's group, where a split keeps rows together: those of one
            patient, say, and equal rows; None where every row stands for itself.
        draw: makes the table of a seed where the data come from a law, in which case this is the table of seed 0;
            None for a fixed table.
        judged: the primary score that the user chose instead; None for the data set's own.
        pixels: consecutive rows per image, where losses and scores look at whole images; 1 where each row is a
            sample by itself.
        modes: the separate clouds of a law to imitate; None where it has none, and for other tasks.
        start: of a law to imitate, how far its samples lie from the outputs of an untrained network, in every
            target, in standard deviations of the target.
        alarms: the share of normal rows that may be flagged as anomalies; None for other tasks.
        parts: (rows,) 0, 1 or 2 for the training, validation and test part, where the law draws each part
            separately; None where the rows are split.
        together: how many rows of one class lie side by side in a batch, where a loss compares rows; 1 where rows
            are shuffled regardless of class.
        weights: (rows,) at least 0, how much each row counts in training; None where all count alike.
        image_shape: of a row as an image, (height, width) or (channels, height, width); None where rows are no
            images.
        version: of fetched data; empty for others.
        balanced: whether all classes have the same total weight in training.
    """

    name: str
    task: Task
    features: np.ndarray = field(repr=False)
    target: np.ndarray = field(repr=False)
    classes: tuple[str, ...]
    feature_names: tuple[str, ...] = field(repr=False)
    score: str | None = None
    notes: tuple[Remark, ...] = ()
    groups: np.ndarray | None = field(default=None, repr=False)
    draw: Callable[[int], Dataset] | None = field(default=None, repr=False)
    judged: Metric | None = None
    pixels: int = 1
    modes: Modes | None = field(default=None, repr=False)
    start: float = 0.0
    alarms: float | None = None
    parts: np.ndarray | None = field(default=None, repr=False)
    together: int = 1
    weights: np.ndarray | None = field(default=None, repr=False)
    balanced: bool = False
    image_shape: tuple[int, ...] | None = None
    version: str = ""

    @property
    def sampling(self) -> Sampling:
        """Whether seeds share rows."""
        return "redrawn" if self.draw else "resplit"

    def sample(self, seed: int) -> Dataset:
        """Return the table that a seed splits: its own, or the one that all seeds share."""
        return self.draw(seed) if self.draw else self

    @property
    def weighted(self) -> bool:
        """Whether rows count differently in training."""
        return self.balanced or self.weights is not None

    @property
    def rows(self) -> int:
        """The number of samples."""
        return len(self.features)

    @property
    def targets(self) -> int:
        """The number of classes (multiclass, embedding), labels (multilabel) or regression targets; else one.

        For anomaly, the number of features, which the networks reconstruct.
        """
        if self.task == "anomaly":
            return len(self.feature_names)
        return 1 if self.task in ("binary", "segmentation") else len(self.classes)

    def in_images(self, values: Any) -> Any:
        """Return values of rows, (..., rows, 1), as losses and scores see them.

        Args:
            values: an array or a tensor, a number a row.

        Returns:
            (..., images, pixels), or the values unchanged where each row is a sample by itself.
        """
        return values if self.pixels == 1 else values.reshape(*values.shape[:-2], -1, self.pixels)

    @property
    def stream(self) -> str:
        """The name of the random streams: the spec without its folder, so that a moved file keeps its splits.

        Weights are left out too: a table has the same splits and initial weights with and without them.
        """
        return _WEIGHING.sub("", re.sub(r"^[^:]*[/\\]", "", self.name))

    @cached_property
    def digest(self) -> str:
        """A hash of the numbers, and of any groups and weights; twelve hexadecimal digits."""
        content = hashlib.sha256(b"balanced" if self.balanced else b"")
        more = (array for array in (self.groups, self.weights) if array is not None)
        for array in (self.features, self.target, *more):
            content.update(f"{array.shape}{array.dtype.str}".encode())
            content.update(np.ascontiguousarray(array).tobytes())
        return content.hexdigest()[:12]
