"""Figures of a run: one on given axes, or all as files as wide as a column."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lossbench.errors import BadValue, UnknownName
from lossbench.report.critical import Place, missing_picture, places_of
from lossbench.report.paper.figure_data import all_figure_data, find_figure_data
from lossbench.report.paper.picture import Picture, forest_picture, line_picture, rank_picture
from lossbench.report.paper.style import COLUMN, PRINT, matplotlib
from lossbench.report.tables import ranks_by_task
from lossbench.results.write import write_folder
from lossbench.stats.findings import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = ("forest", "curves", "robustness", "ranks")
ENLARGED = 1.5
"""How much larger a figure is on a screen than in print; fonts on a screen are larger too."""

FORMATS: dict[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
"""By format, the metadata to leave out, so that the same run gives the same bytes."""


def plot(findings: Findings, epochs: pd.DataFrame | None, kind: str, on: str | None, ax: Axes | None) -> Axes:
    """Draw one figure of a run.

    Args:
        findings: of the run.
        epochs: `curves.csv`; None if there is none.
        kind: one of KINDS.
        on: the table, as its answer calls it, or the task of the ranks; None if there is only one.
        ax: axes to draw on; None for new ones.

    Returns:
        The axes.

    Raises:
        UnknownName: no such kind, table or task.
        BadValue: there is nothing to draw, or several tables and none is named.
        UsageError: matplotlib is not installed.
    """
    if kind not in KINDS:
        raise UnknownName("plot", kind, KINDS)
    pyplot = matplotlib("pyplot")
    picture = find_picture(findings, epochs, kind, on)
    if ax is None:
        ax = picture.axes(pyplot.figure(figsize=(ENLARGED * COLUMN, ENLARGED * picture.height)))
    picture.draw(ax)
    return ax


def find_picture(findings: Findings, epochs: pd.DataFrame | None, kind: str, on: str | None) -> Picture:
    """Return one figure of a run, see `plot`."""
    if kind == "ranks":
        return rank_picture(kind, find_places(findings, on))
    shown = find_figure_data(all_figure_data(findings, epochs), on)
    return forest_picture(kind, shown) if kind == "forest" else line_picture(kind, shown, kind)


def find_places(findings: Findings, task: str | None) -> list[Place]:
    """Return the mean ranks of the losses of a task, the best first; None means the only task."""
    tables = {str(rows.task.iloc[0]): rows for rows in ranks_by_task(findings.ranks)}
    if not tables:
        raise BadValue("ranks are over several data sets of a task, and no task has more than one")
    if task is not None and task not in tables:
        raise UnknownName("task with several data sets", task, tables)
    if task is None and len(tables) > 1:
        names = ", ".join(tables)
        raise BadValue(f"there are ranks of {len(tables)} tasks; name one, as on={next(iter(tables))!r}: {names}")
    rows = tables[task or next(iter(tables))]
    found = places_of(rows)
    if not found:
        raise BadValue(missing_picture(rows.data_sets.iloc[0]))
    return found


def pictures(findings: Findings, epochs: pd.DataFrame | None) -> Iterator[Picture]:
    """Yield every figure that a run has."""
    for shown in all_figure_data(findings, epochs):
        slug = slugged(shown.name)
        if len(shown.rows) > 1:
            yield forest_picture(f"{slug}-forest", shown)
        for kind, there in (("curves", shown.trained), ("robustness", shown.shares)):
            if there:
                yield line_picture(f"{slug}-{kind}", shown, kind)
    for rows in ranks_by_task(findings.ranks):
        if places := places_of(rows):
            yield rank_picture(slugged(f"{rows.task.iloc[0]}-ranks"), places)


def slugged(text: str) -> str:
    """Return a text as a file name.

    Example:
        >>> slugged("diabetes, each loss at its own lr")
        'diabetes-each-loss-at-its-own-lr'
    """
    return re.sub(r"[^\w.=-]+", "-", text).strip("-.") or "run"


def save_figures(findings: Findings, epochs: pd.DataFrame | None, folder: Path) -> list[str]:
    """Write every figure of a run as SVG, PDF and PNG, and return the names of the files.

    Raises:
        UsageError: matplotlib is not installed.
        OutputError: the folder cannot be written.
    """
    files: dict[str, str | bytes] = {}
    with matplotlib("style").context(["default", PRINT]):
        for picture in pictures(findings, epochs):
            files |= {f"{picture.name}.{form}": content for form, content in rendered(picture)}
    write_folder(folder, files)
    return [*files]


def rendered(picture: Picture) -> Iterator[tuple[str, bytes]]:
    """Yield a figure in each format."""
    figure = picture.drawn_on(matplotlib("figure").Figure)
    for form, metadata in FORMATS.items():
        file = io.BytesIO()
        figure.savefig(file, format=form, metadata=metadata)
        yield form, file.getvalue()
