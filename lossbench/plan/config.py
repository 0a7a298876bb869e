"""Read the config of an experiment, and find the line in it that an error is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from lossbench.errors import UsageError
from lossbench.plan.toml import Place, read_toml
from lossbench.spec import title

SHIPPED = ("default", "quick", "segmentation", "distribution", "anomaly", "embedding")
"""The ready-made experiments, `configs/NAME.toml`."""


def read_config(config: str | Path | None) -> tuple[Place, dict[str, Any]]:
    """Read a config, the default one where none is named; see `read_toml`.

    Args:
        config: a path, or the name of a shipped one.

    Example:
        >>> read_config(None)[0].file
        'configs/default.toml'
    """
    return read_toml("default" if config is None else config, SHIPPED)


@contextmanager
def at(place: Place) -> Iterator[None]:
    """Prefix a usage error with the place of the refused value."""
    try:
        yield
    except UsageError as error:
        error.args = (f"{place}: {error}",)
        raise


@contextmanager
def locating(config: str | Path | None) -> Iterator[None]:
    """Prefix a usage error with the line of the user's config that has the refused name.

    Args:
        config: as for `read_config`; nothing is added for a shipped one.
    """
    try:
        yield
    except UsageError as error:
        if error.about is None or config is None or config in SHIPPED:
            raise
        place = find_place(error.about, *read_toml(config))
        with at(place) if place else nullcontext():
            raise


def find_place(name: str, place: Place, values: Mapping[str, Any]) -> Place | None:
    r"""Return the place of a name, or of its label, in a table; None where it is not there.

    Args:
        name: the spec of a data set, loss, model or optimiser.
        place: the place of the table.
        values: the values of the table.

    Example:
        >>> place = Place((), "a.toml", "[losses]\nbinary = ['mse', 'mze']")
        >>> str(find_place("mze", place, {"losses": {"binary": ["mse", "mze"]}}))
        "a.toml line 2, key 'losses.binary'"
    """
    for key, value in values.items():
        inside = place.inside(key)
        items = value if isinstance(value, list) else [value]
        if name in items or title(name) in items:
            return inside
        tables = [(inside.table(n) if isinstance(value, list) else inside, item) for n, item in enumerate(items)]
        found = (find_place(name, *table) for table in tables if isinstance(table[1], Mapping))
        if first := next(filter(None, found), None):
            return first
    return None
