"""`lossbench choose`: the decision for one's own table."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossbench.cli.completion import completer, datasets
from lossbench.cli.ending import UNFINISHED
from lossbench.cli.grouped import GroupedCommand
from lossbench.cli.options import (
    SCORES,
    budget_option,
    costs_option,
    jobs_option,
    loss_option,
    margin_option,
    output_option,
    repeatable,
)
from lossbench.cli.process.progress import status_line

if TYPE_CHECKING:
    from lossbench.plan.choosing import Plan
    from lossbench.plan.request import Request
    from lossbench.results.choosing import Choice, StageProgress

GROUPS = {
    "What is decided": ("dataset", "loss", "model", "score", "costs", "margin"),
    "How far it goes": ("seeds", "budget", "jobs"),
    "What comes out": ("output", "format", "dry-run", "quiet"),
}
EXAMPLES = (
    ("choose -d sales.csv:target=price", "for your table"),
    ("choose -d wine -l ce,mse,my.py:mine", "among your candidates"),
    ("choose -d diabetes --score mae --margin mae=2", "by another score"),
    ("choose -d moons --seeds 100 --budget 5m", "more seeds, for a time"),
)


@click.command(
    cls=GroupedCommand, groups=GROUPS, examples=EXAMPLES, short_help="Decide which loss suits a table of your own."
)
@click.option(
    "-d",
    "--dataset",
    metavar="SPEC",
    shell_complete=completer(datasets),
    help="Your table, as file.csv:target=column, or the name of a data set.",
)
@loss_option("The candidates; the first is the usual one, which others have to beat.")
@click.option(
    "-m", "--model", metavar="SPEC", help="The network, or one of yours, nets.py:Net  [default: mlp:16]."
)
@repeatable("--score", kind=SCORES, metavar="NAME", help="The score that judges and tunes, or metrics.py:mine.")
@costs_option
@margin_option
@click.option("--seeds", type=int, metavar="N", help="The most repetitions  [default: 40].")
@budget_option
@jobs_option
@output_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    help="Format of the printed answer  [default: table].",
)
@click.option("--dry-run", is_flag=True, help="Say what might be trained, and stop.")
@click.option("--quiet", is_flag=True, help="Print nothing but what --format asks for.")
def choose(
    dataset: str | None,
    losses: list[str] | None,
    model: str | None,
    score: list[str] | None,
    costs: str | None,
    margins: list[tuple[str, float]] | None,
    seeds: int | None,
    budget: float,
    jobs: int | None,
    output: Path | None,
    form: str | None,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Decide which loss suits a table: tune each candidate, then add seeds until the choice is settled.

    The answer is in sentences, with a line of PyTorch to paste. The files are in results/choose-TABLE.
    """
    began = time.perf_counter()
    if dataset is None:
        raise click.UsageError("name the table: lossbench choose -d file.csv:target=column")
    with stage_progress(quiet or dry_run) as watch:
        from lossbench.api import decide
        from lossbench.plan.choosing import plan_choice

        plan = plan_choice(dataset, losses, score, dict(margins or ()) or None, seeds, costs=costs, model=model)
        request = make_request(output or default_folder(dataset), began, budget, jobs)
        choice, write_error = (None, "") if dry_run else decide(plan, request, watch)
    if choice is None:
        print_dry_run(plan, request)
        return
    if form or not quiet:
        print_choice(choice, None if write_error else request.folder, form)
    exit_by_outcome(choice, write_error)


def make_request(folder: Path, began: float, budget: float, jobs: int | None) -> Request:
    """Return the request: how to train, and where the files go."""
    from lossbench.plan.request import Manner, Request

    command = shlex.join(["lossbench", *sys.argv[1:]])
    return Request(Manner(jobs), cache=True, budget=budget, folder=folder, command=command, began=began)


def default_folder(dataset: str) -> Path:
    """Return the default folder for the files, named after the table.

    Example:
        >>> default_folder("data/sales.csv:target=price").as_posix()
        'results/choose-sales'
    """
    from lossbench.spec import split_spec

    return Path("results") / f"choose-{Path(split_spec(dataset)[0]).stem}"


def print_dry_run(plan: Plan, request: Request) -> None:
    """Say what might be trained."""
    from lossbench import api
    from lossbench.report.decision import plan_choice_lines
    from lossbench.report.plan import plan_lines
    from lossbench.report.terminal import print_wrapped

    forecast = api.rehearse(plan.experiment, request)
    print_wrapped([*plan_choice_lines(plan), *plan_lines(plan.experiment, forecast)])


@contextmanager
def stage_progress(quiet: bool) -> Iterator[StageProgress]:
    """Give a callback for the progress of a stage: a live line on a terminal, otherwise a line when it is done."""
    on_terminal = sys.stderr.isatty()
    with status_line(quiet) as show:
        if on_terminal:
            show("reading the table")

        def watch(stage: str, done: int, total: int) -> None:
            if on_terminal or done == total:
                show(f"{stage}: {done} of {total} trainings")

        yield watch


def print_choice(choice: Choice, folder: Path | None, form: str | None) -> None:
    """Print the answer and the lines to paste, or all of it as JSON."""
    from lossbench.report.decision import choice_lines, choice_record, lines_to_paste
    from lossbench.report.terminal import console, line_width, print_code, print_lines
    from lossbench.report.words.english import wrapped
    from lossbench.report.words.remark import words
    from lossbench.results.remarks.run import notes, run_remarks
    from lossbench.results.remarks.verdicts import at_edges
    from lossbench.results.write import json_text

    if form == "json":
        click.echo(json_text(choice_record(choice)), nl=False)
        return
    width, found = line_width(), choice.comparison
    print_lines(console(), [*wrapped(choice_lines(choice), width), ""])
    print_code(lines_to_paste(choice))
    remarks = (*at_edges(found.tuning), *notes(found), *run_remarks(found, folder))
    print_lines(console(), wrapped(map(words, remarks), width), style="dim")


def exit_by_outcome(choice: Choice, write_error: str) -> None:
    """Exit with code 4 if the budget ended before the choice was settled, or trainings failed."""
    from lossbench.errors import OutputError

    if write_error:
        raise OutputError(write_error)
    if choice.decision.end == "budget" or not choice.comparison.whole:
        raise click.exceptions.Exit(UNFINISHED)
