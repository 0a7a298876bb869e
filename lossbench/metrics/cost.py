"""The mean cost of decisions, by a matrix that the user gives: `--score cost --costs '0,1;10,0'`.

Settings hold both as one spec, `cost:costs=[[0,1],[10,0]]`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import Asked, mean_of_rows
from lossbench.schema import own_metric
from lossbench.spec import split_spec

COST, COLUMN = "cost", "cost:lower"
"""What the user calls it, and what its column is called."""

Costs = Sequence[Sequence[float]]


def is_cost(spec: str) -> bool:
    """Say whether a score is the cost.

    Example:
        >>> is_cost("cost"), is_cost("cost:costs=[[0,1],[10,0]]"), is_cost("metrics.py:cost")
        (True, True, False)
    """
    return spec.partition(":")[0] == COST


def cost_spec(costs: Costs) -> str:
    """Return the spec of the score for these costs.

    Example:
        >>> cost_spec([[0, 1], [10, 0]])
        'cost:costs=[[0.0,1.0],[10.0,0.0]]'
    """
    return f"{COST}:costs={json.dumps([list(map(float, row)) for row in costs], separators=(',', ':'))}"


def costs_of(spec: str) -> Costs:
    """Return the costs in the spec of a score.

    Raises:
        BadValue: it has none, or they are no square of nonnegative numbers.
    """
    given = split_spec(spec)[1]
    if given.keys() != {"costs"}:
        raise BadValue(
            f"'{spec}' needs what a decision costs, a row a true class: give --costs '0,1;10,0', where a positive "
            "that is missed costs ten times a false alarm"
        )
    return read_costs(given["costs"])


def read_costs(value: Any) -> Costs:
    """Read a square of costs: a list of lists, or a text, as '0,1;10,0' or '[[0,1],[10,0]]'.

    Raises:
        BadValue: it is no such square.

    Example:
        >>> read_costs("0,1;10,0")
        ((0.0, 1.0), (10.0, 0.0))
    """
    try:
        if isinstance(value, str):
            text = value.strip()
            value = json.loads(text) if text.startswith("[") else [row.split(",") for row in text.split(";")]
        costs = tuple(tuple(map(float, row)) for row in value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise BadValue(
            f"{value!r:.100} is not a matrix of numbers; write '0,1;10,0', or [[0, 1], [10, 0]]"
        ) from None
    if not costs or any(len(row) != len(costs) for row in costs):
        raise BadValue(
            f"{value!r:.100} has not as many numbers in each row as rows; give a row and a column for each class"
        )
    for cost in (cost for row in costs for cost in row):
        if not 0 <= cost < math.inf:
            raise BadValue(f"{cost:g} is out of range; a cost is a number of at least zero")
    return costs


def cost_score(costs: Costs, dataset: Dataset) -> Asked:
    """Return the metric for a matrix of costs, on a data set with classes.

    mean c(y, ŷ); rows of the matrix are true classes, columns decisions, as in a confusion matrix (Elkan 2001, The
    foundations of cost-sensitive learning, section 1, where it is transposed)

    Args:
        costs: at least 0; a right decision may cost too.
        dataset: the data set to be classified.

    Raises:
        BadValue: not one row and column per class, or a data set without classes.

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
