"""How a message names a setting: as an option of the command that runs, or as an argument in Python.

lossbench compare ...      "give a grid: --lr 0.001,0.01"
lossbench.compare(...)     "give a grid: lr=[0.001, 0.01]"
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

PLURALS = {"loss": "losses", "dataset": "datasets", "model": "models", "optimizer": "optimizers"}
"""The arguments that are not called as the option."""

_commands: list[None] = []
"""Holds an item for each command that runs in this process."""


@contextmanager
def by_options() -> Iterator[None]:
    """Name settings as options inside, where a command runs."""
    _commands.append(None)
    try:
        yield
    finally:
        _commands.pop()


def option(name: str, *values: float | str) -> str:
    """Name a setting, perhaps with the values that it should have.

    Args:
        name: the option, without dashes.
        values: numbers or texts.

    Example:
        >>> option("batch-size"), option("optimizer", "es"), option("lr", 0.001, 0.1)
        ('batch_size', "optimizers='es'", 'lr=[0.001, 0.1]')
        >>> with by_options():
        ...     option("batch-size"), option("optimizer", "es"), option("lr", 0.001, 0.1)
        ('--batch-size', '--optimizer es', '--lr 0.001,0.1')
    """
    if _commands:
        return " ".join([f"--{name}", *filter(None, [",".join(map(_plain, values))])])
    argument = PLURALS.get(name, name.replace("-", "_"))
    if not values:
        return argument
    return f"{argument}={values[0]!r}" if len(values) == 1 else f"{argument}={list(values)}"


def caching() -> str:
    """Say how finished trainings would be kept for other runs, where they were not.

    Example:
        >>> caching()
        'with cache=True'
    """
    return "without --no-cache" if _commands else "with cache=True"


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
