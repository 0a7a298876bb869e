"""Contamination: corrupting a share of the training part, or of the test part, so that robustness can be measured.

Huber's model (1964, "Robust estimation of a location parameter", section 1): a share 1 - ε of the sample comes
from the distribution of interest, a share ε from another. The other parts stay clean, and validation always does.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import Fold, class_counts
from lossbench.errors import BadValue, DataError, UnknownName
from lossbench.randomness import stream
from lossbench.task import Task

Kind = Literal[
    "label",
    "target",
    "target_symmetric",
    "feature",
    "feature_one_sided",
    "noise",
    "feature_at_test",
    "feature_one_sided_at_test",
    "label_by_class",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

AT_TEST: tuple[Kind, ...] = ("feature_at_test", "feature_one_sided_at_test")
"""The kinds that leave the training part clean, and move the features of test rows."""

FLIPS: tuple[Kind, ...] = ("label", "label_by_class")
"""The kinds that may leave a class without a training row."""

MOVES_FEATURES: tuple[Kind, ...] = ("feature", "feature_one_sided", "noise")
"""The kinds that leave no table of features to be shared with others."""

OUTLIER_SIZE = 5.0  # standard deviations of the training part: far outside the cloud, near enough to be harmful

_KINDS_OF: dict[Task, tuple[Kind, ...]] = {
    "regression": ("target", "target_symmetric", "feature", "feature_one_sided", *AT_TEST),
    "binary": ("label", "feature", "feature_one_sided", *AT_TEST, "label_by_class"),
    "multiclass": ("label", "feature", "feature_one_sided", *AT_TEST, "label_by_class"),
    "multilabel": ("label", "feature", "feature_one_sided", *AT_TEST),
    "segmentation": ("label",),  # patches overlap, so shifting one is no realistic fault of an image
    "distribution": ("target", "target_symmetric"),  # the features are noise, which has no outliers
    "anomaly": ("noise",),
    "embedding": ("label", "feature", "feature_one_sided", *AT_TEST),
}


def default_kind(task: Task) -> Kind:
    """Return the kind of contamination that a task gets by default: that of its targets.

    Example:
        >>> default_kind("regression"), default_kind("multilabel")
        ('target', 'label')
    """
    return _KINDS_OF[task][0]


def kinds_of(task: Task) -> tuple[Kind, ...]:
    """Return the kinds of contamination that a task has.

    Example:
        >>> kinds_of("binary")
        ('label', 'feature', 'feature_one_sided', 'feature_at_test', 'feature_one_sided_at_test', 'label_by_class')
    """
    return _KINDS_OF[task]


def check_kind(kind: str, task: Task) -> Kind:
    """Return the kind if it exists and the task has it.

    Raises:
        UnknownName: no such kind of contamination.
        BadValue: the task has no such contamination.

    Example:
        >>> check_kind("feature", "binary")
        'feature'
    """
    if kind not in KINDS:
        raise UnknownName("kind of contamination", kind, KINDS)
    if kind not in _KINDS_OF[task]:
        right = " or ".join(_KINDS_OF[task])
        raise BadValue(f"a {task} data set has no '{kind}' contamination; choose {right}")
    return kind


def check_fraction(fraction: float) -> float:
    """Return the share if it lies in [0, 1).

    Raises:
        BadValue: a share outside [0, 1).

    Example:
        >>> check_fraction(0.1)
        0.1
    """
    if not 0 <= fraction < 1:
        raise BadValue(f"a contaminated share of {fraction} is out of range; give shares in [0, 1), such as 0.1")
    return fraction


def contaminate(fold: Fold, kind: str, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Corrupt a share of the training part.

    - label: a class becomes one of the others, all equally likely (binary: the other one); in a multilabel data
      set single entries are flipped, in a mask single pixels. Source: Natarajan et al. 2013, "Learning with noisy
      labels", section 2.
    - label_by_class: a class becomes the next one, the last the first; of two classes only the positive one does.
      Source: Han et al. 2018, "Co-teaching", NeurIPS, section 4 ("pair flipping"); of two classes Elkan and Noto
      2008, "Learning classifiers from only positive and unlabeled data", KDD.
    - target: y ↦ y + 5 standard deviations of the training part, in every target: vertical outliers, on one side.
    - target_symmetric: y ↦ y ± 5 standard deviations, the sign drawn anew for every row: on both sides.
    - feature: x ↦ x ± 5 standard deviations of the training part, the sign drawn anew for every feature; the
      target stays, so the row becomes a bad leverage point.
    - feature_one_sided: x ↦ x + 5 standard deviations in every feature: leverage points in one corner. Source of
      these four: Rousseeuw and Leroy 1987, "Robust regression and outlier detection", chapter 1.
    - noise: a row to be reconstructed becomes uniform noise on [0, 1].

    Data set and seed fix the order in which rows are corrupted and what happens to each; the share only sets their
    number. So the rows corrupted at 10 % are among those at 20 %, and are corrupted in the same way.

    Args:
        fold: the clean fold; it is never changed.
        kind: one of KINDS; those of `AT_TEST` leave the training part as it is, see `contaminate_test`.
        fraction: share of the rows (multilabel label flips: of the entries) in [0, 1); round(fraction · n)
            are corrupted; by `label_by_class` on two classes as many are drawn, and the positive ones of them
            are corrupted.
        seed: the repetition.

    Returns:
        Features (n, columns) and target of the training part, in the shapes of `fold.train`.

    Raises:
        UnknownName: no such kind of contamination.
        BadValue: the task has no such contamination, or the share is outside [0, 1).
        DataError: the flips leave a class without a training row.

    Example:
        >>> from lossbench.data import load_dataset, make_fold
        >>> fold = make_fold(load_dataset("breast_cancer"), seed=0)
        >>> _, target = contaminate(fold, "label", 0.1, seed=0)
        >>> int((target != fold.train.target).sum()), len(target)
        (34, 341)
    """
    dataset, features, target = fold.dataset, fold.train.features, fold.train.target
    checked = check_kind(kind, dataset.task)
    if check_fraction(fraction) == 0 or checked in AT_TEST:
        return features, target
    random = stream("contamination", dataset.stream, seed)
    if checked == "noise":
        noisy = _noisy(features, fraction, random)
        return noisy, noisy
    if checked in MOVES_FEATURES:
        moving = moving_columns(features)
        return _shift_features(features, fraction, random, moving, "one_sided" in checked), target
    if checked in ("target", "target_symmetric"):
        return features, _shift_targets(target, fraction, random, one_sided=checked == "target")
    if checked == "label_by_class":
        target = _flip_onwards(target, len(dataset.classes), fraction, random)
    elif dataset.task == "multilabel":
        target = _flip_entries(target, fraction, random)
    else:
        target = _flip_classes(target, len(dataset.classes), fraction, random)
    _check_classes(dataset, target, fraction, seed)
    return features, target


def contaminate_test(fold: Fold, kind: str, fraction: float, seed: int) -> np.ndarray:
    """Corrupt the features of a share of the test part; its targets stay as they are.

    - feature_at_test: x ↦ x ± 5 standard deviations of the training part in every column, as `feature` does to
      training rows. feature_one_sided_at_test: x ↦ x + 5. A column that is constant in the training part stays.

    No kind corrupts test targets: a wrong target is wrong for every loss alike.

    Args:
        fold: the clean fold; it is never changed.
        kind: one of `AT_TEST`.
        fraction: share of the rows in [0, 1); round(fraction · n) are corrupted, nested as in `contaminate`.
        seed: the repetition.

    Returns:
        Features (n, columns) of the test part.

    Raises:
        UnknownName: no such kind of contamination.
        BadValue: the task has no such contamination, or the share is outside [0, 1).

    Example:
        >>> from lossbench.data import load_dataset, make_fold
        >>> fold = make_fold(load_dataset("wine"), seed=0)
        >>> features = contaminate_test(fold, "feature_at_test", 0.25, seed=0)
        >>> int((features != fold.test.features).all(axis=1).sum()), len(features)
        (9, 36)
    """
    checked = check_kind(kind, fold.dataset.task)
    if check_fraction(fraction) == 0:
        return fold.test.features
    random, moving = (
        stream("contamination at test", fold.dataset.stream, seed),
        moving_columns(fold.train.features),
    )
    return _shift_features(fold.test.features, fraction, random, moving, "one_sided" in checked)


def moving_columns(features: np.ndarray) -> np.ndarray:
    """Say which columns vary: a constant one has a standard deviation of zero and cannot be shifted."""
    return np.asarray(np.ptp(features, axis=0) > 0)


def _hit(size: int, fraction: float, random: np.random.Generator) -> np.ndarray:
    """Return the first round(fraction · size) numbers of a random permutation of 0 ... size - 1, (hits,)."""
    return random.permutation(size)[: round(fraction * size)]


def _flip_classes(target: np.ndarray, classes: int, fraction: float, random: np.random.Generator) -> np.ndarray:
    hit = _hit(len(target), fraction, random)
    wrong = (target + random.integers(1, classes, size=len(target))) % classes
    flipped = target.copy()
    flipped[hit] = wrong[hit]
    return flipped


def _flip_onwards(target: np.ndarray, classes: int, fraction: float, random: np.random.Generator) -> np.ndarray:
    hit, flipped = _hit(len(target), fraction, random), target.copy()
    flipped[hit] = (target[hit] + 1) % classes if classes > 2 else 0
    return flipped


def _flip_entries(target: np.ndarray, fraction: float, random: np.random.Generator) -> np.ndarray:
    flipped = target.copy()
    hit = _hit(target.size, fraction, random)
    flipped.flat[hit] = 1 - target.flat[hit]
    return flipped


def _shift_targets(
    target: np.ndarray, fraction: float, random: np.random.Generator, *, one_sided: bool
) -> np.ndarray:
    hit = _hit(len(target), fraction, random)
    signs = np.ones(len(target)) if one_sided else random.choice([-1.0, 1.0], size=len(target))
    shifted = target.copy()
    shifted[hit] += OUTLIER_SIZE * signs[hit, None]  # targets are in standard deviations already
    return shifted


def _shift_features(
    features: np.ndarray, fraction: float, random: np.random.Generator, moving: np.ndarray, one_sided: bool
) -> np.ndarray:
    hit = _hit(len(features), fraction, random)
    signs = np.ones(features.shape) if one_sided else random.choice([-1.0, 1.0], size=features.shape)
    shifted = features.copy()
    shifted[hit] += (OUTLIER_SIZE * signs * moving)[hit]
    return shifted


def _noisy(features: np.ndarray, fraction: float, random: np.random.Generator) -> np.ndarray:
    hit = _hit(len(features), fraction, random)
    noisy = features.copy()
    noisy[hit] = random.random(features.shape)[hit]
    return noisy


def _check_classes(dataset: Dataset, target: np.ndarray, fraction: float, seed: int) -> None:
    for name, count in zip(dataset.classes, class_counts(dataset, target), strict=True):
        if count == 0:
            raise DataError(
                f"'{dataset.name}': flipping {fraction:.4g} of the labels with seed {seed} leaves no training row "
                f"of class '{name}'; choose a smaller share, other seeds, or a data set with more rows"
            )
