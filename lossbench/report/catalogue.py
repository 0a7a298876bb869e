"""The records of the losses as text: tables by task, losses against tasks, one loss in full, docs/losses.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import pandas as pd

from lossbench.checks.tasks import fits, in_words, not_among
from lossbench.errors import LossDoesNotFit
from lossbench.losses import Facts, Loss, LossRecord, catalogue, core_losses
from lossbench.losses.custom.conventions import Convention
from lossbench.losses.registry import served
from lossbench.report.markdown import markdown
from lossbench.report.table import Table
from lossbench.report.words.links import reading
from lossbench.report.words.remark import words
from lossbench.results.write import csv_text, json_text
from lossbench.task import TASKS, Task

REMAKE = "lossbench losses --format markdown > docs/losses.md"
"""The command that regenerates the document."""

HEAD = f"""# The losses

Made from the records by `{REMAKE}`. `lossbench losses NAME` shows one loss
and draws it; `lossbench check-loss NAME` tries on it what stands here. A constant times any of them is a loss too,
the placebo that each has: `scaled:factor=16:loss=NAME`. So is a weighted sum of several: `sum:NAME+0.5*NAME`.

In the formulas y is the target, f the prediction and z the raw output. Errors of a regression are in standard
deviations of the training target.
"""

LISTED = ("loss", "core", "parameters", "link", "placebo of")


@dataclass(frozen=True)
class Selection:
    """What to show: the whole catalogue, or one loss.

    Args:
        records: by task.
        fits: by name and task, the record, or why the loss does not fit.
        losses: by task, the one chosen loss with its parameter values; empty for the whole catalogue.
    """

    records: tuple[LossRecord, ...]
    fits: Mapping[str, Mapping[Task, LossRecord | str]]
    losses: Mapping[Task, Loss]

    @property
    def unfit(self) -> str:
        """Why the chosen loss does not fit some tasks; empty if it fits all."""
        (mine,) = self.fits.values()
        return in_words({task: found for task, found in mine.items() if isinstance(found, str)})

    def values(self, record: LossRecord) -> dict[str, float]:
        """Return the parameter values: those of the chosen loss, otherwise the defaults."""
        if record.task in self.losses:
            return dict(self.losses[record.task].parameters)
        return {parameter.name: parameter.default for parameter in record.parameters}


def whole_catalogue() -> Selection:
    """Return the whole catalogue."""
    found = {(record.name, record.task): record for record in catalogue()}
    names = dict.fromkeys(record.name for record in catalogue())
    table = {
        name: {task: found.get((name, task)) or not_among(served(name), task) for task in TASKS} for name in names
    }
    return Selection(catalogue(), table, {})


def one_loss(spec: str) -> Selection:
    """Return one loss.

    Args:
        spec: such as "huber:delta=1.35" or "my_losses.py:my_loss".

    Raises:
        UsageError: there is no such loss, or it fits no task.
    """
    found = fits(spec)
    losses = {task: loss for task, loss in found.items() if isinstance(loss, Loss)}
    if not losses:
        reasons = in_words({task: reason for task, reason in found.items() if isinstance(reason, str)})
        raise LossDoesNotFit(f"loss '{spec}' fits no task. {reasons}")
    table = {task: loss.record if isinstance(loss, Loss) else loss for task, loss in found.items()}
    return Selection(tuple(loss.record for loss in losses.values()), {spec: table}, losses)


def list_tables(selection: Selection) -> Iterator[Table]:
    """Yield a table of the losses of each task."""
    for task, mine in groupby(selection.records, attrgetter("task")):
        yield Table(task, LISTED, tuple(map(_listed, mine)), texts=LISTED, whole=LISTED[:1])


def _listed(record: LossRecord) -> tuple[str, ...]:
    defaults = ", ".join(f"{parameter.name}={parameter.default:g}" for parameter in record.parameters)
    return record.name, "core" * record.core, defaults, record.link, record.placebo or ""


def matrix(selection: Selection) -> Table:
    """Return the table of losses against tasks: core or yes and for which targets, or why it does not fit."""
    columns = ("loss", *TASKS)
    rows = tuple((name, *(_fit(mine[task]) for task in TASKS)) for name, mine in selection.fits.items())
    return Table("which loss fits which task", columns, rows, texts=columns, whole=columns[:1])


def placements(selection: Selection) -> Table:
    """Return the same in four columns, for a terminal, which is too narrow for a column per task."""
    columns = ("loss", "core for", "also for", "not for")
    rows = tuple((name, *_placed(mine)) for name, mine in selection.fits.items())
    return Table("which loss fits which task", columns, rows, texts=columns, whole=columns[:1])


def _placed(mine: Mapping[Task, LossRecord | str]) -> tuple[str, str, str]:
    core, also = (
        ", ".join(task + (f" ({found.domain.description})" if found.domain else "") for task, found in fits)
        for fits in (
            [
                (task, found)
                for task, found in mine.items()
                if isinstance(found, LossRecord) and found.core == wanted
            ]
            for wanted in (True, False)
        )
    )
    reasons = {task: found for task, found in mine.items() if isinstance(found, str)}
    alike = set(reasons.values())
    return core, also, f"others: {alike.pop()}" if len(alike) == 1 else in_words(reasons)


def _fit(found: LossRecord | str) -> str:
    if isinstance(found, str):
        return found
    return ("core" if found.core else "yes") + (f", {found.domain.description}" if found.domain else "")


def facts_in_words(facts: Facts, parameters: bool) -> str:
    """Return the facts about the shape of a loss in words; `parameters` says whether it has any."""
    shape = ("convex", "bounded", "differentiable", "symmetric", "separable", "nonnegative")
    slope = "gradient unbounded"
    if facts.lipschitz == 0:
        slope = "gradient zero, so that only an optimiser without one (es) trains it"
    elif facts.lipschitz is not None:
        slope = f"gradient at most {facts.lipschitz:g}{' by default' * parameters}"
    return ", ".join([*(word for word in shape if getattr(facts, word)), slope])


def receives(record: LossRecord) -> str:
    """Return what the function of a loss receives and returns."""
    if record.receives:
        return record.receives
    given = Convention(record.task, "raw", record.link, "raw", record.encoding, head=record.head)
    more = " and the shares of the classes in the training rows" * record.prior
    unit = ", both with the target's own zero" * record.natural_zero
    return f"{given}{unit}{more}; returns {'one value a batch' if record.whole_batch else 'a value a sample'}"


def facts_about(record: LossRecord, values: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Yield the facts about a loss as (heading, text)."""
    if record.formula:
        yield "formula", record.formula
    yield "source", record.source
    if record.facts is not None:
        yield "facts", facts_in_words(record.facts, bool(record.parameters))
        given = f" (with {record.facts.given})" if record.facts.given else ""
        yield "estimates", record.facts.estimates + given
    yield "receives", receives(record)
    yield "link", f"{record.link}: {reading(record.link, record.task)}"
    if record.domain is not None:
        yield "needs", f"{record.domain.description}; else: {record.domain.advice}"
    for parameter in record.parameters:
        value = values[parameter.name]
        yield parameter.name, f"{parameter.description}{f'; here {value:g}' * (value != parameter.default)}"
    if record.aliases:
        yield "aliases", ", ".join(record.aliases)
    if record.placebo is not None:
        yield "placebo", f"the same function as {record.placebo}, by another road or up to a constant factor"
    for note in record.notes:
        yield "note", words(note)


def record_data(record: LossRecord, values: Mapping[str, float]) -> dict[str, Any]:
    """Return the facts about a loss as plain data."""
    said = ("default", "range", "unit", "meaning")
    parameters = [
        {"name": of.name, "value": values[of.name]} | {name: getattr(of, name) for name in said}
        for of in record.parameters
    ]
    return {
        "loss": record.name,
        "task": record.task,
        "summary": record.summary,
        "formula": record.formula,
        "source": record.source,
        "facts": None if record.facts is None else asdict(record.facts),
        "receives": receives(record),
        "link": record.link,
        "needs": record.domain.description if record.domain else "",
        "parameters": parameters,
        "aliases": list(record.aliases),
        "core": record.core,
        "placebo": record.placebo or "",
        "whole_batch": record.whole_batch,
        "notes": [words(note) for note in record.notes],
    }


def record_row(record: LossRecord, values: Mapping[str, float]) -> dict[str, Any]:
    """Return the facts about a loss as one flat row."""
    row = record_data(record, values)
    facts = row.pop("facts") or {}
    set_to = ", ".join(f"{name}={value:g}" for name, value in values.items())
    lists = {"parameters": set_to, "aliases": ", ".join(record.aliases), "notes": "; ".join(row["notes"])}
    return {**row, **lists, **facts}


def catalogue_csv(selection: Selection) -> str:
    """Return the facts about the losses as CSV, one line each."""
    return csv_text(pd.DataFrame([record_row(record, selection.values(record)) for record in selection.records]))


def catalogue_json(selection: Selection) -> str:
    """Return the facts about the losses as JSON."""
    return json_text([record_data(record, selection.values(record)) for record in selection.records])


def losses_document(selection: Selection) -> str:
    """Return docs/losses.md, or the entries of one loss."""
    if selection.losses:
        return sections(selection)
    overview = markdown([matrix(selection)], []).replace("### which", "## Which", 1).rstrip()
    return f"{HEAD}\n{overview}\n\n{sections(selection)}"


def sections(selection: Selection) -> str:
    """Return a Markdown section for each task, with an entry for each of its losses."""
    parts = []
    for task, mine in groupby(selection.records, attrgetter("task")):
        parts.append(
            f"## {task}\n\nCompared when none is named, the reference first: {_names(core_losses(task))}.\n"
        )
        parts += [_entry(record, selection.values(record)) for record in mine]
    return "\n".join(parts)


def _entry(record: LossRecord, values: Mapping[str, float]) -> str:
    lines = [
        f"- {f'`{heading}`' if heading in values else heading}: {f'`{text}`' if heading == 'formula' else text}"
        for heading, text in facts_about(record, values)
    ]
    return "\n".join([f"### {record.name}", "", *([record.summary, ""] if record.summary else []), *lines, ""])


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
