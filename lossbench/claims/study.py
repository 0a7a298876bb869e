"""The study: the terms of every trial, which the catalogue fixes for all claims, and the way to train."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lossbench.claims.trial_results import TrialResults
from lossbench.errors import BadValue
from lossbench.losses.registry import losses_of
from lossbench.plan.trials import tuning_count
from lossbench.schema import ARM
from lossbench.spec import title
from lossbench.task import Task
from lossbench.training.trial import Trial

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.plan.experiment import Experiment
    from lossbench.plan.settings import Settings
    from lossbench.store import Store


@dataclass(frozen=True)
class Protocol:
    """One way to train that may have given the documents their numbers; they do not say how they trained.

    Args:
        name: sgd, adam or tuned.
        about: a short description.
        optimizer: spec of the optimiser.
        lr: the learning rates of each task; several only if each loss gets its own.
        tune: whether each loss gets its own rate.
        own: by data set, its own optimiser if networks would memorise its rows; see `lossbench.plan.protocol`.
    """

    name: str
    about: str
    optimizer: str
    lr: Mapping[Task, tuple[float, ...]]
    tune: bool = False
    own: Mapping[str, str] = field(default_factory=dict)

    def axes(self, task: Task) -> dict[str, Any]:
        """Return the settings of an experiment on a task."""
        own = {name: {"optimizers": [spec]} for name, spec in self.own.items()}
        return {"optimizers": [self.optimizer], "lr": list(self.lr[task]), "tune": self.tune, "protocol": own}


@dataclass(frozen=True)
class Terms:
    """The terms that are the same for all claims; see `configs/claims.toml`.

    Args:
        protocols: the protocols by name, in the order of the report.
        primary: name of the protocol that decides; the others show how far a verdict depends on it.
        model: spec of the network, unless an experiment needs another.
        batch_size: rows per step.
        epochs: passes over the training rows.
        seeds: the number of repetitions.
        sensitivity_seeds: the number of repetitions of what is shown and never counted.
        quick_seeds: the number of repetitions for a first look.
        margins: the difference that is too small to matter, by score.
        readings: the losses that a name in the documents may stand for; those that serve a task are tried.
    """

    protocols: Mapping[str, Protocol]
    primary: str
    model: str
    batch_size: int
    epochs: int
    seeds: int
    sensitivity_seeds: int
    quick_seeds: int
    margins: Mapping[str, float]
    readings: Mapping[str, tuple[str, ...]]


def silent(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Study:
    """How claims are tried in this run.

    Args:
        terms: protocols, margins and the like, from the catalogue.
        quick: few seeds and rates, and only the primary protocol, for a first look.
        jobs: the number of processes; None for one per core where the work is worth it.
        first_seed: the first of the consecutive seeds; verdicts should not depend on it.
        say: called with one line on what is being trained.
        store: where finished trainings are looked up and kept; None for nowhere.
    """

    terms: Terms
    quick: bool = False
    jobs: int | None = None
    first_seed: int = 0
    say: Callable[[str], None] = field(default=silent, repr=False, compare=False)
    store: Store | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse negative seeds."""
        if self.first_seed < 0:
            raise BadValue(f"the first seed is {self.first_seed}; give a whole number from 0 on")

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols under which a claim is tried, in the order of the report."""
        return (self.terms.protocols[self.terms.primary],) if self.quick else tuple(self.terms.protocols.values())

    @property
    def fixed(self) -> tuple[Protocol, ...]:
        """The protocols with one rate for all losses, for experiments that set the rates themselves."""
        return tuple(protocol for protocol in self.terms.protocols.values() if not protocol.tune)

    @property
    def seeds(self) -> range:
        """The repetitions."""
        count = self.terms.quick_seeds if self.quick else self.terms.seeds
        return range(self.first_seed, self.first_seed + count)

    def for_sensitivity(self) -> Study:
        """Return the study of what is shown and never counted: the first of its seeds."""
        seeds = min(self.terms.sensitivity_seeds, self.terms.seeds)
        return replace(self, terms=replace(self.terms, seeds=seeds))

    @property
    def epochs(self) -> int:
        """Passes over the training rows."""
        return self.terms.epochs

    def margin(self, score: str) -> float | None:
        """Return the difference of a score that is too small to matter; None where none is declared."""
        return self.terms.margins.get(score)

    def with_margin(self, margin: float, scores: Sequence[str]) -> Study:
        """Return the same study with another margin for some scores."""
        margins = {**self.terms.margins, **dict.fromkeys(scores, margin)}
        return replace(self, terms=replace(self.terms, margins=margins))

    def readings(self, arm: str, task: Task) -> tuple[str, ...]:
        """Return the losses of a task that an arm may stand for: "mse" stands for three on two classes."""
        known = {record.name for record in losses_of(task)}
        return tuple(name for name in self.terms.readings.get(arm, ()) if name in known) or (arm,)

    def settings(self, protocol: str, task: Task, **axes: Any) -> Settings:
        """Return the settings of a training under a protocol; for the arguments see `compare`.

        Raises:
            UsageError: a setting does not exist or is out of range.
        """
        from lossbench.plan.settings import make_settings

        common: dict[str, Any] = {
            "models": [self.terms.model],
            "batch_size": self.terms.batch_size,
            "epochs": self.epochs,
            "seeds": list(self.seeds),
            "outliers": [0.0],
        }
        made = make_settings(**(common | self.terms.protocols[protocol].axes(task) | axes))
        return replace(made, lr=every_other(made.lr)) if self.quick and made.tune else made

    def choosing_seeds(self, reported: Sequence[int]) -> range:
        """Return the tuning seeds: the next ones after the reported seeds.

        Example:
            >>> from lossbench.claims import read_terms
            >>> Study(read_terms()).choosing_seeds(range(60))
            range(60, 80)
        """
        first = max(reported) + 1
        count = QUICK_TUNING_SEEDS if self.quick else QUARTERS * tuning_count(len(reported))
        return range(first, first + count)

    def compare(self, protocol: str, task: Task, **axes: Any) -> TrialResults:
        """Train under a protocol.

        If rates are tuned, the trials of the result are those at the chosen rates, which are in its `tuning`.

        Args:
            protocol: the name of the protocol.
            task: the task of all data sets.
            **axes: fields of `lossbench.plan.settings.Settings`, at least datasets and losses; they override the
                protocol and the terms.

        Raises:
            UsageError: something cannot be carried out; nothing was trained yet.
        """
        from lossbench.plan.experiment import plan
        from lossbench.stats.tuning import tuning_table

        settings = self.settings(protocol, task, **axes)
        reported = plan(replace(settings, tune=False))
        names = ", ".join(data.name for data in reported.datasets)
        if not settings.tune:
            self.say(f"{protocol}: {len(reported.trials)} trainings on {names}")
            return self._tried(reported)
        choosing = plan(replace(settings, tune=False, seeds=tuple(self.choosing_seeds(settings.seeds))))
        tried = self._tuning_trials(choosing, f"{protocol}: {{}} trainings on {names} to choose the rates")
        tuning = tuning_table(tried[tried.outlier_fraction == min(settings.outliers)])
        chosen = set(tuning.loc[tuning.chosen, KEYS].itertuples(index=False, name=None))
        trials = at_rates(reported.trials, chosen)
        self.say(f"{protocol}: {len(trials)} trainings on {names}")
        return replace(self._tried(replace(reported, trials=trials)), tuning=tuning, choosing=tried)

    def _tuning_trials(self, experiment: Experiment, said: str) -> pd.DataFrame:
        """Return the trials that choose the rates: all tuning seeds, at rates that the first of them find good.

        Args:
            experiment: the experiment on the tuning seeds, at every rate.
            said: the message before each of the two rounds, with a placeholder for the number of trainings.
        """
        import pandas as pd

        from lossbench.stats.tuning import nearly_chosen

        settings = experiment.settings
        first, clean = self._first_round(settings.seeds), min(settings.outliers)
        tried = tuple(
            trial for trial in experiment.trials if trial.seed in first and trial.outlier_fraction == clean
        )
        rows = self._rows(replace(experiment, trials=tried), said)
        nearly, done = nearly_chosen(rows), {*tried}
        rest = tuple(trial for trial in at_rates(experiment.trials, nearly) if trial not in done)
        kept = rows[[row in nearly for row in rows[KEYS].itertuples(index=False, name=None)]]
        parts = [kept, self._rows(replace(experiment, trials=rest), said)] if rest else [kept]
        return pd.concat(parts, ignore_index=True)

    def _first_round(self, seeds: Sequence[int]) -> Sequence[int]:
        """Return the tuning seeds that are trained at every rate."""
        return seeds if self.quick else seeds[: len(seeds) // QUARTERS]

    def _rows(self, experiment: Experiment, said: str) -> pd.DataFrame:
        """Train an experiment without tuning, and return its trials alone."""
        from lossbench.plan.request import Manner
        from lossbench.run.runner import train_rows

        self.say(said.format(len(experiment.trials)))
        return train_rows(experiment, Manner(self.jobs), self.store)

    def _tried(self, experiment: Experiment) -> TrialResults:
        """Train an experiment without tuning."""
        from lossbench.plan.request import Manner
        from lossbench.results.comparison import execute

        start = time.perf_counter()
        done = execute(experiment, Manner(self.jobs), start, lambda dataset, trials: None, self.store)
        return TrialResults(done.trials, done.raw_curves, done.contributed)


QUARTERS = 4
"""How many times as many tuning seeds there are as in `lossbench compare`; the first quarter preselects the rates.

A few seeds choose a rate partly by chance, which then favours a loss; twenty vary less than five, and their halves
show how much chance is left.
"""

QUICK_TUNING_SEEDS = 3
"""The tuning seeds of a first look, all of them at every rate that it tries."""

KEYS = [*ARM, "lr"]


def every_other(rates: tuple[float, ...]) -> tuple[float, ...]:
    """Return the first rate, the third and so on; of three or fewer, all.

    Example:
        >>> every_other((0.1, 0.3, 1.0, 3.0)), every_other((0.1, 1.0))
        ((0.1, 1.0), (0.1, 1.0))
    """
    return rates[::2] if len(rates) > 3 else rates


def at_rates(trials: tuple[Trial, ...], wanted: set[tuple[Any, ...]]) -> tuple[Trial, ...]:
    """Return the trials whose `KEYS` are wanted."""
    # Tables name losses by their titles; the title of a custom loss is not its spec.
    shown = ((trial, vars(trial) | {"loss": title(trial.loss)}) for trial in trials)
    return tuple(trial for trial, row in shown if tuple(row[key] for key in KEYS) in wanted)
