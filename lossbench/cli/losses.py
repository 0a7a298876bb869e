"""`lossbench losses`: the catalogue, or one loss of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lossbench.losses import Facts, LossRecord


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
    from lossbench.losses import catalogue
    from lossbench.spec import split_spec

    bare, _ = split_spec(name)
    return [record for record in catalogue() if bare in (record.name, *record.aliases)] or own(name)


def own(spec: str) -> list[LossRecord]:
    """Return the records of a loss of the user's own, one for each task that it fits.

    Raises:
        UsageError: it is not there, fits no task, or cannot be used.
    """
    from lossbench.errors import LossDoesNotFit
    from lossbench.losses import get_loss
    from lossbench.task import TASKS

    found, refused = [], []
    for task in TASKS:
        try:
            found.append(get_loss(spec, task).record)
        except LossDoesNotFit as error:
            refused.append(error)
    if not found:
        raise refused[0]
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


def known(facts: Facts) -> Iterator[str]:
    """Yield the facts about a loss."""
    shape = [word for word in ("convex", "bounded", "differentiable", "symmetric") if getattr(facts, word)]
    slope = "gradient unbounded" if facts.lipschitz is None else f"gradient at most {facts.lipschitz:g}"
    yield f"  facts       {', '.join([*shape, slope])}"
    yield f"  estimates   {facts.estimates}"


def describe(record: LossRecord) -> Iterator[str]:
    """Yield what is known about a loss, line by line."""
    yield f"{record.name} ({record.task}): {record.summary}"
    if record.formula:
        yield f"  formula     {record.formula}"
    yield f"  source      {record.source}"
    if record.facts is not None:
        yield from known(record.facts)
    if record.receives:
        yield f"  receives    {record.receives}"
    for note in record.notes:
        yield f"  note        {note}"
    yield f"  link        {record.link}; target as {'class index' if record.encoding == 'index' else 'numbers'}"
    if record.aliases:
        yield f"  aliases     {', '.join(record.aliases)}"
    for parameter in record.parameters:
        yield f"  {parameter.name:<11} {parameter.description}"
    if record.domain is not None:
        yield f"  needs       {record.domain.description}: {record.domain.advice}"
