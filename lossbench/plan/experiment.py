"""From what the user asks to the list of trials, with everything checked before any training starts.

What cannot be carried out is refused by a UsageError, which names the data set, loss, share or seed it is about.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from lossbench.data.catalogue import load_dataset
from lossbench.data.contamination import FLIPS, check_kind, default_kind
from lossbench.data.dataset import Dataset
from lossbench.data.fold import is_stratified, make_fold, part_sizes
from lossbench.errors import BadValue, LossDoesNotFit
from lossbench.losses import Loss, get_loss
from lossbench.losses.record import Domain
from lossbench.losses.registry import served
from lossbench.plan.config import placed
from lossbench.plan.grids import Grid, Grids, make_grids
from lossbench.plan.judged import (
    check_judge,
    judged,
    refuse_foreign,
    refuse_idle_margins,
    refuse_undefined,
    rows_named,
)
from lossbench.plan.keys import LINK
from lossbench.plan.names import naming, resolved
from lossbench.plan.networks import Network, on_dataset, tried
from lossbench.plan.protocol import Own, in_words
from lossbench.plan.search import make_search
from lossbench.plan.settings import Settings
from lossbench.schema import THRESHOLDS_OF
from lossbench.spec import split_spec, title
from lossbench.task import TASKS, VALUED, Task
from lossbench.training.module.named import find_model
from lossbench.training.optimisers import parse_optimiser
from lossbench.training.pack import Pack
from lossbench.training.schedule import Schedule, check_length, parse_schedule
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial
from lossbench.training.view import View, view_of

TUNING_SEEDS = 5  # enough to tell a good rate from a bad one; the reported seeds are left alone
FEWEST_TUNING_SEEDS = 2  # for a first look
ROWS_JUDGED = 50_000  # of a law; what is rarer than that is only found where a seed draws it


@dataclass(frozen=True)
class Skip:
    """A loss that does not run on a data set, and why."""

    dataset: str
    loss: str
    reason: str


@dataclass(frozen=True)
class Experiment:
    """Everything that is going to be trained.

    Args:
        settings: what the user asked for.
        setups: each data set, with the losses, models and optimisers that its trials name.
        trials: every training that is reported, in the order of the report.
        tuning: the trials that choose the rate of each loss; empty without tuning.
        skipped: the losses that do not fit some of the data sets.
        grids: by task, the losses of which a parameter is tuned.
    """

    settings: Settings
    setups: tuple[Setup, ...]
    trials: tuple[Trial, ...]
    tuning: tuple[Trial, ...]
    skipped: tuple[Skip, ...]
    grids: Mapping[Task, Grids] = field(default_factory=dict)

    def place_of(self, task: Task, loss: str, rate: float) -> int | None:
        """Return the number of a setting in the search of its loss, by its name in tables; None for no search."""
        return self.grids.get(task, Grids()).places.get((loss, rate))

    def grid_of(self, task: Task, loss: str) -> Grid | None:
        """Return the grid that a loss, by its name in tables, is a value of; None for none."""
        grids = self.grids.get(task, Grids())
        return grids.grids.get(grids.of(loss))

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The data sets."""
        return tuple(setup.dataset for setup in self.setups)

    @property
    def own(self) -> tuple[Own, ...]:
        """What data sets have of their own."""
        found = (in_words(self.settings.protocol, dataset.name) for dataset in self.datasets)
        return tuple(filter(None, found))


def planned(
    settings: Settings,
    config: str | Path | None,
    margins: Mapping[str, float] | None = None,
    tables: Mapping[str, Dataset] = MappingProxyType({}),
) -> Experiment:
    """Return what settings plan, see `plan`; a name that is refused is found in the config that they are from.

    Margins that are declared beside the config are refused where nothing is judged by their score.
    """
    with placed(config):
        experiment = plan(settings, tables)
    refuse_idle_margins(margins or {}, experiment.datasets)
    return experiment


def plan(settings: Settings, tables: Mapping[str, Dataset] = MappingProxyType({})) -> Experiment:
    """Load the data, match losses with it, and list the trials.

    Args:
        settings: what the user asked for.
        tables: by spec, the data sets that are at hand and need no loading.

    Raises:
        UsageError: anything in the settings that cannot be carried out.
    """
    grids = {task: grids_of(settings, task) for task in TASKS}
    if not any(one.grids or one.places for one in grids.values()):
        check_tuning(settings)
    models = resolved(settings.models, find_model)
    resolved(settings.optimizers, parse_optimiser)
    schedules = resolved(settings.schedule, lambda spec: checked_schedule(spec, settings.epochs))
    loaded = resolved(settings.datasets, lambda spec: tables[spec] if spec in tables else load_dataset(spec))
    datasets = judged_by(settings, loaded.values())
    refuse_idle_threshold(settings, datasets)
    if isinstance(settings.losses, Mapping):
        for task, specs in settings.losses.items():
            for spec in grids[task].expanded(specs):
                check_task_loss(spec, task, named_everywhere(settings))
    fitting, skipped = match_losses(settings, datasets, grids)
    setups = tuple(set_up(settings, dataset, fitting[dataset.name], models, schedules) for dataset in datasets)
    for setup in setups:
        refuse_flat(setup)
        refuse_clipped_strategy(setup)
        refuse_lone_samples(setup, settings.batch_size)
    trials = tuple(trial for setup in setups for trial in trials_of(settings.on(setup.dataset.name), setup, grids))
    tuning = tuple(tuning_trials(settings, trials))
    for setup in setups:
        with naming(setup.dataset.name):
            check_contamination(setup, (t for t in trials + tuning if t.dataset == setup.dataset.name))
    return Experiment(settings, setups, trials, tuning, skipped, grids)


def grids_of(settings: Settings, task: Task) -> Grids:
    """Return what is tried of each loss of a task."""
    if settings.tune_budget:
        return make_search(settings.losses_for(task), task, settings.lr, settings.tune_budget, settings.sampler)
    return make_grids(settings.losses_for(task), task, settings.lr)


def judged_by(settings: Settings, loaded: Iterable[Dataset]) -> tuple[Dataset, ...]:
    """Return data sets that are judged by the scores that the user names."""
    refuse_foreign(settings.score, (dataset.task for dataset in loaded))
    datasets = tuple(judged(dataset, settings.score) for dataset in loaded)
    for dataset in datasets:
        refuse_undefined(dataset, (*tuning_seeds(settings), *settings.seeds))
    return datasets


def set_up(
    settings: Settings,
    dataset: Dataset,
    losses: Mapping[str, Loss],
    models: Mapping[str, Network],
    schedules: Mapping[str, Schedule],
) -> Setup:
    """Return a data set with what its trials name, its own optimisers if it has any."""
    optimisers = resolved(settings.on(dataset.name).optimizers, parse_optimiser)
    models = {spec: on_dataset(spec, model, dataset) for spec, model in models.items()}
    if dataset.task == "embedding":
        check_batches(settings, dataset, losses)
    asked = settings.threshold in THRESHOLDS_OF.get(dataset.task, ())
    setup = Setup(dataset, losses, models, optimisers, settings.threshold if asked else "", schedules)
    modules = {spec: tried(setup, model, settings.batch_size) for spec, model in models.items()}
    return replace(setup, models=modules)


def check_batches(settings: Settings, dataset: Dataset, losses: Mapping[str, Loss]) -> None:
    """Refuse a loss that compares rows where no batch has two rows of one class, or rows of two classes.

    Raises:
        BadValue: nothing would ever be learnt.
    """
    comparing = [spec for spec, loss in losses.items() if loss.record.headless]
    if not comparing:
        return
    rows = min(dataset.together, int(np.bincount(make_fold(dataset, settings.seeds[0]).train.target).min()))
    with naming(comparing[0]):
        if rows < 2:
            raise BadValue(
                f"loss '{comparing[0]}' on '{dataset.name}' compares rows of one class, and a batch is drawn with "
                f"one row a class; let more lie together, as in {dataset.name.partition(':')[0]}:together=4, and "
                "have two training rows a class or more"
            )
        if settings.batch_size < 2 * rows:
            raise BadValue(
                f"loss '{comparing[0]}' on '{dataset.name}' compares rows of two classes, and --batch-size "
                f"{settings.batch_size} holds {rows} rows of one; give {2 * rows} or more"
            )


def refuse_idle_threshold(settings: Settings, datasets: Iterable[Dataset]) -> None:
    """Refuse to choose a class threshold where no data set has two classes, and the score that chooses it."""
    able = [task for task, scores in THRESHOLDS_OF.items() if settings.threshold in scores]
    if settings.threshold != LINK and all(dataset.task not in able for dataset in datasets):
        raise BadValue(
            f"a class threshold is chosen for two classes (--threshold {settings.threshold}), and no data set of "
            f"this run is {' or '.join(able)}; add one, choose by another score, or leave the option out"
        )


def refuse_flat(setup: Setup) -> None:
    """Refuse a loss that no gradient can train under an optimiser that follows one.

    Raises:
        BadValue: it would leave every network as it starts.
    """
    following = [spec for spec, optimiser in setup.optimisers.items() if not optimiser.children]
    for spec, loss in setup.losses.items():
        if loss.record.flat and following:
            with naming(spec):
                raise BadValue(
                    f"loss '{spec}' on '{setup.dataset.name}' has a slope of zero wherever it has one, so "
                    f"{following[0]} would leave every network as it starts; an optimiser without gradients can "
                    "train it: --optimizer es --lr 0.1"
                )


def checked_schedule(spec: str, epochs: int) -> Schedule:
    """Return a schedule that has room in so many epochs."""
    found = parse_schedule(spec)
    check_length(spec, found, epochs)
    return found


def refuse_clipped_strategy(setup: Setup) -> None:
    """Refuse to clip gradients where an optimiser follows none.

    Raises:
        BadValue: nothing would be clipped.
    """
    blind = [spec for spec, optimiser in setup.optimisers.items() if optimiser.children]
    for spec, schedule in setup.schedules.items():
        if blind and schedule.clip < math.inf:
            with naming(spec):
                raise BadValue(
                    f"schedule '{spec}' clips gradients, and {blind[0]} follows none; leave clip out, or take "
                    "another --optimizer"
                )


def refuse_lone_samples(setup: Setup, batch_size: int) -> None:
    """Refuse batches of a single row where a law is to be imitated, for a loss that compares whole samples.

    Raises:
        BadValue: the batch size makes one, be it the last of an epoch.
    """
    rows, *_ = part_sizes(setup.dataset, 0)
    whole = [spec for spec, loss in setup.losses.items() if loss.record.whole_batch]
    if setup.dataset.task == "distribution" and whole and (batch_size == 1 or rows % batch_size == 1):
        raise BadValue(
            f"loss '{whole[0]}' on '{setup.dataset.name}' compares whole samples, and batches of "
            f"{batch_size} leave a single one of {rows} training rows; choose another --batch-size, such as 64"
        )


def named_everywhere(settings: Settings) -> set[str]:
    """Return the custom losses that stand under every task because they do not state their own."""
    lists = settings.losses.values() if isinstance(settings.losses, Mapping) else ()
    shared = set.intersection(*map(set, lists)) if lists else set()
    return {spec for spec in shared if not served(split_spec(spec)[0])}


def check_task_loss(spec: str, task: Task, everywhere: set[str]) -> None:
    """Refuse a loss that is listed under a task that it does not serve."""
    try:
        with naming(spec):
            get_loss(spec, task)
    except LossDoesNotFit:
        if spec not in everywhere:
            raise


def match_losses(
    settings: Settings, datasets: tuple[Dataset, ...], grids: Mapping[Task, Grids]
) -> tuple[dict[str, dict[str, Loss]], tuple[Skip, ...]]:
    """Say which losses run on which data set.

    Returns:
        The losses of each data set by its name and their spec, and the pairs that do not fit.

    Raises:
        UsageError: a loss that does not exist; one that was named and fits none of the data sets; a data set that
            none of its task's losses fits.
    """
    fitting: dict[str, dict[str, Loss]] = {dataset.name: {} for dataset in datasets}
    refusals: dict[str, list[tuple[Dataset, LossDoesNotFit]]] = {}
    for dataset in datasets:
        for spec in grids[dataset.task].expanded(settings.losses_for(dataset.task)):
            try:
                fitting[dataset.name][spec] = check_fit(spec, dataset, (*tuning_seeds(settings), *settings.seeds))
            except LossDoesNotFit as error:
                refusals.setdefault(spec, []).append((dataset, error))
    for spec, refused in refusals.items():
        # One of a task's losses may be left out (mape, where a target is zero) as long as another is there.
        spared = (
            isinstance(settings.losses, Mapping)
            and spec not in named_everywhere(settings)
            and all(fitting[dataset.name] for dataset, _ in refused)
        )
        values = {value for one in grids.values() for value in one.expanded((spec,))}
        if not spared and all(values.isdisjoint(losses) for losses in fitting.values()):
            raise refused[0][1]
    skips = [
        Skip(dataset.name, title(spec), str(error)) for spec, pairs in refusals.items() for dataset, error in pairs
    ]
    return fitting, tuple(skips)


def check_fit(spec: str, dataset: Dataset, seeds: Iterable[int]) -> Loss:
    """Return a loss, unless it is not made for a data set, or not for what some seed draws from it."""
    with naming(spec):
        loss = get_loss(spec, dataset.task, dataset.targets * dataset.pixels)
        check_judge(loss, dataset)
        check_weights(loss, dataset)
        if loss.record.domain is not None:
            check_targets(loss, loss.record.domain, dataset, seeds)
    return loss


def check_weights(loss: Loss, dataset: Dataset) -> None:
    """Refuse a loss without a value a row where rows do not count alike."""
    if dataset.weighted and loss.record.whole_batch:
        way = "let it return a value a row (in torch, :reduction=none), or " if loss.record.code else ""
        raise LossDoesNotFit(
            f"loss '{loss.spec}' has one value for a whole batch, so the weights of rows on '{dataset.name}' "
            f"cannot act on it as on the others; {way}leave it out, or the weights"
        )


def check_targets(loss: Loss, domain: Domain, dataset: Dataset, seeds: Iterable[int]) -> None:
    """Refuse a loss that is undefined for some of the targets."""
    for seed in judged_seeds(dataset, seeds):
        table = dataset.sample(seed)
        rows = np.flatnonzero(domain.violations(table.target.reshape(table.rows, -1)))
        if len(rows):
            raise LossDoesNotFit(
                f"loss '{loss.spec}' needs {domain.description}; '{dataset.name}' breaks that in "
                f"{rows_named(dataset, seed, rows)}: {domain.advice}"
            )


def judged_seeds(dataset: Dataset, seeds: Iterable[int]) -> Iterable[int]:
    """Return the seeds whose tables decide whether a loss fits.

    For a law the first seeds always count; otherwise the choice of seeds would decide which losses run.
    """
    if dataset.sampling == "resplit":
        return [0]
    return sorted({*range(-(-ROWS_JUDGED // dataset.rows)), *seeds})


def outlier_kind(settings: Settings, dataset: Dataset) -> str:
    """Return the kind of contamination of a data set; the default of its task where the user leaves it open."""
    asked, task = settings.outlier_kind, dataset.task
    with naming(asked):
        return default_kind(task) if asked == "auto" else check_kind(asked, task)


def check_contamination(setup: Setup, trials: Iterable[Trial]) -> None:
    """Refuse splits and contaminations that leave a class without training rows, by making those that might."""
    at_risk = setup.dataset.task not in (*VALUED, "anomaly") and not is_stratified(setup.dataset)
    at_risk |= setup.dataset.weights is not None  # all of a part may be zero
    seen: defaultdict[int, dict[View, Trial]] = defaultdict(dict)
    for trial in trials:
        if at_risk or trial.outlier_kind in FLIPS:
            seen[trial.seed][view_of(trial)] = trial
    for views in seen.values():
        Pack(setup, tuple(views.values())).training  # noqa: B018  it is made here, seed by seed


def check_tuning(settings: Settings) -> None:
    """Refuse to choose from a single rate."""
    if settings.tune and len(settings.lr) < 2:
        raise BadValue("tuning chooses among several rates, but there is one; give a grid: --lr 0.001,0.01,0.1")


def tuning_seeds(settings: Settings) -> range:
    """Return the seeds that choose the rates: the next ones after those reported, half as many at most.

    Then the reported ones hold two sets of that size, which show how much hangs on the choice; see
    `lossbench.stats.choice`.
    """
    first = max(settings.seeds) + 1
    return range(first, first + tuning_count(len(settings.seeds))) if settings.tune else range(0)


def tuning_count(seeds: int) -> int:
    """Return how many seeds choose the rates where so many are reported.

    Example:
        >>> [tuning_count(seeds) for seeds in (1, 5, 8, 60)]
        [2, 2, 4, 5]
    """
    return min(TUNING_SEEDS, max(FEWEST_TUNING_SEEDS, seeds // 2))


def tuning_trials(settings: Settings, trials: tuple[Trial, ...]) -> Iterator[Trial]:
    """Yield the trials that choose the rates: every rate of the reported trials, clean, on other seeds."""
    for trial in trials:
        if trial.seed == settings.seeds[0] and trial.outlier_fraction == min(settings.outliers):
            for seed in tuning_seeds(settings):
                yield replace(trial, seed=seed)


def trials_of(
    settings: Settings, setup: Setup, grids: Mapping[Task, Grids] = MappingProxyType({})
) -> Iterator[Trial]:
    """Yield the trials of one data set: every combination of the axes, each loss at its rates."""
    mine = grids.get(setup.dataset.task, Grids())
    rates = {loss: mine.rates_of(loss, settings.lr) for loss in setup.losses}
    every = dict.fromkeys((*settings.lr, *chain.from_iterable(rates.values())))
    kind = outlier_kind(settings, setup.dataset)
    fixed: dict[str, Any] = {"dataset": setup.dataset.name, "task": setup.dataset.task}
    fixed |= {"batch_size": settings.batch_size, "epochs": settings.epochs}
    axes: dict[str, Iterable[Any]] = {"model": setup.models, "loss": setup.losses, "optimizer": setup.optimisers}
    axes |= {"schedule": setup.schedules}
    axes |= {"lr": every, "l1": settings.l1, "l2": settings.l2}
    axes |= {"outlier_fraction": sorted(settings.outliers), "seed": settings.seeds}
    for point in product(*axes.values()):
        chosen = dict(zip(axes, point, strict=True))
        if chosen["lr"] not in rates[chosen["loss"]]:
            continue
        yield Trial(**fixed, **chosen, outlier_kind=kind if chosen["outlier_fraction"] else "none")
