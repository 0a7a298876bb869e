"""Progress on standard error: a bar on a terminal, one line a data set elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lossbench.plan.experiment import Experiment

Say = Callable[[str, int], None]


@contextmanager
def progress(experiment: Experiment, quiet: bool) -> Iterator[Say]:
    """Give a function that is told a data set and how many of its trainings have just finished."""
    totals = Counter(trial.dataset for trial in experiment.trials + experiment.tuning)
    with counted(totals, quiet) as say:
        yield say


@contextmanager
def counted(totals: Mapping[str, int], quiet: bool) -> Iterator[Say]:
    """Likewise, for so many trainings on each data set."""
    if quiet:
        yield lambda dataset, trials: None
    elif sys.stderr.isatty():
        with _bar(sum(totals.values())) as say:
            yield say
    else:
        yield _lines(totals)


@contextmanager
def _bar(total: int) -> Iterator[Say]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lossbench.report.terminal import console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=total)
        yield lambda dataset, trials: bar.update(task, advance=trials, description=dataset)


def _lines(totals: Mapping[str, int]) -> Say:
    left = Counter(totals)

    def say(dataset: str, trials: int) -> None:
        left[dataset] -= trials
        if not left[dataset]:
            with suppress(OSError):  # a log on a full disk is no reason to stop
                click.echo(f"{dataset}: {totals[dataset]} trainings done", err=True)

    return say
