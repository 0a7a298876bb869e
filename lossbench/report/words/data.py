"""The text of remarks on a data set: how it was read, and warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lossbench.remark import Topic

Pairs = tuple[tuple[str, Any], ...]
"""(name, figure)."""

Saying = str | Callable[..., str]
"""A text with the facts in braces, or a function of the facts."""

Templates = Mapping[Topic, Saying]
"""What is said of each topic."""

FEW_CHANNELS = 4
"""More are rarely meant: grey, colours, colours with opacity."""


def groups(column: str, groups: int, smallest: int, largest: int) -> str:
    """Return how many groups there are, and how large."""
    size = f"{smallest} to {largest}" if smallest < largest else str(largest)
    return f"'{column}', no feature, makes {groups} groups of {size} rows; each stays on one side of a split"


def far_off_units(sizes: Pairs) -> str:
    """Return which columns have very small or very large numbers."""
    columns = ", ".join(f"'{column}' about {size:.0e}" for column, size in sizes)
    return f"very small or very large numbers: {columns}; training standardises them, errors are in these units"


def classes(column: str, counts: Pairs) -> str:
    """Return the classes, with the rows of each."""
    return f"'{column}' has {len(counts)} classes ({', '.join(f'{name}: {rows}' for name, rows in counts)})"


def foreign_numbers(
    columns: tuple[str, ...], reading: str, unit: str, otherwise: str, text: str, number: float
) -> str:
    """Return how numbers in a foreign format were read, and how to read them in another way."""
    without = f", without '{unit}'" if unit else ""
    sign = "a comma" if otherwise == "decimal=," else "a point"
    other = f"; with {otherwise} {sign} is the decimal sign" if otherwise else ""
    return f"numbers of {quoted(columns)} such as '{text}' are read as {exact(number)}{without}{other}"


def images(shape: str) -> str:
    """Return what an image is, and where its channels seem to be last, what is taken for them.

    Args:
        shape: "8 x 8", or with the channels first "3 x 8 x 8".

    Example:
        >>> images("8 x 8 x 3").partition("; ")[0]
        'a row is an image of 8 channels, 8 x 3 pixels'
    """
    *channels, height, width = map(int, shape.split(" x "))
    if not channels:
        return f"a row is an image, {shape}; each pixel is a feature"
    (number,) = channels
    kind = f"{number} channel{'s' if number > 1 else ''}, {height} x {width} pixels"
    last = width <= FEW_CHANNELS < number
    moved = "; channels come first: if they are the last here, save X.transpose(0, 3, 1, 2)" * last
    return f"a row is an image of {kind}; each pixel of each channel is a feature{moved}"


def exact(number: float) -> str:
    """Return a number with all its digits."""
    return repr(number).removesuffix(".0")


def dates(column: str, first: str, drop: str) -> str:
    """Return how dates were read as numbers."""
    return f"the dates of '{column}' are read as days since {first}" + (
        f"; drop={drop} leaves them out" if drop else ""
    )


def taken_as_missing(column: str, texts: Pairs, place: str) -> str:
    """Return which texts were taken as missing, and how many of each."""
    found = ", ".join(f"'{text}' {count}" for text, count in texts)
    return f"taken as missing in '{column}': {found}, first in {place}"


def far_alone(column: str, numbers: tuple[str, ...], rows: int) -> str:
    """Say which numbers leave all others of a column alike, once it is standardised."""
    where = "one row" if rows == 1 else f"{rows} rows"
    return (
        f"'{column}' is {' and '.join(numbers)} in {where}, so far from all its other numbers that these are all "
        f"but alike to a network; if that is a mistake, correct it, or add na={','.join(numbers)}"
    )


def numbers_as_dates(column: str, number: str, drop: str) -> str:
    """Say that numbers look like dates, and are not read as such."""
    leave = f", or leave them out with drop={drop}" if drop else ""
    return (
        f"the numbers of '{column}', such as {number}, look like dates, and are read as numbers; write dates as "
        f"2024-12-31 to have them read as days{leave}"
    )


def text_by_exception(column: str, kind: str, text: str, place: str, missing: str) -> str:
    """Say for which text a column is no numbers or dates, and what takes such texts as missing."""
    way = f"; {missing} takes it as missing" if missing else ""
    return f"'{column}' is read as text, since '{text}' ({place}) is not among {kind}{way}"


def spelled_apart(column: str, texts: tuple[str, ...], more: int) -> str:
    """Return which texts may be one, and how many others."""
    others = f", as do {more} more" if more else ""
    return f"{quoted(texts)} of '{column}' may mean the same, and stay apart{others}; write them in one way"


def quoted(names: tuple[str, ...]) -> str:
    """Return names in quotation marks."""
    return ", ".join(f"'{name}'" for name in names)


DATA: Templates = {
    Topic.FETCHED: "read from scikit-learn's cache: {version}",
    Topic.SHIPPED: "read from the package {version}",
    Topic.UTF16: "the file is in UTF-16, and was read so",
    Topic.COMMENT_LINES: "lines skipped at the top, which begin with #: {lines} ('{text}')",
    Topic.NAMES_IN_COMMENT: "the names of the columns are read from a line that begins with # ('{text}')",
    Topic.SEPARATOR: "values are read with {mark} between them; sep=MARK says otherwise",
    Topic.NAMELESS_COLUMNS: "column {places} has no name and was dropped",
    Topic.DROPPED: lambda columns: f"left out, as drop= says: {quoted(columns)}",
    Topic.FOREIGN_NUMBERS: foreign_numbers,
    Topic.ZEROS_LOST: "zeros in front of whole numbers of '{column}', such as '{text}' ({place}), are lost: it is "
    "read as numbers",
    Topic.DIGITS_LOST: "numbers of '{column}' are too large to be exact, such as '{text}' ({place}): last "
    "digits are lost",
    Topic.TAKEN_AS_MISSING: taken_as_missing,
    Topic.DATES: dates,
    Topic.DURATIONS: "the durations of '{column}' are read as days",
    Topic.TEXT_BY_EXCEPTION: text_by_exception,
    Topic.LIKE_DATES: "'{column}' is read as text, though '{text}' ({place}) looks like a date; write dates as "
    "2024-12-31 to have them read as days",
    Topic.LIKE_NUMBERS: "'{column}' is read as text, since no number or date is read in the form of '{text}' "
    "({place}); write numbers as 1234.5 and dates as 2024-12-31, one in a column",
    Topic.MARK_KEPT: "'{text}' in '{column}' ({place}) is read as a {kind}; na={text} takes it as missing",
    Topic.BLANKS_CUT: lambda columns, text, left: (
        f"blanks around values of {quoted(columns)} were cut: '{text}' is '{left}'"
    ),
    Topic.CASES_DIFFER: lambda column, texts: f"{quoted(texts)} of '{column}' differ in case only, and stay apart",
    Topic.LOOK_ALIKE: lambda column, texts, codes: (
        f"{quoted(texts)} of '{column}' look alike and stay apart, since they are written with other characters "
        f"({codes}); write them in one way"
    ),
    Topic.NAMES_ALIKE: lambda names, codes: (
        f"the columns {quoted(names)} look alike and stay apart, since their names are written with other "
        f"characters ({codes}); give one another name"
    ),
    Topic.TRUTH_SPELLED: lambda columns, texts: (
        f"{', '.join(texts)} of {quoted(columns)} are read as True or False"
    ),
    Topic.SPELLED_APART: spelled_apart,
    Topic.IMAGES: images,
    Topic.TEXTS: "read as text, with one feature for each category: {columns}",
    Topic.IDENTIFIER: "column '{column}' is text that differs in every row, such as '{text}': an identifier, "
    "left out",
    Topic.ROW_NUMBERS: "'{column}' differs in every row, as an identifier does, and is trained on; drop={drop} "
    "leaves it out",
    Topic.EMPTY_COLUMN: "column '{column}' is missing in every row and was left out",
    Topic.NO_TARGET: "rows dropped because '{column}' is missing: {rows}",
    Topic.QUANTITY: "'{column}' is a quantity (regression)",
    Topic.CLASSES: classes,
    Topic.NUMBERS_AS_CLASSES: "the whole numbers of '{column}' are read as classes; task=regression reads them as "
    "a quantity",
    Topic.POSITIVE_CLASS: "'{name}' is the positive class, of which f1, precision and recall speak; "
    "positive={second} makes it the other",
    Topic.RARE_CLASS: "class '{name}' has fewer than {needed} rows, so the split is not stratified; a seed whose "
    "training part has none stops the run; to avoid that, {otherwise}",
    Topic.CONSTANT_COLUMN: "column '{column}' has a single value and was dropped",
    Topic.MISSING_NUMBERS: "values missing in '{column}': {values}, filled with the median of the training part",
    Topic.MISSING_TEXTS: "values missing in '{column}': {values}, now the category {category}",
    Topic.ROUNDING_ONLY: "column '{column}' differs by rounding only and was dropped",
    Topic.HARDLY_VARYING: "'{column}' is {value} in all but {others} of {rows} rows",
    Topic.FAR_OFF_UNITS: far_off_units,
    Topic.FAR_ALONE: far_alone,
    Topic.NUMBERS_AS_DATES: numbers_as_dates,
    Topic.MISSING_MARK: "'{column}' is {mark} in {rows} of its rows, far from all its other numbers, and is read "
    "as that number; if it stands for a missing value, add na={mark}",
    Topic.GIVES_AWAY: "'{column}' alone tells '{target}', or nearly; if it is not known before '{target}' is, "
    "leave it out with drop={drop}",
    Topic.EQUAL_ROWS: "rows whose features equal another's: {rows} ({different} different); equal rows stay on "
    "one side of a split, whatever their target",
    Topic.EQUAL_THROUGHOUT: "rows that equal another, target and all: {rows} ({different} different); they stay "
    "on one side of a split",
    Topic.EQUAL_BY_CHANCE: "rows whose features equal another's: {rows}, as columns with few values make by "
    "chance; a split takes each for itself",
    Topic.GROUPS: groups,
    Topic.NO_GROUP: "rows without '{column}': {rows}, each a group of its own",
    Topic.LONE_ROWS: "'{column}' differs in every row, so it keeps no rows together; it is no feature",
    Topic.FEW_GROUPS: "{groups} groups are few: parts are not near 60/20/20, few splits are possible, and results "
    "hold for these groups",
    Topic.LARGE_GROUP: "group '{name}' of '{column}' has {rows} rows, too many for the test part, so it is never "
    "tested",
    Topic.CLASS_IN_FEW_GROUPS: "class '{name}' is in {groups} groups, so a validation or test part may have no "
    "row of it",
    Topic.JOINED_GROUPS: "groups that share equal rows stay together too: {groups} groups become {left}",
    Topic.WEIGHTED: "'{column}' weighs the rows in training, from {least} to {most}: every loss of a row is "
    "multiplied by its weight over the mean of the training part; scores count all rows alike",
    Topic.CLASSES_WEIGHTED: "in training each of the {classes} classes counts as much as any other, under every "
    "loss; scores count all rows alike",
}
