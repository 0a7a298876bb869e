"""A search that learns: settings are proposed from what those before them were worth on the tuning seeds.

Every loss, under every combination of the other axes, is searched for itself and gets the same budget. All begin
with the first points of the Sobol sequence; then come batches of proposals, which do not hang on the budget, so
that the first settings of a search are those of a smaller one. No reported seed is looked at. Once all settings
are known, they are a list like that of any other sampler: each is trained on the reported seeds too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue, LossDoesNotFit
from lossbench.losses import Loss
from lossbench.plan.experiment import Experiment
from lossbench.plan.fit.losses import Skip, check_fit
from lossbench.plan.grids import Grid, Grids, grid_at, has_grid
from lossbench.plan.search import MIDDLE, Point, Setting, at_points, sobol_points
from lossbench.plan.trials import setting_of, tuning_seeds
from lossbench.randomness import stream
from lossbench.run.proposals import propose
from lossbench.run.state import Ledger
from lossbench.spec import title
from lossbench.stats.tuning import READ, rate_row, worth
from lossbench.task import Task
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial

FIRST, BATCH = 16, 8
"""Settings before the first proposal, and proposals at a time."""


@dataclass
class Arm:
    """A loss under one combination of the other axes, and what its search has tried.

    Args:
        spec: the loss, or the grid that is searched.
        ends: the smallest and the largest rate.
        reported: the reported trials of one setting; those of another differ in loss and rate.
        tuning: likewise the trials that tune.
        points: what was tried, the middle first.
        worth: of as many of these as are trained.
    """

    spec: str
    ends: tuple[float, float]
    reported: tuple[Trial, ...]
    tuning: tuple[Trial, ...]
    points: list[Point]
    worth: list[float] = field(default_factory=list)

    @property
    def dataset(self) -> str:
        """What it is trained on."""
        return self.tuning[0].dataset

    @property
    def task(self) -> Task:
        """The task of that."""
        return self.tuning[0].task

    @property
    def settings(self) -> list[Setting]:
        """What was tried, as settings."""
        return at_points(self.spec, self.ends, self.points)[1]

    def tell(self, trained: Mapping[Trial, dict[str, Any]]) -> None:
        """Enter what the last settings are worth: one that does not fit the data, so was not trained, nothing."""
        for setting in self.settings[len(self.worth) :]:
            mine = [trained[trial] for trial in at(self.tuning, setting) if trial in trained]
            self.worth.append(worth(rate_row(mine)) if mine else -math.inf)

    def go_on(self, count: int, random: np.random.Generator) -> None:
        """Propose so many more points; none makes a setting that was tried already."""
        proposals = propose(self.points, self.worth, random, values=has_grid(self.spec))
        self.points = [*self.points, *islice(self.new(proposals), count)]

    def new(self, points: Iterable[Point]) -> Iterator[Point]:
        """Yield the points whose settings are new."""
        known = set(self.settings)
        for point in points:
            _, setting = at_points(self.spec, self.ends, [MIDDLE, point])[1]
            if setting not in known:
                known.add(setting)
                yield point


@dataclass
class Fits:
    """Which losses fit which data set, each looked at once.

    Args:
        seeds: of what the data sets draw.
        found: by data set and spec, the loss, or why it does not fit.
    """

    seeds: tuple[int, ...]
    found: dict[tuple[str, str], Loss | Skip]

    def among(self, dataset: Dataset, specs: Iterable[str]) -> dict[str, Loss]:
        """Return those of some losses that fit a data set."""
        for spec in specs:
            if (dataset.name, spec) not in self.found:
                self.found[dataset.name, spec] = self.look(dataset, spec)
        looked = ((spec, self.found[dataset.name, spec]) for spec in specs)
        return {spec: loss for spec, loss in looked if isinstance(loss, Loss)}

    def look(self, dataset: Dataset, spec: str) -> Loss | Skip:
        """Return a loss, or why it does not fit a data set."""
        try:
            return check_fit(spec, dataset, self.seeds)
        except LossDoesNotFit as error:
            return Skip(dataset.name, title(spec), str(error))

    @property
    def skips(self) -> tuple[Skip, ...]:
        """Why some do not fit."""
        return tuple(one for one in self.found.values() if isinstance(one, Skip))


def without_trials(experiment: Experiment) -> Experiment:
    """Return an experiment of which nothing is trained yet."""
    return replace(experiment, trials=(), tuning=())


def search(ledger: Ledger, experiment: Experiment, train: Callable[[], bool]) -> None:
    """Let a ledger want all trials of an experiment whose settings are proposed; those that tune are done then.

    Args:
        ledger: where results come in.
        experiment: as planned, with settings that stand for those that are proposed.
        train: trains what is missing in the ledger, or what there is time for, and says whether there is more.

    Raises:
        BadValue: there was no time for all trials that tune.
    """
    arms, budget = arms_of(experiment), experiment.settings.tune_budget
    seeds = (*tuning_seeds(experiment.settings), *experiment.settings.seeds)
    fits = Fits(seeds, planned_fits(experiment))
    timely = True
    for tried in rounds(budget):
        for arm in arms:
            more = tried - len(arm.points)
            if more:
                arm.go_on(more, stream("search", arm.dataset, seeds[0], len(arm.points)))
        ledger.extend(with_settings(experiment, arms, fits, reported=False))
        if ledger.missing and timely:
            timely = train()
        if ledger.missing:
            raise BadValue(
                "not all settings were tried within the budget of time; what was trained is kept, unless "
                "--no-cache was given: run the same command again, with a larger --budget"
            )
        trained = dict(zip(ledger.places, records(ledger.rows()), strict=True))
        for arm in arms:
            arm.tell(trained)
    ledger.extend(with_settings(experiment, arms, fits, reported=True))


def planned_fits(experiment: Experiment) -> dict[tuple[str, str], Loss | Skip]:
    """Return what is known from the plan; not of values of a grid, which are others."""
    losses = {
        (setup.dataset.name, spec): loss for setup in experiment.setups for spec, loss in setup.losses.items()
    }
    tasks = {dataset.name: dataset.task for dataset in experiment.datasets}
    skips = {
        (one.dataset, one.loss): one
        for one in experiment.skipped
        if experiment.grid_of(tasks[one.dataset], one.loss) is None
    }
    return {**losses, **skips}


def rounds(budget: int) -> list[int]:
    """Return how many settings are tried after each round.

    Example:
        >>> rounds(36), rounds(10)
        ([16, 24, 32, 36], [10])
    """
    return [*range(FIRST, budget, BATCH), budget]


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what the worth of a setting is told from, a trial each."""
    shown = rows.assign(grid=None, search_place=None)[list(READ)]
    return [dict(zip(READ, values, strict=True)) for values in shown.itertuples(index=False, name=None)]


def arms_of(experiment: Experiment) -> list[Arm]:
    """Return what is searched, with the points that all begin with."""
    settings = experiment.settings
    begin = sobol_points(min(FIRST, settings.tune_budget))
    reported, tuning = (by_arm(experiment, trials) for trials in (experiment.trials, experiment.tuning))
    ends = min(settings.lr), max(settings.lr)
    return [Arm(arm.loss, ends, tuple(trials), tuple(tuning[arm]), begin) for arm, trials in reported.items()]


def by_arm(experiment: Experiment, trials: Iterable[Trial]) -> dict[Trial, list[Trial]]:
    """Return the trials of one setting of each arm."""
    found: dict[Trial, list[Trial]] = {}
    for trial in trials:
        grid = experiment.grid_of(trial.task, title(trial.loss))
        arm = replace(setting_of(trial), loss=grid.spec if grid else trial.loss, lr=0.0)
        mine = found.setdefault(arm, [])
        if not mine or (mine[0].loss, mine[0].lr) == (trial.loss, trial.lr):
            mine.append(trial)
    return found


def at(trials: Iterable[Trial], setting: Setting) -> Iterator[Trial]:
    """Yield trials, at another setting."""
    return (replace(trial, loss=setting.loss, lr=setting.rate) for trial in trials)


def with_settings(experiment: Experiment, arms: Sequence[Arm], fits: Fits, reported: bool) -> Experiment:
    """Return an experiment of all settings that were tried, and that fit their data.

    Args:
        experiment: as planned.
        arms: what is searched.
        fits: which losses do.
        reported: whether the reported trials are in it, or only those that tune.
    """
    grids = {task: grids_of(task, arms) for task in experiment.grids}
    setups = tuple(
        replace(setup, losses=fits.among(setup.dataset, tried_on(setup, arms, grids[setup.dataset.task])))
        for setup in experiment.setups
    )
    order = {(setup.dataset.name, loss): place for setup in setups for place, loss in enumerate(setup.losses)}
    trials: list[Trial] = []
    tuning: list[Trial] = []
    proposed: dict[Trial, int] = {}
    for arm in arms:
        known = [one for one in enumerate(arm.settings, 1) if (arm.dataset, one[1].loss) in order]
        for number, setting in sorted(known, key=lambda one: (order[arm.dataset, one[1].loss], one[1].rate)):
            trials += at(arm.reported if reported else (), setting)
            tuning += at(arm.tuning, setting)
            proposed[setting_of(tuning[-1])] = number
    return replace(
        experiment,
        setups=setups,
        trials=tuple(trials),
        tuning=tuple(tuning),
        skipped=fits.skips,
        grids=grids,
        proposed=proposed,
    )


def grids_of(task: Task, arms: Sequence[Arm]) -> Grids:
    """Return the grids of a task, with all values that were tried in any arm."""
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for arm in arms:
        if arm.task == task and has_grid(arm.spec):
            shares[arm.spec] += [across for _, across in arm.points]
    return Grids({spec: searched_grid(spec, found, len(arms[0].points)) for spec, found in shares.items()})


def searched_grid(spec: str, shares: Sequence[float], budget: int) -> Grid:
    """Return a grid of values at shares of the way.

    Its ends are all values that are as near to one as the first of so many that lie evenly would be, as it is with
    rates, see `lossbench.stats.tuning.edge_rates`.
    """
    grid, losses = grid_at(spec, shares)
    open_low, open_high = (end in grid.ends for end in (grid.members[0], grid.members[-1]))
    near = [
        loss
        for loss, share in zip(losses, shares, strict=True)
        if (open_low and share * budget <= 1) or (open_high and (1 - share) * budget <= 1)
    ]
    return replace(grid, ends=tuple(dict.fromkeys([*grid.ends, *near])))


def tried_on(setup: Setup, arms: Iterable[Arm], grids: Grids) -> list[str]:
    """Return the losses that were tried on a data set, the values of each grid rising."""
    mine = [arm for arm in arms if arm.dataset == setup.dataset.name]
    tried = {setting.loss for arm in mine for setting in arm.settings}
    return [one for one in grids.expanded(dict.fromkeys(arm.spec for arm in mine)) if one in tried]
