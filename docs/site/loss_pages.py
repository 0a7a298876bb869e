"""A page for each loss of the catalogue: what is known of it, and its curves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pictures import svg

from lossbench.losses import Loss
from lossbench.report.catalogue import facts_about, one_loss, whole_catalogue
from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.look import looks
from lossbench.report.charts.overlay import overlay
from lossbench.report.html.losses import value_limits
from lossbench.report.shape import shape_of


def loss_pages() -> dict[str, str]:
    """Return the pages and the pictures, by their paths; the list of the losses first."""
    names = sorted({record.name for record in whole_catalogue().records})
    pages: dict[str, str] = {}
    for name in names:
        selection = one_loss(name)
        sections = []
        for task, loss in selection.losses.items():
            drawn = dict(pictures(name, task, loss))
            pages |= {f"losses/{file}": text for file, text in drawn.items()}
            sections.append(section(task, loss, drawn))
        pages[f"losses/{name}.md"] = f"# {name}\n\n" + "\n".join(sections)
    listed = "\n".join(f"- [{name}]({name}.md)" for name in names)
    head = "# Every loss, drawn\n\n[losses.md](../losses.md) says which loss fits which task."
    return {"losses/index.md": f"{head}\n\n{listed}\n"} | pages


def pictures(name: str, task: str, loss: Loss) -> Iterator[tuple[str, str]]:
    """Yield value and gradient of a loss on a task, each with the name of its file."""
    shape, found = shape_of(loss), looks([[name]])
    for what, values in (("value", shape.value), ("gradient", shape.gradient)):
        line = Line(name, found[name], np.asarray(values))
        chart = Lines("p", shape.places, [line], shape.label, what, ends=value_limits([line]))
        yield f"{name}-{task}-{what}.svg", svg(overlay(chart.thinned()), found)


def section(task: str, loss: Loss, drawn: dict[str, str]) -> str:
    """Return what is known of a loss on a task."""
    facts = "\n".join(
        f"- **{heading}**: {cell(heading, text)}" for heading, text in facts_about(loss.record, loss.parameters)
    )
    images = " ".join(f"![{file.removesuffix('.svg').replace('-', ' ')}]({file})" for file in drawn)
    return f"## {task}\n\n{loss.summary}\n\n{images}\n\n{facts}\n"


def cell(heading: str, text: str) -> str:
    """Return what is known, so that no sign in it is read as Markdown."""
    return (
        f"`{text}`" if heading == "formula" else text.replace("*", r"\*").replace("_", r"\_").replace("<", "&lt;")
    )
