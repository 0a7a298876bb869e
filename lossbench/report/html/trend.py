"""The page of many runs: for each data set its losses over the runs, with rings at the last change points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.look import Look, looks
from lossbench.report.escape import html as escape
from lossbench.report.html.document import Section, document, pairs, paragraph
from lossbench.report.html.ending import legend_list
from lossbench.report.html.figure import legend, line_figure
from lossbench.report.html.table import grid
from lossbench.report.table import Table
from lossbench.report.tables import heading, label, varying_by_dataset
from lossbench.report.trend import LEGEND, LossHistory, closing_lines, lead, run_dates, table_of
from lossbench.results.dated_runs import DatedRun
from lossbench.schema import greater_is_better


def trend_page(found: Sequence[LossHistory], runs: Sequence[DatedRun]) -> str:
    """Return the page.

    Args:
        found: the history of each loss.
        runs: in order of time.
    """
    names = varying_by_dataset(one.series.place for one in found)
    parts: dict[tuple[str, str], list[LossHistory]] = {}
    for one in found:
        dataset = one.series.place["dataset"]
        parts.setdefault((dataset, label(one.series.place, names[dataset])), []).append(one)
    every = looks([one.series.place["loss"] for one in mine] for mine in parts.values())
    sections = [
        section(f"s{number}", *where, mine, every, len(runs)) for number, (where, mine) in enumerate(parts.items())
    ]
    words = "".join(map(paragraph, lead(found, runs)))
    top = f'<section id="answer" class="answer" aria-label="What moved">{words}</section>\n'
    sections += [legend_section(found), runs_section(runs)]
    return document("Over the runs", "lossbench trend", top, sections, every.values())


def section(
    key: str, dataset: str, setting: str, mine: Sequence[LossHistory], every: Mapping[str, Look], count: int
) -> Section:
    """Return the section of one data set and setting: the table of its losses, and their lines."""
    score = mine[0].series.score
    x = np.arange(1.0, count + 1.0)
    lines = [line_of(one, x, every) for one in mine]
    chart = Lines(key, x, lines, "run", heading(score), dots=count > 1)
    way = "more" if greater_is_better(score) else "less"
    about = f"The mean over the seeds in each run; {way} is better. The last change point of a loss is ringed."
    moved = [(one, turn) for one in mine if one.moved for turn in one.turns or (None,)]
    name = ", ".join(filter(None, (dataset, setting)))
    table = (
        grid(with_mark_heading(table_of(name, moved, ())), f"What moved on {name}", every)
        if moved
        else paragraph("Nothing moved.")
    )
    body = f'{legend([one.loss for one in lines], every)}{table}<div class="figures large">' + line_figure(
        heading(score), about, chart
    )
    small = f" <small>{escape(setting)}</small>" if setting else ""
    return Section(key, name, f"{escape(dataset)}{small}", f"{body}</div>\n")


def with_mark_heading(table: Table) -> Table:
    """Return a table with a heading for its first column of marks, since headings are buttons that sort."""
    return replace(table, columns=("moved", *table.columns[1:]), texts=("moved", *table.texts))


def line_of(one: LossHistory, x: np.ndarray, every: Mapping[str, Look]) -> Line:
    """Return the line of one series over all runs."""
    loss, y = one.series.place["loss"], np.full(len(x), np.nan)
    y[one.series.runs] = one.series.means
    chosen = float(x[one.series.runs[one.turns[-1].position]]) if one.turns else None
    return Line(loss, every[loss], y, chosen=chosen)


def legend_section(found: Sequence[LossHistory]) -> Section:
    """Return the section on how to read the page, and what it leaves out."""
    body = legend_list(LEGEND) + "".join(map(paragraph, closing_lines(found)))
    return Section("read", "How to read it", "How to read it", body)


def runs_section(runs: Sequence[DatedRun]) -> Section:
    """Return the section that lists the runs."""
    listed = (
        (f"{number}: {day}", str(run.folder))
        for number, (day, run) in enumerate(zip(run_dates(runs), runs, strict=True), 1)
    )
    return Section("runs", "The runs", "The runs", pairs(listed))
