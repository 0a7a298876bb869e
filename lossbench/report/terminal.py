"""What a command prints: a machine's format, or tables of at most 100 columns, without colour under NO_COLOR."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import click
from rich import box
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table as RichTable
from rich.text import Text

from lossbench.report.grid import labelled
from lossbench.report.markdown import markdown
from lossbench.report.tables import Table
from lossbench.report.words.english import COMMANDS, wrapped
from lossbench.visible import visible

WIDTH = 100
COLUMN = 11
"""Where the texts of the legend begin."""

SHORT = 8
"""To how few columns words may be broken."""

NARROW, USUAL = 60, 80
"""The least width that tables are written for, and the width where standard output is no terminal."""

LEAST, SIDE = 20, 40
"""The least width of prose, and of prose with its headings at its side."""


def show(
    form: str | None,
    tables: Iterable[Table],
    legend: Sequence[str] = (),
    said: Iterable[str] = (),
    lead: Sequence[str] = (),
    code: Sequence[str] = (),
    **exporters: Callable[[], str],
) -> None:
    """Print on standard output.

    Args:
        form: a format; None for tables in a terminal.
        tables: for a person.
        legend: how to read them.
        said: in words, below.
        lead: paragraphs that come before everything else.
        code: lines that follow them, and are never broken.
        exporters: by format, what makes its text; Markdown is made of the tables unless it stands here.
    """
    if form in exporters:
        click.echo(exporters[form](), nl=False)
    elif form == "markdown":
        click.echo(markdown(tables, [*legend, *said], lead, code), nl=False)
    else:
        screen = console(width=page())
        print_lines(screen, lines_of(lead))
        print_code(code)
        print_lines(screen, [*legend, *[""] * bool(legend)], style="dim")
        whole = list(tables)
        narrow = [fitted(table, columns()) for table in whole]
        for table in narrow:  # whose last column ends in a blank that is not printed
            print_tables(console(width=max(min(screen.width + 1, WIDTH), least(table))), [table])
        print_lines(screen, left_out(whole, narrow))
        print_lines(screen, said)


def fitted(table: Table, width: int) -> Table:
    """Return a table without the columns for which a width has no room, the least important first.

    Where it says which words are never broken, others are broken before a column goes.
    """
    needed = least if table.whole else width_of
    for heading in table.drops:
        if needed(table) <= width:
            break
        table = table.without(heading)
    return table


def width_of(table: Table) -> int:
    """Return how wide a table is where nothing in it is broken."""
    screen = Console(width=10**4)
    return Measurement.get(screen, screen.options, render(table)).maximum


def least(table: Table) -> int:
    """Return the width that a table cannot do without: words may be broken, but no whole name and no figure."""
    breaking = {name for name in table.texts if name not in table.whole}
    rows = tuple(
        tuple(cell[:SHORT] if name in breaking else cell for name, cell in zip(table.columns, row, strict=True))
        for row in table.rows
    )
    return width_of(replace(table, title="", rows=rows))


def left_out(whole: Iterable[Table], narrow: Iterable[Table]) -> list[str]:
    """Return a line on the columns that are left out, and a blank one below; nothing where all are there."""
    pairs = zip(whole, narrow, strict=True)
    gone = dict.fromkeys(name for table, left in pairs for name in table.columns if name not in left.columns)
    return [f"Not shown for want of room: {', '.join(gone)}.", ""] if gone else []


def lines_of(lead: Sequence[str]) -> list[str]:
    """Return paragraphs as lines of the terminal's width, and a blank line below."""
    return [*wrapped(lead, min(columns(), WIDTH)), ""] if lead else []


def laid_out(legend: Sequence[str], width: int) -> list[str]:
    """Return a legend, whose texts begin in one column, as lines of a width.

    Args:
        legend: as it is laid out for 100 columns; a line that begins with blanks goes on with the one before.
        width: of the terminal.
    """
    if width >= WIDTH:
        return list(legend)
    joined: list[list[str]] = []
    for line in legend:
        name, text = line[:COLUMN].strip(), line[COLUMN:].strip()
        if name:
            joined.append([name, text])
        else:
            joined[-1][1] += f" {text}"
    return [part for name, text in joined for part in labelled(name, text, width, column=COLUMN)]


def console(stderr: bool = False, width: int = WIDTH) -> Console:
    """Return a console; it is 100 columns wide unless another width is stated."""
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=stderr, highlight=False, width=width, color_system=colours)


def page() -> int:
    """Return the width of lines that the terminal would break otherwise: at most 100, as where there is none."""
    return min(columns(WIDTH), WIDTH)


def prose() -> int:
    """Return the width of prose, which is broken anywhere between words: from 20 columns to 100."""
    return min(max(_columns(WIDTH), LEAST), WIDTH)


def columns(usual: int = USUAL) -> int:
    """Return how wide the terminal of standard output is, at least 60; `usual` without one. COLUMNS wins."""
    return max(_columns(usual), NARROW)


def _columns(usual: int) -> int:
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or usual  # 0 where nobody has told the terminal
    except (OSError, ValueError):  # no terminal, or no file at all
        return usual


def described(heading: str, text: str) -> list[str]:
    """Return what is known under a heading as lines of prose: at its side, or below where there is no room."""
    if prose() >= SIDE:
        return labelled(heading, text, prose(), indent=2, column=12)
    return [f"  {heading}", *wrapped([f"    {text}"], prose(), "    ")]


def print_tables(screen: Console, tables: Iterable[Table]) -> None:
    """Print the tables, a blank line after each."""
    for table in tables:
        screen.print(Trimmed(render(table)))


@dataclass(frozen=True)
class Trimmed:
    """A table without the blanks at the ends of its lines."""

    table: RichTable

    def __rich_console__(self, screen: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Yield the lines of the table, each ended by its last mark."""
        for line in screen.render_lines(self.table, options, pad=False):
            while line and not line[-1].text.rstrip():
                line.pop()
            last = line[-1:]
            yield from line[:-1]
            yield from (Segment(one.text.rstrip(), one.style) for one in last)
            yield Segment.line()


def print_lines(screen: Console, lines: Iterable[str], style: str = "") -> None:
    """Print lines of prose; a path or a name is never cut or coloured, and what is to be pasted is one line."""
    for line in lines:
        screen.print(Text(visible(line), style=style), soft_wrap=line.startswith(COMMANDS))


def print_code(lines: Sequence[str]) -> None:
    """Print lines that are to be pasted, as long as they are, and a blank one below."""
    click.echo("".join(f"{visible(line)}\n" for line in [*lines, *[""] * bool(lines)]), nl=False)


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
        kept = not words or heading in table.whole
        drawn.add_column(
            Text(visible(heading)), justify="left" if words else "right", overflow="fold", no_wrap=kept
        )
    for index, row in enumerate(table.rows):
        drawn.add_row(*map(shown, row), style="bold" if index in table.best else "")
    return drawn


def shown(cell: str) -> Text:
    """Return a cell, which may be broken into lines."""
    return Text("\n".join(map(visible, cell.split("\n"))))
