"""Finished runs that nobody trained: tables of trials with hashes, as `trials.csv` has them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lossbench.run.scoring import frame_of, plain_rows
from lossbench.schema import SCORES
from stats.synthetic import table


def finished(scores: Mapping[str, np.ndarray], **options: object) -> pd.DataFrame:
    """Return the trials of losses with these accuracies (seeds, shares), complete to the last column."""
    trials = table(scores, **options)
    seeds = trials.seed.astype(str)
    hashed = trials.assign(
        data_hash="d0",
        split_hash="s" + seeds,
        weights_hash="w" + seeds,
        order_hash="o" + seeds,
        loss_hash="l" + trials.loss,
        fingerprint="f0",
        validation_score=trials.accuracy,
    )
    return frame_of(list(plain_rows(hashed)))


def with_failed(trials: pd.DataFrame, loss: str, reason: str = "boom") -> pd.DataFrame:
    """Return the run with a loss that could not be trained: its rows say what they were, and why."""
    gone = dict.fromkeys((*SCORES, "converged", "validation_score", "best_epoch"))
    said = gone | {"status": "failed", "failure": reason}
    return frame_of([row | (said if row["loss"] == loss else {}) for row in plain_rows(trials)])


def clean(scores: Mapping[str, np.ndarray | list[float]], **options: object) -> pd.DataFrame:
    """Return the trials of losses with these accuracies (seeds,), nothing contaminated."""
    columns = {loss: np.asarray(values, dtype=np.float64)[:, None] for loss, values in scores.items()}
    return finished(columns, shares=[0.0], **options)


def moved(trials: pd.DataFrame, score: str, by: object, loss: str | None = None) -> pd.DataFrame:
    """Return the run with a score moved, of one loss or of all."""
    chosen = np.ones(len(trials), dtype=bool) if loss is None else (trials.loss == loss).to_numpy()
    after = trials.copy()
    after.loc[chosen, score] = after.loc[chosen, score] + by
    return after
