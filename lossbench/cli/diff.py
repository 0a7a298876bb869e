"""`lossbench diff`: two finished runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from lossbench.cli.completion import completer, scores
from lossbench.cli.options import PATH

FORMATS = ("table", "csv", "json", "markdown")


@click.command(short_help="Compare two runs: what got better, worse, is new or missing.")
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option(
    "--score",
    shell_complete=completer(scores),
    metavar="NAME",
    help="What is compared  [default: each data set's primary score].",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How it is printed.")
def diff(a: Path, b: Path, score: str | None, form: str) -> None:
    """Show what got better or worse from A to B, what is new or missing, and what cannot be compared.

    A and B are folders that `compare` wrote, or their trials.csv.
    """
    from lossbench.report.diff import LEGEND, closing_lines, diff_tables, differences
    from lossbench.report.terminal import show
    from lossbench.report.words.remark import words
    from lossbench.results.read import altered, read_trials
    from lossbench.results.write import csv_text, frame_json

    frame = differences(read_trials(a), read_trials(b), score)
    for remark in (*altered(a), *altered(b)):
        click.echo(words(remark), err=True)
    csv, json = partial(csv_text, frame), partial(frame_json, frame)
    show(form, diff_tables(frame), LEGEND, closing_lines(frame), csv=csv, json=json)
