"""Compute what each test row of a table contributes to the scores, from the raw outputs of finished trainings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lossbench.metrics.one_row import DECIDED
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import Asked
from lossbench.metrics.scores import function_of, metrics_on
from lossbench.plan.experiment import Experiment
from lossbench.run.scoring import predictions
from lossbench.schema import CUTS, UNEVEN, Metric, at_link, by_label, of_one_row
from lossbench.stats.groups import identities
from lossbench.stats.row_scores import Part, RowScores
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.setup import Setup
from lossbench.training.trial import Trial


def row_scores(experiment: Experiment, rows: pd.DataFrame, outputs: Sequence[np.ndarray]) -> RowScores:
    """Return what the rows of tables contribute, for trials at the smallest and the largest contaminated share.

    Losses are tested at these two shares; those in between are only plotted.

    A law has no contributions, since every seed has rows of its own; nor has a training that diverged or failed,
    or that an older lossbench stored without its outputs.

    Args:
        experiment: what was trained.
        rows: one row per trial, numbered by its place in the experiment.
        outputs: (test rows * outputs,) the raw outputs of each trial, in the same order.
    """
    shares = rows.groupby("dataset").outlier_fraction
    least, most = shares.transform("min"), shares.transform("max")
    judged = (rows.outlier_fraction == least) | (rows.outlier_fraction == most)
    judged &= (rows.status == "ok") & (rows.sampling == "resplit")
    judged &= rows.index < len(experiment.trials)
    held = with_outputs(experiment, rows, outputs, judged)
    parts = (part for setup in experiment.setups for part in _parts(setup, held))
    return RowScores.of(parts, identities(rows[rows.index < len(experiment.trials)]))


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
        # As float32, like in the file: the contributions of all packs are in memory at once.
        values = {name: found.astype(np.float32) for name, found in contributions(pack, raw, cuts).items()}
        yield Part(places, units(pack), setup.dataset.groups is not None, values)


def packs_of(setup: Setup, held: WithOutputs) -> Iterator[tuple[Pack, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yield the trials of a data set in packs, with the positions of their rows, their outputs and thresholds.

    Outputs are (trials, test rows, outputs); thresholds are None where the run chose none.
    """
    mine = [trial for trial in held.places if trial.dataset == setup.dataset.name]
    for pack in make_packs(setup, mine) if mine else ():
        test = len(pack.folds[pack.trials[0].seed].test.rows)
        places = np.array([held.places[trial] for trial in pack.trials])
        raw = np.stack([held.outputs[place].reshape(test, -1) for place in places])
        decided = setup.threshold or setup.dataset.task == "anomaly"
        yield (
            pack,
            places,
            raw,
            np.stack([*map(thresholds_of, threshold_cells(held.rows.iloc[places]))]) if decided else None,
        )


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
