"""`lossbench report`: a finished run, from its trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossbench.cli.options import PATH

if TYPE_CHECKING:
    from lossbench.remark import Remark
    from lossbench.run.state import Gap
    from lossbench.stats.findings import Findings

FORMATS = ("table", "csv", "json", "markdown", "junit")


@click.command(short_help="Make the tables again from a finished run.")
@click.argument("run", type=PATH, metavar="DIR|FILE")
@click.option("-o", "--output", metavar="DIR", type=PATH, help="Folder for the files.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How the summary is printed.")
def report(run: Path, output: Path | None, form: str) -> None:
    """Show the summary of a finished run, and with -o write its files, made again from trials.csv alone."""
    from lossbench.remark import Topic
    from lossbench.report.save import save_remade
    from lossbench.results.remake import remake

    remade = remake(run)
    if output is not None:
        save_remade(remade, output)
    files = [] if output is None else [Topic.FILES(folder=output)]
    print_findings(remade, remade.gaps, [*remade.remarks(), *files], form)


def print_findings(findings: Findings, gaps: Sequence[Gap], remarks: Iterable[Remark], form: str) -> None:
    """Print the summary in one of the formats."""
    from lossbench.report.answer import lead, records, wrapped
    from lossbench.report.junit import verdict_junit
    from lossbench.report.tables import tables
    from lossbench.report.terminal import WIDTH, columns, laid_out, show
    from lossbench.report.words import LEGEND, words
    from lossbench.results.write import summary_csv, summary_json

    summary, said = findings.summary, map(words, remarks)
    show(
        form,
        tables(summary),
        laid_out(LEGEND, columns()),
        wrapped(said, min(columns(), WIDTH)) if form == "table" else said,
        lead(findings.answer),
        csv=partial(summary_csv, summary),
        json=lambda: summary_json(summary, gaps, records(findings.answer, findings.answers)),
        junit=lambda: verdict_junit(summary, gaps, findings.answers),
    )
