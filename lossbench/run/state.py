"""The state of a run: the results of an experiment so far, from the store and from training."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from lossbench.errors import DataError, LossFailed, OutputError
from lossbench.metrics.score import Asked
from lossbench.plan.experiment import Experiment
from lossbench.run.contributed import Contributed
from lossbench.run.packs import Trained
from lossbench.run.provenance import source_digest
from lossbench.run.scoring import disowned, frame_of, plain_rows
from lossbench.schema import COLUMNS, at_best, at_link
from lossbench.spec import title
from lossbench.store import Done, Store, key_of
from lossbench.store.key import Row
from lossbench.training.module.model import ModuleModel
from lossbench.training.setup import Setup
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


def marks_of(setup: Setup, model: str) -> Iterator[str]:
    """Yield what distinguishes rows of a data set and a model from those of a run without special options.

    In the store each of these is one more cell, so that such rows have keys of their own. Some are cells that such
    a row has anyway.
    """
    network, judge = setup.models[model], setup.dataset.judged
    if isinstance(network, ModuleModel) and network.code:
        yield f"model of code {network.code}"
    if isinstance(judge, Asked):
        yield from (judge.name, at_best(judge.name))
        if setup.threshold and judge.needs == "decision":
            yield at_link(judge.name)
        yield f"judged by {judge.name} ({judge.code})"
    elif judge:
        yield f"judged by {judge.name}"
    if setup.threshold:
        yield f"threshold by {setup.threshold}"


@dataclass
class Ledger:
    """The results of an experiment so far.

    Args:
        experiment: what is wanted.
        fingerprint: the fingerprint of the training.
        store: where results are kept for other runs; None for nowhere.
        recalled: the trials that the last look-up found in the store.
        cached: how many were found in the store in all.
        seconds: time spent in training.
        note: why results could not be kept; empty where they were kept.
        warned: see `lossbench.run.packs.Trained`.
        impure: likewise.
        contributed: what test rows contribute, for trainings of this run.
    """

    experiment: Experiment
    fingerprint: str
    store: Store | None
    recalled: list[Trial] = field(default_factory=list)
    cached: int = 0
    seconds: float = 0.0
    note: str = ""
    warned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    impure: dict[str, str] = field(default_factory=dict)
    contributed: list[Contributed] = field(default_factory=list)
    _frames: list[pd.DataFrame] = field(default_factory=list)
    _curves: list[np.ndarray] = field(default_factory=list)
    _outputs: list[np.ndarray] = field(default_factory=list)
    _order: list[int] = field(default_factory=list)
    _unsaved: list[tuple[pd.DataFrame, list[tuple[np.ndarray, np.ndarray]]]] = field(default_factory=list)
    _hashes: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _marks: dict[tuple[str, str], tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Enter the trials that are stored."""
        self._hashes = {  # taken now, since the file of a custom loss may change while it is trained
            (setup.dataset.name, spec): (setup.dataset.digest, source_digest(loss))
            for setup in self.experiment.setups
            for spec, loss in setup.losses.items()
        } | self._hashes
        self._marks = {
            (setup.dataset.name, model): tuple(marks_of(setup, model))
            for setup in self.experiment.setups
            for model in setup.models
        }
        self.recalled, trials = [], self.missing
        for start in range(0, len(trials), CHUNK):
            if self.store is not None:
                held = self.recall(trials[start : start + CHUNK], self.store)
                self.take(held)
                self.recalled += held
        self.cached += len(self.recalled)

    def extend(self, experiment: Experiment) -> None:
        """Replace the experiment by one with more trials, and enter those of them that are stored."""
        before = list(self.places)
        del self.places
        self.experiment = experiment
        self._order = [self.places[before[place]] for place in self._order]
        self.__post_init__()

    @cached_property
    def places(self) -> dict[Trial, int]:
        """The position of each trial's row: the reported trials first, then the tuning trials."""
        wanted = self.experiment.trials + self.experiment.tuning
        return {trial: place for place, trial in enumerate(wanted)}

    @property
    def hashes(self) -> dict[str, dict[str, str]]:
        """The hashes of each data set: of its table as "rows", of its losses by their specs, of users' models.

        Where it is judged by a user's score, also that of the score's code, as "score".
        """
        found = {dataset.name: {"rows": dataset.digest} for dataset in self.experiment.datasets}
        for one in self.experiment.datasets:
            if isinstance(one.judged, Asked):
                found[one.name]["score"] = one.judged.code
        for (dataset, spec), (_, loss) in self._hashes.items():
            found[dataset][title(spec)] = loss
        for setup in self.experiment.setups:
            own = {
                spec: one.code for spec, one in setup.models.items() if isinstance(one, ModuleModel) and one.code
            }
            found[setup.dataset.name] |= {f"model {spec}": code for spec, code in own.items()}
        return found

    @property
    def missing(self) -> list[Trial]:
        """The trials that are not done, in the experiment's order."""
        done = set(self._order)
        return [trial for trial, place in self.places.items() if place not in done]

    def add(self, trials: Sequence[Trial], trained: Trained, contributed: Contributed | None = None) -> None:
        """Enter finished trainings, and keep them for other runs.

        A store that fails does not stop the run: it is tried again with the next results.

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
        if self.store is not None:
            impure = np.array([trial.loss in self.impure for trial in trials])
            lasting = (rows.status != "failed") & ~impure  # failed trials are tried again
            held = [
                (curve.ravel(), raw) for curve, raw, lasts in zip(curves, outputs, lasting, strict=True) if lasts
            ]
            self._unsaved.append((rows if lasting.all() else rows[lasting], held))
            self._keep(self.store)
            if trained.impure:
                self.store.remove([self._key(trial) for trial in self.places if trial.loss in trained.impure])
        for trial, digest in zip(trials, rows.loss_hash.tolist(), strict=True):
            if digest != self._hashes[trial.dataset, trial.loss][1]:
                raise LossFailed(
                    f"the code of loss '{trial.loss}' changed during the run, so its trainings would mix two "
                    "losses; run the same command again"
                )

    def _keep(self, store: Store) -> None:
        try:
            while self._unsaved:
                rows, held = self._unsaved[0]
                marked = map(self._marked, plain_rows(rows))
                store.put(Done(row, *arrays) for row, arrays in zip(marked, held, strict=True))
                del self._unsaved[0]
            self.note = ""
        except (DataError, OutputError) as error:
            self.note = str(error)

    def _marked(self, row: Row) -> Row:
        marks = self._marks[row["dataset"], row["model"]]
        return dict.fromkeys(marks, True) | row if marks else row

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

    def recall(self, trials: Iterable[Trial], store: Store) -> dict[Trial, Done]:
        """Return what a store holds of some trials."""
        keys = {self._key(trial): trial for trial in trials}
        return {keys[key]: done for key, done in store.get(list(keys)).items()}

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
        self._frames.append(rows)
        self._curves.extend(curves)
        self._outputs.extend(outputs)
        self._order += [self.places[trial] for trial in trials]

    def _key(self, trial: Trial) -> str:
        hashes = self._hashes[trial.dataset, trial.loss]
        columns = (*COLUMNS, *self._marks[trial.dataset, trial.model])
        return key_of(trial, columns, *hashes, self.fingerprint)
