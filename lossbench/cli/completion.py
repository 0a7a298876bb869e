"""Shell completion: the names of losses, data sets, scores and claims, read without importing torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Names = Callable[[], Iterable[str]]


def losses() -> Iterable[str]:
    """Return the losses and their aliases."""
    from lossbench.losses.registry import names

    return names()


def datasets() -> Iterable[str]:
    """Return the data sets."""
    from lossbench.data.catalogue import records
    from lossbench.data.files.shipped import SOURCE, tables

    return [*(record.name for record in records()), *(f"{SOURCE}:{name}" for name in tables())]


def scores() -> Iterable[str]:
    """Return the metrics."""
    from lossbench.schema import METRICS

    return METRICS


def thresholds() -> Iterable[str]:
    """Return the scores by which a class threshold may be chosen."""
    from lossbench.schema import THRESHOLDS

    return THRESHOLDS


def samplers() -> Iterable[str]:
    """Return the samplers of a search."""
    from lossbench.plan.search import SAMPLERS

    return SAMPLERS


def claims() -> Iterable[str]:
    """Return the claims of the documents."""
    from lossbench.plan.toml import read_toml

    return list(read_toml("claims", ("claims",))[1]["claims"])


def completer(names: Names) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Return a completion callback for the last of several comma-separated names.

    Example:
        >>> found = completer(lambda: ["mse", "mae"])(None, None, "huber,ma")
        >>> [item.value for item in found]
        ['huber,mae']
    """

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        done, comma, begun = incomplete.rpartition(",")
        return [CompletionItem(f"{done}{comma}{name}") for name in names() if name.startswith(begun)]

    return complete
