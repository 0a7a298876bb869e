"""`lossbench aa`: how often the tool's own verdicts are false."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from lossbench.cli.options import TABLES, csv_option, jobs_option, loss_option, repeatable
from lossbench.cli.process.progress import training_progress
from lossbench.cli.process.target import check_target, write_target
from lossbench.plan.request import STDOUT

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.report.table import Table

LAWS = ("moons:rows=178", "blobs:rows=178", "blobs:rows=500:classes=10", "line:rows=200", "friedman1:rows=200")
DATASETS = ("breast_cancer", "digits", "moons:rows=2000", "moons", "wine", "friedman1")

ARMS, COMPARISONS, MODEL = 4, 300, "mlp:16"
NEED_TABLES, EXCLUDE_TABLES = ("same", "model"), ("arms", "comparisons")
"""Options that need --tables, and options that cannot be used with it."""


@click.command(short_help="Measure the false-positive rate of its own verdicts.")
@repeatable(
    "-d", "--dataset", "datasets", kind=TABLES, metavar="SPEC", help=f"Data sets  [default: {','.join(DATASETS)}]."
)
@loss_option("One loss for all arms, or one per arm, such as bce,ce.")
@click.option("--arms", type=int, metavar="N", help=f"Number of arms  [default: {ARMS}].")
@click.option("--seeds", type=int, default=20, show_default=True, metavar="N", help="Repetitions per comparison.")
@click.option("--comparisons", type=int, metavar="N", help=f"Comparisons per data set  [default: {COMPARISONS}].")
@click.option(
    "--tables", type=int, metavar="N", help="Number of fresh tables per law, instead of A/A on one table."
)
@click.option("--same", is_flag=True, help="With --tables, say that the losses are equal on these laws.")
@click.option("-m", "--model", metavar="SPEC", help=f"The network, with --tables  [default: {MODEL}].")
@click.option("--epochs", type=int, default=20, show_default=True, metavar="N", help="Passes over the rows.")
@csv_option("rates", "target")
@jobs_option
@click.option("--quiet", is_flag=True, help="Print nothing but what --csv - asks for.")
def aa(
    datasets: list[str] | None,
    losses: list[str] | None,
    arms: int | None,
    seeds: int,
    comparisons: int | None,
    tables: int | None,
    same: bool,
    model: str | None,
    epochs: int,
    target: str | None,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Compare a loss with itself and count how often a difference is found where there is none.

    Arms share their splits and draw first weights and batch orders from streams of their own. One family of
    verdicts compares the first arm with each of the others. Without --loss, it is the reference loss of the task.

    With --tables, losses are compared on many fresh tables of a law, each analysed as a table: how often does the
    interval contain the mean over all tables, and how often are the losses told apart?
    """
    from lossbench.selftest.aa import prepare, simulate
    from lossbench.selftest.tables import calibrate, plan_tables, trainings_of

    refuse_unused_options(tables, same=same or None, model=model, arms=arms, comparisons=comparisons)
    check_target(target)
    if tables is None:
        arms, comparisons = (ARMS if arms is None else arms), (COMPARISONS if comparisons is None else comparisons)
        planned = prepare(datasets or DATASETS, losses, arms, seeds, comparisons, epochs)
        trainings, run, show = planned.trainings, partial(simulate, planned, jobs), print_rates
    else:
        experiment = plan_tables(datasets or LAWS, losses, model or MODEL, tables, seeds, epochs)
        trainings, show = trainings_of(experiment, tables), print_coverage
        run = partial(calibrate, experiment, tables, same, jobs)
    rows: list[dict[str, object]] = []
    try:
        with training_progress(trainings, quiet) as progress:
            rows.extend(run(progress))
    finally:  # finished data sets are reported even after an interrupt
        if rows:
            report(rows, target, quiet, show)


def refuse_unused_options(tables: int | None, **given: object) -> None:
    """Refuse options that belong to the other kind of test and would be ignored; None means not given."""
    from lossbench.errors import BadValue

    for name, value in given.items():
        if value is not None and tables is None and name in NEED_TABLES:
            raise BadValue(f"--{name} applies to fresh tables only; add --tables N or leave --{name} out")
        if value is not None and tables is not None and name in EXCLUDE_TABLES:
            raise BadValue(f"--{name} applies to A/A on one table, and not with --tables; leave one of them out")


def report(
    rows: list[dict[str, object]], target: str | None, quiet: bool, show: Callable[[pd.DataFrame], None]
) -> None:
    """Write the rates to a file, to standard output, or as a table."""
    import pandas as pd

    from lossbench.results.write import csv_text

    rates = pd.DataFrame(rows)
    if target is not None:
        write_target(target, csv_text(rates))
    if not (quiet or target == STDOUT):
        show(rates)


def arms_label(arms: list[str]) -> str:
    """Return the losses of the arms; if all arms have the same, that loss and their number."""
    return f"{arms[0]} x{len(arms)}" if len(set(arms)) == 1 else " ".join(arms)


def rate_cell(row: Mapping[Hashable, Any], name: str) -> str:
    """Write a rate with its interval; empty where there is none."""
    if not row.get(name, math.nan) >= 0.0:
        return ""
    return f"{row[name]:.1%} [{row[f'{name}_low']:.1%}, {row[f'{name}_high']:.1%}]"


def print_rates(rates: pd.DataFrame) -> None:
    """Print one line a data set."""
    from lossbench.report.table import Table
    from lossbench.report.terminal import show
    from lossbench.selftest.aa import POWER

    rows = tuple(
        (
            row["dataset"],
            arms_label(row["arms"].split()),
            f"{row['seeds']}",
            f"{row['comparisons']}",
            rate_cell(row, "false_rate"),
            rate_cell(row, "power"),
            f"{row['detectable']:.3g}",
        )
        for row in rates.to_dict("records")
    )
    columns = ("dataset", "arms", "seeds", "verdicts", "false in a family", "power", "detectable")
    title = "A/A: arms of one function, first weights and batch orders drawn anew"
    planted = ", ".join(dict.fromkeys(f"{row.planted:g} {row.score}" for row in rates.itertuples()))
    legend = (
        "false in a family: share of families with any verdict better or worse, 95 % interval; nominal 5 %",
        f"power: share of planted differences that are found; planted: {planted}",
        f"detectable: the least difference that is found in {POWER:.0%} of families, in the unit of the score",
        "all tests are over seeds, as compare tests laws; tables it tests over rows, for which give --tables",
    )
    drops = ("arms", "seeds", "detectable", "verdicts", "power")
    show(None, [Table(title, columns, rows, texts=("dataset", "arms"), drops=drops)], legend)


def print_coverage(rates: pd.DataFrame) -> None:
    """Print a table for each law, with a line for each metric."""
    from lossbench.report.terminal import show

    legend = (
        "coverage: share of 95 % intervals that contain the mean over tables, over all pairs of losses",
        "width: mean width over rows, relative to that over seeds of the same trainings",
        "power: share of tables on which the pair that differs most is told apart, in the right direction",
        "by seeds: the same, by intervals over seeds of the same trainings",
        "false: with --same, share of verdicts; nominal 5 %",
    )
    show(None, [coverage_table(mine) for _, mine in rates[rates.pairs > 0].groupby("law", sort=False)], legend)


def coverage_table(rates: pd.DataFrame) -> Table:
    """Return the table of one law."""
    from lossbench.report.table import Table

    rows = tuple(
        (
            row["metric"],
            f"{row['pairs']}",
            rate_cell(row, "coverage"),
            f"{row['worst_pair']:.1%}",
            f"{row['half_width'] / row['half_over_seeds']:.2f}",
            rate_cell(row, "power"),
            f"{row['power_over_seeds']:.1%}",
            rate_cell(row, "false_rate"),
        )
        for row in rates.to_dict("records")
    )
    first = rates.iloc[0]
    columns = ("metric", "pairs", "coverage", "worst pair", "width", "power", "by seeds", "false")
    title = f"{first.law}: {first.tables} fresh tables, each analysed as a table; {first.losses}"
    drops = ("by seeds", "pairs", "width", "worst pair", "power", "false")
    return Table(title, columns, rows, texts=("metric",), drops=drops).without_empty("false")
