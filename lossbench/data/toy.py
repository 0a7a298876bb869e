"""The data sets that come with scikit-learn: small, real, and no network needed.

Labels and units are scikit-learn's own, so that results can be set beside published ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.task import Task


def breast_cancer() -> Dataset:
    """Is a breast tumour benign? 569 patients, 30 measurements of cell nuclei.

    The positive class, 1, is "benign", as in scikit-learn: F1, precision and recall speak of the benign tumours.

    Source: Wolberg, Street and Mangasarian 1995, Breast Cancer Wisconsin (Diagnostic), UCI.

    Example:
        >>> breast_cancer().classes
        ('malignant', 'benign')
    """
    return _classification("breast_cancer", "binary")


def wine() -> Dataset:
    """Which of three growers made the wine? 178 wines, 13 chemical measurements.

    Source: Aeberhard and Forina 1992, Wine, UCI.

    Example:
        >>> wine().features.shape
        (178, 13)
    """
    return _classification("wine", "multiclass")


def iris() -> Dataset:
    """Which of three species is the iris? 150 flowers, 4 lengths in centimetres.

    Source: Fisher 1936, The use of multiple measurements in taxonomic problems.

    Example:
        >>> iris().classes
        ('setosa', 'versicolor', 'virginica')
    """
    return _classification("iris", "multiclass")


def digits() -> Dataset:
    """Which digit was written by hand? 1797 images of 8 × 8 pixels, grey from 0 to 16.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test part).

    Example:
        >>> digits().features.shape
        (1797, 64)
    """
    return _classification("digits", "multiclass")


def diabetes() -> Dataset:
    """How far has diabetes gone after a year? 442 patients, 10 measurements, a score from 25 to 346.

    Source: Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression, section 1.

    Example:
        >>> diabetes().target.min(), diabetes().target.max()
        (np.float64(25.0), np.float64(346.0))
    """
    bunch = _bunch("diabetes")
    return _regression("diabetes", bunch, ("disease progression",))


def linnerud() -> Dataset:
    """Which body belongs to which exercises? 20 men, 3 exercises, 3 targets: weight, waist and pulse.

    Source: Tenenhaus 1998, La régression PLS: théorie et pratique (Linnerud's fitness club).

    Example:
        >>> linnerud().classes
        ('Weight', 'Waist', 'Pulse')
    """
    bunch = _bunch("linnerud")
    return _regression("linnerud", bunch, tuple(map(str, bunch.target_names)))


def _classification(name: str, task: Task) -> Dataset:
    bunch = _bunch(name)
    return Dataset(
        name=name,
        task=task,
        features=np.array(bunch.data, dtype=np.float64),
        target=np.array(bunch.target, dtype=np.int64),
        classes=tuple(map(str, bunch.target_names)),
        feature_names=tuple(map(str, bunch.feature_names)),
    )


def _regression(name: str, bunch: Any, targets: tuple[str, ...]) -> Dataset:
    return Dataset(
        name=name,
        task="regression",
        features=np.array(bunch.data, dtype=np.float64),
        target=np.array(bunch.target, dtype=np.float64).reshape(-1, len(targets)),
        classes=targets,
        feature_names=tuple(map(str, bunch.feature_names)),
    )


def _bunch(name: str) -> Any:
    from sklearn import datasets

    loader: Callable[[], Any] = getattr(datasets, f"load_{name}")
    return loader()
