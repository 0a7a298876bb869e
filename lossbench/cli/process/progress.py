"""Progress on standard error: a bar or live line on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import click

from lossbench.visible import visible

Advance = Callable[[str, int], None]


@contextmanager
def training_progress(totals: Mapping[str, int], quiet: bool) -> Iterator[Advance]:
    """Give a callback for a data set and how many of its trainings have just finished; `totals` has them all."""
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
        yield _line_per_dataset(totals)


@contextmanager
def status_line(quiet: bool, lines: bool = True) -> Iterator[Callable[[str], None]]:
    """Give a callback for what is being done: a live line on a terminal; elsewhere a line each if `lines`."""
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
    """Show on a terminal what is being done for a few seconds; nothing elsewhere."""
    with status_line(quiet, lines=False) as show:
        show(line)
        yield


def _line_per_dataset(totals: Mapping[str, int]) -> Advance:
    left = Counter(totals)

    def advance(dataset: str, trials: int) -> None:
        left[dataset] -= trials
        if not left[dataset]:
            click.echo(f"{dataset}: {totals[dataset]} trainings done", err=True)

    return advance
