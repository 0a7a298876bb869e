"""The section of one data set under one setting: its answer, its losses, its table and its figures."""

from __future__ import annotations

from collections.abc import Iterator

from lossbench.report.escape import html as escape
from lossbench.report.html.document import Section, paragraph
from lossbench.report.html.examples import examples_figure
from lossbench.report.html.figure import figure, legend
from lossbench.report.html.run_table import RunTable
from lossbench.report.html.table import grid
from lossbench.report.html.table_figures import (
    ROBUSTNESS_FIGURE,
    against_robustness,
    convergence,
    differences,
    learning_curves,
    parameter_paths,
    robustness,
    step_sizes,
)
from lossbench.report.tables import make_table, table_groups, table_key, threshold_table


def threshold_views(table: RunTable) -> Iterator[str]:
    """Yield the table of both views of class thresholds, if these were chosen."""
    views = table.curves_by_arm.findings.thresholds
    for group in table_groups(views) if views is not None else ():
        if table_key(group.iloc[0]) == table_key(table.first):
            by = f"chosen on validation by {group.threshold_by.iloc[0]}"
            caption = f"Class thresholds on {table.first.dataset}: {by}, and the links' own"
            yield grid(threshold_table(group), caption, table.looks)


def section(table: RunTable, name: str, answer: str, plane: bool) -> Section:
    """Return the section of one data set and setting."""
    losses = make_table(table.group)
    rest = losses.title.removeprefix(table.first.dataset)
    title = f"{escape(table.first.dataset)} <small>{escape(rest.strip())}</small>"
    figures = [
        learning_curves(table),
        robustness(table),
        convergence(table),
        step_sizes(table),
        *parameter_paths(table),
    ]
    figures.append(examples_figure(table))
    drawn = against_robustness(table) if plane else ""
    if drawn:
        figures.append(figure(*ROBUSTNESS_FIGURE, drawn, "plane"))
    caption = f"Losses on {table.first.dataset}, the best {table.score} first"
    body = [
        paragraph(answer) if answer else "",
        legend(table.order, table.looks, table.first.reference),
        f'<div class="beside">\n{differences(table)}{grid(losses, caption, table.looks)}</div>\n',
        *threshold_views(table),
        f'<div class="figures">\n{"".join(figures)}</div>\n',
    ]
    return Section(table.key, name, title, "".join(body))
