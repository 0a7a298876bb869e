"""The report as one HTML page: the charts and the table of each data set and setting. It needs no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import pandas as pd

from lossbench.remark import Remark
from lossbench.report.answer import lead
from lossbench.report.critical import Place, picture
from lossbench.report.escape import html as escape
from lossbench.report.plot import Points
from lossbench.report.svg import COLOURS, IntervalRow, curves, intervals
from lossbench.report.tables import (
    Table,
    groups,
    heading,
    make_table,
    markdown,
    rank_table,
    several,
    tables,
)
from lossbench.report.words import ACROSS, LEGEND, no_picture, words
from lossbench.schema import METRICS, RANKED
from lossbench.stats.findings import LINE, Findings

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1280px; margin: 2em auto; padding: 0 1em }
h2 { font-size: 1.1em; margin: 2.5em 0 .5em; border-top: 1px solid #ccc; padding-top: 1em }
figure { margin: 0; display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: 1em }
th, td { padding: .15em .9em .15em 0; text-align: right; white-space: nowrap }
th.text, td.text { text-align: left }
tr.best { font-weight: 600 }
pre { font-size: 13px; white-space: pre-wrap; color: #444 }
svg { font-size: 12px; max-width: 100%; height: auto } svg .title { font-weight: 600 } svg .number { fill: #666 }
.grid { stroke: #e4e4e4 } .zero { stroke: #444 } .band { fill: #0072b2; opacity: .1 }
.around { opacity: .1 } .tied { stroke: #222; stroke-width: 4 }
.curve { fill: none; stroke-width: 2 } g.curve:hover, path.curve:hover { stroke-width: 4 }
"""

HOW = (
    "The first chart of a row shows how far each loss is from the reference, with its 95 % interval: green is "
    "better, orange worse, blue equivalent, grey open; what lies in the shaded band is too small to matter. "
    "Point at a mark to read its numbers."
)


def reports(findings: Findings, epochs: pd.DataFrame | None, remarks: Iterable[Remark]) -> dict[str, str]:
    """Return `report.md` and `report.html`, which say the same; see `page`."""
    said = [words(remark) for remark in remarks]
    across, first = [*map(rank_table, several(findings.ranks))], lead(findings.answer)
    return {
        "report.md": markdown([*tables(findings.summary), *across], [*legend(across), *said], first),
        "report.html": page(findings, epochs, said),
    }


def page(findings: Findings, epochs: pd.DataFrame | None, said: Iterable[str]) -> str:
    """Return the report in HTML.

    Args:
        findings: what the trials say.
        epochs: `curves.csv`, None where there is none.
        said: in words, below the tables.
    """
    trained, shares = ({} if epochs is None else by_epoch(epochs)), by_share(findings.trials)
    sections = []
    for group in groups(findings.summary):
        colours = colours_of(findings, group.task.iloc[0])
        charts = [differences(group, colours, findings.margins), *lines(group, colours, trained, shares)]
        table = make_table(group)
        sections.append(f"<h2>{escape(table.title)}</h2>\n<figure>{''.join(charts)}</figure>\n{grid(table)}")
    across = [section(rows, findings) for rows in several(findings.ranks)]
    text = "".join(f"{escape(line)}\n" for line in [*legend(across), "", *said])
    head = f'<meta charset="utf-8"><title>lossbench report</title><style>{STYLE}</style>'
    answer = "\n".join(f"<p>{escape(one)}</p>" for one in lead(findings.answer))
    top = f"<h1>lossbench report</h1>\n{answer}\n<p>{HOW}</p>"
    body = "\n".join([top, *sections, *across, f"<h2>How to read it</h2>\n<pre>{text}</pre>"])
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{body}\n</body>\n</html>\n'


def legend(across: Sequence[object]) -> Sequence[str]:
    """Return how to read the tables, with those over several data sets where there are any."""
    return [*LEGEND, *ACROSS] if across else LEGEND


def colours_of(findings: Findings, task: str) -> dict[str, str]:
    """Return the colour of each loss of a task, the same on all its data sets."""
    losses = findings.summary.loss[findings.summary.task == task].unique()
    return dict(zip(losses, cycle(COLOURS), strict=False))


def section(rows: pd.DataFrame, findings: Findings) -> str:
    """Return what is said of one task over its data sets.

    Args:
        rows: its ranks, the best first.
        findings: what the trials say.
    """
    first, colours, table = rows.iloc[0], colours_of(findings, rows.task.iloc[0]), rank_table(rows)
    charts = [profile_chart(findings.profiles.merge(rows.head(1)[list(RANKED)]), colours)]
    placed = rows.dropna(subset="letters")
    if len(placed):
        places = [Place(*one) for one in placed[["loss", "average_rank", "letters"]].itertuples(index=False)]
        charts.append(picture("mean ranks; a bar: not told apart", places, [colours[one.name] for one in places]))
    why = "" if len(placed) else f"<p>{escape(no_picture(first.data_sets))}</p>\n"
    return f"<h2>{escape(table.title)}</h2>\n<figure>{''.join(charts)}</figure>\n{why}{grid(table)}"


def profile_chart(profiles: pd.DataFrame, colours: Mapping[str, str]) -> str:
    """Return the performance profiles of the losses of one task, each with its band."""
    losses = dict(iter(profiles.groupby("loss", sort=False)))
    drawn = {str(loss): [*zip(rows.above, rows.share, strict=True)] for loss, rows in losses.items()}
    bands = {str(loss): (rows.share_low.to_numpy(), rows.share_high.to_numpy()) for loss, rows in losses.items()}
    return curves("share of trainings whose skill is above a level", drawn, colours, bands)


def grid(table: Table) -> str:
    """Return a table in HTML."""

    def row(cells: Iterable[str], tag: str, attribute: str = "") -> str:
        kinds = [' class="text"' if name in table.texts else "" for name in table.columns]
        inner = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for cell, kind in zip(cells, kinds, strict=True))
        return f"<tr{attribute}>{''.join(inner)}</tr>"

    best = dict.fromkeys(table.best, ' class="best"')
    rows = (row(cells, "td", best.get(number, "")) for number, cells in enumerate(table.rows))
    return "<table>\n" + "\n".join([row(table.columns, "th"), *rows]) + "\n</table>"


def differences(group: pd.DataFrame, colours: Mapping[str, str], margins: Mapping[str, float]) -> str:
    """Return the chart of the differences from the first loss, with the margin around zero."""
    first, names = group.iloc[0], ["loss", "difference", "difference_low", "difference_high", "verdict"]
    rows = [
        IntervalRow(loss, colours[loss], mean, low, high, "reference" if loss == first.reference else str(word))
        for loss, mean, low, high, word in zip(*(group[name].tolist() for name in names), strict=True)
    ]
    side = "right" if METRICS[first.score].greater_is_better else "left"
    title = f"{heading(first.score)} minus that of {first.reference}; {side} is better"
    return intervals(title, rows, margins.get(first.score, 0.0))


def lines(
    group: pd.DataFrame,
    colours: Mapping[str, str],
    trained: Mapping[tuple[Any, ...], Points],
    shares: Mapping[tuple[Any, ...], Points],
) -> Iterator[str]:
    """Yield the charts of the score by epoch, and by contaminated share where there are several."""
    first = group.iloc[0]
    score = heading(first.score)
    keys = dict(zip(group.loss, group[list(LINE)].itertuples(index=False, name=None), strict=True))
    known = {loss: trained[key] for loss, key in keys.items() if key in trained}
    if known:
        yield curves(f"validation {score} by epoch", known, colours)
    if first.largest_share > first.outlier_fraction:
        dirt = f"test {score} by share of {first.outlier_kind} contamination"
        yield curves(dirt, {loss: shares[key] for loss, key in keys.items()}, colours)


def by_epoch(epochs: pd.DataFrame) -> dict[tuple[Any, ...], Points]:
    """Return the points (epoch, mean validation score) of each arm at its smallest contaminated share."""
    least = epochs.groupby(list(LINE)).outlier_fraction.transform("min")
    return points(epochs[epochs.outlier_fraction == least], "epoch", "mean")


def by_share(trials: pd.DataFrame) -> dict[tuple[Any, ...], Points]:
    """Return the points (contaminated share, mean score over the seeds) of each arm."""
    keys = [*LINE, "outlier_fraction"]
    found: dict[tuple[Any, ...], Points] = {}
    for score, rows in trials.groupby("score", sort=False):
        found |= points(rows.groupby(keys)[score].mean().reset_index(), "outlier_fraction", str(score))
    return found


def points(frame: pd.DataFrame, across: str, up: str) -> dict[tuple[Any, ...], Points]:
    """Return two columns as the points (x, y) of each arm, by the values of `LINE`."""
    arms = frame.groupby(list(LINE), sort=False)
    return {key: list(zip(rows[across].tolist(), rows[up].tolist(), strict=True)) for key, rows in arms}
