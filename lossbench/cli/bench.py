"""`lossbench bench`: how fast the engines are on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossbench.cli.options import FILE

if TYPE_CHECKING:
    import pandas as pd

BAR = 40  # characters of the longest bar


@click.command(short_help="Measure the engines on this machine.")
@click.option("--csv", "target", type=FILE, metavar="FILE|-", help="Write them as CSV, - for standard output.")
def bench(target: str | None) -> None:
    """Measure trainings a second on this machine, fused against loop, by the size of the pack."""
    from lossbench.results.write import csv_text, prepare_file, write_text
    from lossbench.selftest.bench import measure

    if target not in (None, "-"):
        prepare_file(Path(target))
    figures = measure()
    if target == "-":
        click.echo(csv_text(figures), nl=False)
        return
    if target is not None:
        write_text(Path(target), csv_text(figures))
    print_figures(figures)


def print_figures(figures: pd.DataFrame) -> None:
    """Print the figures with a bar for each."""
    from lossbench.report.tables import Table
    from lossbench.report.terminal import show

    longest = figures.fused_per_second.max()
    rows = tuple(
        (
            f"{row['models']:.0f}",
            f"{row['fused_per_second']:.0f}",
            f"{row['ratio']:.0f} ×",
            f"{row['products_share']:.0%}",
            "█" * max(1, round(BAR * row["fused_per_second"] / longest)),
        )
        for row in figures.to_dict("records")
    )
    columns = ("models", "trainings / s", "to loop", "products", "")
    legend = (
        f"to loop   how many times as fast as the loop engine, {figures.loop_per_second[0]:.1f} trainings / s",
        "products  share of the time that the matrix products alone would take",
    )
    show(None, [Table("fused engine, breast_cancer, mlp:16, one thread", columns, rows, texts=("",))], legend)
