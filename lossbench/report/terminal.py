"""What a command prints: a machine's format, or tables of at most 100 columns, without colour under NO_COLOR."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import click
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from lossbench.report.tables import Table, markdown
from lossbench.visible import visible

WIDTH = 100
NARROW, USUAL = 60, 80
"""The least width that is written for, and the width where standard output is no terminal."""


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


def console(stderr: bool = False, width: int = WIDTH) -> Console:
    """Return a console of 100 columns. A narrower terminal breaks the lines; squeezed columns would lose names."""
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=stderr, highlight=False, width=width, color_system=colours)


def columns() -> int:
    """Return how wide the terminal of standard output is, at least 60; 80 where there is none. COLUMNS wins."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return max(int(told), NARROW)
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, NARROW)
    except (OSError, ValueError):  # no terminal, or no file at all
        return USUAL


def print_tables(screen: Console, tables: Iterable[Table]) -> None:
    """Print the tables, a blank line after each."""
    for table in tables:
        screen.print(render(table))


def print_lines(screen: Console, lines: Iterable[str], style: str = "") -> None:
    """Print lines of prose; a path or a name is never cut or coloured."""
    for line in lines:
        screen.print(Text(visible(line), style=style))


def render(table: Table) -> RichTable:
    """Return a table with the best rows in bold."""
    drawn = RichTable(
        title=Text(visible(table.title), style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for heading in table.columns:
        words = heading in table.texts
        drawn.add_column(
            Text(visible(heading)), justify="left" if words else "right", overflow="fold", no_wrap=not words
        )
    for index, row in enumerate(table.rows):
        drawn.add_row(*map(shown, row), style="bold" if index in table.best else "")
    return drawn


def shown(cell: str) -> Text:
    """Return a cell, which may be broken into lines."""
    return Text("\n".join(map(visible, cell.split("\n"))))
