"""The mean cost of decisions, by a matrix that the user gives: `--score cost --costs '0,1;10,0'`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import Asked, mean_of_rows
from lossbench.schema import own_metric

COST, COLUMN = "cost", "cost:lower"
"""What the user calls it, and what its column is called."""

Costs = Sequence[Sequence[float]]


def cost_score(costs: Costs, dataset: Dataset) -> Asked:
    """Return the metric that a matrix of costs makes, for a data set with classes.

    mean c(y, ŷ), a row of the matrix a true class, a column a decision, as in a confusion matrix (Elkan 2001, The
    foundations of cost-sensitive learning, section 1, where it is transposed)

    Args:
        costs: at least 0; a right decision may cost too.
        dataset: what is decided.

    Raises:
        BadValue: no row and column for each class, or a data set without classes.

    Example:
        >>> from lossbench.data import load_dataset
        >>> from lossbench.metrics.prediction import predict
        >>> missed = predict(np.array([[[1.0], [-1.0]]]), "sigmoid", "binary")
        >>> cost_score([[0, 1], [10, 0]], load_dataset("moons")).function(np.array([[0, 1]]), missed)
        array([5.5])
    """
    matrix = np.array(costs, dtype=np.float64)
    classes = 2 if dataset.task == "binary" else dataset.targets
    if dataset.task not in ("binary", "multiclass"):
        raise BadValue(
            f"data set '{dataset.name}' is {dataset.task}, and a cost is of classes; name another --score, or "
            "leave the data set out"
        )
    if matrix.shape != (classes, classes):
        raise BadValue(
            f"--costs has {matrix.shape[0]} rows of {matrix.shape[1]}, and '{dataset.name}' has {classes} classes "
            f"({', '.join(dataset.classes)}): give {classes} rows of {classes}, a row for each true class, a "
            "column for each decision"
        )

    def rows(target: np.ndarray, prediction: Prediction) -> np.ndarray:
        decided = np.nan_to_num(prediction.decision).astype(np.int64)  # NaN: diverged, and has no score
        return np.asarray(matrix[target.astype(np.int64), decided])

    rows.__name__ = COLUMN
    code = hashlib.sha256(repr(matrix.tolist()).encode()).hexdigest()[:12]
    return Asked(**vars(own_metric(COLUMN)), function=mean_of_rows(rows), code=code)
