"""The list of trials: the reported ones, and the tuning trials that choose the rate of each loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, product
from types import MappingProxyType
from typing import Any

from lossbench.data.contamination import check_kind, default_kind
from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue
from lossbench.plan.grids import Grids
from lossbench.plan.names import naming
from lossbench.plan.settings import Settings
from lossbench.spoken import option
from lossbench.task import Task
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial

TUNING_SEEDS = 5  # at most: enough to tell a good rate from a bad one
FEWEST_TUNING_SEEDS = 2


def trials_of(
    settings: Settings, setup: Setup, grids: Mapping[Task, Grids] = MappingProxyType({})
) -> Iterator[Trial]:
    """Yield the trials of one data set: every combination of the axes, each loss at its rates."""
    mine = grids.get(setup.dataset.task, Grids())
    rates = {loss: mine.rates_of(loss, settings.lr) for loss in setup.losses}
    every = dict.fromkeys((*settings.lr, *chain.from_iterable(rates.values())))
    kind = outlier_kind(settings, setup.dataset)
    fixed: dict[str, Any] = {
        "dataset": setup.dataset.name,
        "task": setup.dataset.task,
        "batch_size": settings.batch_size,
        "epochs": settings.epochs,
    }
    axes: dict[str, Iterable[Any]] = {
        "model": setup.models,
        "loss": setup.losses,
        "optimizer": setup.optimisers,
        "schedule": setup.schedules,
        "lr": every,
        "l1": settings.l1,
        "l2": settings.l2,
        "outlier_fraction": sorted(settings.outliers),
        "seed": settings.seeds,
    }
    for point in product(*axes.values()):
        chosen = dict(zip(axes, point, strict=True))
        if chosen["lr"] in rates[chosen["loss"]]:
            yield Trial(**fixed, **chosen, outlier_kind=kind if chosen["outlier_fraction"] else "none")


def setting_of(trial: Trial) -> Trial:
    """Return a trial that is the same for all seeds and contaminations of one setting."""
    return replace(trial, seed=0, outlier_kind="none", outlier_fraction=0.0)


def outlier_kind(settings: Settings, dataset: Dataset) -> str:
    """Return the kind of contamination of a data set; the default of its task where the user asks for "auto"."""
    asked, task = settings.outlier_kind, dataset.task
    with naming(asked):
        return default_kind(task) if asked == "auto" else check_kind(asked, task)


def check_tuning(settings: Settings) -> None:
    """Refuse to tune with a single rate."""
    if settings.tune and len(settings.lr) < 2:
        shown = option("lr", 0.001, 0.01, 0.1)
        raise BadValue(f"tuning chooses among several rates, but there is one; give a grid: {shown}")


def tuning_trials(settings: Settings, trials: tuple[Trial, ...]) -> Iterator[Trial]:
    """Yield the tuning trials: every setting of the reported trials, uncontaminated, on other seeds."""
    for trial in trials:
        if trial.seed == settings.seeds[0] and trial.outlier_fraction == min(settings.outliers):
            for seed in tuning_seeds(settings):
                yield replace(trial, seed=seed)


def tuning_seeds(settings: Settings) -> range:
    """Return the tuning seeds: the next ones after the reported seeds, at most half as many.

    So the reported seeds hold two sets of that size, which show how much depends on the choice; see
    `lossbench.stats.choice`.
    """
    first = max(settings.seeds) + 1
    return range(first, first + tuning_count(len(settings.seeds))) if settings.tune else range(0)


def tuning_count(seeds: int) -> int:
    """Return the number of tuning seeds for a number of reported seeds.

    Example:
        >>> [tuning_count(seeds) for seeds in (1, 5, 8, 60)]
        [2, 2, 4, 5]
    """
    return min(TUNING_SEEDS, max(FEWEST_TUNING_SEEDS, seeds // 2))
