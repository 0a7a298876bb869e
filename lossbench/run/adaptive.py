"""An adaptive search: settings are proposed by what earlier settings were worth on the tuning seeds.

Every loss, under every combination of the other axes, has a search of its own, and all get the same budget. All
begin with the first points of the Sobol sequence; batches of proposals follow. These do not depend on the budget:
a search with a larger one begins with the same settings. No reported seed is looked at. Once all settings are
known, they are treated like those of any other sampler: each is trained on the reported seeds too.
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
from lossbench.errors import LossDoesNotFit, OutOfTime
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
from lossbench.spoken import option
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
        reported: the reported trials of one setting; those of another setting differ in loss and rate.
        tuning: likewise the tuning trials.
        points: the points tried so far, the middle first.
        worth: what the first of these points are worth, those that are trained already.
    """

    spec: str
    ends: tuple[float, float]
    reported: tuple[Trial, ...]
    tuning: tuple[Trial, ...]
    points: list[Point]
    worth: list[float] = field(default_factory=list)

    @property
    def dataset(self) -> str:
        """The data set that it is trained on."""
        return self.tuning[0].dataset

    @property
    def task(self) -> Task:
        """The task of the data set."""
        return self.tuning[0].task

    @property
    def settings(self) -> list[Setting]:
        """The settings tried so far."""
        return at_points(self.spec, self.ends, self.points)[1]

    def record(self, trained: Mapping[Trial, dict[str, Any]]) -> None:
        """Record what the last settings are worth: minus infinity where the loss does not fit the data."""
        for setting in self.settings[len(self.worth) :]:
            mine = [trained[trial] for trial in at_setting(self.tuning, setting) if trial in trained]
            self.worth.append(worth(rate_row(mine)) if mine else -math.inf)

    def propose_more(self, count: int, random: np.random.Generator) -> None:
        """Add some proposed points; none repeats a setting that was tried already."""
        proposals = propose(self.points, self.worth, random, values=has_grid(self.spec))
        self.points = [*self.points, *islice(self.untried(proposals), count)]

    def untried(self, points: Iterable[Point]) -> Iterator[Point]:
        """Yield the points whose settings were not tried yet."""
        known = set(self.settings)
        for point in points:
            _, setting = at_points(self.spec, self.ends, [MIDDLE, point])[1]
            if setting not in known:
                known.add(setting)
                yield point


@dataclass
class Fits:
    """Which losses fit which data set; each pair is checked once.

    Args:
        seeds: the seeds that the data sets are drawn with.
        found: the loss, or why it does not fit, by data set and spec.
    """

    seeds: tuple[int, ...]
    found: dict[tuple[str, str], Loss | Skip]

    def among(self, dataset: Dataset, specs: Iterable[str]) -> dict[str, Loss]:
        """Return the losses among these that fit a data set."""
        for spec in specs:
            if (dataset.name, spec) not in self.found:
                self.found[dataset.name, spec] = self.check(dataset, spec)
        checked = ((spec, self.found[dataset.name, spec]) for spec in specs)
        return {spec: loss for spec, loss in checked if isinstance(loss, Loss)}

    def check(self, dataset: Dataset, spec: str) -> Loss | Skip:
        """Return a loss, or why it does not fit a data set."""
        try:
            return check_fit(spec, dataset, self.seeds)
        except LossDoesNotFit as error:
            return Skip(dataset.name, title(spec), str(error))

    @property
    def skips(self) -> tuple[Skip, ...]:
        """The pairs that do not fit, each with the reason."""
        return tuple(one for one in self.found.values() if isinstance(one, Skip))


def without_trials(experiment: Experiment) -> Experiment:
    """Return an experiment without its trials: its settings are still to be proposed."""
    return replace(experiment, trials=(), tuning=())


def search(ledger: Ledger, experiment: Experiment, train: Callable[[], bool]) -> None:
    """Propose all settings of an experiment, train their tuning trials, and add the reported trials to a ledger.

    Args:
        ledger: the results so far.
        experiment: the plan, with placeholders for the settings that will be proposed.
        train: trains the ledger's missing trials while there is time, and says whether there is time left.

    Raises:
        OutOfTime: there was no time for all tuning trials.
    """
    arms, budget = arms_of(experiment), experiment.settings.tune_budget
    seeds = (*tuning_seeds(experiment.settings), *experiment.settings.seeds)
    fits = Fits(seeds, planned_fits(experiment))
    time_left = True
    for tried in rounds(budget):
        for arm in arms:
            more = tried - len(arm.points)
            if more:
                arm.propose_more(more, stream("search", arm.dataset, seeds[0], len(arm.points)))
        ledger.extend(with_settings(experiment, arms, fits, reported=False))
        if ledger.missing and time_left:
            time_left = train()
        if ledger.missing:
            raise OutOfTime(
                f"not all settings were tried within the time budget; {ledger.keeper.fate}; give a larger "
                f"{option('budget')}"
            )
        trained = dict(zip(ledger.places, records(ledger.rows()), strict=True))
        for arm in arms:
            arm.record(trained)
    ledger.extend(with_settings(experiment, arms, fits, reported=True))


def planned_fits(experiment: Experiment) -> dict[tuple[str, str], Loss | Skip]:
    """Return what the plan has checked already, except for the values of grids: the search proposes other ones."""
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
    """Return how many settings have been tried after each round.

    Example:
        >>> rounds(36), rounds(10)
        ([16, 24, 32, 36], [10])
    """
    return [*range(FIRST, budget, BATCH), budget]


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the cells of each trial from which the worth of a setting is computed."""
    needed = rows.assign(grid=None, search_place=None)[list(READ)]
    return [dict(zip(READ, values, strict=True)) for values in needed.itertuples(index=False, name=None)]


def arms_of(experiment: Experiment) -> list[Arm]:
    """Return the arms of an experiment, each with the points that every search begins with."""
    settings = experiment.settings
    first = sobol_points(min(FIRST, settings.tune_budget))
    reported, tuning = (by_arm(experiment, trials) for trials in (experiment.trials, experiment.tuning))
    ends = min(settings.lr), max(settings.lr)
    return [Arm(arm.loss, ends, tuple(trials), tuple(tuning[arm]), first) for arm, trials in reported.items()]


def by_arm(experiment: Experiment, trials: Iterable[Trial]) -> dict[Trial, list[Trial]]:
    """Return the trials of a single setting of each arm."""
    found: dict[Trial, list[Trial]] = {}
    for trial in trials:
        grid = experiment.grid_of(trial.task, title(trial.loss))
        arm = replace(setting_of(trial), loss=grid.spec if grid else trial.loss, lr=0.0)
        mine = found.setdefault(arm, [])
        if not mine or (mine[0].loss, mine[0].lr) == (trial.loss, trial.lr):
            mine.append(trial)
    return found


def at_setting(trials: Iterable[Trial], setting: Setting) -> Iterator[Trial]:
    """Yield trials with their loss and rate replaced by those of a setting."""
    return (replace(trial, loss=setting.loss, lr=setting.rate) for trial in trials)


def with_settings(experiment: Experiment, arms: Sequence[Arm], fits: Fits, reported: bool) -> Experiment:
    """Return an experiment of all settings that were tried and that fit their data.

    Args:
        experiment: the plan.
        arms: what is searched.
        fits: which losses fit which data.
        reported: whether it has the reported trials too, or only the tuning trials.
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
            trials += at_setting(arm.reported if reported else (), setting)
            tuning += at_setting(arm.tuning, setting)
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
    """Return the grids of a task, with all values that any arm has tried."""
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for arm in arms:
        if arm.task == task and has_grid(arm.spec):
            shares[arm.spec] += [across for _, across in arm.points]
    return Grids({spec: searched_grid(spec, found, len(arms[0].points)) for spec, found in shares.items()})


def searched_grid(spec: str, shares: Sequence[float], budget: int) -> Grid:
    """Return a grid of the values at some shares of the way between its ends.

    A value counts as an end where it is as near to one as the first of `budget` evenly spaced values would be;
    likewise for rates, see `lossbench.stats.tuning.edge_rates`.
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
    """Return the losses that were tried on a data set, the values of each grid in ascending order."""
    mine = [arm for arm in arms if arm.dataset == setup.dataset.name]
    tried = {setting.loss for arm in mine for setting in arm.settings}
    return [one for one in grids.expanded(dict.fromkeys(arm.spec for arm in mine)) if one in tried]
