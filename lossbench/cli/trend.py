"""`lossbench trend`: scores and verdicts over many finished runs, in order of time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from lossbench.cli.completion import completer, scores
from lossbench.cli.options import PATH, format_option

FORMATS = ("table", "csv", "json", "markdown")


@click.command(short_help="Follow scores and verdicts over many runs, such as nights.")
@click.argument("runs", metavar="DIR...", type=PATH, nargs=-1, required=True)
@click.option(
    "--score",
    shell_complete=completer(scores),
    metavar="NAME",
    help="The score that is followed  [default: each data set's primary score].",
)
@click.option("--html", type=PATH, metavar="FILE", help="Also draw it on a page.")
@format_option(FORMATS)
def trend(runs: tuple[Path, ...], score: str | None, html: Path | None, form: str) -> None:
    """Show which scores moved over runs, by how much and between which two, and which verdicts changed.

    Each DIR is a folder that `compare` wrote. They are sorted by the dates in their manifests. A change
    is marked where a test finds it: where nothing moved, at most one report in twenty marks a change.
    """
    from lossbench.report.html.trend import trend_page
    from lossbench.report.terminal import WIDTH, console, legend_lines, line_width, print_lines, show
    from lossbench.report.trend import LEGEND, closing_lines, lead, loss_histories, rows, trend_tables
    from lossbench.report.words.english import wrapped
    from lossbench.report.words.remark import words
    from lossbench.results.dated_runs import read_dated_runs
    from lossbench.results.read import altered
    from lossbench.results.write import csv_text, frame_json, prepare_file, write_text

    if html is not None:
        prepare_file(html)
    dated = read_dated_runs(runs)
    found = loss_histories(dated, score)
    spoilt = (one for run in dated for one in altered(run.folder))
    print_lines(console(stderr=True, width=line_width(WIDTH)), map(words, spoilt))
    if html is not None:
        write_text(html, trend_page(found, dated))
    frame = rows(found)
    shown, width = list(trend_tables(found)), line_width()
    below = wrapped(closing_lines(found), width) if form == "table" else closing_lines(found)
    csv, json = partial(csv_text, frame), partial(frame_json, frame)
    show(form, shown, legend_lines(LEGEND, width) if shown else (), below, lead(found, dated), csv=csv, json=json)
