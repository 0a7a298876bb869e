"""Record in an error which of the user's names it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from lossbench.errors import UsageError

Thing = TypeVar("Thing")


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Set the attribute `about` of a usage error to a name, unless it is set already.

    Example:
        >>> try:
        ...     with naming("hubber:delta=2"):
        ...         raise UsageError("there is none")
        ... except UsageError as error:
        ...     print(error.about)
        hubber:delta=2
    """
    try:
        yield
    except UsageError as error:
        error.about = error.about or name
        raise


def resolved(specs: Iterable[str], resolve: Callable[[str], Thing]) -> dict[str, Thing]:
    """Return what each spec names."""
    found = {}
    for spec in specs:
        with naming(spec):
            found[spec] = resolve(spec)
    return found
