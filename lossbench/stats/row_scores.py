"""The contributions of test rows to the scores of trials: `rows.npz`, beside `trials.csv`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from lossbench.schema import ROW_SCORES, of_one_row, own_columns
from lossbench.stats.rows import Contributions

Identity = tuple[Any, ...]
"""What identifies a trial: the values of `TRIAL`."""


class _Alignment(NamedTuple):
    """The cells of several losses, aligned by row and split.

    Args:
        cells: (losses, rows) indices of cells; -1 where a loss has none in a split.
        unit: (rows,) see `Contributions`.
        split: (rows,) likewise.
    """

    cells: np.ndarray
    unit: np.ndarray
    split: np.ndarray

    def of(self, column: np.ndarray) -> np.ndarray:
        """Return the values of a column (cells,) for each loss, (losses, rows) float64, NaN where it has none."""
        return np.where(self.cells < 0, np.nan, column[self.cells].astype(np.float64))


class Part(NamedTuple):
    """The test rows of some trials with equally many of them.

    Args:
        trial: (trials,) their rows in `trials.csv`, counted from 0.
        unit: (trials, rows) the number of each test row in the table, or of its group.
        grouped: whether units are groups.
        values: by metric, what each row contributes, (trials, rows); the mean is the trial's score. Under
            `of_one_row` of the metric's name, how much a row may count in it.
    """

    trial: np.ndarray
    unit: np.ndarray
    grouped: bool
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class RowScores:
    """The contributions of test rows, one cell per trial and row.

    A trial is found by its identity, never by its position in some table of trials.

    Args:
        trial: (cells,) int32, the trial's row in `trials.csv`, ascending.
        unit: (cells,) int32, the number of the row in its table, or of its group.
        grouped: (cells,) bool, whether it is a group.
        values: by metric, (cells,) float32; NaN where the trial's task has no such metric, or it is undefined.
            Under `of_one_row` of the metric's name, how much a row may count in it.
        identities: of each row of `trials.csv`.
    """

    trial: np.ndarray = field(repr=False)
    unit: np.ndarray = field(repr=False)
    grouped: np.ndarray = field(repr=False)
    values: Mapping[str, np.ndarray] = field(repr=False)
    identities: list[Identity] = field(repr=False)

    def __bool__(self) -> bool:
        """Whether there are any cells."""
        return len(self.trial) > 0

    @staticmethod
    def of(parts: Iterable[Part], identities: list[Identity]) -> RowScores:
        """Return the cells of several trials.

        Args:
            parts: of all trials with contributions, each trial in one of them.
            identities: of each row of `trials.csv`.

        Example:
            >>> values = {"r2": np.array([[0.5]])}
            >>> made = RowScores.of([Part(np.array([0]), np.array([[4]]), False, values)], [("iris", "mse")])
            >>> made.trial, made.values["r2"]
            (array([0], dtype=int32), array([0.5], dtype=float32))
        """
        parts = list(parts)
        there = dict.fromkeys(name for part in parts for name in part.values)
        scores = [*(name for name in ROW_SCORES if name in there), *own_columns(there)]
        names = [*scores, *(name for name in map(of_one_row, scores) if name in there)]
        places = _places([part.unit.shape for part in parts], [part.trial for part in parts])

        def column(kind: type, cells: Iterable[Any]) -> np.ndarray:
            found: np.ndarray = np.empty(sum(place.size for place in places), kind)
            for place, values in zip(places, cells, strict=True):
                found[place] = values
            return found

        return RowScores(
            column(np.int32, (part.trial[:, None] for part in parts)),
            column(np.int32, (part.unit for part in parts)),
            column(bool, (part.grouped for part in parts)),
            {name: column(np.float32, (part.values.get(name, np.nan) for part in parts)) for name in names},
            identities,
        )

    def places(self, trials: Iterable[Identity]) -> np.ndarray:
        """Return the rows of trials in `trials.csv`, (trials,); beyond its end for an unknown one."""
        return np.array([self._place_of.get(one, len(self._place_of)) for one in trials], dtype=int)

    @cached_property
    def _place_of(self) -> dict[Identity, int]:
        return {one: place for place, one in enumerate(self.identities)}

    def grouped_at(self, places: np.ndarray) -> bool:
        """Say whether the units of some trials are groups, given their rows in `trials.csv`."""
        return bool(self.grouped[np.isin(self.trial, places)].any())

    @cached_property
    def _cells_by_trial(self) -> dict[int, slice]:
        trials, first = np.unique(self.trial, return_index=True)
        ends = [*first[1:].tolist(), len(self.trial)]
        return {trial: slice(*ends) for trial, *ends in zip(trials.tolist(), first.tolist(), ends, strict=True)}

    def contributions(self, places: np.ndarray, metric: str) -> Contributions | None:
        """Return the contributions of rows to a score of several losses.

        Args:
            places: (losses, seeds) each trial's row in `trials.csv`, -1 where it has no such score.
            metric: a name in `ROW_SCORES`.

        Returns:
            None where a trial has a score but no cells, as under a law, or stored by an older lossbench; where no
            trial has a score; and where rows have no contributions to it. A loss without a score is undefined in
            that split, and affects no other.
        """
        key = places.shape, places.tobytes()
        if key not in self._alignments:
            self._alignments[key] = self._align(places)
        alignment, one = self._alignments[key], self.values.get(of_one_row(metric))
        if metric not in self.values or alignment is None:
            return None
        scores = alignment.of(self.values[metric])
        if np.isnan(scores).all():  # rows have no contributions to this score here
            return None
        return Contributions(scores, alignment.unit, alignment.split, None if one is None else alignment.of(one))

    @cached_property
    def _alignments(self) -> dict[tuple[Any, ...], _Alignment | None]:
        """By places; cached, since on most data sets all scores share one alignment."""
        return {}

    def _align(self, places: np.ndarray) -> _Alignment | None:
        """Align the cells of several losses; see `contributions` for the places, and for None."""
        known = [place in self._cells_by_trial for place in places.ravel().tolist() if place >= 0]
        if not known or not all(known):
            return None
        held = [[self._cells_by_trial.get(place) for place in seeds] for seeds in places.tolist()]
        first = (next(filter(None, split), None) for split in zip(*held, strict=True))
        shown = {split: cells for split, cells in enumerate(first) if cells is not None}
        sizes = np.array([_size(cells) for cells in shown.values()])
        begins = [[-1 if (own := splits[split]) is None else own.start for split in shown] for splits in held]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        begin = np.repeat(begins, sizes, axis=1)
        unit = np.concatenate([self.unit[cells] for cells in shown.values()])
        return _Alignment(np.where(begin < 0, -1, begin + within), unit, np.repeat([*shown], sizes))


def _places(shapes: list[tuple[int, ...]], trials: list[np.ndarray]) -> list[np.ndarray]:
    """Return the indices of the cells of each part, (trials, rows) each, with trials ascending over all parts."""
    sizes = np.array([rows for count, rows in shapes for _ in range(count)], int)
    order = np.argsort(np.concatenate([*trials, np.empty(0, int)]))
    first = np.empty_like(sizes)
    first[order] = np.cumsum(sizes[order]) - sizes[order]
    ends = np.cumsum([count for count, _ in shapes], dtype=int)
    split = np.split(first, ends[:-1]) if shapes else []
    return [mine[:, None] + np.arange(rows) for mine, (_, rows) in zip(split, shapes, strict=True)]


def _size(cells: slice) -> int:
    return int(cells.stop - cells.start)
