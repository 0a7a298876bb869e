"""A user's table as a data set, with notes on everything that was done to it."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from lossbench.data.cells import LARGEST, Cells, UserTable
from lossbench.data.columns import understood
from lossbench.data.dataset import Dataset
from lossbench.data.fold import PARTS, ROUNDING, STRATIFIABLE, check_rows, varies
from lossbench.data.groups import check_classes_of_groups, groups_of, notes_on_groups, rows_together
from lossbench.data.oddities import oddities
from lossbench.data.reader import read_cells
from lossbench.data.table_spec import TableSpec, table_spec, written
from lossbench.data.weights import balanced, weights_of
from lossbench.errors import UnknownName
from lossbench.remark import Remark, Topic
from lossbench.task import Task
from lossbench.visible import visible

MOST_CLASSES = 20  # a target of whole numbers with more distinct values than this is a quantity, not a class
MOST_CATEGORIES = 50  # a text column with more than this holds names, dates or free text
STEPS = 4  # of float32 that its rounding may move a number
PRINTED = ("%.8g", "%.9g", "%.10g")  # how a float32 is written, besides with all its digits or the fewest
MISSING = "(missing)"
OTHER_TARGET = "name another column, or merge classes in the file"
ROLES = {
    "group": ("makes the groups", "whose rows they are"),
    "weight": ("is the weight", "how much each row counts"),
}
"""What a column is that is neither feature nor target, by its key in a spec, and what it tells."""

_ID = re.compile(r"(?:^|[^A-Za-z])(?i:id|index|nr|no|number|row|key)$|Id$|ID$")


def load_table(spec: str) -> Dataset:
    r"""Load a user's table from a CSV or a Parquet file.

    - Task: text, true/false and whole numbers of at most 20 distinct values are classes; anything else is a
      quantity. Two classes make it binary, and the second in sorted order is the positive one, or the stated.
    - Features: numbers stay; text, true/false and categories become one column of 0 and 1 for each category,
      sorted; missing ones become a category `(missing)`. A column with a single value is dropped.
    - Missing numbers stay missing here; the rule "median" fills them in the fold (`make_fold`). Rows without a
      target are dropped.

    Args:
        spec: `file.csv:target=column`, optionally with `:task=regression`, `binary` or `multiclass`, with
            `:positive=class`, the one of two that F1 speaks of, `:group=column`, whose rows of one value a split
            keeps together, `:weight=column`, by which rows count in training, and `:class_weight=balanced`.

    Raises:
        UnknownName: no such column, parameter or task.
        DataError: the file cannot be read, or the table cannot be learnt from.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "shop.csv"
        >>> rows = "".join(f"{3 + i / 7},{'north' if i % 2 else 'south'},{i * 1.5}\n" for i in range(12))
        >>> _ = path.write_text("price,region,sales\n" + rows)
        >>> shop = load_table(f"{path}:target=sales")
        >>> shop.task, shop.feature_names
        ('regression', ('price', 'region=north', 'region=south'))
    """
    stated = table_spec(spec)
    return as_dataset(read_cells(stated), stated)


def as_dataset(cells: Cells, stated: TableSpec) -> Dataset:
    """Make a data set of the cells of a table, named as its spec; see `load_table`."""
    column = _target_column(cells, stated)
    stated = replace(stated, target=column, group=stated.group or cells.group)
    _check_roles(cells, stated)
    table = _with_target(understood(cells, stated), column)
    check_rows(stated.spec, len(table.frame))
    task, target, classes, about_target = _target(table, column)
    given, about_groups, table = _groups(table, task, classes, target)
    weights, about_weights, table = _weights(table)
    blocks, names, about_features = (
        _features(table, column) if cells.image_shape is None else _pixels(table, column, cells.image_shape)
    )
    days = table.days_as_written()
    groups, about_equal = rows_together(_describing(blocks, days), target, given)
    odd = oddities(blocks, column, target, groups, days) if cells.image_shape is None else ()
    notes = (*table.notes, *about_target, *about_features, *odd, *about_groups, *about_equal, *about_weights)
    features = np.hstack(list(blocks.values()))
    made = Dataset(visible(stated.spec), task, features, target, classes, names, notes=notes, groups=groups)
    made = replace(made, weights=weights, image_shape=cells.image_shape, version=cells.version)
    return balanced(made, stated.class_weight)


def _describing(blocks: Mapping[str, np.ndarray], days: Collection[str]) -> list[np.ndarray]:
    """Return the features without row numbers, in which otherwise equal rows differ; days are none."""
    numbers = {name: block[:, 0] for name, block in blocks.items() if block.shape[1] == 1 and name not in days}
    counting = {name for name, values in numbers.items() if _is_counted(name, values)}
    return [block for name, block in blocks.items() if name not in counting] or list(blocks.values())


def _groups(
    table: UserTable, task: Task, classes: tuple[str, ...], target: np.ndarray
) -> tuple[np.ndarray | None, tuple[Remark, ...], UserTable]:
    """Return the groups that a column makes (rows,), notes on them, and the table without the column."""
    name = table.stated.group
    if name is None:
        return None, (), table
    groups = groups_of(table, name)
    notes = list(notes_on_groups(table, name, groups))
    if task != "regression":
        notes += check_classes_of_groups(table, name, groups, classes, target)
    return groups, tuple(notes), replace(table, frame=table.frame.drop(columns=[name]))


def _weights(table: UserTable) -> tuple[np.ndarray | None, tuple[Remark, ...], UserTable]:
    """Return the weights that a column holds (rows,), notes on them, and the table without the column."""
    name = table.stated.weight
    if name is None:
        return None, (), table
    weights = weights_of(table, name)
    note = Topic.WEIGHTED(column=name, least=float(weights.min()), most=float(weights.max()))
    return weights, (note,), replace(table, frame=table.frame.drop(columns=[name]))


def _target_column(cells: Cells, stated: TableSpec) -> str:
    columns = [written(column) for column in cells.columns]
    if stated.target is None and len(cells.targets) == 1:
        return cells.targets[0]
    if stated.target is None:
        raise cells.error(f"name the column to predict, as {cells.path}:target={columns[-1]}; it has {columns}")
    if stated.target in stated.drop:
        raise cells.error(f"'{stated.target}' is the target and cannot be dropped; take it out of drop=")
    if stated.target not in cells.columns:
        raise UnknownName("target column", stated.target, columns, where=f"{cells.path}{_one_column(columns)}")
    return stated.target


def _check_roles(cells: Cells, stated: TableSpec) -> None:
    """Refuse a column of groups or of weights that does not exist, or has another role as well.

    Raises:
        UnknownName: no such column.
        DataError: it is the target, is dropped, or is both the group and the weight.
    """
    for key, (role, tells) in ROLES.items():
        name = getattr(stated, key)
        if name is None:
            continue
        if name == stated.target:
            raise cells.error(f"{key}={name} is the target; name the column that tells {tells}")
        if name in stated.drop:
            raise cells.error(f"'{name}' {role}, and is no feature anyway; take it out of drop=")
        if name not in cells.columns:
            raise UnknownName(f"{key} column", name, map(written, cells.columns), where=str(cells.path))
    if stated.weight is not None and stated.weight == stated.group:
        raise cells.error(
            f"'{stated.weight}' makes the groups and is to be the weight too; name another column for one"
        )


def _one_column(columns: list[str]) -> str:
    if len(columns) > 1:
        return ""
    mark = "space" if " " in columns[0] else "MARK"
    return f" (read as a single column; say what stands between the values with sep={mark})"


def _with_target(table: UserTable, column: str) -> UserTable:
    known = table.frame[column].notna()
    if known.all():
        return table
    if not known.any():
        raise table.error(f"target '{column}' is missing in every row; name another column")
    note = Topic.NO_TARGET(column=column, rows=int((~known).sum()))
    return replace(table, frame=table.frame[known], notes=(*table.notes, note))


def _target(table: UserTable, column: str) -> tuple[Task, np.ndarray, tuple[str, ...], tuple[Remark, ...]]:
    """Return task, target (rows,) of class indices or (rows, 1), names of classes or target, and notes."""
    numeric, wanted, positive = _is_numeric(table, column), table.stated.task, table.stated.positive
    values = _numbers(table, column) if numeric else table.frame[column].to_numpy(dtype=object)
    distinct, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) == 1 or (numeric and _is_one(values)):
        until = f" to {_class(distinct[-1])}, but for rounding the same," if len(distinct) > 1 else ""
        raise table.error(
            f"target '{column}' is {_class(distinct[0])}{until} in every row; there is nothing to predict"
        )
    if (wanted or _inferred(distinct, numeric)) == "regression":
        if not numeric:
            few = len(distinct) * STRATIFIABLE <= len(table.frame)
            way = "leave out task=regression, which makes it classes" if few else OTHER_TARGET
            raise table.error(f"target '{column}' is text, such as '{distinct[0]}', and no quantity; {way}")
        _check_positive(table, column, ())
        return "regression", values[:, None], (column,), (Topic.QUANTITY(column=column),)
    written_days = table.days_as_written()[column] if column in table.days else {}
    classes = tuple(written_days.get(value) or _class(value) for value in distinct)
    _check_class_number(table, column, len(classes), wanted, numeric)
    _check_rarest(table, column, dict(zip(classes, counts.tolist(), strict=True)), numeric)
    task: Task = "binary" if len(classes) == 2 and wanted != "multiclass" else "multiclass"
    about = [*_about_classes(column, dict(zip(classes, counts.tolist(), strict=True)), numeric)]
    _check_positive(table, column, classes if task == "binary" else ())
    if task == "binary":
        codes, classes = (1 - codes, classes[::-1]) if positive == classes[0] else (codes, classes)
        about.append(Topic.POSITIVE_CLASS(name=classes[1], second=written(classes[0])))
    return task, codes.astype(np.int64), classes, tuple(about)


def _check_positive(table: UserTable, column: str, classes: tuple[str, ...]) -> None:
    """Refuse a positive class that is none of the two classes of a target; `classes` is empty for another task."""
    positive = table.stated.positive
    if positive is None or positive in classes:
        return
    if classes:
        raise UnknownName("class", positive, classes, where=f"'{table.stated.spec}'")
    raise table.error(
        f"positive={positive} names one of two classes, and target '{column}' has no two; leave it out"
    )


def _class(value: float | str) -> str:
    return value if isinstance(value, str) else np.format_float_positional(value, trim="-")


def _inferred(distinct: np.ndarray, numeric: bool) -> str:
    """Tell a quantity from classes by its distinct values (n,): many, or not whole numbers, are a quantity."""
    if not numeric:
        return "classes"
    whole = bool((distinct == np.round(distinct)).all())
    return "classes" if whole and len(distinct) <= MOST_CLASSES else "regression"


def _check_class_number(table: UserTable, column: str, classes: int, wanted: str | None, numeric: bool) -> None:
    rows = len(table.frame)
    quantity = "write task=regression, which makes it a quantity, or " if numeric else ""
    if classes * STRATIFIABLE > rows:
        raise table.error(
            f"target '{column}' has {classes} classes in {rows} rows; a split needs about {STRATIFIABLE} rows of "
            f"a class: {quantity}{OTHER_TARGET}"
        )
    if wanted == "binary" and classes != 2:
        raise table.error(
            f"target '{column}' has {classes} classes, not the two of task=binary; {quantity}write task=multiclass"
        )


def _check_rarest(table: UserTable, column: str, counts: Mapping[str, int], numeric: bool) -> None:
    """Refuse a class that cannot be in all three parts of a split."""
    rarest = min(counts, key=counts.__getitem__)
    if counts[rarest] < PARTS:
        rows = f"{counts[rarest]} row{'s' * (counts[rarest] > 1)}"
        raise table.error(
            f"class '{rarest}' of target '{column}' has {rows}, too few for training, validation and test part: "
            f"add rows, or {_without_class(rarest, numeric)}"
        )


def _without_class(name: str, numeric: bool) -> str:
    """Say how a table does without a rare class."""
    quantity = "write task=regression, which makes its numbers a quantity, or " if numeric else ""
    return f"{quantity}add na={written(name)}, which leaves them out, or merge the class with another"


def _about_classes(column: str, counts: Mapping[str, int], numeric: bool) -> Iterator[Remark]:
    yield Topic.CLASSES(column=column, counts=tuple(counts.items()))
    if numeric:
        yield Topic.NUMBERS_AS_CLASSES(column=column)
    rarest = min(counts, key=counts.__getitem__)
    if counts[rarest] < STRATIFIABLE:
        yield Topic.RARE_CLASS(name=rarest, needed=STRATIFIABLE, otherwise=_without_class(rarest, numeric))


def _features(table: UserTable, target: str) -> tuple[dict[str, np.ndarray], tuple[str, ...], tuple[Remark, ...]]:
    """Return the features of each column (rows, width), their names, and notes."""
    blocks: dict[str, np.ndarray] = {}
    names: list[str] = []
    texts: list[tuple[str, int]] = []
    notes: list[Remark] = []
    for column in table.frame.columns.drop(target):
        if useless := _no_feature(table, column):
            notes.append(useless)
            continue
        numeric = _is_numeric(table, column)
        block, labels = (_numbers(table, column)[:, None], [column]) if numeric else _one_hot(table, column)
        if useless := _tells_nothing(column, block):
            notes.append(useless)
            continue
        notes += _about_feature(table, column, block)
        if not numeric:
            texts.append((column, len(labels)))
        blocks[column] = block
        names += labels
    if not blocks:
        raise table.error(f"there is no column to predict '{target}' from; add one with different values")
    if texts:
        notes.append(Topic.TEXTS(columns=tuple(texts)))
    return blocks, tuple(names), tuple(notes)


def _no_feature(table: UserTable, column: str) -> Remark | None:
    """Return why a column cannot be a feature, by its cells; None where it can."""
    cells = table.frame[column]
    if cells.isna().all():
        return Topic.EMPTY_COLUMN(column=column)
    if not _is_numeric(table, column) and _is_identifier(cells):
        return Topic.IDENTIFIER(column=column, text=cells.dropna().iloc[0])
    return None


def _tells_nothing(column: str, block: np.ndarray) -> Remark | None:
    """Return why features (rows, width) say nothing about the target; None where they may."""
    if block.shape[1] > 1 or not _is_one(block[~np.isnan(block)]):
        return None
    equal = np.nanmin(block) == np.nanmax(block)
    return (Topic.CONSTANT_COLUMN if equal else Topic.ROUNDING_ONLY)(column=column)


def _is_one(values: np.ndarray) -> bool:
    """Say whether numbers (n,) are one, but for rounding: that of float64, or of float32, which some went through.

    Example:
        >>> _is_one(np.array([0.1, 0.10000000149011612])), _is_one(np.array([0.1, 0.100001]))
        (True, False)
    """
    if not varies(values):
        return True
    size, whole = np.abs(values).max(), bool((values == np.round(values)).all())
    if whole or not 1e-30 < size < 1e30 or np.ptp(values) > STEPS * np.finfo(np.float32).eps * size:
        return False
    narrow = values.astype(np.float32)
    wide = narrow.astype(np.float64)
    printed = [np.char.mod(form, wide).astype(np.float64) for form in PRINTED]
    others = values[
        ~np.isclose(values, [wide, narrow.astype(str).astype(np.float64), *printed], ROUNDING, 0).any(0)
    ]
    return not len(others) or not varies(others)


def _about_feature(table: UserTable, column: str, block: np.ndarray) -> Iterator[Remark]:
    """Yield notes on a column that is trained on: that it counts rows, or has missing values."""
    numeric, missing = _is_numeric(table, column), int(table.frame[column].isna().sum())
    if numeric and column not in table.days and _is_counted(column, block[:, 0]):
        yield Topic.ROW_NUMBERS(column=column, drop=written(column))
    if missing and numeric:
        yield Topic.MISSING_NUMBERS(column=column, values=missing)
    elif missing:
        yield Topic.MISSING_TEXTS(column=column, values=missing, category=MISSING)


def _pixels(
    table: UserTable, target: str, shape: tuple[int, ...]
) -> tuple[dict[str, np.ndarray], tuple[str, ...], tuple[Remark, ...]]:
    """Return the pixels of images, (rows, 1) each, constant ones included; their names, and a note."""
    names = [f"x{place}" for place in range(math.prod(shape))]
    others = [name for name in table.frame.columns.drop(target) if name not in names]
    if others:
        raise table.error(
            f"the features are images, so {others} can be none; name them as group= or weight=, or drop= them"
        )
    absent = [name for name in names if name not in table.frame]
    if absent:
        raise table.error(
            f"the images lack their pixel {absent[0]}; an image is dropped whole, so take it out of drop="
        )
    pixels = np.column_stack([_numbers(table, name) for name in names])
    if np.isnan(pixels).any():
        row = int(np.flatnonzero(np.isnan(pixels).any(axis=1))[0])
        raise table.error(
            f"a pixel is missing in {table.place(int(table.frame.index[row]))}; repair the image, or leave it out"
        )
    if not varies(pixels).any():
        raise table.error(f"all images are the same, so nothing tells '{target}'; save different ones")
    blocks = {name: pixels[:, [place]] for place, name in enumerate(names)}
    return blocks, tuple(names), (Topic.IMAGES(shape=" x ".join(map(str, shape))),)


def _is_identifier(texts: pd.Series[str]) -> bool:
    known = texts.dropna()
    return known.is_unique and len(known) > len(texts) / 2


def _is_counted(name: str, values: np.ndarray) -> bool:
    """Say whether whole numbers (rows,) that all differ count the rows, or are named as identifiers are."""
    if not (values == np.round(values)).all() or len(np.unique(values)) < len(values):
        return False
    steps = np.diff(values)
    return bool(_ID.search(name) or np.ptp(values) == len(values) - 1 or (steps == steps[0]).all())


def _one_hot(table: UserTable, column: str) -> tuple[np.ndarray, list[str]]:
    texts = table.frame[column].to_numpy(dtype=object, na_value=MISSING)
    categories = sorted(set(texts) - {MISSING})
    if len(categories) > MOST_CATEGORIES:
        raise table.error(
            f"column '{column}' is text with {len(categories)} different values in {len(texts)} rows, such as "
            f"'{texts[0]}'; leave it out with drop={written(column)}, or turn it into numbers or at most "
            f"{MOST_CATEGORIES} categories"
        )
    if MISSING in texts:
        categories.append(MISSING)
    block = (texts[:, None] == np.array(categories, dtype=object)).astype(np.float64)
    return block, [f"{column}={category}" for category in categories]


def _is_numeric(table: UserTable, column: str) -> bool:
    return table.frame[column].dtype == np.float64


def _numbers(table: UserTable, column: str) -> np.ndarray:
    values = table.frame[column].to_numpy()
    too_large = np.flatnonzero(np.abs(values) > LARGEST)
    if len(too_large):
        where = table.place(int(table.frame.index[too_large[0]]))
        more = f" and {len(too_large) - 1} more" if len(too_large) > 1 else ""
        raise table.error(
            f"column '{column}' is infinite, or beyond {LARGEST:g}, in {where}{more}; correct the value or leave "
            "it empty"
        )
    return values
