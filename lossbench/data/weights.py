"""How much each training row counts, under every loss alike: by a column of the user's table, or by class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossbench.data.cells import LARGEST, UserTable
from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue, DataError
from lossbench.remark import Topic

BALANCED = "balanced"
KEY = "class_weight"


def training_weights(dataset: Dataset, rows: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """Return the factor on the loss of each training row, (n,) with mean one; None where all count alike.

    w_i ↦ w_i / mean of w, so that the average of a batch, over its rows, has the step size that it has without
    weights. Where classes are to count alike, w_i is first divided by the total of its class: n / (k n_c) for k
    classes, of which c has n_c rows, all of one weight.

    Source: scikit-learn, `sample_weight` and `class_weight="balanced"`, after King and Zeng (2001), Logistic
    regression in rare events data, section 3.2.

    Args:
        dataset: the data set that the rows are from.
        rows: (n,) their numbers.
        target: (n,) their classes as they are trained on, contaminated where that is asked for.

    Raises:
        DataError: all of them have weight zero.

    Example:
        >>> from lossbench.data import load_dataset
        >>> weighted = load_dataset("breast_cancer:class_weight=balanced")
        >>> training_weights(weighted, np.arange(4), np.array([1, 1, 1, 0])).round(3).tolist()
        [0.667, 0.667, 0.667, 2.0]
    """
    if not dataset.weighted:
        return None
    weights = np.ones(len(rows)) if dataset.weights is None else dataset.weights[rows]
    if not weights.any():
        raise DataError(
            f"'{dataset.name}': every row of a training part has the weight 0, so that nothing is learnt; "
            "give more rows a weight, or take other seeds"
        )
    if dataset.balanced:
        totals = np.bincount(target, weights)[target]
        weights = np.divide(weights, totals, out=np.zeros(len(rows)), where=totals > 0)
    return np.asarray(weights / weights.mean())


def balanced(dataset: Dataset, asked: str | None) -> Dataset:
    """Return a data set whose classes count alike in training, where that is asked for.

    Raises:
        BadValue: an unknown way to weigh classes, or a task without classes.

    Example:
        >>> from lossbench.data import load_dataset
        >>> balanced(load_dataset("wine"), "balanced").balanced
        True
    """
    if asked is None:
        return dataset
    if asked != BALANCED:
        raise BadValue(f"'{dataset.name}': {KEY}={asked} is unknown; write {KEY}={BALANCED}, or leave it out")
    if dataset.task not in ("binary", "multiclass"):
        raise BadValue(
            f"'{dataset.name}': {KEY}={BALANCED} weighs rows by their class, and a {dataset.task} data set has no "
            "class a row; leave it out"
        )
    note = Topic.CLASSES_WEIGHTED(classes=len(dataset.classes))
    return replace(dataset, balanced=True, notes=(*dataset.notes, note))


def weights_of(table: UserTable, name: str) -> np.ndarray:
    """Return the weights that a column of a table holds, (rows,).

    Raises:
        DataError: it is text or dates, or a weight is missing, infinite, too large or below zero, or all are zero.
    """
    values = table.frame[name].to_numpy()
    if values.dtype != np.float64:
        known = table.frame[name].dropna()
        such = f", such as '{known.iloc[0]}'" if len(known) else ""
        raise table.error(f"the weight '{name}' is text{such}; name a column of numbers")
    if name in table.days:
        raise table.error(
            f"the weight '{name}' holds dates or durations, such as '{table.days[name].dropna().iloc[0]}'; name a "
            "column of numbers"
        )
    odd = {"is missing": np.isnan(values), "is infinite": np.isinf(values)}
    odd |= {f"is beyond {LARGEST:g}": values > LARGEST, "": values < 0}
    for what, wrong in odd.items():
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            said = what or f"is {values[row]:g}, below zero,"
            raise table.error(
                f"the weight '{name}' {said} in {table.place(int(table.frame.index[row]))}; give every row a "
                "number from 0 up"
            )
    if not values.any():
        raise table.error(f"the weight '{name}' is 0 in every row, so that nothing counts; name another column")
    return np.asarray(values)
