"""`lossbench aa`: how often the tool's own verdicts are false."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lossbench.cli.options import FILE, JOBS, TABLES, TEXTS, many
from lossbench.cli.progress import counted

if TYPE_CHECKING:
    import pandas as pd

DATASETS = ("breast_cancer", "digits", "moons:rows=2000", "moons", "wine", "friedman1")


@click.command(short_help="Measure the false-positive rate of its own verdicts.")
@many("-d", "--dataset", "datasets", kind=TABLES, metavar="SPEC", help=f"[default: {','.join(DATASETS)}]")
@many("-l", "--loss", "losses", kind=TEXTS, metavar="SPEC", help="A loss, or one an arm, such as bce,ce.")
@click.option("--arms", type=int, default=4, show_default=True, metavar="N", help="Arms of one loss.")
@click.option("--seeds", type=int, default=20, show_default=True, metavar="N", help="Repetitions a comparison.")
@click.option("--comparisons", type=int, default=300, show_default=True, metavar="N", help="On each data set.")
@click.option("--epochs", type=int, default=20, show_default=True, metavar="N", help="Passes over the rows.")
@click.option(
    "--csv", "target", type=FILE, metavar="FILE|-", help="Write the rates as CSV, - for standard output."
)
@click.option("--jobs", type=JOBS, metavar="N", help="Processes  [default: one a core].")
@click.option("--quiet", is_flag=True, help="Print nothing but what --csv - asks for.")
def aa(
    datasets: list[str] | None,
    losses: list[str] | None,
    arms: int,
    seeds: int,
    comparisons: int,
    epochs: int,
    target: str | None,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Set a loss against itself and count how often a difference is found that is none.

    Arms share their splits and draw first weights and batch orders from streams of their own. One family of
    verdicts compares the first arm with each of the others. Without --loss, it is the reference loss of the task.
    """
    from lossbench.results.write import prepare_file
    from lossbench.selftest.aa import prepare, simulate

    if target not in (None, "-"):
        prepare_file(Path(str(target)))
    wanted = prepare(datasets or DATASETS, losses, arms, seeds, comparisons, epochs)
    rows: list[dict[str, object]] = []
    try:
        with counted(wanted.trainings, quiet) as say:
            rows.extend(simulate(wanted, jobs, say))
    finally:  # data sets that are done are reported, even where the others are interrupted
        if rows:
            report(rows, target, quiet)


def report(rows: list[dict[str, object]], target: str | None, quiet: bool) -> None:
    """Write the rates to a file, to standard output, or as a table."""
    import pandas as pd

    from lossbench.results.write import csv_text, write_text

    rates = pd.DataFrame(rows)
    if target == "-":
        click.echo(csv_text(rates), nl=False)
    elif target is not None:
        write_text(Path(target), csv_text(rates))
    if not (quiet or target == "-"):
        print_rates(rates)


def named(arms: list[str]) -> str:
    """Return the losses of the arms, one that is in all of them once."""
    return f"{arms[0]} x{len(arms)}" if len(set(arms)) == 1 else " ".join(arms)


def print_rates(rates: pd.DataFrame) -> None:
    """Print one line a data set."""
    from lossbench.report.tables import Table
    from lossbench.report.terminal import show
    from lossbench.selftest.aa import POWER

    def share(row: Mapping[Hashable, Any], name: str) -> str:
        return f"{row[name]:.1%} [{row[f'{name}_low']:.1%}, {row[f'{name}_high']:.1%}]"

    rows = tuple(
        (
            row["dataset"],
            named(row["arms"].split()),
            f"{row['seeds']}",
            f"{row['comparisons']}",
            share(row, "false_rate"),
            share(row, "power"),
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
    )
    show(None, [Table(title, columns, rows, texts=("dataset", "arms"))], legend)
