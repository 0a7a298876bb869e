"""Turn an experiment into one tidy table: trials that are not stored are cut into packs, trained and scored."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from lossbench.backends import CLUSTERS, Backend, Local, available_cores
from lossbench.errors import OutOfTime, TrainingLost
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Engine, Manner
from lossbench.run.adaptive import search, without_trials
from lossbench.run.contributed import Wanted, row_scores, train_and_contribute, wanted_in
from lossbench.run.examples import Examples, examples_of
from lossbench.run.provenance import fingerprint, identity
from lossbench.run.state import Gap, Ledger
from lossbench.spoken import option
from lossbench.stats.row_scores import RowScores
from lossbench.store import Store
from lossbench.training.module.model import ModuleModel
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.trial import Trial

# Each further process costs a second of imports: work that takes fewer seconds than this is done in one process.
WORTH_A_PROCESS = 2.0

# Rough, for forecasts only: multiply-adds per second of one core (the default run, in 2026), seconds and megabytes
# that a process needs before it trains, and bytes per training (docs/scale.md: a hundred thousand took 2.0 GB).
SPEED = {"native": 3e10, "fused": 1e10, "modules": 2e9, "loop": 2e8}
START, PROCESS, ROW = 3.0, 450.0, 16_000.0


@dataclass(frozen=True)
class Finished:
    """The outcome of an experiment's trainings.

    Args:
        experiment: what was trained: the plan, and the settings that a search proposed.
        rows: one row per trial, numbered by its place in the experiment; see `lossbench.run.scoring`. It has only
            seeds of a data set all of whose trainings are done.
        curves: (trials, epochs) the validation curve of each trial, in the same order.
        slopes: (parts, epochs) for each trial; in a sum of losses, the gradient norm of each part.
        contributed: what the test rows of tables contribute to the scores of the trials that are judged.
        examples: predictions of some networks on some test rows, to be drawn.
        seconds: time spent in training, summed over processes.
        cached: how many trainings were taken from the store.
        gaps: the seeds that are left out; empty where everything is done.
        note: why results could not be kept for other runs; empty where they were kept.
        warned: the warnings that users' losses gave in training, each with the specs that may have caused it.
    """

    experiment: Experiment
    rows: pd.DataFrame
    curves: np.ndarray
    slopes: list[np.ndarray]
    contributed: RowScores
    examples: Examples
    seconds: float
    cached: int
    gaps: tuple[Gap, ...]
    note: str
    warned: Mapping[str, tuple[str, ...]]


def run(
    experiment: Experiment,
    manner: Manner,
    progress: Callable[[str, int], None] = lambda dataset, trials: None,
    store: Store | None = None,
    budget: float = math.inf,
) -> Finished:
    """Train all trials of an experiment that are not stored already.

    Args:
        experiment: what to train.
        manner: how to train it.
        progress: called with the data set and the number of trials whenever some have finished.
        store: where finished trials are looked up and kept; None for nowhere.
        budget: seconds after which no more training is begun.

    Raises:
        OutOfTime: no seed was finished within the budget.
    """
    end, adaptive = time.monotonic() + budget, experiment.settings.adaptive
    at_first = without_trials(experiment) if adaptive else experiment
    ledger = Ledger(at_first, fingerprint(manner.engine, manner.device), store)
    train = partial(train_missing, ledger, manner, progress, end, wanted_in(experiment))
    if adaptive:
        search(ledger, experiment, train)
    train()
    return finished(ledger)


def train_rows(experiment: Experiment, manner: Manner, store: Store | None = None) -> pd.DataFrame:
    """Train all trials of an experiment that are not stored already, and return a row for each, in their order.

    What test rows contribute to the scores is not computed, which takes longer than some trainings.
    """
    ledger = Ledger(experiment, fingerprint(manner.engine, manner.device), store)
    train_missing(ledger, manner, lambda dataset, trials: None, math.inf)
    return ledger.rows()


def train_missing(
    ledger: Ledger,
    manner: Manner,
    progress: Callable[[str, int], None],
    end: float,
    wanted: Mapping[str, Wanted] = MappingProxyType({}),
) -> bool:
    """Train a ledger's missing trials until `end`, a time of `time.monotonic`; see `run` for the other arguments.

    What rows contribute to the `wanted` trainings of each data set is computed where they are trained.

    Returns:
        Whether there is time left.
    """
    packs = schedule(ledger.experiment, ledger.missing, free_memory(manner.device))
    stored = Counter(trial.dataset for trial in ledger.recalled)
    for name in (dataset.name for dataset in ledger.experiment.datasets if stored[dataset.name]):
        progress(name, stored[name])
    train = partial(train_and_contribute, wanted=wanted, engine=manner.engine, device=manner.device)
    try:
        with closing(backend_of(manner, packs).run(train, packs)) as results:
            for index, (trained, contributed) in results:
                ledger.add(packs[index].trials, trained, contributed)
                progress(packs[index].dataset.name, len(packs[index].trials))
                if time.monotonic() > end:
                    return False
    except TrainingLost as error:
        raise TrainingLost(error.why, error.remedy, ledger.keeper.fate) from None
    return True


@dataclass(frozen=True)
class Forecast:
    """What a run would take.

    Args:
        cached: trainings that are stored already.
        missing: trainings that are not stored.
        processes: how many processes would train.
        seconds: about how long it would take.
        megabytes: about how much memory each process would take.
    """

    cached: int
    missing: int
    processes: int
    seconds: float
    megabytes: float


def forecast(experiment: Experiment, manner: Manner, store: Store | None) -> Forecast:
    """Estimate what a run would take; see `run` for the arguments."""
    ledger = Ledger(experiment, fingerprint(manner.engine, manner.device), store)
    packs = schedule(experiment, ledger.missing, free_memory(manner.device))
    count = processes(packs, manner)
    seconds = START + training_time(packs, manner) / max(1, min(count, len(packs)))
    trials = len(ledger.places)
    memory = PROCESS + trials * (ROW + 8 * experiment.settings.epochs) / 1e6
    return Forecast(ledger.cached, len(ledger.missing), count, seconds, memory)


def schedule(experiment: Experiment, trials: list[Trial], memory: int | None = None) -> list[Pack]:
    """Return the packs of some trials in the order in which they are trained, see `in_training_order`."""
    packs = [
        pack
        for setup in experiment.setups
        for pack in make_packs(setup, (t for t in trials if t.dataset == setup.dataset.name), memory)
    ]
    return in_training_order(experiment, packs)


def in_training_order(experiment: Experiment, packs: list[Pack]) -> list[Pack]:
    """Return packs in the order in which they are trained.

    Tuning comes first, since nothing can be reported without it. The rest goes seed by seed, and within a seed
    data set by data set, so that a run that is cut short leaves whole seeds. In a tie the longest pack comes
    first, so that no process waits for it at the end.
    """
    tuning, whole = set(experiment.tuning), defaultdict[str, float](float)
    for pack in packs:
        whole[pack.dataset.name] += work(pack)

    def order(pack: Pack) -> tuple[bool, int, float, str, float]:
        name, seed = pack.dataset.name, min(trial.seed for trial in pack.trials)
        return tuning.isdisjoint(pack.trials), seed, -whole[name], name, -work(pack)

    return sorted(packs, key=order)


def processes(packs: list[Pack], manner: Manner) -> int:
    """Return the number of processes: as asked for, else one per core where the work is worth it."""
    worthwhile = training_time(packs, manner) > WORTH_A_PROCESS
    return manner.jobs or (available_cores() if worthwhile and manner.device == "cpu" else 1)


def backend_of(manner: Manner, packs: list[Pack]) -> Backend:
    """Return the backend that trains the packs."""
    if manner.cluster is None:
        return Local(processes(packs, manner))
    return CLUSTERS[manner.cluster.backend](manner.cluster, partial(identity, manner.engine, manner.device))


def finished(ledger: Ledger) -> Finished:
    """Return the results of the seeds that are complete, and the gaps.

    Raises:
        OutOfTime: no seed is complete.
    """
    rows, curves, gaps = ledger.rows(), ledger.curves(), tuple(ledger.gaps())
    outputs = ledger.outputs()
    left_out = {(gap.dataset, seed) for gap in gaps for seed in gap.seeds}
    whole = np.array([pair not in left_out for pair in zip(rows.dataset, rows.seed, strict=True)], dtype=bool)
    if not whole.any():
        raise OutOfTime(
            f"no seed was finished within the budget; {ledger.keeper.fate}; give a larger {option('budget')}"
        )
    places, slopes = np.flatnonzero(whole), ledger.slopes()
    kept = [outputs[place] for place in places]
    # A copy has columns of one type side by side in memory: pandas warns where many are not.
    reported = rows[whole].copy()
    contributed = row_scores(ledger.experiment, reported, kept, ledger.contributed)
    examples = examples_of(ledger.experiment, reported, kept)
    done = examples, ledger.seconds, ledger.cached, gaps, ledger.keeper.note, ledger.warned
    return Finished(
        ledger.experiment,
        reported,
        curves[whole],
        [slopes[place] for place in places],
        contributed,
        *done,
    )


def training_time(packs: list[Pack], manner: Manner) -> float:
    """Return about how many seconds the training of packs takes on one core."""
    return sum(work(pack) / speed(pack, manner.engine) for pack in packs)


def work(pack: Pack) -> float:
    """Return about how many multiply-adds the training of a pack takes."""
    row = pack.model.work(pack.dataset.features.shape[1], pack.outputs)
    return 3.0 * len(pack.trials) * pack.epochs * pack.dataset.rows * row


def speed(pack: Pack, engine: Engine) -> float:
    """Return about how many multiply-adds per second one core does in the training of a pack."""
    if not isinstance(pack.model, ModuleModel):
        return SPEED["fused" if pack.model.cosines and engine == "native" else engine]
    return SPEED["loop" if pack.model.fault else "modules"] if engine != "loop" else SPEED[engine]


def free_memory(device: str) -> int | None:
    """Return the bytes that are free on a CUDA device; None for the processor."""
    if device == "cpu":
        return None
    import torch

    return int(torch.cuda.mem_get_info()[0])
