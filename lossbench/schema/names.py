"""The names of columns: deriving one from another, and parsing those of a run's own metrics.

The name of a run's own metric has its function and its direction, so its column can be read without that function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


def at_best(score: str) -> str:
    """Return the column of a score, or of a training loss, at the epoch of the best validation score."""
    return f"{score}_at_best"


def at_link(score: str) -> str:
    """Return the column of a score at the link's own class threshold, where another one was chosen."""
    return f"{score}_at_link"


def by_label(threshold: str) -> str:
    """Return the column that holds a threshold of each label, as a list in JSON.

    Example:
        >>> by_label("threshold")
        'label_threshold'
    """
    return f"label_{threshold}"


def of_one_row(score: str) -> str:
    """Return the column for the weight of one row in a score, see `lossbench.metrics.score.Score.of_one_row`."""
    return f"{score}_of_one_row"


def three(*names: str) -> tuple[str, ...]:
    """Return the columns of a value and of both ends of its interval."""
    return tuple(f"{name}{end}" for name in names for end in ("", "_low", "_high"))


def counted(*names: str) -> tuple[str, ...]:
    """Return the columns of a mean, of both ends of its interval, and of the number of seeds that it is over."""
    return tuple(column for name in names for column in (*three(name), f"{name}_n"))


_OWN = re.compile(rf"(?P<metric>\S.*:(?P<better>higher|lower))(?:{at_best('')}|{at_link('')})?")


def own_parts(name: str) -> re.Match[str] | None:
    """Match the `metric` and the `better` direction in the name of a run's own column; None for any other."""
    return _OWN.fullmatch(name)


def is_own(name: str) -> bool:
    """Say whether a column is of a metric of the run's own: its name states the direction.

    Example:
        >>> is_own("profit:higher"), is_own("fbeta_score:beta=2:higher_at_best"), is_own("rmse")
        (True, True, False)
    """
    return own_parts(name) is not None


def own_columns(names: Iterable[Any]) -> list[str]:
    """Return the columns that are of a metric of a run's own.

    Example:
        >>> own_columns(["f1", "cost:lower", "cost:lower_at_best"])
        ['cost:lower', 'cost:lower_at_best']
    """
    return [name for name in names if is_own(name)]
