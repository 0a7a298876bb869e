"""A finished comparison, and how a planned experiment becomes one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from lossbench.losses.composed.record import part_names
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Manner
from lossbench.results.advice import Advice
from lossbench.run.examples import Examples
from lossbench.run.runner import Finished, run
from lossbench.run.state import Gap
from lossbench.schema import DTYPES, watched
from lossbench.stats.findings import Findings, average_curves, average_shares
from lossbench.stats.tuning import tuning_table
from lossbench.store import Store


@dataclass(frozen=True)
class Merged:
    """The shards or finished runs that a comparison was merged from.

    Args:
        count: how many shards the run has, or how many runs there are.
        missing: the numbers of shards that are missing or unfinished; none of runs.
        parts: for each shard or run given, when, where and how it was trained, and a shard's number.
    """

    count: int
    missing: tuple[int, ...]
    parts: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(frozen=True)
class Comparison(Findings):
    """A finished comparison: its trials and their statistics, see `lossbench.stats.findings.Findings`.

    Args:
        experiment: what was asked for, and which losses were skipped.
        raw_curves: (trials, epochs) the validation curve of each trial.
        raw_slopes: for each trial (parts, epochs), the gradient norm of each part of a sum of losses.
        seconds: wall time in all, and training time summed over processes.
        manner: how the networks were trained.
        examples: outputs of some networks on some test rows, to be drawn.
        cached: how many trainings were taken from the store.
        gaps: seeds that were left out because the budget ended; none in a complete comparison.
        note: why results could not be stored for other runs; empty if they were.
        warned: by warning of a user's loss in training, the specs it may come from.
        merged: the shards it was merged from; None if it was trained in one run.
        advice: what was chosen by it, in words; None where nothing was to be chosen.
    """

    experiment: Experiment = field(kw_only=True, repr=False)
    raw_curves: np.ndarray = field(kw_only=True, repr=False)
    raw_slopes: Sequence[np.ndarray] = field(kw_only=True, repr=False)
    seconds: Mapping[str, float] = field(kw_only=True)
    manner: Manner = field(kw_only=True)
    examples: Examples = field(default_factory=dict, repr=False)
    cached: int = 0
    gaps: tuple[Gap, ...] = ()
    note: str = ""
    warned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    merged: Merged | None = None
    advice: Advice | None = None

    @property
    def whole(self) -> bool:
        """Whether every requested training was done; diverged ones count as done."""
        return not self.gaps and not (self.trials.status == "failed").any()

    @property
    def trained(self) -> int:
        """How many networks this run trained, to tune rates as well, and of seeds that are left out."""
        planned = len(self.experiment.trials) + len(self.experiment.tuning)
        return planned - sum(gap.trials for gap in self.gaps) - self.cached

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Mean validation score and interval, one row for each data set, loss, contaminated share and epoch."""
        named = map(watched, self.trials.task, self.trials.score)
        return average_curves(self.trials.assign(score=list(named)), self.raw_curves)

    @cached_property
    def parts(self) -> pd.DataFrame | None:
        """Mean share of the gradient, one row for each sum, part and epoch; None if no loss is a sum."""
        if not any(np.isfinite(slopes).any() for slopes in self.raw_slopes):
            return None
        records = {
            (setup.dataset.name, loss.title): loss.record
            for setup in self.experiment.setups
            for loss in setup.losses.values()
        }
        names = [part_names(records[one]) for one in zip(self.trials.dataset, self.trials.loss, strict=True)]
        return average_shares(self.trials, self.raw_slopes, names)


def with_grids(rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
    """Add to trials, indexed by their places, the grid of each loss and its position in the search."""
    if not experiment.searches:  # looking up every training would take a while
        return rows
    grids = [experiment.grid_of(*one) for one in zip(rows.task, rows.loss, strict=True)]
    trials = experiment.trials + experiment.tuning
    places = [experiment.place_of(trials[place]) for place in rows.index]
    grid = pd.array([grid.spec if grid else None for grid in grids], dtype=DTYPES["grid"])
    return rows.assign(grid=grid, search_place=pd.array(places, dtype=DTYPES["search_place"]))


def open_grid_ends(experiment: Experiment) -> frozenset[str]:
    """Return the losses at the ends of grids that could be extended."""
    grids = [grid for one in experiment.grids.values() for grid in one.grids.values()]
    return frozenset(end for grid in grids for end in grid.ends)


def execute(
    experiment: Experiment,
    manner: Manner,
    start: float,
    progress: Callable[[str, int], None],
    store: Store | None = None,
    budget: float = math.inf,
) -> Comparison:
    """Run a planned experiment that began at `start`, by `time.perf_counter`; see `lossbench.run.runner.run`."""
    done = run(experiment, manner, progress, store, budget)
    seconds = {"wall": time.perf_counter() - start, "training": done.seconds}
    return make_comparison(done, manner, seconds)


def make_comparison(
    done: Finished,
    manner: Manner,
    seconds: Mapping[str, float],
    merged: Merged | None = None,
) -> Comparison:
    """Build the comparison of finished trainings; see `Comparison` for the arguments."""
    experiment = done.experiment
    rows, reported = with_grids(done.rows, experiment), done.rows.index < len(experiment.trials)
    titles = [loss.title for setup in experiment.setups for loss in setup.losses.values()]
    tuning = tuning_table(rows[~reported], open_grid_ends(experiment), titles) if experiment.tuning else None
    trials = rows[reported].reset_index(drop=True)
    return Comparison(
        trials,
        tuning,
        experiment.settings.margins,
        done.contributed,
        experiment=experiment,
        raw_curves=done.curves[reported],
        raw_slopes=[slopes for slopes, kept in zip(done.slopes, reported, strict=True) if kept],
        seconds=seconds,
        manner=manner,
        examples=done.examples,
        cached=done.cached,
        gaps=done.gaps,
        note=done.note,
        warned=done.warned,
        merged=merged,
    )
