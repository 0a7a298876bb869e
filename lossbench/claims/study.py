"""The study: the terms of every trial, which the catalogue fixes for all claims, and the one door to training."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from lossbench.errors import BadValue
from lossbench.losses.registry import losses_of
from lossbench.schema import ARM
from lossbench.spec import title
from lossbench.task import Task
from lossbench.training.trial import Trial

if TYPE_CHECKING:
    from lossbench.plan.settings import Settings
    from lossbench.results.comparison import Comparison
    from lossbench.store import Store


@dataclass(frozen=True)
class Protocol:
    """One way to train, by which the documents may have got their numbers; they do not say.

    Args:
        name: sgd, adam or tuned.
        about: what it is, in a few words.
        optimizer: spec of the optimiser.
        lr: the learning rates of each task; several only where each loss gets its own of them.
        tune: whether it does.
        own: by data set, the optimiser of its own where networks would learn its rows by heart; see
            `lossbench.plan.protocol`.
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
    """What is the same for all claims; see `configs/claims.toml`.

    Args:
        protocols: by name, in the order of the report.
        primary: name of the one that decides; the others show how far a verdict hangs on it.
        model: spec of the network, where an experiment does not need another.
        batch_size: rows a step.
        epochs: passes over the training rows.
        seeds: how many repetitions.
        quick_seeds: how many for a first look.
        margins: the difference that is too small to matter, by score.
        readings: the losses that a name of the documents may stand for; those that serve a task are tried.
    """

    protocols: Mapping[str, Protocol]
    primary: str
    model: str
    batch_size: int
    epochs: int
    seeds: int
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
        quick: few seeds, and the primary protocol alone, for a first look.
        jobs: processes; None for one a core where the work is worth it.
        first_seed: the seeds are the ones from here on; verdicts should not depend on it.
        say: is told in one line what is being trained.
        store: where finished trainings are looked up and kept; None for nowhere.
    """

    terms: Terms
    quick: bool = False
    jobs: int | None = None
    first_seed: int = 0
    say: Callable[[str], None] = field(default=silent, repr=False, compare=False)
    store: Store | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse seeds that nothing can be drawn from."""
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

    @property
    def epochs(self) -> int:
        """Passes over the training rows."""
        return self.terms.epochs

    def margin(self, score: str) -> float | None:
        """Return the difference of a score that is too small to matter; None where none is declared."""
        return self.terms.margins.get(score)

    def within(self, margin: float, scores: Sequence[str]) -> Study:
        """Return the same study with another margin for some scores."""
        margins = {**self.terms.margins, **dict.fromkeys(scores, margin)}
        return replace(self, terms=replace(self.terms, margins=margins))

    def readings(self, arm: str, task: Task) -> tuple[str, ...]:
        """Return the losses of a task that an arm may stand for: "mse" is three on two classes."""
        known = {record.name for record in losses_of(task)}
        return tuple(name for name in self.terms.readings.get(arm, ()) if name in known) or (arm,)

    def settings(self, protocol: str, task: Task, **axes: Any) -> Settings:
        """Return what is trained under a protocol; for the arguments see `compare`.

        Raises:
            UsageError: a setting that does not exist or is out of range.
        """
        from lossbench.plan.settings import make_settings

        common: dict[str, Any] = {
            "models": [self.terms.model],
            "batch_size": self.terms.batch_size,
            "epochs": self.epochs,
            "seeds": list(self.seeds),
            "outliers": [0.0],
        }
        return make_settings(**(common | self.terms.protocols[protocol].axes(task) | axes))

    def compare(self, protocol: str, task: Task, **axes: Any) -> Comparison:
        """Train under a protocol.

        Where rates are tuned, the trials of the result are those at the chosen rates, and its `tuning` says which.

        Args:
            protocol: its name.
            task: of all the data sets.
            **axes: fields of `lossbench.plan.settings.Settings`; they win over the protocol and the terms.
                At least datasets and losses.

        Raises:
            UsageError: anything that cannot be carried out, before training starts.
        """
        from lossbench.plan.experiment import plan
        from lossbench.plan.request import Manner
        from lossbench.results.comparison import execute

        start = time.perf_counter()
        experiment = plan(self.settings(protocol, task, **axes))
        manner, progress = Manner(self.jobs), lambda dataset, trials: None
        run = partial(execute, manner=manner, start=start, progress=progress, store=self.store)
        names = ", ".join(data.name for data in experiment.datasets)
        if not experiment.tuning:
            self.say(f"{protocol}: {len(experiment.trials)} trainings on {names}")
            return run(experiment)
        self.say(f"{protocol}: {len(experiment.tuning)} trainings on {names} to choose the rates")
        tuned = run(replace(experiment, trials=()))
        # Only the rates that were chosen are trained on the seeds that are reported.
        chosen = at_chosen_rates(experiment.trials, tuned)
        self.say(f"{protocol}: {len(chosen)} trainings on {names}")
        return replace(run(replace(experiment, trials=chosen, tuning=())), tuning=tuned.tuning)


def at_chosen_rates(trials: tuple[Trial, ...], tuned: Comparison) -> tuple[Trial, ...]:
    """Return the trials at the rate that was chosen for their loss and setting."""
    tuning, keys = tuned.tuning, [*ARM, "lr"]
    assert tuning is not None  # rates were looked for
    chosen = set(tuning.loc[tuning.chosen, keys].itertuples(index=False, name=None))
    # The table has losses by their titles; that of a user's own is not its spec.
    shown = ((trial, vars(trial) | {"loss": title(trial.loss)}) for trial in trials)
    return tuple(trial for trial, row in shown if tuple(row[key] for key in keys) in chosen)
