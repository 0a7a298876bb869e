"""The section of one task over its data sets: ranks, skills, score against robustness, and wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lossbench.report.charts.critical import critical
from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.look import Look
from lossbench.report.critical import missing_picture, places_of
from lossbench.report.escape import html as escape
from lossbench.report.html.document import Section, paragraph
from lossbench.report.html.figure import figure, legend, line_figure
from lossbench.report.html.run_table import RunTable
from lossbench.report.html.table import grid, row_heading, table_html
from lossbench.report.html.table_figures import ROBUSTNESS_FIGURE, against_robustness
from lossbench.report.tables import rank_table
from lossbench.schema import RANKED, three
from lossbench.stats.findings import Findings
from lossbench.stats.verdicts import APART


def ranks_section(
    key: str, rows: pd.DataFrame, findings: Findings, run_tables: Sequence[RunTable], said: Iterable[str]
) -> Section:
    """Return the section of one task and setting with several data sets."""
    looks, first, table = run_tables[0].looks, rows.iloc[0], rank_table(rows)
    losses = sorted(rows.loss, key=lambda loss: (loss != first.reference, looks[loss].number))
    ranked = table if any(row[0] for row in table.rows) else table.without("abc")
    tables = [
        grid(ranked, "Mean ranks and skills over data sets, the best rank first", looks),
        win_matrix(losses, pairs_told_apart(findings.pairs, first), looks, int(first.data_sets)),
    ]
    figures = [
        ranks(rows, looks),
        profiles(key, findings.profiles.merge(rows.head(1)[list(RANKED)]), looks),
        planes(run_tables),
    ]
    body = [
        *map(paragraph, said),
        legend(losses, looks, first.reference),
        f'<div class="beside">\n{"".join(tables)}</div>\n',
        f'<div class="figures">\n{"".join(figures)}</div>\n',
    ]
    title = f"{escape(first.task)}<small>{escape(table.title.removeprefix(first.task))}</small>"
    return Section(key, f"{first.task}, over data sets", title, "".join(body))


def ranks(rows: pd.DataFrame, looks: Mapping[str, Look]) -> str:
    """Return the picture of mean ranks, or how many more data sets it needs."""
    places = places_of(rows)
    if not places:
        return paragraph(missing_picture(rows.data_sets.iloc[0]))
    about = "Mean ranks over data sets; a bar with knots joins losses that no test of all pairs tells apart."
    return figure("Critical differences", about, critical(places, looks), "ranks")


def profiles(key: str, rows: pd.DataFrame, looks: Mapping[str, Look]) -> str:
    """Return the performance profiles of the losses."""
    levels = np.unique(rows.above.to_numpy(dtype=np.float64))
    lines = [
        Line(str(loss), looks[str(loss)], *mine[[*three("share")]].to_numpy(dtype=np.float64).T)
        for loss, mine in rows.groupby("loss", sort=False)
        if len(mine) == len(levels)
    ]
    if not lines:
        return ""
    chart = Lines(f"{key}p", levels, lines, "skill", "share of trainings above", ends=(0.0, 1.0))
    about = "Share of trainings, of all data sets and seeds, whose skill is above a level; the higher, the better."
    return line_figure("Performance profiles", about, chart)


def planes(run_tables: Sequence[RunTable]) -> str:
    """Return score against robustness on each data set."""
    drawn = "".join(against_robustness(table) for table in run_tables)
    return figure(*ROBUSTNESS_FIGURE, drawn, "plane") if drawn else ""


def pairs_told_apart(comparisons: pd.DataFrame, place: pd.Series[Any]) -> pd.DataFrame:
    """Return (winner, loser), one row for each data set on which a corrected test tells them apart.

    Args:
        comparisons: of all pairs; a difference is the second loss minus the first.
        place: the values of `RANKED`; undefined where each data set has its own.
    """
    known = [name for name in RANKED if pd.notna(place[name])]
    mine = comparisons[(comparisons[known] == place[known]).all(axis="columns")]
    side = mine.verdict.map(APART).fillna(0)
    won, lost = mine[side > 0], mine[side < 0]
    pairs = [won[["second", "first"]].set_axis(["winner", "loser"], axis="columns")]
    pairs.append(lost[["first", "second"]].set_axis(["winner", "loser"], axis="columns"))
    return pd.concat(pairs)


def win_matrix(losses: Sequence[str], won: pd.DataFrame, looks: Mapping[str, Look], data_sets: int) -> str:
    """Return the matrix of wins.

    Args:
        losses: in the order of rows and columns.
        won: (winner, loser), one row for each data set.
        looks: of the losses.
        data_sets: how many there are.
    """
    counts = won.value_counts().to_dict()
    heads = '<th scope="col" class="text">loss</th>' + "".join(
        f'<th scope="col"><span>{escape(loss)}</span></th>' for loss in losses
    )

    def cell(row: str, column: str) -> str:
        count = counts.get((row, column), 0)
        return f'<td class="won">{count}</td>' if count else f"<td>{'' if row == column else '·'}</td>"

    body = "".join(
        f"<tr>{row_heading(row, looks[row])}{''.join(cell(row, one) for one in losses)}</tr>\n" for row in losses
    )
    caption = (
        f"On how many of {data_sets} data sets the loss of a row is better than that of a column, by corrected "
        "tests of all pairs"
    )
    return table_html(caption, heads, body, "wins")
