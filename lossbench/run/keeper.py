"""The store of a run: which row of it is a trial's, and what is kept there for other runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lossbench.errors import DataError, LossFailed, OutputError
from lossbench.metrics.score import Asked
from lossbench.run.dataset_hashes import DatasetHashes, Hashes
from lossbench.run.provenance import source_digest
from lossbench.run.scoring import plain_rows
from lossbench.schema import COLUMNS, at_best, at_link
from lossbench.spec import title
from lossbench.spoken import caching
from lossbench.store import Done, Store, key_of
from lossbench.store.key import Row
from lossbench.training.module.model import ModuleModel
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial


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
class Keeper:
    """Finds finished trials in stores, and keeps new ones for other runs.

    Args:
        fingerprint: the fingerprint of the training.
        store: where results are kept; None for nowhere.
        note: why results could not be kept; empty where they were kept.
    """

    fingerprint: str
    store: Store | None
    note: str = ""
    _setups: Sequence[Setup] = ()
    _codes: dict[tuple[str, str], str] = field(default_factory=dict)
    _tables: dict[str, str] = field(default_factory=dict)
    _marks: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _unsaved: list[tuple[pd.DataFrame, list[tuple[np.ndarray, np.ndarray]]]] = field(default_factory=list)

    def learn(self, setups: Sequence[Setup]) -> None:
        """Take the hashes of data and losses now: the file of a loss may change while it is trained."""
        self._setups = setups
        for setup in setups:
            name = setup.dataset.name
            self._tables[name] = setup.dataset.digest
            self._marks |= {(name, model): tuple(marks_of(setup, model)) for model in setup.models}
            for spec, loss in setup.losses.items():
                self._codes.setdefault((name, spec), source_digest(loss))

    @property
    def hashes(self) -> Hashes:
        """The hashes of each data set."""
        return {setup.dataset.name: self._hashes_of(setup) for setup in self._setups}

    def _hashes_of(self, setup: Setup) -> DatasetHashes:
        judge, name = setup.dataset.judged, setup.dataset.name
        return DatasetHashes(
            self._tables[name],
            judge.code if isinstance(judge, Asked) else "",
            {title(spec): self._codes[name, spec] for spec in setup.losses},
            {spec: one.code for spec, one in setup.models.items() if isinstance(one, ModuleModel) and one.code},
        )

    def recall(self, trials: Iterable[Trial], other: Store | None = None) -> dict[Trial, Done]:
        """Return what the store, or another one, holds of some trials."""
        store = other or self.store
        if store is None:
            return {}
        keys = {self._key(trial): trial for trial in trials}
        return {keys[key]: done for key, done in store.get(list(keys)).items()}

    def keep(
        self, rows: pd.DataFrame, curves: Sequence[np.ndarray], outputs: Sequence[np.ndarray], lasting: np.ndarray
    ) -> None:
        """Keep the lasting ones of some results; a store that fails is tried again with the next ones."""
        if self.store is None:
            return
        held = [(curve.ravel(), raw) for curve, raw, lasts in zip(curves, outputs, lasting, strict=True) if lasts]
        self._unsaved.append((rows if lasting.all() else rows[lasting], held))
        try:
            while self._unsaved:
                rows, held = self._unsaved[0]
                marked = map(self._marked, plain_rows(rows))
                self.store.put(Done(row, *arrays) for row, arrays in zip(marked, held, strict=True))
                del self._unsaved[0]
            self.note = ""
        except (DataError, OutputError) as error:
            self.note = str(error)

    @property
    def fate(self) -> str:
        """What became of finished trainings where a run ends too early, in words."""
        if self.store is not None and not self.note:
            return "what was finished before is kept: run the same again"
        return f"what was finished before is lost; {caching()} it would be kept"

    def forget(self, trials: Iterable[Trial]) -> None:
        """Remove trials from the store."""
        if self.store is not None:
            self.store.remove(list(map(self._key, trials)))

    def refuse_changed(self, trials: Iterable[Trial], codes: Iterable[str]) -> None:
        """Refuse trials of a loss whose code is no longer that of the beginning.

        Raises:
            LossFailed: the first of them.
        """
        for trial, code in zip(trials, codes, strict=True):
            if code != self._codes[trial.dataset, trial.loss]:
                raise LossFailed(
                    f"the code of loss '{trial.loss}' changed during the run, so its trainings would mix two "
                    "losses; run the same command again"
                )

    def _marked(self, row: Row) -> Row:
        marks = self._marks[row["dataset"], row["model"]]
        return dict.fromkeys(marks, True) | row if marks else row

    def _key(self, trial: Trial) -> str:
        columns = (*COLUMNS, *self._marks[trial.dataset, trial.model])
        table, code = self._tables[trial.dataset], self._codes[trial.dataset, trial.loss]
        return key_of(trial, columns, table, code, self.fingerprint)
