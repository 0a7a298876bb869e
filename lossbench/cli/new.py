"""`lossbench new`: a template for a loss of your own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from lossbench.task import TASKS

if TYPE_CHECKING:
    from lossbench.task import Task


@click.command(short_help="Begin a loss of your own: its file, and its test.")
@click.argument("kind", type=click.Choice(["loss"]))
@click.argument("name")
@click.option(
    "--task",
    type=click.Choice(TASKS),
    default="regression",
    metavar="TASK",
    help=f"{', '.join(TASKS)}  [default: regression].",
)
def new(kind: str, name: str, task: str) -> None:
    """Write NAME.py with a loss to be replaced, and test_NAME.py, which passes already, into this folder."""
    from lossbench.errors import OutputError
    from lossbench.losses.custom.stub import stub
    from lossbench.results.write import write_text

    files = stub(name, cast("Task", task))
    for file in files:
        if Path(file).exists():
            raise OutputError(f"{file} already exists and is not overwritten; choose another name or folder")
    for file, text in files.items():
        write_text(Path(file), text)
    click.echo(f"Wrote {' and '.join(files)}. Edit the {kind}, and then:")
    click.echo(f"  lossbench check-loss {name}.py:{name} --task {task}")
    click.echo(f"  lossbench losses {name}.py:{name}")
    click.echo(f"  python -m pytest test_{name}.py")
