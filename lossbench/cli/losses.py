"""`lossbench losses`: the catalogue, which loss fits which task, or one loss."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lossbench.losses import Loss, LossRecord
    from lossbench.report.tables import Table
    from lossbench.task import Task

FORMATS = ("table", "json", "csv", "markdown")
MARGIN = 14  # columns that the headings take


@click.command(short_help="List the losses, or show one.")
@click.argument("spec", required=False)
@click.option("--matrix", is_flag=True, help="Which loss fits which task, and why not the others.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How it is printed."
)
def losses(spec: str | None, matrix: bool, form: str) -> None:
    """List the losses by task, or show one in full, with value and gradient drawn.

    SPEC is a name, with parameters where wanted, as huber:delta=1.35; or a loss of your own, my_losses.py:my_loss.
    """
    from lossbench.losses import catalogue
    from lossbench.report.catalogue import document, fitting, list_tables
    from lossbench.report.catalogue import matrix as make_matrix

    if spec is not None:
        show(spec, matrix, form)
    elif matrix:
        print_as(form, [make_matrix(fitting(catalogue()))])
    elif form == "table":
        print_as(form, list_tables(catalogue()))
        click.echo("One of them: lossbench losses NAME. Your own: lossbench losses my_losses.py:my_loss.")
    elif form == "markdown":
        click.echo(document(catalogue()), nl=False)
    else:
        print_data(catalogue(), {}, form)


def show(spec: str, matrix: bool, form: str) -> None:
    """Print what is known about one loss on each task that it fits."""
    from lossbench.checks.tasks import fits
    from lossbench.report.catalogue import matrix as make_matrix
    from lossbench.report.catalogue import sections

    found = fits(spec)
    fitting = {task: loss for task, loss in found.items() if not isinstance(loss, str)}
    unfit = {task: reason for task, reason in found.items() if isinstance(reason, str)}
    refuse_unfit(spec, fitting, unfit)
    records = [loss.record for loss in fitting.values()]
    values = {task: loss.parameters for task, loss in fitting.items()}
    if matrix:
        print_as(form, [make_matrix({spec: {**unfit, **{record.task: record for record in records}}})])
    elif form == "table":
        print_losses(fitting, unfit)
    elif form == "markdown":
        click.echo(sections(records, values), nl=False)
    else:
        print_data(records, values, form)
