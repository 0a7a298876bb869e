"""Compute what each test row of a table contributes to the scores, from the raw outputs of finished trainings.

A training's contributions are computed where it is trained, so that many processes share that work; those of a
training that was stored, or that a user's code is part of, are computed in the first process, at the end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lossbench.metrics.one_row import DECIDED
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import Asked
from lossbench.metrics.scores import function_of, metrics_on
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Engine
from lossbench.run.packs import Trained, is_users_own, train_pack
from lossbench.run.scoring import predictions
from lossbench.schema import CUTS, UNEVEN, Metric, at_link, by_label, of_one_row
from lossbench.stats.groups import identities
from lossbench.stats.row_scores import Part, RowScores
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial

SMALLEST = float(np.finfo(np.float32).tiny)  # of the normal numbers


@dataclass(frozen=True)
class Wanted:
    """Which trainings of a data set have contributions: the reported ones at two contaminated shares.

    Rows are the unit at the smallest and the largest share; at those in between, seeds are.

    Args:
        seeds: the reported seeds; tuning has others.
        shares: the smallest and the largest contaminated share.
    """

    seeds: frozenset[int]
    shares: tuple[float, float]

    def __contains__(self, trial: Trial) -> bool:
        """Whether a trial of the data set is one of them."""
        return trial.outlier_fraction in self.shares and trial.seed in self.seeds


def wanted_in(experiment: Experiment) -> dict[str, Wanted]:
    """Return which trainings of each table have contributions; a law has none: each seed has rows of its own."""
    tables = [one.name for one in experiment.datasets if one.sampling == "resplit"]
    seeds, shares = defaultdict[str, set[int]](set), defaultdict[str, set[float]](set)
    for trial in experiment.trials:
        seeds[trial.dataset].add(trial.seed)
        shares[trial.dataset].add(trial.outlier_fraction)
    return {
        name: Wanted(frozenset(seeds[name]), (min(shares[name]), max(shares[name])))
        for name in tables
        if name in seeds
    }


class Contributed(NamedTuple):
    """The contributions of some trainings of a pack.

    Args:
        trials: the trials.
        part: their contributions; `part.trial` counts these trials from 0.
    """

    trials: tuple[Trial, ...]
    part: Part


def train_and_contribute(
    pack: Pack, wanted: Mapping[str, Wanted], engine: Engine, device: str
) -> tuple[Trained, Contributed | None]:
    """Train a pack, and return what the test rows contribute to the wanted ones of its trials; None if none is.

    A user's code, which may crash, is run for its contributions in the first process only, see `row_scores`.
    """
    trained = train_pack(pack, engine, device)
    mine, fine = wanted.get(pack.dataset.name, ()), (trained.rows.status == "ok").tolist()
    places = [place for place, trial in enumerate(pack.trials) if fine[place] and trial in mine]
    if not places or is_users_own(pack):
        return trained, None
    chosen, outputs = tuple(pack.trials[place] for place in places), trained.outputs[places]
    cuts = thresholds_in(trained.rows.iloc[places], pack.setup)
    return trained, Contributed(chosen, _part(replace(pack, trials=chosen), np.arange(len(chosen)), outputs, cuts))


def row_scores(
    experiment: Experiment,
    rows: pd.DataFrame,
    outputs: Sequence[np.ndarray],
    known: Collection[Contributed] = (),
) -> RowScores:
    """Return what the rows of tables contribute, for trials at the smallest and the largest contaminated share.

    A training that diverged or failed has no contributions; nor has one that an older lossbench stored without
    its outputs.

    Args:
        experiment: what was trained.
        rows: one row per trial, numbered by its place in the experiment.
        outputs: (test rows * outputs,) the raw outputs of each trial, in the same order.
        known: the contributions of some trainings, from where they were trained.
    """
    reported = rows.index < len(experiment.trials)
    mine, trials = wanted_in(experiment), dict(enumerate(experiment.trials))
    wanted = [(trial := trials.get(number)) and trial in mine.get(trial.dataset, ()) for number in rows.index]
    judged = (rows.status == "ok") & np.array(wanted, dtype=bool)
    held = with_outputs(experiment, rows, outputs, judged)
    found = [_of_held(one, held.places) for one in known]
    there = {trial for one in known for trial in one.trials}
    rest = held._replace(places={trial: place for trial, place in held.places.items() if trial not in there})
    found += (part for setup in experiment.setups for part in _parts(setup, rest))
    return RowScores.of(found, identities(rows[reported]))


def _of_held(known: Contributed, places: Mapping[Trial, int]) -> Part:
    """Return the contributions of those of some trainings that have a place, with their places."""
    trials, part = known
    kept = [number for number, trial in enumerate(trials) if trial in places]
    at = np.array([places[trials[number]] for number in kept], dtype=int)
    if len(kept) == len(trials):
        return part._replace(trial=at)
    values = {name: column[kept] for name, column in dict(part.values).items()}
    return part._replace(trial=at, unit=part.unit[kept], values=values)


class WithOutputs(NamedTuple):
    """Some trainings of a run whose outputs are kept.

    Args:
        rows: one row per trial, of all trials of the run.
        outputs: (test rows * outputs,) the kept outputs of each trial, in the same order.
        places: the position in `rows` of each of the chosen trainings, by its trial.
    """

    rows: pd.DataFrame
    outputs: Sequence[np.ndarray]
    places: Mapping[Trial, int]


def with_outputs(
    experiment: Experiment, rows: pd.DataFrame, outputs: Sequence[np.ndarray], chosen: pd.Series[bool]
) -> WithOutputs:
    """Return the chosen trainings whose outputs are kept; see `row_scores` for the other arguments."""
    places = (place for place in np.flatnonzero(chosen).tolist() if len(outputs[place]))
    numbers = rows.index.tolist()
    return WithOutputs(rows, outputs, {experiment.trials[numbers[place]]: place for place in places})


def threshold_cells(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the cells of the task and the thresholds of each training."""
    stated = rows[["task", "threshold", by_label("threshold"), *CUTS]]
    return (dict(zip(stated.columns, row, strict=True)) for row in stated.itertuples(index=False, name=None))


def thresholds_of(row: dict[str, Any]) -> np.ndarray:
    """Return the thresholds of a training: several for anomalies and for labels, else one; NaN without any."""
    if row["task"] == "anomaly":
        return np.array([row[name] for name in CUTS], dtype=np.float64)
    if isinstance(labels := row[by_label("threshold")], str):
        return np.array(json.loads(labels))
    return np.array(row["threshold"])


def _parts(setup: Setup, held: WithOutputs) -> Iterator[Part]:
    """Yield the contributions of the trials of a data set, with the positions of their rows, pack by pack."""
    for pack, places, raw, cuts in packs_of(setup, held):
        yield _part(pack, places, raw, cuts)


def _part(pack: Pack, places: np.ndarray, raw: np.ndarray, cuts: np.ndarray | None) -> Part:
    values = {name: single(found) for name, found in contributions(pack, raw, cuts).items()}
    return Part(places, units(pack), pack.dataset.groups is not None, values)


def single(values: np.ndarray) -> np.ndarray:
    """Return values in single precision, as in the file: those of all packs are in memory at once.

    Subnormal numbers are zero, as a process that trains has them: the same values come from any process.

    Example:
        >>> single(np.array([1e-40, 0.5]))
        array([0. , 0.5], dtype=float32)
    """
    return np.where(np.abs(values) < SMALLEST, 0.0, values).astype(np.float32)


def packs_of(setup: Setup, held: WithOutputs) -> Iterator[tuple[Pack, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yield the trials of a data set in packs, with the positions of their rows, their outputs and thresholds.

    Outputs are (trials, test rows, outputs); thresholds are None where the run chose none.
    """
    mine = [trial for trial in held.places if trial.dataset == setup.dataset.name]
    for pack in make_packs(setup, mine) if mine else ():
        test = len(pack.folds[pack.trials[0].seed].test.rows)
        places = np.array([held.places[trial] for trial in pack.trials])
        raw = np.stack([held.outputs[place].reshape(test, -1) for place in places])
        yield pack, places, raw, thresholds_in(held.rows.iloc[places], setup)


def thresholds_in(rows: pd.DataFrame, setup: Setup) -> np.ndarray | None:
    """Return the class thresholds of trainings of a data set, stacked; None where the run chose none."""
    decided = setup.threshold or setup.dataset.task == "anomaly"
    return np.stack([*map(thresholds_of, threshold_cells(rows))]) if decided else None


def contributions(pack: Pack, raw: np.ndarray, cuts: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return what each test row contributes to each score, (trials, rows) by metric, for the trials of a pack.

    Where class thresholds were chosen, the scores at the links' own thresholds are named by `at_link`. Where the
    weight of a row depends on the size of its class, the largest weight of one row is named by `of_one_row`, and
    is the same in all rows.

    Args:
        pack: the trials.
        raw: (trials, rows, outputs) raw outputs for the test rows of each, as `lossbench.run.scoring.kept` returns
            them.
        cuts: the class thresholds, see `lossbench.run.scoring.Cuts`; None for the links' own thresholds.
    """
    found: dict[str, np.ndarray] = {}
    number = units(pack)

    def enter(name: str, members: np.ndarray, values: np.ndarray) -> None:
        found.setdefault(name, np.full(number.shape, np.nan))[members] = values

    def judge(name: str, metric: Metric, members: np.ndarray, target: np.ndarray, seen: Prediction) -> None:
        score = function_of(metric)
        enter(name, members, score.contributions(target, seen, number[members]))
        if has_class_weights(metric, seen):
            enter(of_one_row(name), members, score.of_one_row(target, seen)[:, None])

    for members, target, prediction in predictions(pack, raw.astype(np.float64)):
        judged = prediction if cuts is None else prediction.at(cuts[members])
        for metric in filter(adds_up, metrics_on(pack.dataset)):
            judge(metric.name, metric, members, target, judged)
            if pack.setup.threshold and metric.needs == "decision":
                judge(at_link(metric.name), metric, members, target, prediction)
    return found


def has_class_weights(metric: Metric, prediction: Prediction) -> bool:
    """Say whether rows of one class may count more in a metric than those of another."""
    own = isinstance(metric, Asked) and metric.needs == "decision" and prediction.task in DECIDED
    return own or metric.name in UNEVEN


def adds_up(metric: Metric) -> bool:
    """Say whether rows contribute to a metric; a user's metric may be computed only as a whole."""
    return not isinstance(metric, Asked) or metric.by_rows


def units(pack: Pack) -> np.ndarray:
    """Return the unit of each test row of the trials, (trials, rows): the number of its group, else its own."""
    rows = np.stack([pack.folds[trial.seed].test.rows for trial in pack.trials])
    return rows if pack.dataset.groups is None else pack.dataset.groups[rows]
