"""What changed over many runs, and when: in words, as tables and as rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd

from lossbench.errors import BadValue, UnknownName
from lossbench.grouped import grouped
from lossbench.report.figures import Spread, amount, column
from lossbench.report.table import Table
from lossbench.report.tables import VERDICTS, heading, label, p_value, varying_by_dataset
from lossbench.report.words.english import differ, joined, listed, plural
from lossbench.report.words.legend import Entry
from lossbench.results.dated_runs import DatedRun, key_of
from lossbench.schema import PLACE, SCORES, TRIALS, greater_is_better, is_score
from lossbench.stats.between_runs.trend import Series, Turn, series_of, turns

COLUMNS = (
    *("mark", "task", *PLACE, "score", "runs", "first_date", "last_date", "first", "last"),
    *("before_date", "since_date", "change", "change_low", "change_high", "n", "p_corrected"),
    *("first_verdict", "last_verdict", "note"),
)

LEGEND = (
    Entry("+ - ~", "moved to the better, moved to the worse, and no more than chance explains"),
    Entry(
        "change",
        "after the change point minus before it, over n seeds, ± half of the 95 % interval, on these",
        "very rows",
    ),
    Entry("since", "the first run after it"),
    Entry("course", "the mean in each run, from the least to the greatest of its line; the last 24"),
    Entry("vs", "the verdict against the reference, in the first and in the last run"),
    Entry(
        "p",
        "of a paired t test where CUSUM is largest, corrected for the runs that moved and for all",
        "series",
    ),
)

BARS = "▁▂▃▄▅▆▇█"
BARS_SHOWN = 24  # runs in a row of bars


@dataclass(frozen=True, eq=False)
class LossHistory:
    """The history of one loss in one table over the runs.

    Args:
        series: its score.
        turns: the change points.
        dates: of the runs of the series.
        verdicts: in the first and in the last run; empty if there is none.
    """

    series: Series
    turns: tuple[Turn, ...]
    dates: tuple[str, ...]
    verdicts: tuple[str, str]

    @property
    def title(self) -> str:
        """Data set, task and score, the heading of its table."""
        return f"{self.series.place['dataset']} ({self.series.task}): {heading(self.series.score)}"

    @property
    def moved(self) -> bool:
        """Whether any number or the verdict changed."""
        return bool(len(self.series.moves)) or self.verdicts[0] != self.verdicts[1]

    def better(self, turn: Turn) -> bool:
        """Say whether a change is an improvement."""
        return bool((turn.step.mean > 0.0) == greater_is_better(self.series.score))

    def mark(self, turn: Turn | None) -> str:
        """Return the mark of a change point; None for a series without any."""
        if turn is None:
            return "~" if len(self.series.moves) else "="
        return "+" if self.better(turn) else "-"

    @property
    def note(self) -> str:
        """Seeds without a value, and an earlier part that is not comparable."""
        series = self.series
        names = joined(series.apart)
        parts = [f"{plural(series.lost, 'seed')} without a value in some run"] if series.lost else []
        if series.apart:
            parts.append(f"counted from {self.dates[0]}, before which {names} {differ(series.apart)}")
        return "; ".join(parts)


def loss_histories(runs: Sequence[DatedRun], score: str | None = None) -> list[LossHistory]:
    """Return the history of every loss in every table, with its change points.

    Args:
        runs: in order of time.
        score: what is followed; None for what each data set is judged by.

    Raises:
        UnknownName: no such score.
        BadValue: a score that no data set of the runs has.
    """
    if score is not None and not is_score(score):
        raise UnknownName("score", score, SCORES)
    tables = [run.trials for run in runs]
    if score is not None:
        tables = [trials[trials.task.isin(TRIALS[score].tasks)] for trials in tables]
    if not any(map(len, tables)):
        raise BadValue(f"no data set of these runs has the score {score}; name another with --score")
    every, dates = list(series_of(tables, score)), run_dates(runs)
    return [loss_history(one, found, runs, dates) for one, found in zip(every, turns(every), strict=True)]


def loss_history(
    series: Series, found: Sequence[Turn], runs: Sequence[DatedRun], dates: Sequence[str]
) -> LossHistory:
    """Return the history of one series."""
    key = key_of(series.place)
    ends = (runs[int(number)].verdicts.get(key, "") for number in (series.runs[0], series.runs[-1]))
    first, last = ends
    return LossHistory(series, tuple(found), tuple(dates[int(run)] for run in series.runs), (first, last))


def run_dates(runs: Sequence[DatedRun]) -> list[str]:
    """Return the dates of runs, with the time if two are of one day."""
    plain = [run.date.partition(" ")[0] for run in runs]
    return plain if len(set(plain)) == len(plain) else [run.date for run in runs]


def lead(found: Sequence[LossHistory], runs: Sequence[DatedRun]) -> list[str]:
    """Return how many series moved, in a sentence, and then which and when."""
    dates = run_dates(runs)
    if len(runs) == 1:
        return [f"There is one run, of {dates[0]}: nothing could move yet."]
    over = f"in {len(runs)} runs, {dates[0]} to {dates[-1]}"
    turned = [one for one in found if one.turns]
    if not turned:
        some = sum(bool(len(one.series.moves)) for one in found)
        if not some:
            return [f"Nothing moved {over}: every number of {plural(len(found), 'series', '')} is as it was."]
        numbers = f"numbers of {some} of {len(found)} series are not what they were, no more than chance explains"
        return [f"Nothing moved {over} that the test tells from chance; {numbers}."]
    worse = sum(any(not one.better(turn) for turn in one.turns) for one in turned)
    return [f"{len(turned)} of {len(found)} series moved {over}, {worse} to the worse.", changes(found)]


def changes(found: Sequence[LossHistory]) -> str:
    """Return the changes in words: worse before better, then by p value."""
    every = [(one, turn) for one in found for turn in one.turns]
    every.sort(key=lambda pair: (pair[0].better(pair[1]), pair[1].adjusted_p))
    names = varying_by_dataset(one.series.place for one in found)
    told = [sentence(one, turn, names[one.series.place["dataset"]]) for one, turn in every]
    return f"{listed(told, '; '.join)}."


def sentence(one: LossHistory, turn: Turn, names: tuple[str, ...]) -> str:
    """Return how one score changed, and between which runs."""
    place, step = one.series.place, turn.step
    low, high = sorted((abs(float(step.low)), abs(float(step.high))))
    where = label(place, names)
    size = amount(abs(float(step.mean)), low, high)
    way = "rose" if step.mean > 0.0 else "fell"
    before, since = one.dates[turn.position - 1], one.dates[turn.position]
    setting = f" ({where})" if where else ""
    score = heading(one.series.score)
    return (
        f"{place['loss']} on {place['dataset']}{setting} {way} by {size} in {score} between {before} and {since}"
    )


def rows(found: Sequence[LossHistory]) -> pd.DataFrame:
    """Return a row for each change point, and one for each series without any; columns `COLUMNS`."""
    return pd.DataFrame([trend_row(one, turn) for one, turn in changed(found)], columns=list(COLUMNS))


def changed(found: Sequence[LossHistory]) -> Iterator[tuple[LossHistory, Turn | None]]:
    """Yield each series with each of its change points, or with None."""
    for one in found:
        yield from ((one, turn) for turn in one.turns or (None,))


def trend_row(one: LossHistory, turn: Turn | None) -> dict[str, Any]:
    """Return the row of one change point, or of a series without any."""
    series, dates = one.series, one.dates
    means = series.means
    step = (turn.step.mean, turn.step.low, turn.step.high) if turn else (math.nan,) * 3
    return {
        "mark": one.mark(turn),
        "task": series.task,
        **series.place,
        "score": series.score,
        "runs": len(series.runs),
        "first_date": dates[0],
        "last_date": dates[-1],
        "first": float(means[0]),
        "last": float(means[-1]),
        "before_date": dates[turn.position - 1] if turn else "",
        "since_date": dates[turn.position] if turn else "",
        **dict(zip(("change", "change_low", "change_high"), map(float, step), strict=True)),
        "n": len(series.scores),
        "p_corrected": turn.adjusted_p if turn else math.nan,
        "first_verdict": one.verdicts[0],
        "last_verdict": one.verdicts[1],
        "note": one.note,
    }


def trend_tables(found: Sequence[LossHistory]) -> Iterator[Table]:
    """Yield a table for each data set, with the series whose numbers or verdicts moved."""
    names = varying_by_dataset(one.series.place for one in found)
    for title, mine in grouped(filter(attrgetter("moved"), found), attrgetter("title")).items():
        yield table_of(title, list(changed(mine)), names[mine[0].series.place["dataset"]])


def table_of(title: str, lines: Sequence[tuple[LossHistory, Turn | None]], names: tuple[str, ...]) -> Table:
    """Return the table of one data set, without empty columns."""
    columns = ("", "loss", "setting", "change", "since", "first", "last", "course", "vs", "p", "n", "note")
    figures = written(lines)
    cells = [
        (
            one.mark(turn),
            one.series.place["loss"],
            label(one.series.place, names),
            change,
            one.dates[turn.position] if turn else "",
            *(first, last),
            bars(one.series.means),
            verdicts(one),
            p_value(turn.adjusted_p) if turn else "",
            str(len(one.series.scores)),
            one.note,
        )
        for (one, turn), (first, last, change) in zip(lines, figures, strict=True)
    ]
    texts = ("", "loss", "setting", "since", "course", "vs", "note")
    drops = ("note", "n", "p", "course", "first", "last", "vs")
    return Table(title, columns, tuple(cells), texts=texts, drops=drops).without_empty(*columns)


def written(lines: Sequence[tuple[LossHistory, Turn | None]]) -> list[list[str]]:
    """Format the first and last mean and the change of each line, with common decimals."""
    spreads = []
    for one, turn in lines:
        means = one.series.means
        ends = [Spread(float(means[0])), Spread(float(means[-1]))]
        step = Spread(*map(float, (turn.step.mean, turn.step.low, turn.step.high))) if turn else Spread(math.nan)
        spreads += [*ends, step]
    told = column(spreads)
    return [told[start : start + 3] for start in range(0, len(told), 3)]


def verdicts(one: LossHistory) -> str:
    """Return the mark of the first verdict, and of the last one if it differs."""
    marks = [VERDICTS.get(word, "") for word in one.verdicts]
    return marks[0] if marks[0] == marks[1] else f"{marks[0] or 'none'} → {marks[1] or 'none'}"


def bars(means: np.ndarray) -> str:
    """Draw the means (runs,) of the last runs as bars.

    Example:
        >>> bars(np.array([0.9, 0.9, 0.8, 0.86]))
        '██▁▅'
    """
    known = means[-BARS_SHOWN:]
    if not np.isfinite(known).all():
        return ""
    low, span = known.min(), float(np.ptp(known))
    steps = np.rint((known - low) / (span or 1.0) * (len(BARS) - 1)).astype(int)
    return "".join(BARS[step] for step in steps)


def closing_lines(found: Sequence[LossHistory]) -> Iterator[str]:
    """Yield the lines below the tables: how many series are not shown, and notes on these."""
    unmoved = sum(not one.moved for one in found)
    if 0 < unmoved < len(found):
        yield f"{unmoved} of {plural(len(found), 'series', '')} not shown: every number is the same in all runs"
    noted = grouped([one for one in found if one.note and not one.moved], attrgetter("note"))
    for note, mine in noted.items():
        names = [f"{one.series.place['loss']} on {one.series.place['dataset']}" for one in mine]
        yield f"{listed(names)}: {note}"
