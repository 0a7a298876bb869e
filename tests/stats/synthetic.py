"""Tables of trials that nobody trained, and how to read one back from `trials.csv`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.schema import COLUMNS, DTYPES, USUAL

SHARES = (0.0, 0.25, 0.5)
EPOCHS = 20
SETTING = {
    "task": "binary",
    "model": "mlp:4",
    "optimizer": "adam",
    "lr": 0.01,
    "l1": 0.0,
    "l2": 0.0,
    "batch_size": 32,
    "epochs": EPOCHS,
    "schedule": "constant",
    "score": "accuracy",
    "constant_score": 0.25,
    "target_score": 0.75,
    "train_rows": 96,
    "sampling": "resplit",
    "test_rows": 32,
}

MANY = {"train_rows": 3000, "test_rows": 1000}
"""Rows enough to show of a score that counts them how alike two losses are."""

# Sixty-fourths are exact in floating point, so that sums do not depend on their order.
sixty_fourths = st.integers(0, 64).map(lambda k: k / 64)


def score_tables(losses: Sequence[str] = ("bce", "mse", "mae"), missing: bool = True) -> st.SearchStrategy:
    """Draw scores (seeds, shares) of each loss, NaN where a training diverged."""
    elements = st.one_of(*[sixty_fourths] * 5, st.just(np.nan)) if missing else sixty_fourths
    return st.integers(1, 8).flatmap(
        lambda seeds: arrays(np.float64, (len(losses), seeds, len(SHARES)), elements=elements).map(
            lambda values: dict(zip(losses, values, strict=True))
        )
    )


def table(
    scores: Mapping[str, np.ndarray], shares: Sequence[float] = SHARES, dataset: str = "moons", **setting: object
) -> pd.DataFrame:
    """Return the trials of losses with these accuracies (seeds, shares); NaN is a training that diverged."""
    rows = [
        SETTING | setting | {"dataset": dataset, "loss": loss, "seed": seed} | outcome(share, values[seed, column])
        for loss, values in scores.items()
        for column, share in enumerate(shares)
        for seed in range(len(values))
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype(DTYPES)


def learnt(scores: np.ndarray) -> np.ndarray:
    """Return the scores that are judged: a training that diverged has that of the constant answer."""
    return np.where(np.isnan(scores), SETTING["constant_score"], scores)


def over(data_sets: int, losses: int, seeds: int = 10) -> pd.DataFrame:
    """Return the trials of losses that differ, and rank differently, on several data sets; nothing diverged."""
    drawn = np.random.default_rng(data_sets).integers(-9, 10, (data_sets, losses, seeds + 1)) / 128
    heights = 0.5 + np.arange(losses)[:, None] / 64 + drawn[..., :1] + drawn[..., 1:]
    parts = [
        table({f"loss{n}": row[:, None] for n, row in enumerate(rows)}, [0.0], dataset=f"set{index}")
        for index, rows in enumerate(heights)
    ]
    return pd.concat(parts, ignore_index=True)


def outcome(share: float, score: float) -> dict[str, object]:
    """Return the columns that follow from a share and a score; the better the score, the sooner it was reached."""
    diverged, reached = bool(np.isnan(score)), score >= 0.75
    return {
        "outlier_kind": "label" if share else "none",
        "outlier_fraction": share,
        "status": "diverged" if diverged else "ok",
        "accuracy": score,
        "f1": score / 2,
        "accuracy_at_best": (score + 1) / 2,
        "epochs_to_target": EPOCHS - int(16 * score) if reached else None,
        "epochs_to_plateau": None if diverged else 1 + int(8 * score),
        "converged": bool(reached),
        "diverged_epoch": 3 if diverged else None,
    }


def read_trials(text: str) -> pd.DataFrame:
    """Return `trials.csv` as the table of trials that it was written from."""
    frame = pd.read_csv(StringIO(text), engine="pyarrow")  # to the last digit, in every pandas
    times = pd.to_numeric(frame.epochs_to_target, errors="coerce")  # ">100" is censored, not a number
    usual = {name: text for name, text in USUAL.items() if name not in frame}
    return frame.assign(epochs_to_target=times, **usual).reindex(columns=COLUMNS).astype(DTYPES)
