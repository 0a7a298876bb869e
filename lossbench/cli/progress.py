"""Progress on standard error: a bar on a terminal, one line a data set elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lossbench.experiment import Experiment

Say = Callable[[str, int], None]


@contextmanager
def progress(experiment: Experiment, quiet: bool) -> Iterator[Say]:
    """Give a function that is told a data set and how many of its trainings have just finished."""
    if quiet:
        yield lambda dataset, trials: None
    elif sys.stderr.isatty():
        with _bar(experiment) as say:
            yield say
    else:
        yield _lines(experiment)


@contextmanager
def _bar(experiment: Experiment) -> Iterator[Say]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lossbench.report.terminal import console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=len(experiment.trials + experiment.tuning))
        yield lambda dataset, trials: bar.update(task, advance=trials, description=dataset)


def _lines(experiment: Experiment) -> Say:
    total = Counter(trial.dataset for trial in experiment.trials + experiment.tuning)
    left = total.copy()

    def say(dataset: str, trials: int) -> None:
        left[dataset] -= trials
        if not left[dataset]:
            click.echo(f"{dataset}: {total[dataset]} trainings done", err=True)

    return say
