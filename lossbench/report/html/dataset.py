"""The section of one data set under one setting: its answer, its losses, its table and its figures."""

from __future__ import annotations

from collections.abc import Iterator

from lossbench.report.escape import html as escape
from lossbench.report.html.document import Section, paragraph
from lossbench.report.html.drawn import (
    PLANE,
    against_robustness,
    convergence,
    differences,
    learning,
    parameter_paths,
    robustness,
    step_sizes,
)
from lossbench.report.html.examples import shown
from lossbench.report.html.figure import figure, legend
from lossbench.report.html.part import Part
from lossbench.report.html.table import grid
from lossbench.report.tables import groups, make_table, place_of, threshold_table


def decisions(part: Part) -> Iterator[str]:
    """Yield the table of both views of the class thresholds, where these were chosen."""
    views = part.courses.findings.thresholds
    for group in groups(views) if views is not None else ():
        if place_of(group.iloc[0]) == place_of(part.first):
            by = f"chosen on validation by {group.threshold_by.iloc[0]}"
            caption = f"Class thresholds on {part.first.dataset}: {by}, and the links' own"
            yield grid(threshold_table(group), caption, part.looks)


def section(part: Part, name: str, answer: str, plane: bool) -> Section:
    """Return the section of one data set and setting.

    Args:
        part: what is shown.
        name: in the contents.
        answer: what the verdicts say, in words.
        plane: whether the scores are drawn against robustness here.
    """
    table = make_table(part.group)
    rest = table.title.removeprefix(part.first.dataset)
    title = f"{escape(part.first.dataset)} <small>{escape(rest.strip())}</small>"
    figures = [learning(part), robustness(part), convergence(part), step_sizes(part), *parameter_paths(part)]
    figures.append(shown(part))
    drawn = against_robustness(part) if plane else ""
    if drawn:
        figures.append(figure(*PLANE, drawn, "plane"))
    caption = f"Losses on {part.first.dataset}, the best {part.score} first"
    body = [
        paragraph(answer) if answer else "",
        legend(part.order, part.looks, part.first.reference),
        f'<div class="beside">\n{differences(part)}{grid(table, caption, part.looks)}</div>\n',
        *decisions(part),
        f'<div class="figures">\n{"".join(figures)}</div>\n',
    ]
    return Section(part.key, name, title, "".join(body))
