"""What a command prints, in the format that is asked for: one way for all commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

from lossbench.report.markdown import markdown
from lossbench.report.tables import Table
from lossbench.report.terminal import console, print_lines, print_tables


def show(
    form: str | None,
    tables: Iterable[Table],
    legend: Sequence[str] = (),
    said: Iterable[str] = (),
    **exporters: Callable[[], str],
) -> None:
    """Print on standard output.

    Args:
        form: a format; None for tables in a terminal.
        tables: for a person.
        legend: how to read them.
        said: in words, below.
        exporters: by format, what makes its text; Markdown is made of the tables unless it stands here.
    """
    if form in exporters:
        click.echo(exporters[form](), nl=False)
    elif form == "markdown":
        click.echo(markdown(tables, [*legend, *said]), nl=False)
    else:
        print_tables(console(), tables)
        print_lines(console(), legend, style="dim")
        print_lines(console(), said)
