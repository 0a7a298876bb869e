"""`lossbench bench`: how fast the engines are on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lossbench.cli.options import csv_option
from lossbench.cli.process.target import check_target, write_target
from lossbench.plan.request import STDOUT

if TYPE_CHECKING:
    import pandas as pd

BAR = 20  # characters of the longest bar


@click.command(short_help="Measure the engines on this machine.")
@csv_option("figures", "target")
def bench(target: str | None) -> None:
    """Measure the trainings per second of the native, the fused and the loop engine, by size of the pack."""
    from lossbench.results.write import csv_text
    from lossbench.selftest.bench import measure

    check_target(target)
    figures = measure()
    if target is not None:
        write_target(target, csv_text(figures))
    if target != STDOUT:
        print_figures(figures)


def print_figures(figures: pd.DataFrame) -> None:
    """Print a line for each pack size, with a bar for its speed."""
    from lossbench.report.table import Table
    from lossbench.report.terminal import show
    from lossbench.training.native import fault

    compiled = bool(figures.native_per_second.notna().all())
    speed = figures.native_per_second if compiled else figures.fused_per_second
    rows = tuple(
        (
            f"{row['models']:.0f}",
            f"{row['native_per_second']:.0f}" if compiled else "",
            f"{row['fused_per_second']:.0f}",
            f"{row['to_fused']:.1f} ×" if compiled else "",
            f"{row['to_loop']:.0f} ×",
            f"{row['floor_share']:.0%}",
            "█" * max(1, round(BAR * fastest / speed.max())),
        )
        for row, fastest in zip(figures.to_dict("records"), speed, strict=True)
    )
    columns = ("models", "native / s", "fused / s", "to fused", "to loop", "floor", "speed")
    legend = (
        f"to fused  how many times as fast the native engine is{'' if compiled else f': {fault()}'}",
        f"to loop   likewise the fastest, against the loop engine, {figures.loop_per_second[0]:.1f} trainings / s",
        "floor     share of its time that the sums of products would take at the speed of a large product",
    )
    title = "trainings on breast_cancer, mlp:16, one thread"
    show(None, [Table(title, columns, rows, texts=("speed",), drops=("speed", "floor", "to loop"))], legend)
