"""`lossbench datasets`: the data sets that have a name, or one of them, or a user's table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from lossbench.cli import completion as names
from lossbench.cli.completion import completer

if TYPE_CHECKING:
    from lossbench.data import Dataset
    from lossbench.data.catalogue import DatasetRecord
    from lossbench.data.dataset import Sampling

SEEDS: dict[Sampling, str] = {
    "resplit": "each splits these rows anew",
    "redrawn": "each draws as many rows of its own, and splits them",
}

FEW = 8  # names of features or classes that are shown


@click.command(short_help="List the data sets, or show one.")
@click.argument("spec", required=False, shell_complete=completer(names.datasets))
def datasets(spec: str | None) -> None:
    """List the data sets, or show one as it will be trained on: iris, or file.csv:target=column."""
    from lossbench.data import load_dataset
    from lossbench.report.terminal import described

    if spec is None:
        print_catalogue()
        return
    dataset = load_dataset(spec)
    click.echo("\n".join([*title_lines(dataset), *(line for pair in facts(dataset) for line in described(*pair))]))


def print_catalogue() -> None:
    """Print one line for each data set, and other sources of data."""
    from lossbench.data import records
    from lossbench.data.files.shipped import SOURCE, tables
    from lossbench.report.table import Table
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
    show(None, [Table("data sets", columns, tuple(rows), texts=columns, whole=columns[:2])], notes=other_sources())


def other_sources() -> Iterator[str]:
    """Yield how to use other data than the named data sets."""
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


def record_of(dataset: Dataset) -> DatasetRecord | None:
    """Return the record of a data set that has a name; None for a table."""
    from lossbench.data import records
    from lossbench.spec import split_spec

    return {record.name: record for record in records()}.get(split_spec(dataset.name)[0])


def title_lines(dataset: Dataset) -> list[str]:
    """Return the name, task and summary of a data set, in lines."""
    from lossbench.report.terminal import prose_width
    from lossbench.report.words.english import wrapped

    record = record_of(dataset)
    return wrapped([f"{dataset.name} ({dataset.task}){f': {record.summary}' if record else ''}"], prose_width())


def facts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Yield the facts about a data set as (heading, text)."""
    from lossbench.data.files.shipped import SOURCE, tables
    from lossbench.report.words.remark import words

    yield "rows", str(dataset.rows)
    yield "features", f"{len(dataset.feature_names)}: {first_few(dataset.feature_names)}"
    yield "target", first_few(dataset.classes)
    yield "seeds", SEEDS[dataset.sampling]
    yield "hash", f"{dataset.digest}{' (seed 0)' if dataset.sampling == 'redrawn' else ''}"
    if record := record_of(dataset):
        yield "source", record.source
        yield from ((parameter.name, parameter.description) for parameter in record.parameters)
    if table := tables().get(dataset.name.partition(f"{SOURCE}:")[2].partition(":")[0]):
        yield "source", table.source
        yield "licence", f'"{table.statement}" ({table.taken_from})'
        yield "changed", table.changed
    yield from (("note", words(note)) for note in dataset.notes)


def first_few(names: tuple[str, ...]) -> str:
    """Return the first few names in a row."""
    return ", ".join(names[:FEW]) + (" ..." if len(names) > FEW else "")
