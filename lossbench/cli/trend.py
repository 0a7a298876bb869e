"""`lossbench trend`: many finished runs, in the order of time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from lossbench.cli.completion import completer, scores
from lossbench.cli.options import PATH

FORMATS = ("table", "csv", "json", "markdown")


@click.command(short_help="Follow scores and verdicts over many runs, such as nights.")
@click.argument("runs", metavar="DIR...", type=PATH, nargs=-1, required=True)
@click.option(
    "--score",
    shell_complete=completer(scores),
    metavar="NAME",
    help="What is followed  [default: each data set's primary score].",
)
@click.option("--html", type=PATH, metavar="FILE", help="Draw it on a page, too.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How it is printed.")
def trend(runs: tuple[Path, ...], score: str | None, html: Path | None, form: str) -> None:
    """Show which scores moved over runs, by how much, and between which two; and whose verdict did.

    Each DIR is a folder that `compare` wrote. They are put in the order of the dates in their manifests. A change
    is marked where a test finds it: where nothing moved, any is marked in at most one report of twenty.
    """
    from lossbench.report.html.trend import trend_page
    from lossbench.report.terminal import WIDTH, columns, laid_out, show
    from lossbench.report.trend import LEGEND, courses, lead, rows, said, trend_tables
    from lossbench.report.words.english import wrapped
    from lossbench.report.words.remark import words
    from lossbench.results.nights import read_nights
    from lossbench.results.read import altered
    from lossbench.results.write import csv_text, frame_json, prepare_file, write_text

    if html is not None:
        prepare_file(html)
    nights = read_nights(runs)
    found = courses(nights, score)
    for remark in (one for night in nights for one in altered(night.folder)):
        click.echo(words(remark), err=True)
    if html is not None:
        write_text(html, trend_page(found, nights))
    frame = rows(found)
    shown, width = list(trend_tables(found)), columns()
    below = wrapped(said(found), min(width, WIDTH)) if form == "table" else said(found)
    csv, json = partial(csv_text, frame), partial(frame_json, frame)
    show(form, shown, laid_out(LEGEND, width) if shown else (), below, lead(found, nights), csv=csv, json=json)
