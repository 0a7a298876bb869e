"""What a command prints: a machine-readable format, or tables of at most 100 columns. NO_COLOR is honoured."""

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
from lossbench.report.table import Table
from lossbench.report.words.english import wrapped
from lossbench.report.words.legend import COLUMN, Entry, laid_out
from lossbench.results.advice import Code
from lossbench.visible import visible

WIDTH = 100
SHORT = 8
"""The narrowest width to which text columns may wrap."""

NARROW, USUAL = 60, 80
"""The least width of tables, and the width if standard output is no terminal."""

LEAST, SIDE = 20, 40
"""The least width of prose, and of prose with headings at its side."""


def show(
    form: str | None,
    tables: Iterable[Table],
    legend: Sequence[str] = (),
    notes: Iterable[str] = (),
    lead: Sequence[str] = (),
    code: Sequence[str] = (),
    **exporters: Callable[[], str],
) -> None:
    """Print on standard output.

    Args:
        form: a format; None for tables in a terminal.
        tables: for the terminal and Markdown.
        legend: how to read them.
        notes: lines below the tables.
        lead: paragraphs before everything else.
        code: lines that follow them, and are never broken.
        exporters: by format, the function that makes its text; without one, Markdown is made from the tables.
    """
    if form in exporters:
        click.echo(exporters[form](), nl=False)
    elif form == "markdown":
        click.echo(markdown(tables, [*legend, *notes], lead, code), nl=False)
    else:
        screen = console(width=line_width(WIDTH))
        print_lines(screen, [*wrapped(lead, line_width()), ""] if lead else [])
        print_code(code)
        print_lines(screen, [*legend, *[""] * bool(legend)], style="dim")
        whole = list(tables)
        narrow = [fitted(table, terminal_width()) for table in whole]
        for table in narrow:  # one more column, for the trailing blank that is not printed
            print_tables(console(width=max(min(screen.width + 1, WIDTH), least_width(table))), [table])
        print_lines(screen, left_out_note(whole, narrow))
        print_lines(screen, notes)


def fitted(table: Table, width: int) -> Table:
    """Return a table that fits a width, leaving out columns without a value first, then the least important.

    If it names text columns that never wrap, the others wrap before a column is left out.
    """
    needed = least_width if table.whole else width_of
    for heading in sorted(table.drops, key=table.empty, reverse=True):
        if needed(table) <= width:
            break
        table = table.without(heading)
    return table


def width_of(table: Table) -> int:
    """Return the width of a table in which nothing wraps."""
    screen = Console(width=10**4)
    return Measurement.get(screen, screen.options, render(table)).maximum


def least_width(table: Table) -> int:
    """Return the least width of a table: text columns may wrap, but not those in `whole`, nor numbers."""
    breaking = {name for name in table.texts if name not in table.whole}
    rows = tuple(
        tuple(cell[:SHORT] if name in breaking else cell for name, cell in zip(table.columns, row, strict=True))
        for row in table.rows
    )
    return width_of(replace(table, title="", rows=rows))


def left_out_note(whole: Iterable[Table], narrow: Iterable[Table]) -> list[str]:
    """Return a line that names the columns left out, with a blank line below; nothing if none with a value was."""
    pairs = zip(whole, narrow, strict=True)
    gone = dict.fromkeys(
        name
        for table, left in pairs
        for name in table.columns
        if name not in left.columns and not table.empty(name)
    )
    return [f"Not shown for want of room: {', '.join(gone)}.", ""] if gone else []


def legend_lines(legend: Iterable[Entry], width: int) -> list[str]:
    """Return a legend as lines, its meanings in one column, for a terminal of a width."""
    if width >= WIDTH:
        return list(laid_out(legend))
    return [line for entry in legend for line in labelled(entry.name, entry.meaning, width, column=COLUMN)]


def console(stderr: bool = False, width: int = WIDTH) -> Console:
    """Return a console, 100 columns wide by default."""
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=stderr, highlight=False, width=width, color_system=colours)


def line_width(usual: int = USUAL) -> int:
    """Return the width of lines: that of the terminal, from 60 to 100; `usual` without one."""
    return min(terminal_width(usual), WIDTH)


def prose_width() -> int:
    """Return the width of prose, which wraps between words: from 20 to 100 columns."""
    return min(max(_reported_width(WIDTH), LEAST), WIDTH)


def terminal_width(usual: int = USUAL) -> int:
    """Return the width of the terminal, at least 60; `usual` without one. The variable COLUMNS wins."""
    return max(_reported_width(usual), NARROW)


def _reported_width(usual: int) -> int:
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or usual  # some terminals report 0
    except (OSError, ValueError):  # no terminal, or no file at all
        return usual


def described(heading: str, text: str) -> list[str]:
    """Return a text with its heading as lines: side by side, or below each other on a narrow terminal."""
    if prose_width() >= SIDE:
        return labelled(heading, text, prose_width(), indent=2, column=12)
    return [f"  {heading}", *wrapped([f"    {text}"], prose_width(), "    ")]


def print_tables(screen: Console, tables: Iterable[Table]) -> None:
    """Print tables, with a blank line after each."""
    for table in tables:
        screen.print(Trimmed(render(table)))


@dataclass(frozen=True)
class Trimmed:
    """A table without trailing blanks."""

    table: RichTable

    def __rich_console__(self, screen: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Yield the lines of the table without trailing blanks."""
        for line in screen.render_lines(self.table, options, pad=False):
            while line and not line[-1].text.rstrip():
                line.pop()
            last = line[-1:]
            yield from line[:-1]
            yield from (Segment(one.text.rstrip(), one.style) for one in last)
            yield Segment.line()


def print_lines(screen: Console, lines: Iterable[str], style: str = "") -> None:
    """Print lines of prose, none of which ends in blanks.

    A path or a name is never cut or coloured, and code is one line.
    """
    for line in lines:
        whole = Text(visible(line), style=style)
        for part in [whole] if isinstance(line, Code) else whole.wrap(screen, screen.width):
            part.rstrip()
            screen.print(part, soft_wrap=True)


def print_wrapped(lines: Iterable[str]) -> None:
    """Print lines of prose on standard output, wrapped to the terminal's width."""
    click.echo("\n".join(wrapped(lines, line_width())))


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
    """Return a cell, which may have several lines."""
    return Text("\n".join(map(visible, cell.split("\n"))))
