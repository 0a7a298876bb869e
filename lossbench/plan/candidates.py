"""Which losses are candidates on a table: a few usual ones for its task, and those that its target suggests.

The rules look only at the target and at the errors of a linear model, never at the results of a loss. Of two
losses that are the same function, or differ by a constant factor, only one is a candidate.
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
"""A class or label is rare below this fraction of an even share; of two classes, below a fifth of the rows."""

FAR, OUTLYING = 3.5, 0.01
"""An error is an outlier beyond `FAR` robust standard deviations (Iglewicz and Hoaglin 1993, How to Detect and
Handle Outliers, chapter 3); a table has outliers where more than the share `OUTLYING` of its rows are."""

HEAVY = 3.5
"""Tails are heavy where the middle 95 % of the errors are at least this many times as wide as the middle half; for
normal errors the ratio is 2.9 (Crow and Siddiqui 1967, Robust estimation of location, JASA 62)."""

MANY_ZEROS = 0.05
WIDE = 10.0
"""The share of zero targets that matters; the ratio of largest to smallest that calls for relative errors."""

Trait = Literal["imbalance", "outliers", "tails", "counts", "zeros", "positive"]


@dataclass(frozen=True)
class Sign:
    """A trait of a table, and what follows for the candidates.

    Args:
        kind: the trait.
        value: its size: a share of the rows, or a ratio.
        losses: the candidates that it adds.
        score: the score that judges such a table where the user names none; None leaves that of the task.
    """

    kind: Trait
    value: float
    losses: tuple[str, ...]
    score: str | None = None


def signs_of(dataset: Dataset) -> tuple[Sign, ...]:
    """Return the traits of a table; for a law, of the table of seed 0.

    Example:
        >>> from lossbench.data import load_dataset
        >>> [(sign.kind, round(sign.value, 2)) for sign in signs_of(load_dataset("imbalanced"))]
        [('imbalance', 0.1)]
    """
    found = {
        "regression": _value_signs,
        "binary": _class_signs,
        "multiclass": _class_signs,
        "multilabel": _cell_signs,
        "segmentation": _cell_signs,
    }.get(dataset.task)
    return tuple(found(dataset)) if found else ()


def candidates(task: Task, signs: tuple[Sign, ...]) -> tuple[str, ...]:
    """Return the losses that are tried, the usual one first.

    Example:
        >>> candidates("regression", (Sign("outliers", 0.02, ("tukey", "cauchy")),))
        ('mse', 'mae', 'huber', 'log_cosh', 'tukey', 'cauchy')
    """
    return tuple(dict.fromkeys([*USUAL[task], *(loss for sign in signs for loss in sign.losses)]))


def _class_signs(dataset: Dataset) -> Iterator[Sign]:
    """Yield whether the rarest class is rare."""
    counts = np.bincount(dataset.target, minlength=len(dataset.classes))
    share = float(counts.min() / counts.sum())
    if share * len(counts) < RARE:
        binary = dataset.task == "binary"
        losses = ("weighted_bce", "dice") if binary else ("logit_adjusted", "class_balanced")
        yield Sign("imbalance", share, losses, "balanced_accuracy")


def _cell_signs(dataset: Dataset) -> Iterator[Sign]:
    """Yield whether labels, or the pixels of objects, are rare: half of them would be even."""
    share = float(dataset.target.mean())
    if 2.0 * share < RARE:
        yield Sign("imbalance", share, ("soft_f1",) if dataset.task == "multilabel" else ("tversky", "lovasz"))


def _value_signs(dataset: Dataset) -> Iterator[Sign]:
    """Yield traits of the targets of a regression, and of the errors of a linear model."""
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
    """Return the share of errors (rows, targets) that are outliers, by their median and median absolute deviation.

    Example:
        >>> outlying_share(np.array([[-1.0], [0.0], [1.0], [2.0], [100.0]]))
        0.2
    """
    deviations = np.abs(errors - np.median(errors, axis=0))
    typical = np.median(deviations, axis=0)
    return float((0.6745 * deviations > FAR * typical).mean()) if (typical > 0).all() else 0.0


def tail_ratio(errors: np.ndarray) -> float:
    """Return the width of the middle 95 % of errors (rows, targets), divided by that of the middle half.

    Example:
        >>> round(tail_ratio(np.linspace(0.0, 1.0, 1001)[:, None]), 2)
        1.9
    """
    low, first, third, high = np.quantile(errors, [0.025, 0.25, 0.75, 0.975], axis=0)
    half = third - first
    return float(((high - low) / half).mean()) if (half > 0).all() else 0.0
