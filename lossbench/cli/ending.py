"""How a comparison ends: what is printed of it, and with which exit code."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from lossbench.cli.report import print_findings
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.api import Answer
    from lossbench.plan.experiment import Experiment
    from lossbench.plan.shard import Shard
    from lossbench.results.comparison import Comparison
    from lossbench.results.part import Part
    from lossbench.run.runner import Forecast
    from lossbench.stats.between_runs.gate import GateReport


WORSE, UNFINISHED = 3, 4


def end(answered: Answer, form: str | None, quiet: bool) -> None:
    """Print what was found, and exit by what came of it."""
    from lossbench.errors import OutputError

    print_all(answered, form, quiet)
    if answered.unwritten:
        raise OutputError(answered.unwritten)
    if answered.verdict is not None and answered.verdict.failed:
        raise click.exceptions.Exit(WORSE)
    if not answered.comparison.whole:
        raise click.exceptions.Exit(UNFINISHED)
    if answered.verdict is not None and answered.verdict.idle:
        refuse_idle(answered.verdict, answered.request.baseline)


def refuse_idle(verdict: GateReport, baseline: Path | None) -> NoReturn:
    """Refuse a baseline with which no score could be compared: it is as good as none."""
    from lossbench.errors import BadValue
    from lossbench.report.gate import not_checked

    raise BadValue(
        f"nothing could be compared with {baseline}: {not_checked(verdict)}; give the trials.csv of a run of "
        "these data sets, losses and settings"
    )


def end_part(part: Part, quiet: bool) -> None:
    """Say what was trained of a shard, and exit by whether all of it was."""
    if not quiet:
        print_part(part)
    if not part.whole:
        raise click.exceptions.Exit(UNFINISHED)


def print_plan(experiment: Experiment, shard: Shard | None, forecast: Forecast) -> None:
    """Say what would be trained."""
    from lossbench.report.plan import plan_lines

    if shard is not None:
        click.echo(f"shard {shard}, whose trainings are counted here:")
    click.echo("\n".join(map(visible, plan_lines(experiment, forecast))))


def print_part(part: Part) -> None:
    """Say what was trained of a shard, and what to do with it."""
    failed, done = len(part.content["failed"]), part.content["trials"] - part.undone
    said = [f"shard    {part.shard}: {done} of {part.content['trials']} trainings are in {part.folder}"]
    if failed:
        said.append(f"failed   {failed} of them: {part.content['failed'][0]['reason']}")
    said.append(
        "partial  the same command goes on from there"
        if part.undone
        else "next     with all shards there: lossbench merge PART... -o WHOLE"
    )
    click.echo("\n".join(map(visible, said)))


def print_all(answered: Answer, form: str | None, quiet: bool) -> None:
    """Print what was asked for: the trials, the summary, the alarms, the gate."""
    from lossbench.plan.request import STDOUT
    from lossbench.results.write import trials_csv

    rows, verdict = answered.request.csv == STDOUT, answered.verdict
    if rows:
        click.echo(trials_csv(answered.comparison.trials), nl=False)
    if form or not (quiet or rows):
        print_summary(answered, form or "table")
    if quiet:
        return
    if rows or form in ("csv", "json", "junit"):
        print_alarms(answered.comparison)
    if verdict is not None and answered.request.baseline is not None and form not in ("junit", "markdown"):
        print_gate(verdict, answered.request.baseline, to_stderr=form not in (None, "table") or rows)


def print_alarms(comparison: Comparison) -> None:
    """Print on standard error what a reader must know of results in a format that has no room for words."""
    from lossbench.remark import ALARMS
    from lossbench.report.terminal import console, print_lines
    from lossbench.report.words.remark import words
    from lossbench.results.remarks.run import closing, notes
    from lossbench.results.remarks.verdicts import at_edges

    said = chain(at_edges(comparison.tuning), notes(comparison), closing(comparison, None))
    print_lines(console(stderr=True), (words(remark) for remark in said if remark.topic in ALARMS))


def print_gate(verdict: GateReport, path: Path, to_stderr: bool) -> None:
    """Print what came of the baseline; beside a machine's format on standard error."""
    from lossbench.report.gate import gate_lines, gate_tables
    from lossbench.report.terminal import WIDTH, columns, console, fitted, left_out, print_lines, print_tables

    width, whole = min(columns(), WIDTH), list(gate_tables(verdict))
    narrow = [fitted(table, width) for table in whole]
    print_tables(console(to_stderr, width + 1), narrow)
    print_lines(console(to_stderr), [*left_out(whole, narrow), *gate_lines(verdict, path, width)])


def print_summary(answered: Answer, form: str) -> None:
    """Print the summary in one of the formats; to CI, a gate is more than the summary."""
    from lossbench.report.gate import gate_lines, gate_record, gate_tables
    from lossbench.report.junit import gate_junit
    from lossbench.report.markdown import markdown
    from lossbench.report.terminal import WIDTH
    from lossbench.results.remarks.run import closing, remarks

    comparison, verdict, baseline = answered.comparison, answered.verdict, answered.request.baseline
    if form == "junit" and verdict:
        click.echo(gate_junit(verdict, comparison.gaps, comparison.answers), nl=False)
        return
    said = [*remarks(comparison), *closing(comparison, answered.folder, answered.replaced)]
    print_findings(comparison, comparison.gaps, said, form, gate=gate_record(verdict) if verdict else {})
    if form == "markdown" and verdict and baseline:
        click.echo(markdown(gate_tables(verdict), gate_lines(verdict, baseline, WIDTH)), nl=False)
