"""`lossbench losses`: the catalogue, which loss fits which task, or one loss."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lossbench.losses import Loss
    from lossbench.task import Task

FORMATS = ("table", "json", "csv", "markdown")
INDENT = " " * 14


@click.command(short_help="List the losses, or show one.")
@click.argument("spec", required=False)
@click.option("--matrix", is_flag=True, help="Which loss fits which task, and why not the others.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How.")
def losses(spec: str | None, matrix: bool, form: str) -> None:
    """List the losses by task, or show one: what is known about it, and value and gradient drawn.

    SPEC is a name, with parameters where wanted: huber:delta=1.35, or a loss of your own: my_losses.py:my_loss.
    """
    if spec is not None:
        fits = found(spec)
    if matrix:
        print_matrix(None if spec is None else fits, spec or "", form)
    elif spec is None:
        print_catalogue(form)
    else:
        print_losses([loss for loss in fits.values() if not isinstance(loss, str)], fits, form)
