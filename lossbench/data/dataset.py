"""A data set: features, target and what is known about them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lossbench.task import Task


@dataclass(frozen=True, eq=False)
class Dataset:
    """One table of features and targets, not split and not scaled.

    Args:
        name: the spec as the user gave it, such as "imbalanced:positives=0.05".
        task: what is to be predicted.
        features: (rows, columns) float64; NaN where a value is missing.
        target: (rows,) int64 class index for binary and multiclass; (rows, targets) float64 for regression;
            (rows, labels) int64 of 0 and 1 for multilabel.
        classes: names of the classes, labels or regression targets, in order.
        feature_names: names of the columns.
        score: the primary score where the task's usual one would mislead; None means the task's usual one.
        notes: what was done to the table on the way in, one sentence each (rows dropped, values missing ...).
    """

    name: str
    task: Task
    features: np.ndarray = field(repr=False)
    target: np.ndarray = field(repr=False)
    classes: tuple[str, ...]
    feature_names: tuple[str, ...] = field(repr=False)
    score: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """The number of samples."""
        return len(self.features)

    @property
    def targets(self) -> int:
        """The number of classes (multiclass), labels (multilabel) or regression targets; one for binary."""
        return 1 if self.task == "binary" else len(self.classes)

    @property
    def stream(self) -> str:
        """The name that random streams go by: the spec without a folder, so that a moved file keeps its splits."""
        return re.sub(r"^[^:]*[/\\]", "", self.name)

    @cached_property
    def digest(self) -> str:
        """A hash of the numbers, twelve hexadecimal digits."""
        content = hashlib.sha256()
        for array in (self.features, self.target):
            content.update(f"{array.shape}{array.dtype.str}".encode())
            content.update(np.ascontiguousarray(array).tobytes())
        return content.hexdigest()[:12]
