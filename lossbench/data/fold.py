"""A fold: one split of a data set, scaled by statistics of its training part."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.split import deal, divide
from lossbench.data.weights import training_weights
from lossbench.errors import DataError
from lossbench.randomness import stream
from lossbench.task import VALUED

MINIMUM_ROWS = 10  # 6 to train, 2 to validate, 2 to test: with fewer, R² on the test part is undefined
ROUNDING = 1e-12  # the relative error that arithmetic may introduce
STRATIFIABLE = 5  # rows of a class, enough for three in the training part and one in each other part
PARTS = 3  # rows that a class of a user's table needs at least: one for each part of a split


@dataclass(frozen=True, eq=False)
class Part:
    """The training, validation or test part of a fold.

    Args:
        rows: (n,) row numbers in the table, ascending; `fold.dataset.target[rows]` is the target in original
            units, to the last bit.
        features: (n, columns) float64, imputed and standardised; unchanged for anomaly, where they are
            reconstructed.
        target: (n, targets) float64 standardised for regression and distribution; (n,) int64 for binary,
            multiclass, embedding and segmentation; (n, labels) int64 for multilabel; for anomalies the features.
        weights: (n,) float64 with mean one, the factor on the loss of each training row; None where all rows count
            alike, and in the other parts, whose scores are not weighted.
    """

    rows: np.ndarray = field(repr=False)
    features: np.ndarray = field(repr=False)
    target: np.ndarray = field(repr=False)
    weights: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Fold:
    """One split of a data set.

    Args:
        dataset: the table that is split; under a law, the table of this seed.
        train: what the networks learn from, 60 %.
        validation: what epochs and thresholds are chosen on, 20 %.
        test: what is reported, 20 %.
        target_mean: (targets,) added to go back to original units; zeros for classification.
        target_scale: (targets,) multiplied to go back to original units; ones for classification.
    """

    dataset: Dataset
    train: Part
    validation: Part
    test: Part
    target_mean: np.ndarray = field(repr=False)
    target_scale: np.ndarray = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """A hash of the row numbers of each part, and for a law also of the rows; twelve hexadecimal digits."""
        content = hashlib.sha256(self.dataset.digest.encode() if self.dataset.sampling == "redrawn" else b"")
        for part in (self.train, self.validation, self.test):
            content.update(f"{len(part.rows)}:".encode() + part.rows.astype("<i8").tobytes())
        return content.hexdigest()[:12]


def make_fold(dataset: Dataset, seed: int) -> Fold:
    """Split a data set 60/20/20 and scale it by its training part.

    Where the law draws the parts separately, these are the parts. Otherwise the split is stratified by class where
    every class has at least five rows (binary, multiclass and embedding). Rows of one group stay in one part; part
    sizes and class shares are then as near as whole groups allow. Missing features become the median of the
    training part (the rule called "median"); a column that has no value there becomes zero in every row. Then x ↦
    (x - mean) / sd with the mean and the population standard deviation of the training part (a constant column is
    only centred), and the same for targets that are numbers, to which `start` is added for a law to imitate.

    For anomaly, only normal rows are split, all anomalies are in the test part, and the features stay in [0, 1] as
    they are: the networks reconstruct them.

    Source: Hastie, Tibshirani and Friedman 2009, The Elements of Statistical Learning, sections 7.2 (the three
    parts) and 7.10.2 (whatever is learnt from data is learnt from the training part).

    Args:
        dataset: the table to split, or the law from which the seed first draws one.
        seed: the repetition; the same seed gives the same split.

    Returns:
        The fold. Each part has at least one row of every class where the split is stratified.

    Raises:
        DataError: fewer than ten rows, or a class without a row in the training part.

    Example:
        >>> from lossbench.data import load_dataset
        >>> fold = make_fold(load_dataset("iris"), seed=0)
        >>> fold.train.features.shape, fold.validation.features.shape, fold.test.features.shape
        ((90, 4), (30, 4), (30, 4))
    """
    dataset = dataset.sample(seed)
    check_rows(dataset.name, dataset.rows)
    train, validation, test = _split(dataset, seed)
    mean, scale = np.zeros(dataset.targets), np.ones(dataset.targets)
    if dataset.task == "anomaly":
        features = target = dataset.features
    else:
        features, target = _scaled_features(dataset.features, train), dataset.target
    if dataset.task in VALUED:
        mean, scale = _moments(dataset.target[train])
        mean = mean - dataset.start * scale
        target = (dataset.target - mean) / scale
    elif dataset.task != "anomaly":
        _check_classes(dataset, train, seed)

    def part(rows: np.ndarray) -> Part:
        return Part(rows, features[rows], target[rows])

    learnt = replace(part(train), weights=training_weights(dataset, train, target[train]))
    return Fold(dataset, learnt, part(validation), part(test), target_mean=mean, target_scale=scale)


def check_rows(name: str, rows: int) -> None:
    """Refuse a data set with fewer rows than a split needs.

    Args:
        name: of the data set, for the message.
        rows: how many it has.

    Raises:
        DataError: fewer than ten rows.

    Example:
        >>> check_rows("iris", 150)
    """
    if rows < MINIMUM_ROWS:
        raise DataError(
            f"'{name}' has {rows} usable row{'s' * (rows != 1)}; a split into training, validation and test parts "
            f"needs at least {MINIMUM_ROWS}; add rows"
        )


def varies(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Say where numbers differ along an axis by more than rounding errors.

    Example:
        >>> varies(np.array([[0.3, 1.0], [0.1 + 0.2, 2.0]]))
        array([False,  True])
    """
    return np.asarray(np.ptp(values, axis=axis) > ROUNDING * np.abs(values).max(axis=axis))


def class_counts(dataset: Dataset, target: np.ndarray) -> np.ndarray:
    """Count the rows of each class, or the positive rows of each label.

    Args:
        dataset: says what the classes are.
        target: (n,) class indices, or (n, labels) of 0 and 1.

    Returns:
        (classes,) or (labels,) counts.

    Example:
        >>> from lossbench.data import load_dataset
        >>> iris = load_dataset("iris")
        >>> class_counts(iris, iris.target).tolist()
        [50, 50, 50]
    """
    if dataset.task == "multilabel":
        return np.asarray(target.sum(axis=0))
    return np.bincount(target, minlength=len(dataset.classes))


def is_stratified(dataset: Dataset) -> bool:
    """Say whether a data set is split row by row and class by class, so that every part has rows of every class.

    Example:
        >>> from lossbench.data import load_dataset
        >>> is_stratified(load_dataset("iris")), is_stratified(load_dataset("multilabel"))
        (True, False)
    """
    by_class = dataset.task in ("binary", "multiclass", "embedding") and dataset.groups is None
    return by_class and bool(class_counts(dataset, dataset.target).min() >= STRATIFIABLE)


def part_sizes(dataset: Dataset, seed: int) -> tuple[int, ...]:
    """Return how many rows each part has: the same for all seeds, unless groups are kept together.

    Example:
        >>> from lossbench.data import load_dataset
        >>> part_sizes(load_dataset("iris"), 0)
        (90, 30, 30)
    """
    if dataset.parts is not None:
        return tuple(np.bincount(dataset.parts).tolist())
    if dataset.task == "anomaly":
        odd = int(dataset.target.sum())
        normal = dataset.rows - odd
        fifth = fifth_of(normal)
        return normal - 2 * fifth, fifth, fifth + odd
    if dataset.groups is None:
        fifth = fifth_of(dataset.rows)
        return dataset.rows - 2 * fifth, fifth, fifth
    return tuple(map(len, _split(dataset, seed)))


def fifth_of(rows: int) -> int:
    """Return the size of the validation part, which is also that of the test part, of a table of so many rows.

    Example:
        >>> fifth_of(150), fifth_of(151)
        (30, 31)
    """
    # Rounding up leaves at least two rows of every class of five outside the training part, so that the second
    # division can be stratified too.
    return -(-rows // 5)


def _split(dataset: Dataset, seed: int) -> list[np.ndarray]:
    if dataset.parts is not None:
        return [np.flatnonzero(dataset.parts == part) for part in range(3)]
    if dataset.groups is not None:
        # Images are not stratified: by the classes of their pixels, part sizes would differ from seed to seed.
        classes = None if dataset.task in VALUED or dataset.pixels > 1 else dataset.target
        return deal(dataset.groups, classes, stream("split", dataset.stream, seed))
    random_state = int(stream("split", dataset.stream, seed).integers(2**32))
    by_class, everything = is_stratified(dataset), np.arange(dataset.rows)
    tested = np.flatnonzero(dataset.target) if dataset.task == "anomaly" else everything[:0]
    divided = np.setdiff1d(everything, tested)
    fifth = fifth_of(len(divided))

    def parted(rows: np.ndarray, held_out: int) -> list[np.ndarray]:
        strata = dataset.target[rows] if by_class else None
        return [rows[places] for places in divide(len(rows), held_out, strata, random_state)]

    train, rest = parted(divided, 2 * fifth)
    validation, test = parted(rest, fifth)
    return [np.sort(rows) for rows in (train, validation, np.append(test, tested))]


def _scaled_features(features: np.ndarray, train: np.ndarray) -> np.ndarray:
    if np.isnan(features).any():
        features = _filled(features, train)
    mean, scale = _moments(features[train])
    return np.asarray((features - mean) / scale)


def _filled(features: np.ndarray, train: np.ndarray) -> np.ndarray:
    silent = np.isnan(features[train]).all(axis=0)
    features = np.where(silent, 0.0, features)
    return np.where(np.isnan(features), np.nanmedian(features[train], axis=0), features)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Rounding can leave the standard deviation of a constant column a little above zero, and that of a column of
    # tiny differences at zero.
    scale = values.std(axis=0)
    constant = ~varies(values) | (scale == 0)
    return values.mean(axis=0), np.where(constant, 1.0, scale)


def _check_classes(dataset: Dataset, train: np.ndarray, seed: int) -> None:
    counts = class_counts(dataset, dataset.target[train])
    for name, missing in zip(dataset.classes, counts == 0, strict=True):
        if missing:
            rows = class_counts(dataset, dataset.target)[dataset.classes.index(name)]
            unit = "rows" if dataset.groups is None else "groups"
            raise DataError(
                f"'{dataset.name}': class '{name}' has no row in the training part of seed {seed} (rows of it in "
                f"the table: {rows}). With {STRATIFIABLE} {unit} of every class the split is stratified: add "
                f"{unit}, or merge or remove the class{_as_quantity(dataset)}"
            )


def _as_quantity(dataset: Dataset) -> str:
    """Say how numbers that were taken for classes become a quantity."""
    counted = all(name.lstrip("-").replace(".", "").isdecimal() for name in dataset.classes)
    return ", or write task=regression if its numbers count or measure something" if counted else ""
