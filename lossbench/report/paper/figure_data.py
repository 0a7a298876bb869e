"""The data of a figure: one table of a run, with its curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np
import pandas as pd

from lossbench.errors import BadValue, UnknownName
from lossbench.report.answer.place import places
from lossbench.report.paper.style import COLOURS
from lossbench.report.tables import answered
from lossbench.stats.findings import LINE, Findings, share_curves


@dataclass(frozen=True)
class Line:
    """One loss in a line chart.

    Args:
        loss: its spec.
        x: (points,) ascending.
        mean: (points,) NaN where undefined.
        low: (points,) ends of the 95 % intervals, NaN where unknown.
        high: likewise.
    """

    loss: str
    x: np.ndarray = field(repr=False)
    mean: np.ndarray = field(repr=False)
    low: np.ndarray = field(repr=False)
    high: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class FigureData:
    """One table of a run, with its curves.

    Args:
        name: as in the answers: the data set, and the settings that tell its tables apart.
        rows: of the summary, the best mean first.
        margin: of the judged score; None if none is declared.
        colours: by loss, the same on all data sets of a task.
        trained: the validation score by epoch, at the smallest contaminated share; empty without curves.
        shares: the test score by contaminated share; empty if there is only one share.
    """

    name: str
    rows: pd.DataFrame = field(repr=False)
    margin: float | None
    colours: Mapping[str, str] = field(repr=False)
    trained: Sequence[Line] = field(repr=False)
    shares: Sequence[Line] = field(repr=False)


def all_figure_data(findings: Findings, epochs: pd.DataFrame | None) -> list[FigureData]:
    """Return every table of a run."""
    summary, shares = findings.summary, share_curves(findings.trials)
    colours = {task: colours_of(mine.loss.unique()) for task, mine in summary.groupby("task", sort=False)}
    clean = None
    if epochs is not None:
        clean = epochs[epochs.outlier_fraction == epochs.groupby(list(LINE)).outlier_fraction.transform("min")]
    shown = []
    groups, answers = zip(*answered(findings), strict=True)
    for name, rows in zip(places(answers), groups, strict=True):
        first = rows.iloc[0]
        several = first.largest_share > first.outlier_fraction
        trained = [] if clean is None else [*lines(rows, clean, "epoch")]
        dirty = [*lines(rows, shares, "outlier_fraction")] if several else []
        margin = findings.margins.get(first.score)
        shown.append(FigureData(name, rows, margin, colours[first.task], trained, dirty))
    return shown


def lines(rows: pd.DataFrame, points: pd.DataFrame, across: str) -> Iterator[Line]:
    """Yield the line of each loss of a table, the reference first, then in the order of the summary."""
    keys = rows[list(LINE)].sort_index()
    own = {key: mine.sort_values(across) for key, mine in points.groupby(list(LINE), sort=False)}
    for key in keys.itertuples(index=False, name=None):
        if key in own:
            columns = (own[key][name].to_numpy(dtype=np.float64) for name in (across, "mean", "low", "high"))
            yield Line(key[1], *columns)


def colours_of(losses: Sequence[str] | np.ndarray) -> dict[str, str]:
    """Return the colour of each loss of a task."""
    return dict(zip(losses, cycle(COLOURS), strict=False))


def find_figure_data(shown: Sequence[FigureData], on: str | None) -> FigureData:
    """Return the table of a name; None means the only table.

    Raises:
        BadValue: several tables match.
        UnknownName: there is no such table.
    """
    names = [one.name for one in shown]
    found = [one for one in shown if on in (None, one.name, one.rows.dataset.iloc[0])]
    exact = [one for one in found if one.name == on]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found and on is not None:
        raise UnknownName("table", on, names)
    raise BadValue(f"there are {len(found)} tables; name the one to plot, as on={names[0]!r}: {'; '.join(names)}")
