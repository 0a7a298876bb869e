"""Change points of a score over many runs of the same trials, found by a test.

A series is a score of one loss at one place: a number for each seed and run. At each run k whose numbers differ
from those of the run before, the step is, for each seed,

    d = mean over the runs from k on - mean over the runs before k

and the mean of d over the seeds, times the root of (runs before) (runs after), is CUSUM. The k where it is largest
is a change point if Student's paired t test of d is significant there, with p multiplied by the number of such k
(Bonferroni) and corrected over all series (Holm). Then both sides of it are searched likewise (binary
segmentation: Scott and Knott 1974; Vostrikova 1981). As in `lossbench.stats.between_runs.change`, seeds are
independent given the data.

A run is deterministic: where nothing was changed all numbers are equal, and there is no test. So only the runs in
which numbers changed are corrected for, and a step in the last run is found as well as one in the middle, which a
permutation of the runs could not do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from lossbench.schema import PLACE
from lossbench.stats.between_runs.change import Meeting, settled, values
from lossbench.stats.estimate import ALPHA, Interval
from lossbench.stats.families import holm
from lossbench.stats.paired import paired_test


@dataclass(frozen=True, eq=False)
class Series:
    """A score of one loss at one place, over runs.

    Args:
        place: the values of `PLACE`.
        task: of the data set.
        score: its name.
        runs: (runs,) the numbers of the compared runs, ascending: the latest that agree in all hashes.
        scores: (seeds, runs) for the seeds with a value in all of them.
        lost: how many seeds lack a value in some of these runs.
        apart: the hashes in which the run before the first differs; empty where there is none.
    """

    place: dict[str, Any]
    task: str
    score: str
    runs: np.ndarray
    scores: np.ndarray
    lost: int = 0
    apart: tuple[str, ...] = ()

    @property
    def means(self) -> np.ndarray:
        """(runs,) the mean over the seeds; NaN where there is none."""
        empty = np.full(len(self.runs), np.nan)
        return np.asarray(self.scores.mean(axis=0)) if len(self.scores) else empty

    @cached_property
    def moves(self) -> np.ndarray:
        """The positions in `runs` at which some number differs from the run before, ascending."""
        steps = settled(self.scores[:, :-1], self.scores[:, 1:], self.score)
        return 1 + np.flatnonzero(np.any(steps != 0.0, axis=0))


@dataclass(frozen=True)
class Turn:
    """A change point.

    Args:
        position: of the first run after the change, in the runs of its series.
        step: the mean after minus the mean before, with its 95 % interval.
        adjusted_p: corrected over the runs with changes, and over the series.
    """

    position: int
    step: Interval
    adjusted_p: float


def series_of(runs: Sequence[pd.DataFrame], score: str | None = None) -> Iterator[Series]:
    """Yield the series of some runs, in the order of the last run that has them.

    Args:
        runs: the trials of each run, in the order of time.
        score: its name; None for each data set's primary score.
    """
    places: dict[tuple[Any, ...], dict[int, pd.DataFrame]] = {}
    for number in reversed(range(len(runs))):
        by_seed = runs[number].set_index("seed").sort_index(kind="stable")
        for place, trials in by_seed.groupby(list(PLACE), sort=False):
            places.setdefault(tuple(place), {})[number] = trials
    for place, found in places.items():
        yield one_series(dict(zip(PLACE, place, strict=True)), found, score)


def one_series(place: dict[str, Any], found: dict[int, pd.DataFrame], score: str | None) -> Series:
    """Return the series of one loss at one place; `found` has its trials by run, the last first."""
    runs, apart = comparable_runs(place, found)
    last = found[runs[-1]].iloc[0]
    name = score or str(last.score)
    every = [found[run] for run in runs]
    seeds = sorted(set.intersection(*(set(trials.index) for trials in every)))
    matrix = np.stack([values(trials.loc[seeds], name) for trials in every], axis=1)
    whole = ~np.isnan(matrix).any(axis=1)
    lost = int(np.count_nonzero(~whole & ~np.isnan(matrix).all(axis=1)))
    return Series(place, str(last.task), name, np.array(runs), matrix[whole], lost, apart)


def comparable_runs(place: dict[str, Any], found: dict[int, pd.DataFrame]) -> tuple[list[int], tuple[str, ...]]:
    """Return the latest runs that agree in all hashes, ascending, and the hashes that the run before changes."""
    runs: list[int] = []
    for number in found:  # the last first
        differing = Meeting(place, found[number], found[runs[-1]]).differing if runs else []
        if differing:
            return runs[::-1], tuple(differing)
        runs.append(number)
    return runs[::-1], ()


def turns(every: Sequence[Series]) -> list[list[Turn]]:
    """Find the change points of each series.

    Args:
        every: the series of a report, over which p values are corrected.

    Returns:
        The change points of each series, in the order of the runs. Where no score changed, the chance that any is
        found in any series is at most 5 %.
    """
    first = [largest_cusum(one, 0, len(one.runs)) for one in every]
    smallest = np.array(
        [np.nan if at is None else min(1.0, at[1] * len(one.moves)) for one, at in zip(every, first, strict=True)]
    )
    adjusted = holm(smallest)
    tested = int(np.count_nonzero(~np.isnan(adjusted)))
    return [
        sorted(_change_points(one, 0, len(one.runs), p_value, tested), key=lambda turn: turn.position)
        if p_value < ALPHA
        else []
        for one, p_value in zip(every, adjusted.tolist(), strict=True)
    ]


def largest_cusum(series: Series, start: int, end: int) -> tuple[int, float] | None:
    """Return where CUSUM is largest between two positions, and the p value of that step; None without a change."""
    inside = series.moves[(series.moves > start) & (series.moves < end)]
    if not len(inside) or not len(series.scores):
        return None
    sums = np.cumsum(series.means[start:end])
    length, before = end - start, inside - start
    cusum = abs(sums[before - 1] - before / length * sums[-1]) / np.sqrt(before * (length - before))
    at = int(inside[int(np.argmax(cusum))])
    return at, step_at(series, start, at, end)[1]


def step_at(series: Series, start: int, at: int, end: int) -> tuple[Interval, float]:
    """Return the step at a position between two others, and its uncorrected p value."""
    step = series.scores[:, at:end].mean(axis=1) - series.scores[:, start:at].mean(axis=1)
    test = paired_test(step, test_to_train=0.0)
    return test.interval, float(test.p_value)


def _change_points(series: Series, start: int, end: int, adjusted_p: float, tested: int) -> Iterator[Turn]:
    """Yield the significant change point between two positions, and those on both sides of it."""
    found = largest_cusum(series, start, end)
    assert found is not None
    at = found[0]
    yield Turn(at, step_at(series, start, at, end)[0], adjusted_p)
    for left, right in ((start, at), (at, end)):
        inner = largest_cusum(series, left, right)
        if inner is not None and (p_value := inner[1] * len(series.moves) * tested) < ALPHA:
            yield from _change_points(series, left, right, p_value, tested)
