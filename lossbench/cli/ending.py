"""The end of a comparison: what it prints, and its exit code."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from lossbench.cli.process.progress import training_progress
from lossbench.cli.process.streams import overheard
from lossbench.cli.report import WITHOUT_REMARKS, print_findings, print_warnings
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.api import Answer
    from lossbench.plan.experiment import Experiment
    from lossbench.plan.request import Request
    from lossbench.plan.shard import Shard
    from lossbench.remark import Remark
    from lossbench.results.again import Kept
    from lossbench.results.comparison import Comparison
    from lossbench.results.part import Part
    from lossbench.run.runner import Forecast
    from lossbench.stats.between_runs.gate import GateReport


WORSE, UNFINISHED = 3, 4


def print_and_exit(answer: Answer, form: str | None, quiet: bool) -> str:
    """Print the results, and exit with the code for their outcome.

    Returns:
        What was printed without the remarks on this one run, where the code is 0.
    """
    from lossbench.errors import OutputError

    said = print_all(answer, form, quiet)
    if answer.unwritten:
        raise OutputError(answer.unwritten)
    if answer.verdict is not None and answer.verdict.failed:
        raise click.exceptions.Exit(WORSE)
    if not answer.comparison.whole:
        raise click.exceptions.Exit(UNFINISHED)
    if answer.verdict is not None and answer.verdict.idle:
        refuse_idle(answer.verdict, answer.request.baseline)
    return said


def refuse_idle(verdict: GateReport, baseline: Path | None) -> NoReturn:
    """Refuse a baseline with which no score could be compared: it is as good as none."""
    from lossbench.errors import BadValue
    from lossbench.report.gate import not_checked

    raise BadValue(
        f"nothing could be compared with {baseline}: {not_checked(verdict)}; give the trials.csv of a run of "
        "these data sets, losses and settings"
    )


def print_part_and_exit(part: Part, quiet: bool) -> None:
    """Print how much of a shard was trained, and exit with 4 if something is missing."""
    if not quiet:
        print_part(part)
    if not part.whole:
        raise click.exceptions.Exit(UNFINISHED)


def print_plan(experiment: Experiment, shard: Shard | None, forecast: Forecast) -> None:
    """Print what would be trained."""
    from lossbench.report.plan import plan_lines
    from lossbench.report.terminal import print_wrapped

    if shard is not None:
        click.echo(f"shard {shard}, whose trainings are counted here:")
    print_wrapped(plan_lines(experiment, forecast))


def print_part(part: Part) -> None:
    """Print how much of a shard was trained, and what to do next."""
    failed, done = len(part.content["failed"]), part.content["trials"] - part.remaining
    lines = [f"shard    {part.shard}: {done} of {part.content['trials']} trainings are in {part.folder}"]
    if failed:
        lines.append(f"failed   {failed} of them: {part.content['failed'][0]['reason']}")
    lines.append(
        "partial  the same command goes on from there"
        if part.remaining
        else "next     with all shards there: lossbench merge PART... -o WHOLE"
    )
    click.echo("\n".join(map(visible, lines)))


def print_all(answer: Answer, form: str | None, quiet: bool) -> str:
    """Print what the options ask for: trials, summary, warnings, gate. `print_and_exit` says what it returns."""
    from lossbench.plan.request import STDOUT
    from lossbench.results.write import trials_csv

    rows, verdict = answer.request.csv == STDOUT, answer.verdict
    if rows:
        click.echo(trials_csv(answer.comparison.trials), nl=False)
    said = print_summary(answer, form or "table") if form or not (quiet or rows) else ""
    if quiet:
        return said
    if rows or form in WITHOUT_REMARKS:
        print_warnings(remarks_of(answer.comparison))
    if verdict is not None and answer.request.baseline is not None and form not in ("junit", "markdown"):
        print_gate(verdict, answer.request.baseline, to_stderr=form not in (None, "table") or rows)
    return said


def remarks_of(comparison: Comparison) -> Iterator[Remark]:
    """Yield all that is to be said of a comparison."""
    from lossbench.results.remarks.run import notes, run_remarks
    from lossbench.results.remarks.verdicts import at_edges

    yield from at_edges(comparison.tuning)
    yield from notes(comparison)
    yield from run_remarks(comparison, None)


def print_gate(verdict: GateReport, path: Path, to_stderr: bool) -> None:
    """Print the result of the gate; on standard error where standard output holds a machine-readable format."""
    from lossbench.report.gate import gate_lines, gate_tables
    from lossbench.report.terminal import console, fitted, left_out_note, line_width, print_lines, print_tables

    width, whole = line_width(), list(gate_tables(verdict))
    narrow = [fitted(table, width) for table in whole]
    print_tables(console(to_stderr, width + 1), narrow)
    print_lines(console(to_stderr), [*left_out_note(whole, narrow), *gate_lines(verdict, path, width)])


def print_summary(answer: Answer, form: str) -> str:
    """Print the summary in one of the formats; in JUnit, the checks of a gate come in its place.

    Returns:
        What was printed as tables, without the remarks on this one run; empty in other formats.
    """
    from lossbench.report.gate import gate_lines, gate_record, gate_tables
    from lossbench.report.junit import gate_junit
    from lossbench.report.markdown import markdown
    from lossbench.report.terminal import WIDTH
    from lossbench.results.remarks.run import remarks, run_remarks

    comparison, verdict, baseline = answer.comparison, answer.verdict, answer.request.baseline
    gaps, skips = comparison.gaps, comparison.experiment.skipped
    if form == "junit" and verdict:
        click.echo(gate_junit(verdict, gaps, comparison.answers, skips), nl=False)
        return ""
    of_run = list(run_remarks(comparison, answer.folder, answer.replaced))
    if form == "table":
        with overheard() as said:
            print_findings(comparison, gaps, skips, remarks(comparison), form)
        print_remarks(of_run)
        return said.getvalue()
    every, record = [*remarks(comparison), *of_run], gate_record(verdict) if verdict else {}
    print_findings(comparison, gaps, skips, every, form, gate=record)
    if form == "markdown" and verdict and baseline:
        click.echo(markdown(gate_tables(verdict), gate_lines(verdict, baseline, WIDTH)), nl=False)
    return ""


def print_remarks(remarks: Iterable[Remark]) -> None:
    """Print remarks below the tables of a run."""
    from lossbench.report.terminal import WIDTH, console, line_width, print_lines
    from lossbench.report.words.english import wrapped
    from lossbench.report.words.remark import words

    print_lines(console(width=line_width(WIDTH)), wrapped(map(words, remarks), line_width()))


def print_again(kept: Kept, request: Request, quiet: bool) -> None:
    """Print what a run printed before; see `lossbench.results.again`."""
    from lossbench.remark import Topic

    with training_progress(kept.trainings, quiet) as progress:
        for dataset, trainings in kept.trainings.items():
            progress(dataset, trainings)
    click.echo(kept.text, nl=False)
    if kept.text:
        seconds = time.perf_counter() - request.began
        time_taken = Topic.TIME(trained=0, seconds=seconds, cached=sum(kept.trainings.values()))
        print_remarks([time_taken, Topic.FILES(folder=request.folder)])
