"""`lossbench diff`: two finished runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from lossbench.cli.completion import completer, scores
from lossbench.cli.options import PATH, format_option

FORMATS = ("table", "csv", "json", "markdown")


@click.command(short_help="Compare two runs: what got better, worse, is new or missing.")
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option(
    "--score",
    shell_complete=completer(scores),
    metavar="NAME",
    help="The score that is compared  [default: each data set's primary score].",
)
@format_option(FORMATS)
def diff(a: Path, b: Path, score: str | None, form: str) -> None:
    """Show what got better or worse from A to B, what is new or missing, and what cannot be compared.

    A and B are folders that `compare` wrote, or their trials.csv.
    """
    from lossbench.report.diff import LEGEND, LEGEND_INDENT, closing_lines, diff_tables, differences
    from lossbench.report.terminal import WIDTH, console, line_width, print_lines, show
    from lossbench.report.words.english import wrapped
    from lossbench.report.words.remark import words
    from lossbench.results.read import altered, read_trials
    from lossbench.results.write import csv_text, frame_json

    frame = differences(read_trials(a), read_trials(b), score)
    width = line_width()
    print_lines(console(stderr=True, width=line_width(WIDTH)), map(words, (*altered(a), *altered(b))))
    legend, below = list(LEGEND), list(closing_lines(frame))
    if form == "table":
        legend, below = wrapped(legend, width, LEGEND_INDENT), wrapped(below, width)
    csv, json = partial(csv_text, frame), partial(frame_json, frame)
    show(form, diff_tables(frame), legend, below, csv=csv, json=json)
