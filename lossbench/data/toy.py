"""The data sets that come with scikit-learn: small, real, and no network needed.

Labels and units are scikit-learn's own, so that results can be set beside published ones.
"""

from __future__ import annotations

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
    return _toy("breast_cancer", "binary")


def wine() -> Dataset:
    """Which of three growers made the wine? 178 wines, 13 chemical measurements.

    Source: Aeberhard and Forina 1992, Wine, UCI.

    Example:
        >>> wine().features.shape
        (178, 13)
    """
    return _toy("wine", "multiclass")


def iris() -> Dataset:
    """Which of three species is the iris? 150 flowers, 4 lengths in centimetres.

    Source: Fisher 1936, The use of multiple measurements in taxonomic problems.

    Example:
        >>> iris().classes
        ('setosa', 'versicolor', 'virginica')
    """
    return _toy("iris", "multiclass")


def digits() -> Dataset:
    """Which digit was written by hand? 1797 images of 8 × 8 pixels, grey from 0 to 16.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test part).

    Example:
        >>> digits().features.shape
        (1797, 64)
    """
    return _toy("digits", "multiclass")


def diabetes() -> Dataset:
    """How far has diabetes gone after a year? 442 patients, 10 measurements, a score from 25 to 346.

    Source: Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression, section 1.

    Example:
        >>> diabetes().target.min(), diabetes().target.max()
        (np.float64(25.0), np.float64(346.0))
    """
    return _toy("diabetes", "regression", ("disease progression",))


def linnerud() -> Dataset:
    """Which body belongs to which exercises? 20 men, 3 exercises, 3 targets: weight, waist and pulse.

    Source: Tenenhaus 1998, La régression PLS: théorie et pratique (Linnerud's fitness club).

    Example:
        >>> linnerud().classes
        ('Weight', 'Waist', 'Pulse')
    """
    return _toy("linnerud", "regression")


def _toy(name: str, task: Task, target: tuple[str, ...] = ()) -> Dataset:
    """Return a data set of scikit-learn; `target` names its targets where scikit-learn does not."""
    from sklearn import datasets

    bunch: Any = getattr(datasets, f"load_{name}")()
    features, values = np.array(bunch.data, dtype=np.float64), np.array(bunch.target)
    classes = target or tuple(map(str, bunch.target_names))
    if task == "regression":
        values = values.astype(np.float64).reshape(-1, len(classes))
    else:
        values = values.astype(np.int64)
    return Dataset(name, task, features, values, classes, tuple(map(str, bunch.feature_names)))
