"""From the raw outputs of finished trainings to what each test row of a table contributes to their scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from lossbench.metrics.scores import function_of, metrics_of
from lossbench.plan.experiment import Experiment
from lossbench.run.scoring import predictions
from lossbench.stats.row_scores import Part, RowScores
from lossbench.training.pack import Pack, Setup, make_packs
from lossbench.training.trial import Trial


def row_scores(experiment: Experiment, rows: pd.DataFrame, outputs: Sequence[np.ndarray]) -> RowScores:
    """Return what the rows of tables contribute, for the trials that are reported at the smallest share.

    Under a law every seed has rows of its own, so there is nothing to add up; nor is there of a training that did
    not end well, or that an older lossbench stored without its outputs.

    Args:
        experiment: what was trained.
        rows: one row a trial, numbered by its place in the experiment.
        outputs: (test rows * outputs,) the raw outputs of each, in the same order.
    """
    least = rows.groupby("dataset").outlier_fraction.transform("min")
    judged = (rows.status == "ok") & (rows.outlier_fraction == least) & (rows.sampling == "resplit")
    judged &= rows.index < len(experiment.trials)
    held = {
        experiment.trials[rows.index[place]]: (place, outputs[place])
        for place in np.flatnonzero(judged).tolist()
        if len(outputs[place])
    }
    return RowScores.of(part for setup in experiment.setups for part in _parts(setup, held))


def _parts(setup: Setup, held: dict[Trial, tuple[int, np.ndarray]]) -> Iterator[Part]:
    """Yield the contributions of each trial of a data set, with the place of its row."""
    mine = [trial for trial in held if trial.dataset == setup.dataset.name]
    for pack in make_packs(setup, mine) if mine else ():
        raw = np.stack([held[trial][1].reshape(-1, pack.outputs) for trial in pack.trials]).astype(np.float64)
        for members, target, prediction in predictions(pack, raw):
            values = {
                metric.name: function_of(metric).contributions(target, prediction)
                for metric in metrics_of(setup.dataset.task)
            }
            for index, member in enumerate(members):
                trial = pack.trials[member]
                found = {name: rows[index] for name, rows in values.items()}
                yield Part(held[trial][0], units(pack, trial), setup.dataset.groups is not None, found)


def units(pack: Pack, trial: Trial) -> np.ndarray:
    """Return the number of each test row of a trial, or of the group that it is kept with."""
    rows, groups = pack.folds[trial.seed].test.rows, pack.dataset.groups
    return rows if groups is None else groups[rows]
