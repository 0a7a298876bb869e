"""`lossbench datasets`: the data sets that have a name, or one of them, or a user's table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from lossbench.cli import completion as names
from lossbench.cli.completion import completer
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.data import Dataset
    from lossbench.data.dataset import Sampling

SEEDS: dict[Sampling, str] = {
    "resplit": "each splits these rows anew",
    "redrawn": "each draws as many rows of its own, and splits them",
}


@click.command(short_help="List the data sets, or show one.")
@click.argument("spec", required=False, shell_complete=completer(names.datasets))
def datasets(spec: str | None) -> None:
    """List the data sets, or show one as it will be trained on: iris, or file.csv:target=column."""
    from lossbench.data import load_dataset

    if spec is None:
        print_catalogue()
        return
    click.echo("\n".join(map(visible, describe(load_dataset(spec)))))


def print_catalogue() -> None:
    """Print one line a data set, and what else there is."""
    from lossbench.data import records
    from lossbench.data.files.shipped import SOURCE, tables
    from lossbench.report.tables import Table
    from lossbench.report.terminal import show

    rows = [
        (
            record.name,
            record.task,
            ", ".join(f"{parameter.name}={parameter.default:g}" for parameter in record.parameters),
            record.summary,
        )
        for record in records()
    ]
    rows += [(f"{SOURCE}:{name}", table.task, "", table.summary) for name, table in tables().items()]
    columns = ("data set", "task", "parameters", "what it is")
    show(None, [Table("data sets", columns, tuple(rows), texts=columns, whole=columns[:2])], said=besides())


def besides() -> Iterator[str]:
    """Yield what can be trained on beside the data sets that are listed."""
    from lossbench.data import records
    from lossbench.data.files.shipped import tables

    yield "Your own table: -d file.csv:target=column, or file.parquet, or arrays, file.npz"
    yield "In scikit-learn's cache: -d openml:31, or sklearn:california_housing"
    if not tables():
        yield "Eleven real tables: pip install lossbench-data; then -d shipped:randhie, listed here"
    yield "Classes that count alike in training: -d wine:class_weight=balanced"
    absent = ", ".join(record.name for record in records() if not record.installed)
    if absent:
        yield f"Not installed here: {absent} (pip install 'lossbench[letters]')"


def describe(dataset: Dataset) -> Iterator[str]:
    """Yield what is known about a data set, line by line."""
    from lossbench.data import records
    from lossbench.data.files.shipped import SOURCE, tables
    from lossbench.report.words.remark import words
    from lossbench.spec import split_spec

    record = {record.name: record for record in records()}.get(split_spec(dataset.name)[0])
    yield f"{dataset.name} ({dataset.task}){f': {record.summary}' if record else ''}"
    yield f"  rows        {dataset.rows}"
    yield f"  features    {len(dataset.feature_names)}: {shortened(dataset.feature_names)}"
    yield f"  target      {shortened(dataset.classes)}"
    yield f"  seeds       {SEEDS[dataset.sampling]}"
    yield f"  hash        {dataset.digest}{' (seed 0)' if dataset.sampling == 'redrawn' else ''}"
    if record:
        yield f"  source      {record.source}"
        for parameter in record.parameters:
            yield f"  {parameter.name:<11} {parameter.description}"
    if table := tables().get(dataset.name.partition(f"{SOURCE}:")[2].partition(":")[0]):
        yield f"  source      {table.source}"
        yield f'  licence     "{table.statement}" ({table.taken_from})'
        yield f"  changed     {table.changed}"
    for note in dataset.notes:
        yield f"  note        {words(note)}"


def shortened(names: tuple[str, ...], most: int = 8) -> str:
    """Name the first few."""
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")
