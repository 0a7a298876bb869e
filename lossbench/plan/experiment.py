"""Turn the user's settings into an experiment, with everything checked before any training starts.

What cannot be carried out raises a UsageError that names the data set, loss, share or seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from lossbench.data.catalogue import load_dataset
from lossbench.data.dataset import Dataset
from lossbench.losses import Loss
from lossbench.plan.config import locating
from lossbench.plan.fit.losses import Skip, check_listed, match_losses
from lossbench.plan.fit.training import check_batches, check_contamination, check_setup
from lossbench.plan.grids import Grid, Grids, make_grids
from lossbench.plan.judged import (
    judged,
    refuse_undefined,
    refuse_unknown_scores,
    refuse_unused_margins,
    refuse_unused_threshold,
)
from lossbench.plan.names import resolved
from lossbench.plan.networks import Network, checked, on_dataset
from lossbench.plan.protocol import Own, in_words
from lossbench.plan.search import make_search
from lossbench.plan.settings import Settings
from lossbench.plan.trials import check_tuning, setting_of, trials_of, tuning_seeds, tuning_trials
from lossbench.schema import THRESHOLDS_OF
from lossbench.spec import title
from lossbench.task import TASKS, Task
from lossbench.training.module.named import find_model
from lossbench.training.optimisers import parse_optimiser
from lossbench.training.schedule import Schedule, check_length, parse_schedule
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial


@dataclass(frozen=True)
class Experiment:
    """Everything that is going to be trained.

    Args:
        settings: what the user asked for.
        setups: each data set, with the losses, models and optimisers that its trials name.
        trials: the reported trials, in the order of the report.
        tuning: the trials that choose the rate of each loss; empty without tuning.
        skipped: the losses that do not fit some of the data sets.
        grids: by task, the losses of which a parameter is tuned.
        proposed: in an adaptive search, the number of each setting in the search of its loss, counted from 1; by
            what `setting_of` returns.
    """

    settings: Settings
    setups: tuple[Setup, ...]
    trials: tuple[Trial, ...]
    tuning: tuple[Trial, ...]
    skipped: tuple[Skip, ...]
    grids: Mapping[Task, Grids] = field(default_factory=dict)
    proposed: Mapping[Trial, int] = field(default_factory=dict)

    @property
    def searches(self) -> bool:
        """Whether a parameter of some loss is tuned, or some of its settings are tried."""
        return bool(self.proposed) or any(one.grids or one.places for one in self.grids.values())

    def place_of(self, trial: Trial) -> int | None:
        """Return the number of a trial's setting in the search of its loss; None without a search."""
        if self.proposed:
            return self.proposed[setting_of(trial)]
        return self.grids.get(trial.task, Grids()).places.get((title(trial.loss), trial.lr))

    def grid_of(self, task: Task, loss: str) -> Grid | None:
        """Return the grid that a loss, by its name in tables, is a member of; None where there is none."""
        grids = self.grids.get(task, Grids())
        return grids.grids.get(grids.of(loss))

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The data sets."""
        return tuple(setup.dataset for setup in self.setups)

    @property
    def own(self) -> tuple[Own, ...]:
        """The settings that data sets have of their own."""
        found = (in_words(self.settings.protocol, dataset.name) for dataset in self.datasets)
        return tuple(filter(None, found))


def planned(
    settings: Settings,
    config: str | Path | None,
    margins: Mapping[str, float] | None = None,
    tables: Mapping[str, Dataset] = MappingProxyType({}),
) -> Experiment:
    """Return the experiment of some settings, see `plan`; an error names the line of the config that it is about.

    A margin that is declared outside the config is refused where nothing is judged by its score.
    """
    with locating(config):
        experiment = plan(settings, tables)
    refuse_unused_margins(margins or {}, experiment.datasets)
    return experiment


def plan(settings: Settings, tables: Mapping[str, Dataset] = MappingProxyType({})) -> Experiment:
    """Load the data, match losses with it, and list the trials.

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
    refuse_unused_threshold(settings.threshold, datasets)
    check_listed(settings, grids)
    fitting, skipped = match_losses(settings, datasets, grids)
    setups = tuple(set_up(settings, dataset, fitting[dataset.name], models, schedules) for dataset in datasets)
    for setup in setups:
        check_setup(setup, settings.batch_size)
    trials = tuple(trial for setup in setups for trial in trials_of(settings.on(setup.dataset.name), setup, grids))
    tuning = tuple(tuning_trials(settings, trials))
    for setup in setups:
        check_contamination(setup, (t for t in trials + tuning if t.dataset == setup.dataset.name))
    return Experiment(settings, setups, trials, tuning, skipped, grids)


def grids_of(settings: Settings, task: Task) -> Grids:
    """Return the settings that are tried for each loss of a task."""
    if settings.tune_budget:
        return make_search(settings.losses_for(task), task, settings.lr, settings.tune_budget, settings.sampler)
    return make_grids(settings.losses_for(task), task, settings.lr)


def judged_by(settings: Settings, loaded: Iterable[Dataset]) -> tuple[Dataset, ...]:
    """Return data sets with the scores that the user names as their primary scores."""
    refuse_unknown_scores(settings.score, (dataset.task for dataset in loaded))
    datasets = tuple(judged(dataset, settings.score) for dataset in loaded)
    for dataset in datasets:
        refuse_undefined(dataset, (*tuning_seeds(settings), *settings.seeds))
    return datasets


def checked_schedule(spec: str, epochs: int) -> Schedule:
    """Return the schedule of a spec, refused where it needs more epochs than there are."""
    found = parse_schedule(spec)
    check_length(spec, found, epochs)
    return found


def set_up(
    settings: Settings,
    dataset: Dataset,
    losses: Mapping[str, Loss],
    models: Mapping[str, Network],
    schedules: Mapping[str, Schedule],
) -> Setup:
    """Return a data set with the losses, models and optimisers that its trials name."""
    optimisers = resolved(settings.on(dataset.name).optimizers, parse_optimiser)
    models = {spec: on_dataset(spec, model, dataset) for spec, model in models.items()}
    if dataset.task == "embedding":
        check_batches(settings, dataset, losses)
    asked = settings.threshold in THRESHOLDS_OF.get(dataset.task, ())
    setup = Setup(dataset, losses, models, optimisers, settings.threshold if asked else "", schedules)
    modules = {spec: checked(setup, model, settings.batch_size) for spec, model in models.items()}
    return replace(setup, models=modules)
