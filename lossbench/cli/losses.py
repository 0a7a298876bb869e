"""`lossbench losses`: the catalogue, or one loss of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lossbench.losses import LossRecord


@click.command(short_help="List the losses, or show one.")
@click.argument("name", required=False)
def losses(name: str | None) -> None:
    """List the losses by task, or show one: formula, source, facts and parameters for each task it serves."""
    from lossbench.losses import catalogue

    if name is None:
        print_catalogue(catalogue())
        return
    for index, record in enumerate(named(name)):
        click.echo("\n" * bool(index) + "\n".join(describe(record)))


def named(name: str) -> list[LossRecord]:
    """Return the records of a name or alias, one for each task it serves; parameters behind it are passed over."""
    from lossbench.errors import UnknownName
    from lossbench.losses import catalogue
    from lossbench.spec import split_spec

    name, _ = split_spec(name)
    found = [record for record in catalogue() if name in (record.name, *record.aliases)]
    if not found:
        raise UnknownName("loss", name, dict.fromkeys(record.name for record in catalogue()))
    return found


def print_catalogue(records: tuple[LossRecord, ...]) -> None:
    """Print one table a task."""
    from lossbench.report.tables import Table
    from lossbench.report.terminal import console, print_tables
    from lossbench.task import TASKS

    columns = ("loss", "parameters", "formula")
    for task in TASKS:
        mine = [record for record in records if record.task == task]
        rows = tuple((record.name, parameters(record), record.formula) for record in mine)
        print_tables(console(), [Table(task, columns, rows, texts=columns)])


def parameters(record: LossRecord) -> str:
    """Write the parameters with their defaults."""
    return ", ".join(f"{parameter.name}={parameter.default:g}" for parameter in record.parameters)


def describe(record: LossRecord) -> Iterator[str]:
    """Yield what is known about a loss, line by line."""
    facts = record.facts
    shape = [word for word in ("convex", "bounded", "differentiable", "symmetric") if getattr(facts, word)]
    slope = "gradient unbounded" if facts.lipschitz is None else f"gradient at most {facts.lipschitz:g}"
    yield f"{record.name} ({record.task}): {record.summary}"
    yield f"  formula     {record.formula}"
    yield f"  source      {record.source}"
    yield f"  facts       {', '.join([*shape, slope])}"
    yield f"  estimates   {facts.estimates}"
    yield f"  link        {record.link}; target as {'class index' if record.encoding == 'index' else 'numbers'}"
    if record.aliases:
        yield f"  aliases     {', '.join(record.aliases)}"
    for parameter in record.parameters:
        yield f"  {parameter.name:<11} {parameter.description}"
    if record.domain is not None:
        yield f"  needs       {record.domain.description}: {record.domain.advice}"
