"""`lossbench diff`: two finished runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("table", "csv", "json", "markdown")


@click.command(short_help="Compare two runs: what got better, worse, is new or missing.")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--score", metavar="NAME", help="What is compared  [default: each data set's primary score].")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How it is printed.")
def diff(a: Path, b: Path, score: str | None, form: str) -> None:
    """Show what got better or worse from A to B, what is new or missing, and what cannot be compared.

    A and B are folders that `compare` wrote, or their trials.csv.
    """
    from lossbench.report.diff import diff_json, differences
    from lossbench.report.words import words
    from lossbench.results.read import altered, read_trials
    from lossbench.results.write import csv_text

    frame = differences(read_trials(a), read_trials(b), score)
    for remark in (*altered(a), *altered(b)):
        click.echo(words(remark), err=True)
    if form == "csv":
        click.echo(csv_text(frame), nl=False)
    elif form == "json":
        click.echo(diff_json(frame), nl=False)
    else:
        print_diff(frame, form)


def print_diff(frame: pd.DataFrame, form: str) -> None:
    """Print the lines for a person."""
    from lossbench.report.diff import LEGEND, diff_tables, remarks
    from lossbench.report.markdown import markdown
    from lossbench.report.terminal import console, print_lines, print_tables

    if form == "markdown":
        click.echo(markdown(diff_tables(frame), [*LEGEND, *remarks(frame)]), nl=False)
        return
    print_tables(console(), diff_tables(frame))
    print_lines(console(), LEGEND, style="dim")
    print_lines(console(), remarks(frame))
