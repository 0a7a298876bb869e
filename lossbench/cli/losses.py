"""`lossbench losses`: the catalogue, which loss fits which task, or one loss."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from lossbench.cli import completion as names
from lossbench.cli.completion import completer
from lossbench.cli.options import FILE
from lossbench.cli.process.refused import check_folder
from lossbench.cli.process.target import check_target, write_target

if TYPE_CHECKING:
    from lossbench.losses import Loss
    from lossbench.report.catalogue import Selection

FORMATS = ("table", "json", "csv", "markdown")
HINTS = (
    "One in full: lossbench losses NAME. Your own: lossbench losses my_losses.py:my_loss",
    "Any of them times a constant, the placebo that each has: scaled:factor=16:loss=NAME",
    "A weighted sum of several: sum:NAME+0.5*NAME",
)


@click.command(short_help="List the losses, or show one.")
@click.argument("spec", required=False, shell_complete=completer(names.losses))
@click.option("--matrix", is_flag=True, help="Show which loss fits which task, and why not the others.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Format of what is printed  [default: table].")
@click.option(
    "--html", type=FILE, metavar="FILE|-", help="Draw losses, such as huber,mae,mse, over one another on a page."
)
def losses(spec: str | None, matrix: bool, form: str | None, html: str | None) -> None:
    """List the losses by task, or show one in full, with value and gradient drawn.

    SPEC is a name, with parameters where wanted, as huber:delta=1.35; or a loss of your own, my_losses.py:my_loss.
    With --html it may be several, with commas between.
    """
    if html is not None:
        write_page(spec, html, matrix or form is not None)
        return
    from lossbench.report.catalogue import one_loss, whole_catalogue

    selection = whole_catalogue() if spec is None else one_loss(spec)
    if matrix:
        print_matrix(selection, form)
    elif spec is None or form not in (None, "table"):
        print_catalogue(selection, form)
    else:
        print_losses(selection)


def write_page(spec: str | None, place: str, more: bool) -> None:
    """Write the HTML page of some losses to a file, or to standard output."""
    from lossbench.errors import BadValue
    from lossbench.report.html.losses import losses_page
    from lossbench.spec import split_list

    names = [name.strip() for name in split_list(spec or "") if name.strip()]
    if not names:
        raise BadValue("--html needs the losses to draw: lossbench losses huber,mae,mse --html losses.html")
    if more:
        raise BadValue("--html makes a page; leave --matrix and --format out")
    check_target(place)
    write_target(place, losses_page(names))


def print_matrix(selection: Selection, form: str | None) -> None:
    """Print the table of losses against tasks."""
    import pandas as pd

    from lossbench.report.catalogue import matrix, placements
    from lossbench.report.terminal import show
    from lossbench.results.write import csv_text, frame_json

    table = matrix(selection)
    frame = pd.DataFrame(table.rows, columns=list(table.columns))
    shown = placements(selection) if form in (None, "table") else table
    show(form, [shown], csv=partial(csv_text, frame), json=partial(frame_json, frame))


def print_catalogue(selection: Selection, form: str | None) -> None:
    """Print one table for each task; in CSV, JSON and Markdown, all facts about each loss."""
    from lossbench.report.catalogue import catalogue_csv, catalogue_json, list_tables, losses_document
    from lossbench.report.terminal import show

    show(
        form,
        list_tables(selection),
        notes=HINTS,
        csv=partial(catalogue_csv, selection),
        json=partial(catalogue_json, selection),
        markdown=partial(losses_document, selection),
    )


def print_losses(selection: Selection) -> None:
    """Print a loss in full on each task that it fits, a custom one on the first, and why not on the others."""
    check_folder()
    from lossbench.report.shape import draw_loss
    from lossbench.report.terminal import described, prose_width

    first, *others = selection.losses.values()
    # A catalogue loss differs between tasks; a custom loss is one function, with the same page on all.
    for loss in (first,) if first.record.code else (first, *others):
        click.echo("\n".join(describe(loss)))
        click.echo("\n".join(["", *draw_loss(loss, prose_width()), ""]))
    if first.record.code and others:
        click.echo("\n".join(described("also for", other_tasks(selection))))
    if selection.unfit:
        click.echo("\n".join(described("not for", selection.unfit)))


def other_tasks(selection: Selection) -> str:
    """Return the tasks after the first, and how one of them is shown."""
    (spec,) = selection.fits
    _, *tasks = selection.losses
    return f"{', '.join(tasks)}; shown by lossbench losses '{spec}:@task={tasks[0]}'"


def describe(loss: Loss) -> Iterator[str]:
    """Yield the facts about a loss, line by line."""
    from lossbench.report.catalogue import facts_about
    from lossbench.report.terminal import described, prose_width
    from lossbench.report.words.english import wrapped

    yield from wrapped([f"{loss.name} ({loss.task}){f': {loss.summary}' if loss.summary else ''}"], prose_width())
    for heading, text in facts_about(loss.record, loss.parameters):
        yield from described(heading, text)
