"""The state of a run: the results of an experiment so far, from the store and from training."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from lossbench.plan.experiment import Experiment
from lossbench.run.contributed import Contributed
from lossbench.run.keeper import Keeper
from lossbench.run.packs import Trained
from lossbench.run.scoring import disowned, frame_of
from lossbench.store import Done, Store
from lossbench.training.trial import Trial

CHUNK = 2000  # rows read from the store at a time: dictionaries take ten times the memory of a data frame


@dataclass(frozen=True)
class Gap:
    """Seeds of a data set that are not reported, because some of their trainings are not done.

    Args:
        dataset: the name of the data set.
        seeds: the seeds.
        trials: how many of their trainings are not done.
    """

    dataset: str
    seeds: tuple[int, ...]
    trials: int


@dataclass
class Ledger:
    """The results of an experiment so far: they are appended as they come, and read in its order.

    Args:
        experiment: what is wanted.
        fingerprint: the fingerprint of the training.
        store: where results are kept for other runs; None for nowhere.
        recalled: the trials that the last look-up found in the store.
        cached: how many were found in the store in all.
        seconds: time spent in training.
        warned: see `lossbench.run.packs.Trained`.
        impure: likewise.
        contributed: what test rows contribute, for trainings of this run.
        keeper: of that store.
    """

    experiment: Experiment
    fingerprint: str
    store: InitVar[Store | None]
    recalled: list[Trial] = field(default_factory=list)
    cached: int = 0
    seconds: float = 0.0
    warned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    impure: dict[str, str] = field(default_factory=dict)
    contributed: list[Contributed] = field(default_factory=list)
    keeper: Keeper = field(init=False)
    _order: list[int] = field(default_factory=list)
    _frames: list[pd.DataFrame] = field(default_factory=list)
    _curves: list[np.ndarray] = field(default_factory=list)
    _outputs: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self, store: Store | None) -> None:
        """Enter the trials that are stored."""
        self.keeper = Keeper(self.fingerprint, store)
        self._look_up()

    def extend(self, experiment: Experiment) -> None:
        """Replace the experiment by one with more trials, and enter those of them that are stored."""
        before = list(self.places)
        del self.places
        self.experiment = experiment
        self._order = [self.places[before[place]] for place in self._order]
        self._look_up()

    def _look_up(self) -> None:
        self.keeper.learn(self.experiment.setups)
        self.recalled, trials = [], self.missing
        for start in range(0, len(trials), CHUNK):
            held = self.keeper.recall(trials[start : start + CHUNK])
            self.take(held)
            self.recalled += held
        self.cached += len(self.recalled)

    @cached_property
    def places(self) -> dict[Trial, int]:
        """The position of each trial's row: the reported trials first, then the tuning trials."""
        wanted = self.experiment.trials + self.experiment.tuning
        return {trial: place for place, trial in enumerate(wanted)}

    @property
    def missing(self) -> list[Trial]:
        """The trials that are not done, in the experiment's order."""
        done = set(self._order)
        return [trial for trial, place in self.places.items() if place not in done]

    def add(self, trials: Sequence[Trial], trained: Trained, contributed: Contributed | None = None) -> None:
        """Enter finished trainings, and keep them for other runs.

        Args:
            trials: the trials.
            trained: their results.
            contributed: what test rows contribute to some of them; None where that is not known yet.

        Raises:
            LossFailed: the code of a loss changed during the run.
        """
        rows, curves, outputs = trained.rows, trained.curves, list(trained.outputs.reshape(len(trials), -1))
        self._enter(trials, rows, curves, outputs)
        self.contributed += [contributed] if contributed else []
        self.seconds += trained.seconds
        self.warned |= trained.warned
        self.impure |= trained.impure
        impure = np.array([trial.loss in self.impure for trial in trials])
        lasting = (rows.status != "failed").to_numpy() & ~impure  # failed trials are tried again
        self.keeper.keep(rows, curves, outputs, lasting)
        if trained.impure:
            self.keeper.forget(trial for trial in self.places if trial.loss in trained.impure)
        self.keeper.refuse_changed(trials, rows.loss_hash)

    def take(self, held: Mapping[Trial, Done]) -> None:
        """Enter trials that were finished earlier."""
        if held:
            rows, curves, outputs = zip(*held.values(), strict=True)
            shaped = [curve.reshape(-1, trial.epochs) for trial, curve in zip(held, curves, strict=True)]
            self._enter(held, frame_of(list(rows)), shaped, outputs)

    def _enter(
        self,
        trials: Iterable[Trial],
        rows: pd.DataFrame,
        curves: Iterable[np.ndarray],
        outputs: Iterable[np.ndarray],
    ) -> None:
        self._order += [self.places[trial] for trial in trials]
        self._frames.append(rows)
        self._curves.extend(curves)
        self._outputs.extend(outputs)

    def rows(self) -> pd.DataFrame:
        """Return a row for each finished trial, numbered by its place in the experiment."""
        rows = disowned(pd.concat(self._frames or [frame_of([])]), self._late_failures())
        return rows.set_axis(np.array(self._order, dtype=int)).sort_index()

    def curves(self) -> np.ndarray:
        """Return the validation curves, (trials, epochs), in the order of the rows."""
        return np.stack([curves[0] for curves in self._all_curves()]) if self._curves else np.empty((0, 0))

    def slopes(self) -> list[np.ndarray]:
        """Return the gradient norm of each part of a sum, (parts, epochs), in the order of the rows."""
        return [curves[1:] for curves in self._all_curves()]

    def _all_curves(self) -> list[np.ndarray]:
        """Return the curves of each trial as `Trained` has them, in the order of the rows."""
        failed = [bool(reason) for reason in self._late_failures()]
        return [
            np.full_like(self._curves[i], np.nan) if failed[i] else self._curves[i]
            for i in np.argsort(self._order)
        ]

    def outputs(self) -> list[np.ndarray]:
        """Return the raw outputs of each trial, (test rows * outputs,), in the order of the rows."""
        return [self._outputs[place] for place in np.argsort(self._order)]

    def _late_failures(self) -> list[str]:
        """Return why finished trials do not count, in the order in which they came; empty where they do."""
        trials = list(self.places)
        return [self.impure.get(trials[place].loss, "") for place in self._order]

    def gaps(self) -> Iterator[Gap]:
        """Yield the seeds of each data set some of whose trials are not done.

        Where rates are tuned and one of the tuning trials is not done, these are all seeds of the data set.
        """
        tuning, unfinished = set(self.experiment.tuning), defaultdict(list)
        for trial in self.missing:
            unfinished[trial.dataset].append(trial)
        for name, trials in unfinished.items():
            wanted = trials if tuning.isdisjoint(trials) else [t for t in self.places if t.dataset == name]
            yield Gap(name, tuple(sorted({trial.seed for trial in wanted})), len(trials))
