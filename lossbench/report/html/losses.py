"""The page of some losses: their values in one picture, and their gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lossbench.grouped import grouped
from lossbench.losses import Loss
from lossbench.report.catalogue import facts_about, one_loss
from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.look import Look, looks
from lossbench.report.escape import html as escape
from lossbench.report.html.document import Section, document, pairs, paragraph
from lossbench.report.html.figure import legend, line_figure, swatch
from lossbench.report.shape import Shape, shape_of
from lossbench.report.words.english import joined, listed
from lossbench.task import Task

MOST_LINES = 8  # lines without bands that one picture has room for
TALL = 3  # times the typical range at which the y axis is cut

VALUES = "What a prediction costs: a loss that leaves the picture goes on as it does."
GRADIENTS = (
    "The pull on the raw output: where it is near zero nothing is learnt, and where it grows a single row pulls "
    "without bound."
)


class Shaped(NamedTuple):
    """A loss on one task with its spec as given, and its shape."""

    spec: str
    loss: Loss
    shape: Shape


def losses_page(specs: Sequence[str]) -> str:
    """Return the page.

    Args:
        specs: such as "huber:delta=1.35" or "my_losses.py:my_loss".

    Raises:
        UsageError: a loss that does not exist, or fits no task.
        LossFailed: one that cannot be evaluated.
    """
    names = list(dict.fromkeys(specs))
    found = {spec: one_loss(spec).losses for spec in names}
    every = looks([names])
    drawn = [
        Shaped(spec, loss, shape_of(loss)) for task in tasks(found) for spec, loss in losses_of_task(found, task)
    ]
    groups = grouped(drawn, lambda one: (one.loss.task, one.shape.label))
    sections = [section(f"s{number}", mine, every) for number, mine in enumerate(groups.values())]
    lead = f"Drawn for {joined(dict.fromkeys(one.loss.task for one in drawn))}."
    top = f'<section id="answer" class="answer" aria-label="What is drawn">{paragraph(lead)}</section>\n'
    return document(f"Losses: {listed(names)}", "lossbench losses", top, sections, every.values())


def tasks(found: Mapping[str, Mapping[Task, Loss]]) -> list[Task]:
    """Return the tasks that all losses fit; if there is none, those that any of them fits."""
    every = list(dict.fromkeys(task for mine in found.values() for task in mine))
    return [task for task in every if all(task in mine for mine in found.values())] or every


def losses_of_task(found: Mapping[str, Mapping[Task, Loss]], task: Task) -> Iterator[tuple[str, Loss]]:
    """Yield the losses that fit a task."""
    yield from ((spec, mine[task]) for spec, mine in found.items() if task in mine)


def section(key: str, shaped: Sequence[Shaped], every: Mapping[str, Look]) -> Section:
    """Return the section of the losses of one task that share an x axis."""
    first = shaped[0]
    figures = [
        _figure("Value", VALUES, f"{key}v", [(one, one.shape.value) for one in shaped], every),
        _figure("Gradient", GRADIENTS, f"{key}g", [(one, one.shape.gradient) for one in shaped], every),
    ]
    about = "".join(
        f"<h3>{swatch(every[spec])}{escape(spec)}</h3>\n{pairs(facts_about(loss.record, loss.parameters))}"
        for spec, loss, _ in shaped
    )
    drawn = f'<div class="figures large">{"".join(figures)}</div>\n'
    body = f"{legend([one.spec for one in shaped], every)}{drawn}{about}"
    title = f"{first.loss.task}<small>, against {escape(first.shape.label)}</small>"
    return Section(key, f"{first.loss.task}: {first.shape.label}", title, body)


def _figure(
    title: str, about: str, key: str, drawn: Sequence[tuple[Shaped, np.ndarray]], every: Mapping[str, Look]
) -> str:
    lines = [Line(one.spec, every[one.spec], values) for one, values in drawn]
    shape = drawn[0][0].shape
    chart = Lines(key, shape.places, lines, shape.label, title.lower(), ends=value_limits(lines), room=MOST_LINES)
    return line_figure(title, f"Against {shape.label}. {about}", chart)


def value_limits(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the limits of an axis on which the typical loss takes at least a third of the height."""
    known = [one.y[np.isfinite(one.y)] for one in lines if np.isfinite(one.y).any()]
    if not known:
        return 0.0, 1.0
    tops, bottoms = [float(values.max()) for values in known], [float(values.min()) for values in known]
    reach = TALL * max(float(np.median(tops)), -float(np.median(bottoms)), 1e-9)
    low, high = max(min(bottoms), -reach), min(max(tops), reach)
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room
