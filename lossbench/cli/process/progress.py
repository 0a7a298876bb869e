"""Progress on standard error: one thing that moves on a terminal, lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import click

from lossbench.visible import visible

Say = Callable[[str, int], None]


@contextmanager
def counted(totals: Mapping[str, int], quiet: bool) -> Iterator[Say]:
    """Give a function that is told a data set and how many of its trainings, of so many, have just finished."""
    if quiet:
        yield lambda dataset, trials: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("training", total=sum(totals.values()))
            yield lambda dataset, trials: bar.update(task, advance=trials, description=dataset)
    else:
        yield _lines(totals)


@contextmanager
def telling(quiet: bool, lines: bool = True) -> Iterator[Callable[[str], None]]:
    """Give a function that is told what is being done: a changing line on a terminal, perhaps lines elsewhere."""
    if quiet or not (lines or sys.stderr.isatty()):
        yield lambda line: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True, highlight=False).status("") as status:
            yield lambda line: status.update(Text(visible(line)))
    else:
        yield lambda line: click.echo(visible(line), err=True)


@contextmanager
def busy(line: str, quiet: bool) -> Iterator[None]:
    """Show on a terminal that something is being done which is over in seconds; nothing elsewhere."""
    with telling(quiet, lines=False) as tell:
        tell(line)
        yield


def _lines(totals: Mapping[str, int]) -> Say:
    left = Counter(totals)

    def say(dataset: str, trials: int) -> None:
        left[dataset] -= trials
        if not left[dataset]:
            click.echo(f"{dataset}: {totals[dataset]} trainings done", err=True)

    return say
