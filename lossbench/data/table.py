"""A user's table as a data set, with notes on everything that was done to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from lossbench.data.dataset import Dataset
from lossbench.data.fold import STRATIFIABLE, check_rows
from lossbench.data.reader import UserTable, read_table
from lossbench.errors import UnknownName
from lossbench.home import expand
from lossbench.remark import Remark, Topic
from lossbench.spec import split_spec
from lossbench.task import Task

MOST_CLASSES = 20  # a target of whole numbers with more distinct values than this is a quantity, not a class
MOST_CATEGORIES = 50  # a text column with more than this holds names, dates or free text
LARGEST = 1e150  # the square of a larger number may overflow when the column is standardised
MISSING = "(missing)"

_TASKS: tuple[Task, ...] = ("regression", "binary", "multiclass")
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
_CATEGORIES = ("string", "boolean", "categorical")


def load_table(spec: str) -> Dataset:
    r"""Load a user's table from a CSV or a Parquet file.

    - Task: text, true/false and whole numbers of at most 20 distinct values are classes; anything else is a
      quantity. Two classes make it binary, and the second in sorted order is the positive one.
    - Features: numbers stay; text, true/false and categories become one column of 0 and 1 for each category,
      sorted; missing ones become a category `(missing)`. A column with a single value is dropped.
    - Missing numbers stay missing here; the rule "median" fills them in the fold (`make_fold`). Rows without a
      target are dropped.

    Args:
        spec: `file.csv:target=column`, optionally with `:task=regression`, `binary` or `multiclass`.

    Returns:
        The data set; its notes say what was inferred, dropped and missing.

    Raises:
        UnknownName: no such column, parameter or task.
        DataError: the file cannot be read, or the table cannot be learnt from.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "shop.csv"
        >>> rows = "".join(f"{3 + i / 7},{'north' if i % 2 else 'south'},{i * 1.5}\n" for i in range(12))
        >>> _ = path.write_text("price,region,sales\n" + rows)
        >>> shop = load_table(f"{path}:target=sales")
        >>> shop.task, shop.feature_names
        ('regression', ('price', 'region=north', 'region=south'))
    """
    name, given = split_spec(spec)
    for key in given:
        if key not in ("target", "task"):
            raise UnknownName("parameter", key, ["target", "task"], where=f"'{spec}'")
    if given.get("task", "binary") not in _TASKS:
        raise UnknownName("task", given["task"], _TASKS, where=f"'{spec}'")
    table = read_table(Path(expand(name)))
    column = _target_column(table, given)
    table = _with_target(table, column)
    check_rows(spec, len(table.frame))
    task, target, classes, about_target = _target(table, column, given.get("task"))
    features, names, about_features = _features(table, column)
    notes = (*table.notes, *about_target, *about_features)
    return Dataset(spec, task, features, target, classes, names, notes=notes)


def _target_column(table: UserTable, given: Mapping[str, str]) -> str:
    columns = list(table.frame.columns)
    if "target" not in given:
        raise table.error(f"name the column to predict, as {table.path}:target={columns[-1]}; it has {columns}")
    if given["target"] not in columns:
        raise UnknownName("target column", given["target"], columns, where=str(table.path))
    return given["target"]


def _with_target(table: UserTable, column: str) -> UserTable:
    known = table.frame[column].notna()
    if known.all():
        return table
    if not known.any():
        raise table.error(f"target '{column}' is missing in every row; name another column")
    note = Topic.NO_TARGET(column=column, rows=int((~known).sum()))
    return replace(table, frame=table.frame[known], notes=(*table.notes, note))


def _target(
    table: UserTable, column: str, wanted: str | None
) -> tuple[Task, np.ndarray, tuple[str, ...], tuple[Remark, ...]]:
    """Return task, target (rows,) of class indices or (rows, 1), names of classes or target, and notes."""
    numeric = _is_numeric(table, column)
    values = _numbers(table, column) if numeric else _texts(table, column).to_numpy(dtype=object)
    distinct, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    classes = tuple(np.format_float_positional(value, trim="-") if numeric else value for value in distinct)
    if len(classes) == 1:
        raise table.error(f"target '{column}' is {classes[0]} in every row; there is nothing to predict")
    if (wanted or _inferred(distinct, numeric)) == "regression":
        if not numeric:
            raise table.error(
                f"target '{column}' is not numeric (it has '{classes[0]}'); leave out task=regression"
            )
        return "regression", values[:, None], (column,), (Topic.QUANTITY(column=column),)
    _check_class_number(table, column, classes, wanted)
    task: Task = "binary" if len(classes) == 2 and wanted != "multiclass" else "multiclass"
    about = _about_classes(column, task, dict(zip(classes, counts.tolist(), strict=True)), numeric)
    return task, codes.astype(np.int64), classes, tuple(about)


def _inferred(distinct: np.ndarray, numeric: bool) -> str:
    """Tell a quantity from classes by its distinct values (n,): many, or not whole numbers, are a quantity."""
    if not numeric:
        return "classes"
    whole = bool((distinct == np.round(distinct)).all())
    return "classes" if whole and len(distinct) <= MOST_CLASSES else "regression"


def _check_class_number(table: UserTable, column: str, classes: tuple[str, ...], wanted: str | None) -> None:
    if wanted == "binary" and len(classes) != 2:
        raise table.error(
            f"target '{column}' has {len(classes)} classes, not the two of task=binary; leave it out"
        )
    rows = len(table.frame)
    if len(classes) * STRATIFIABLE > rows:
        raise table.error(
            f"target '{column}' has {len(classes)} classes in {rows} rows; a split needs about {STRATIFIABLE} "
            "rows of a class: name another column, merge classes, or add task=regression if they are quantities"
        )


def _about_classes(column: str, task: Task, counts: Mapping[str, int], numeric: bool) -> Iterator[Remark]:
    yield Topic.CLASSES(column=column, counts=tuple(counts.items()))
    if numeric:
        yield Topic.NUMBERS_AS_CLASSES(column=column)
    if task == "binary":
        yield Topic.POSITIVE_CLASS(name=list(counts)[1])
    rarest = min(counts, key=counts.__getitem__)
    if counts[rarest] < STRATIFIABLE:
        yield Topic.RARE_CLASS(name=rarest, needed=STRATIFIABLE)


def _features(table: UserTable, target: str) -> tuple[np.ndarray, tuple[str, ...], tuple[Remark, ...]]:
    """Return the features (rows, columns), the names of the columns, and notes."""
    blocks: list[np.ndarray] = []
    names: list[str] = []
    notes: list[Remark] = []
    for column in table.frame.columns.drop(target):
        missing = int(table.frame[column].isna().sum())
        if missing == len(table.frame):
            raise table.error(f"column '{column}' is missing in every row; remove it")
        numeric = _is_numeric(table, column)
        block, labels = (_numbers(table, column)[:, None], [column]) if numeric else _one_hot(table, column)
        if block.shape[1] == 1 and np.nanmin(block) == np.nanmax(block):
            notes.append(Topic.CONSTANT_COLUMN(column=column))
            continue
        if missing and numeric:
            notes.append(Topic.MISSING_NUMBERS(column=column, values=missing))
        elif missing:
            notes.append(Topic.MISSING_TEXTS(column=column, values=missing, category=MISSING))
        blocks.append(block)
        names += labels
    if not blocks:
        raise table.error(f"there is no column to predict '{target}' from; add one with different values")
    return np.hstack(blocks), tuple(names), tuple(notes)


def _one_hot(table: UserTable, column: str) -> tuple[np.ndarray, list[str]]:
    texts = _texts(table, column)
    categories = sorted(texts.dropna().unique())
    if len(categories) > MOST_CATEGORIES or len(categories) == len(texts):
        raise table.error(_too_many(table, column, texts.dropna(), len(categories)))
    if texts.isna().any() and MISSING not in categories:
        categories.append(MISSING)
    texts = texts.fillna(MISSING)
    block = (texts.to_numpy(dtype=object)[:, None] == np.array(categories, dtype=object)).astype(np.float64)
    return block, [f"{column}={category}" for category in categories]


def _too_many(table: UserTable, column: str, texts: pd.Series[str], count: int) -> str:
    strange = texts[pd.to_numeric(texts, errors="coerce").isna()]
    if 0 < len(strange) < len(texts) / 2:
        where = table.place(int(strange.index[0]))
        return (
            f"column '{column}' holds numbers except '{strange.iloc[0]}' ({where}); correct it or leave it empty"
        )
    return (
        f"column '{column}' is text with {count} different values in {len(table.frame)} rows, such as "
        f"'{texts.iloc[0]}'; remove it, or turn it into numbers or at most {MOST_CATEGORIES} categories"
    )


def _is_numeric(table: UserTable, column: str) -> bool:
    kind = infer_dtype(table.frame[column], skipna=True)
    if kind not in (*_NUMBERS, *_CATEGORIES):
        raise table.error(
            f"column '{column}' holds {kind} values, which are neither numbers nor categories; remove it, or turn "
            "it into numbers (a date into a year, a month, days since ...)"
        )
    return kind in _NUMBERS


def _numbers(table: UserTable, column: str) -> np.ndarray:
    values = table.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    too_large = np.flatnonzero(np.abs(values) > LARGEST)
    if len(too_large):
        where = table.place(int(table.frame.index[too_large[0]]))
        more = f" and {len(too_large) - 1} more" if len(too_large) > 1 else ""
        raise table.error(
            f"column '{column}' is infinite, or beyond {LARGEST:g}, in {where}{more}; correct the value or leave "
            "it empty"
        )
    return values


def _texts(table: UserTable, column: str) -> pd.Series[str]:
    return table.frame[column].astype(object).map(str, na_action="ignore")
