"""A table passed as arrays or a frame, read as the same table in a file would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from lossbench.data.catalogue import records
from lossbench.data.dataset import Dataset
from lossbench.data.reader import frame_cells
from lossbench.data.table import as_dataset
from lossbench.data.table_spec import TASKS, TableSpec, table_spec
from lossbench.errors import BadValue, DataError, UnknownName
from lossbench.spec import split_spec

TARGETS = ("y", "target")
"""What a target without a name is called: the first of these that no feature is."""


NAME = "data"
"""What a table without a name is called."""


def given_tables(
    X: Any, y: Any, data: Mapping[str, Any], task: str | None, weight: Any = None
) -> dict[str, Dataset]:
    """Return the tables of a call of `lossbench.compare`, by their specs.

    Args:
        X: features of a table without a name; None where there is none.
        y: its target, or the name of a column of X.
        data: other tables by spec, each (X, y), or a frame whose target the spec names.
        task: of all tables whose spec states none.
        weight: how much each row of X counts in training, as for `given_table`.

    Raises:
        BadValue: X without y, y without X, or a task without a table.
        DataError: something that is no table.
    """
    if not (isinstance(data, Mapping) and all(isinstance(name, str) for name in data)):
        raise BadValue(f"data is of type {type(data).__name__}; give tables by name, as data={{'mine': (X, y)}}")
    if (X is None) != (y is None):
        one, other = ("X", "y") if y is None else ("y", "X")
        raise BadValue(f"{one} is given without {other}; give both; y may name a column of X")
    tables = ({} if X is None else {NAME: (X, y)}) | dict(data)
    if not tables:
        raise BadValue(f"task={task} is of tables that are given as X and y, or as data; a spec says it as :task=")
    weights = {} if X is None else {NAME: weight}
    return {
        spec: given_table(spec, *_parts(spec, value), task, weights.get(spec)) for spec, value in tables.items()
    }


def _parts(spec: str, value: Any) -> tuple[Any, Any]:
    if isinstance(value, tuple) and len(value) == 2:
        return value
    if not isinstance(value, pd.DataFrame):
        kind = type(value).__name__
        raise DataError(f"{spec}: this is of type {kind} and no table; give (X, y), or a data frame")
    return value, None


def given_table(
    spec: str, features: Any, target: Any = None, task: str | None = None, weight: Any = None
) -> Dataset:
    """Make a data set of arrays or of a frame, by the rules of `lossbench.data.table.load_table`.

    Args:
        spec: its name, and what a spec says of a file: "mine", "visits:target=pain:group=patient". It names the
            random streams, so the same table has the same splits as the file `sales.csv` under
            "sales.csv:target=price".
        features: a frame, or an array (rows, columns), whose columns are then called x0, x1 ...; a frame may hold
            the target too.
        target: (rows,), a series or an array, or the name of a column of the frame; None where the spec has that.
        task: as `task=` in a spec, where that says nothing.
        weight: (rows,) how much each row counts in training, or the name of a column; None where all count alike.

    Raises:
        BadValue: a name that another data set has, or a target that is given twice.
        UnknownName: no such column, key or task.
        DataError: no table of rows and columns, different numbers of rows, or a table that nothing can be learnt
            from.

    Example:
        >>> made = given_table("mine", np.arange(24.0).reshape(12, 2) ** 2, np.arange(12) / 7)
        >>> made.name, made.task, made.feature_names
        ('mine', 'regression', ('x0', 'x1'))
    """
    name, _ = split_spec(spec)
    if name in {record.name for record in records()}:
        raise BadValue(f"'{name}' is a data set of the catalogue; give your table another name")
    if task is not None and task not in TASKS:
        raise UnknownName("task", task, TASKS)
    stated = table_spec(spec)
    frame, column = as_frame(spec, features), stated.target
    if isinstance(target, str):
        column = target
    elif target is not None:
        frame, column = _beside(spec, frame, as_series(spec, target, features), column)
    if weight is not None:
        frame, stated = _weighted(spec, frame, stated, weight)
    stated = replace(stated, target=column, task=stated.task or task)
    return as_dataset(frame_cells(stated, frame.reset_index(drop=True)), stated)


def _beside(spec: str, frame: pd.DataFrame, target: pd.Series[Any], name: str | None) -> tuple[pd.DataFrame, str]:
    """Return a frame with the target as one more column, and the name of that column."""
    if len(target) != len(frame):
        raise DataError(f"{spec}: X has {len(frame)} rows and y {len(target)}; give a target for every row")
    column = name or _name_of(target, frame)
    if column in map(str, frame.columns):
        raise BadValue(f"{spec}: '{column}' is a column of X and the name of y; leave it out of X, or leave y out")
    return frame.assign(**{column: target.to_numpy()}), column


def _weighted(spec: str, frame: pd.DataFrame, stated: TableSpec, weight: Any) -> tuple[pd.DataFrame, TableSpec]:
    """Return a frame with a column of weights, and a spec that names it."""
    if isinstance(weight, str):
        return frame, replace(stated, weight=weight)
    values = _column(spec, weight, "weight")
    if len(values) != len(frame):
        raise DataError(f"{spec}: X has {len(frame)} rows and weight {len(values)}; give a weight for every row")
    name = "weight"
    while name in map(str, frame.columns):
        name += "_"
    return frame.assign(**{name: values}), replace(stated, weight=name)


def as_frame(spec: str, features: Any) -> pd.DataFrame:
    """Return features as a frame; the columns of an array are called x0, x1 ..."""
    if isinstance(features, pd.DataFrame):
        return features
    if isinstance(features, pd.Series):
        return features.to_frame("x0" if features.name is None else features.name)
    values = _array(spec, "X", features)
    if values.ndim != 2:
        raise DataError(
            f"{spec}: X is {_shaped(features, values)}; give a frame, or an array of rows and columns"
            + (", as X.reshape(-1, 1)" if values.ndim == 1 and values.size else "")
        )
    return pd.DataFrame(values, columns=[f"x{place}" for place in range(values.shape[1])])


def as_series(spec: str, target: Any, features: Any) -> pd.Series[Any]:
    """Return a target as a series; refuse one whose index differs from that of the features."""
    if isinstance(target, pd.DataFrame) and target.shape[1] == 1:
        target = target.iloc[:, 0]
    if not isinstance(target, pd.Series):
        return pd.Series(_column(spec, target))
    labels = getattr(features, "index", None)
    if isinstance(labels, pd.Index) and len(labels) == len(target) and not labels.equals(target.index):
        row = next(row for row, pair in enumerate(zip(labels, target.index, strict=True)) if pair[0] != pair[1])
        raise DataError(
            f"{spec}: the rows of X and y are labelled differently, first '{labels[row]}' and "
            f"'{target.index[row]}' in row {row + 1}; give y.loc[X.index], or y.to_numpy() if their order is one"
        )
    return target


def _column(spec: str, target: Any, what: str = "y") -> np.ndarray:
    values = _array(spec, what, target)
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 1:
        raise DataError(f"{spec}: {what} is {_shaped(target, values)}; give one number a row")
    return values


def _array(spec: str, what: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as problem:
        raise DataError(f"{spec}: {what} is no array ({problem}); give a numpy array or a frame") from None


def _shaped(given: Any, values: np.ndarray) -> str:
    shape = f" and of shape {values.shape}" if values.ndim else ""
    return f"of type {type(given).__name__}{shape}"


def _name_of(values: pd.Series[Any], frame: pd.DataFrame) -> str:
    """Return a name for a target that the spec does not name."""
    if values.name is not None:
        return str(values.name)
    taken = set(map(str, frame.columns))
    return next((name for name in TARGETS if name not in taken), TARGETS[-1])
