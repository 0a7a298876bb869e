"""`lossbench check-loss`: the checks of the catalogue, on any loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from lossbench.cli.completion import completer, losses
from lossbench.cli.process.progress import status_line
from lossbench.cli.process.refused import check_folder
from lossbench.task import TASKS

if TYPE_CHECKING:
    from lossbench.task import Task

FORMATS = ("table", "json", "markdown")
CHECK_FAILED = 4


@click.command("check-loss", short_help="Try the checks of the catalogue on a loss, or on your own.")
@click.argument("spec", shell_complete=completer(losses))
@click.option("--task", metavar="TASK", help=f"{', '.join(TASKS)}  [default: all].")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Format of what is printed  [default: table].")
@click.option("--quiet", is_flag=True, help="Print nothing but what --format asks for.")
def check_loss(spec: str, task: str | None, form: str | None, quiet: bool) -> None:
    """Run on a loss the checks that every loss of the catalogue must pass, on each task that it fits.

    SPEC is a name, as huber:delta=1.35, or a loss of your own: my_losses.py:my_loss, torch.nn:SmoothL1Loss. Exits
    with 4 where a check fails, or no task fits.
    """
    check_folder()
    from lossbench.checks import run
    from lossbench.report.checks import check_lines, check_tables, plain_report
    from lossbench.report.terminal import show
    from lossbench.results.write import json_text
    from lossbench.task import TASKS

    with status_line(quiet, lines=False) as watch:
        report = run.check_loss(spec, TASKS if task is None else (cast("Task", task),), watch)
    if form or not quiet:
        tables, lines = check_tables(report), check_lines(report)
        show(form, tables, notes=lines, json=lambda: json_text(plain_report(report)))
    if report.failed:
        raise click.exceptions.Exit(CHECK_FAILED)
