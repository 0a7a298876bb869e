"""`lossbench report`: the tables and files of a finished run, made again from its trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from lossbench.cli.options import PATH, output_option
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.plan.fit.losses import Skip
    from lossbench.remark import Remark
    from lossbench.results.advice import Advice
    from lossbench.results.remake import Remade
    from lossbench.run.state import Gap
    from lossbench.stats.findings import Findings

FORMATS = ("table", "csv", "json", "markdown", "junit")
WITHOUT_REMARKS = ("csv", "json", "junit")
"""Formats that have no place for warnings: these go to standard error."""


@click.command(short_help="Make the tables of a run again, or what a paper needs of it.")
@click.argument("run", type=PATH, metavar="DIR|FILE")
@output_option
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Format of the printed summary  [default: table]."
)
@click.option("--latex", is_flag=True, help="Print the tables in LaTeX.")
@click.option(
    "--methods", "paragraph", is_flag=True, help="Print the paragraph on methods in LaTeX, and its BibTeX."
)
@click.option("--figures", metavar="DIR", type=PATH, help="Write the figures to this folder, as SVG, PDF and PNG.")
def report(
    run: Path, output: Path | None, form: str | None, latex: bool, paragraph: bool, figures: Path | None
) -> None:
    """Show the summary of a finished run, and with -o write its files, made again from trials.csv alone.

    For a paper: --latex, --methods and --figures, in place of the summary.
    """
    from lossbench.errors import BadValue
    from lossbench.remark import Topic
    from lossbench.report.save import save_remade
    from lossbench.results.remake import remake

    if form and (latex or paragraph):
        flag = "--latex" if latex else "--methods"
        raise BadValue(f"{flag} prints LaTeX and --format {form} something else; leave one out")
    remade = remake(run)
    if output is not None:
        save_remade(remade, output)
    if figures is not None:
        draw(remade, figures)
    if latex or paragraph:
        print_latex(remade, latex, paragraph)
    elif form or figures is None:
        files = [] if output is None else [Topic.FILES(folder=output)]
        advice = remade.manifest.advice if remade.manifest else None
        print_findings(remade, remade.gaps, remade.skips, [*remade.remarks(), *files], form or "table", advice)
        if form in WITHOUT_REMARKS:
            print_warnings(remade.remarks())


def print_warnings(remarks: Iterable[Remark]) -> None:
    """Print the warnings on standard error, where the chosen format has no place for them."""
    from lossbench.remark import ALARMS
    from lossbench.report.terminal import console, print_lines
    from lossbench.report.words.remark import words

    print_lines(console(stderr=True), (words(remark) for remark in remarks if remark.topic in ALARMS))


def draw(remade: Remade, folder: Path) -> None:
    """Write the figures of a run, and print their names."""
    from lossbench.remark import Topic
    from lossbench.report.paper.plots import save_figures
    from lossbench.report.words.remark import words

    drawn = save_figures(remade, remade.curves, folder)
    if remade.curves is None:
        click.echo(words(Topic.NO_CURVES()), err=True)
    names = ", ".join(dict.fromkeys(name.rpartition(".")[0] for name in drawn))
    click.echo(visible(f"figures in {folder}: {names or 'none, since the run has nothing to draw'}"), err=True)


def print_latex(remade: Remade, tables: bool, paragraph: bool) -> None:
    """Print the methods paragraph and the tables of a run in LaTeX."""
    from lossbench.report.paper.latex import latex_tables
    from lossbench.report.paper.methods import methods
    from lossbench.report.words.remark import words

    if paragraph:
        click.echo(methods(remade, remade.manifest.content if remade.manifest else {}), nl=False)
    if tables:
        click.echo(latex_tables(remade, map(words, remade.remarks())), nl=False)


def print_findings(
    findings: Findings,
    gaps: Sequence[Gap],
    skips: Sequence[Skip],
    remarks: Iterable[Remark],
    form: str,
    advice: Advice | None = None,
    gate: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Print the summary in one of the formats; JSON also has what came of a gate."""
    from lossbench.report.answer.run import leading, records
    from lossbench.report.junit import verdict_junit
    from lossbench.report.tables import tables, threshold_tables
    from lossbench.report.terminal import legend_lines, line_width, show
    from lossbench.report.words.english import wrapped
    from lossbench.report.words.legend import LEGEND
    from lossbench.report.words.remark import words
    from lossbench.results.write import summary_csv, summary_json

    summary, said = findings.summary, map(words, remarks)
    show(
        form,
        [*tables(summary), *threshold_tables(findings.thresholds)],
        legend_lines(LEGEND, line_width()),
        wrapped(said, line_width()) if form == "table" else said,
        leading(findings.answer, advice),
        advice.paste if advice else (),
        csv=partial(summary_csv, summary),
        json=lambda: summary_json(
            summary,
            gaps,
            {**records(findings.answer, findings.answers, advice), "skipped": [*map(asdict, skips)], **gate},
        ),
        junit=lambda: verdict_junit(summary, gaps, findings.answers, skips),
    )
