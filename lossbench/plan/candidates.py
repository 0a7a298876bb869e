"""Which losses are candidates on a table: a few for its task, and those that its target gives a reason for.

Every rule looks at the target alone, or at what a linear model leaves of it, and never at how a loss does. A loss
that is another one by another road, or up to a constant, is no candidate beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.task import Task

USUAL: dict[Task, tuple[str, ...]] = {
    "regression": ("mse", "mae", "huber", "log_cosh"),
    "binary": ("bce", "mse", "focal", "hinge", "mae"),
    "multiclass": ("ce", "mse", "focal", "label_smoothing", "hinge", "gce"),
    "multilabel": ("bce", "mse", "focal", "asymmetric"),
    "segmentation": ("bce", "mse", "focal", "dice", "bce_dice"),
    "distribution": ("wasserstein", "energy", "mmd", "sinkhorn"),
    "anomaly": ("bce", "mse", "mae"),
    "embedding": ("ce", "triplet", "triplet_semi_hard", "contrastive", "supcon"),
}
"""The candidates of each task whatever the table shows; the first is the usual loss, which others have to beat."""

RARE = 0.4
"""Of an even share: a class, or a label, with less is rare. Of two classes that is a fifth of the rows."""

FAR, OUTLYING = 3.5, 0.01
"""An error is an outlier beyond so many robust standard deviations (Iglewicz and Hoaglin 1993, How to Detect and
Handle Outliers, chapter 3); a table has outliers where more than this share of its rows are."""

HEAVY = 3.5
"""Tails are heavy where the middle 95 % of the errors are so many times as wide as the middle half; for normal
errors it is 2.9 (Crow and Siddiqui 1967, Robust estimation of location, JASA 62)."""

MANY_ZEROS = 0.05
WIDE = 10.0
"""Of the targets: zeros that matter; how many times the smallest the largest is, for relative errors to matter."""

Trait = Literal["imbalance", "outliers", "tails", "counts", "zeros", "positive"]


@dataclass(frozen=True)
class Sign:
    """Something that a table shows, and what follows for the candidates.

    Args:
        kind: what it is.
        value: how much: a share of the rows, or a ratio.
        losses: the candidates that it adds.
        score: what the table is judged by for it, where the user names nothing; None leaves the task's own.
    """

    kind: Trait
    value: float
    losses: tuple[str, ...]
    score: str | None = None


def signs_of(dataset: Dataset) -> tuple[Sign, ...]:
    """Return what a table shows; of a law, the table of seed 0.

    Example:
        >>> from lossbench.data import load_dataset
        >>> [(sign.kind, round(sign.value, 2)) for sign in signs_of(load_dataset("imbalanced"))]
        [('imbalance', 0.1)]
    """
    found = {
        "regression": _of_values,
        "binary": _of_classes,
        "multiclass": _of_classes,
        "multilabel": _of_labels,
        "segmentation": _of_masks,
        "distribution": _of_nothing,
        "anomaly": _of_nothing,
        "embedding": _of_nothing,
    }[dataset.task]
    return tuple(found(dataset))


def candidates(task: Task, signs: tuple[Sign, ...]) -> tuple[str, ...]:
    """Return the losses that are tried, the usual one first.

    Example:
        >>> candidates("regression", (Sign("outliers", 0.02, ("tukey", "cauchy")),))
        ('mse', 'mae', 'huber', 'log_cosh', 'tukey', 'cauchy')
    """
    return tuple(dict.fromkeys([*USUAL[task], *(loss for sign in signs for loss in sign.losses)]))


def _of_classes(dataset: Dataset) -> Iterator[Sign]:
    """Yield whether the rarest class is rare."""
    counts = np.bincount(dataset.target, minlength=len(dataset.classes))
    share = float(counts.min() / counts.sum())
    if share * len(counts) < RARE:
        binary = dataset.task == "binary"
        losses = ("weighted_bce", "dice") if binary else ("logit_adjusted", "class_balanced")
        yield Sign("imbalance", share, losses, "balanced_accuracy")


def _of_labels(dataset: Dataset) -> Iterator[Sign]:
    """Yield whether the labels are rare: half of the rows would be even."""
    share = float(dataset.target.mean())
    if 2.0 * share < RARE:
        yield Sign("imbalance", share, ("soft_f1",))


def _of_masks(dataset: Dataset) -> Iterator[Sign]:
    """Yield whether the pixels of objects are rare."""
    share = float(dataset.target.mean())
    if 2.0 * share < RARE:
        yield Sign("imbalance", share, ("tversky", "lovasz"))


def _of_nothing(dataset: Dataset) -> Iterator[Sign]:
    """Yield no sign: the targets of samples, of embeddings and of rows to be given back say nothing of a loss."""
    yield from ()


def _of_values(dataset: Dataset) -> Iterator[Sign]:
    """Yield what the targets of a regression are, and what is left of them."""
    target, errors = dataset.target, errors_of(dataset)
    outlying, tails = outlying_share(errors), tail_ratio(errors)
    if outlying > OUTLYING:
        yield Sign("outliers", outlying, ("tukey", "cauchy"))
    if tails > HEAVY:
        yield Sign("tails", tails, ("cauchy",))
    if target.min() < 0:
        return
    zeros = float((target == 0).mean())
    if (target == np.round(target)).all():
        yield Sign("counts", float(target.max()), ("poisson",))
    if zeros > MANY_ZEROS:
        yield Sign("zeros", zeros, ("tweedie",))
    if zeros == 0 and target.max() >= WIDE * target.min():
        yield Sign("positive", float(target.max() / target.min()), ("gamma", "msle"))


def errors_of(dataset: Dataset) -> np.ndarray:
    """Return the errors of a linear model on rows that it was not fitted to, (rows, targets)."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), Ridge())
    target = dataset.target.reshape(dataset.rows, -1)
    return np.asarray(target - cross_val_predict(model, dataset.features, target, cv=5).reshape(target.shape))


def outlying_share(errors: np.ndarray) -> float:
    """Return the share of errors (rows, targets) that are far from the others, by their median and its deviation.

    Example:
        >>> outlying_share(np.array([[-1.0], [0.0], [1.0], [2.0], [100.0]]))
        0.2
    """
    apart = np.abs(errors - np.median(errors, axis=0))
    usual = np.median(apart, axis=0)
    return float((0.6745 * apart > FAR * usual).mean()) if (usual > 0).all() else 0.0


def tail_ratio(errors: np.ndarray) -> float:
    """Return how many times as wide as the middle half the middle 95 % of errors (rows, targets) are.

    Example:
        >>> round(tail_ratio(np.linspace(0.0, 1.0, 1001)[:, None]), 2)
        1.9
    """
    low, first, third, high = np.quantile(errors, [0.025, 0.25, 0.75, 0.975], axis=0)
    half = third - first
    return float(((high - low) / half).mean()) if (half > 0).all() else 0.0
