"""The records of the losses as text: a table a task, which loss fits which task, one loss in full, docs/losses.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lossbench.checks.tasks import not_among, served
from lossbench.losses import Facts, LossRecord, core_losses
from lossbench.losses.conventions import Convention
from lossbench.losses.record import Link
from lossbench.report.markdown import markdown
from lossbench.report.tables import Table
from lossbench.task import TASKS, Task

REMAKE = "lossbench losses --format markdown > docs/losses.md"
"""The command that makes the document anew."""

LISTED = ("loss", "core", "parameters", "link", "placebo of")

LINKS: Mapping[Link, str] = {
    "identity": "the raw output is the prediction",
    "softplus": "the prediction is log(1 + exp(raw)), above zero",
    "location": "half of the raw outputs are the predictions, the others say how wide their spread is",
    "sigmoid": "the probability is sigmoid(raw)",
    "softmax": "the probabilities are softmax(raw)",
    "clip": "raw is the probability itself, clipped to [0, 1]",
    "signed": "raw is 2p - 1 for a probability p, clipped to [-1, 1]",
    "margin": "raw is a decision value and says nothing of a probability",
}
"""How raw outputs become predictions, in words."""


def by_task(records: Iterable[LossRecord]) -> dict[Task, list[LossRecord]]:
    """Return the records of each task, in their order."""
    found: dict[Task, list[LossRecord]] = {}
    for record in records:
        found.setdefault(record.task, []).append(record)
    return found


def list_tables(records: Iterable[LossRecord]) -> Iterator[Table]:
    """Yield a table of the losses of each task."""
    for task, mine in by_task(records).items():
        yield Table(task, LISTED, tuple(map(_listed, mine)), texts=LISTED)


def _listed(record: LossRecord) -> tuple[str, ...]:
    return (record.name, "core" * record.core, _defaults(record), record.link, record.placebo or "")


def _defaults(record: LossRecord) -> str:
    return ", ".join(f"{parameter.name}={parameter.default:g}" for parameter in record.parameters)


def fitting(records: Sequence[LossRecord]) -> dict[str, dict[Task, LossRecord | str]]:
    """Return, for each name, its record on every task, or why there is none."""
    found = {(record.name, record.task): record for record in records}
    names = dict.fromkeys(record.name for record in records)
    return {name: {task: found.get((name, task)) or not_among(served(name)) for task in TASKS} for name in names}


def matrix(fits: Mapping[str, Mapping[Task, LossRecord | str]]) -> Table:
    """Return the table of losses against tasks: core or yes, and for which targets; or why it does not fit."""
    columns = ("loss", *TASKS)
    rows = tuple((name, *(_fit(mine[task]) for task in TASKS)) for name, mine in fits.items())
    return Table("which loss fits which task", columns, rows, texts=columns)


def _fit(found: LossRecord | str) -> str:
    if isinstance(found, str):
        return found
    return ("core" if found.core else "yes") + (f", {found.domain.description}" if found.domain else "")


def facts_in_words(facts: Facts) -> str:
    """Write the facts about the shape of a loss."""
    shape = ("convex", "bounded", "differentiable", "symmetric", "separable", "nonnegative")
    slope = "gradient unbounded" if facts.lipschitz is None else f"gradient at most {facts.lipschitz:g}"
    return ", ".join([*(word for word in shape if getattr(facts, word)), slope])


def receives(record: LossRecord) -> str:
    """Say what the function of a loss gets and gives."""
    if record.receives:
        return record.receives
    given = Convention(record.task, "raw", record.link, "raw", record.encoding)
    more = " and the shares of the classes in the training rows" * record.prior
    unit = ", both with the target's own zero" * record.natural_zero
    return f"{given}{unit}{more}; returns {'one value a batch' if record.whole_batch else 'a value a sample'}"


def known(record: LossRecord, values: Mapping[str, float] | None = None) -> Iterator[tuple[str, str]]:
    """Yield what is known about a loss, each with its heading.

    Args:
        record: of the loss.
        values: of its parameters, where they may not be the defaults.
    """
    if record.formula:
        yield "formula", record.formula
    yield "source", record.source
    if record.facts is not None:
        yield "facts", facts_in_words(record.facts)
        yield "estimates", record.facts.estimates
    yield "receives", receives(record)
    yield "link", f"{record.link}: {LINKS[record.link]}"
    if record.domain is not None:
        yield "needs", f"{record.domain.description}; else: {record.domain.advice}"
    for parameter in record.parameters:
        value = (values or {}).get(parameter.name, parameter.default)
        yield parameter.name, f"{parameter.description}{f'; here {value:g}' * (value != parameter.default)}"
    if record.aliases:
        yield "aliases", ", ".join(record.aliases)
    if record.placebo is not None:
        yield "placebo", f"the same function as {record.placebo}, by another road or up to a constant factor"
    for note in record.notes:
        yield "note", note


def plain(record: LossRecord, values: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return what is known about a loss as plain data."""
    parameters = [
        {
            "name": parameter.name,
            "value": (values or {}).get(parameter.name, parameter.default),
            "default": parameter.default,
            "range": parameter.range,
            "unit": parameter.unit,
            "meaning": parameter.meaning,
        }
        for parameter in record.parameters
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
        "notes": list(record.notes),
    }


def flat(record: LossRecord) -> dict[str, Any]:
    """Return what is known about a loss as one row of a table."""
    row = plain(record)
    facts = row.pop("facts") or {}
    texts = {
        "parameters": _defaults(record),
        "aliases": ", ".join(record.aliases),
        "notes": "; ".join(record.notes),
    }
    return {**row, **texts, **facts}


def document(records: Sequence[LossRecord]) -> str:
    """Return docs/losses.md."""
    head = (
        "# The losses\n\n"
        f"Made from the records by `{REMAKE}`. `lossbench losses NAME` shows one loss with its drawing, and\n"
        "`lossbench check-loss NAME` tries what stands here on it. In formulas, y is the target, f the prediction, "
        "z the raw\noutput.\n\n"
    )
    return head + markdown([matrix(fitting(records))], []).replace("###", "##", 1) + "\n" + sections(records)


def sections(records: Iterable[LossRecord], values: Mapping[Task, Mapping[str, float]] | None = None) -> str:
    """Return a section a task in Markdown, with an entry for each of its losses."""
    parts = []
    for task, mine in by_task(records).items():
        parts.append(f"## {task}\n\nReference: `{core_losses(task)[0]}`. Core: {_names(core_losses(task))}.\n")
        parts += [_entry(record, (values or {}).get(task)) for record in mine]
    return "\n".join(parts)


def _entry(record: LossRecord, values: Mapping[str, float] | None) -> str:
    own = {parameter.name for parameter in record.parameters}
    items = [
        f"- {f'`{heading}`' if heading in own else heading}: {f'`{text}`' if heading == 'formula' else text}"
        for heading, text in known(record, values)
    ]
    return f"### {record.name}\n\n{record.summary}\n\n" + "\n".join(items) + "\n"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
