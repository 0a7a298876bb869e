"""The score of each loss as a function of the contaminated share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lossbench.stats.findings import average_curves


def share_curves(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the mean primary score of each loss under each contaminated share, with its interval over seeds.

    Args:
        trials: one row a trial, numbered from 0.

    Returns:
        One row a data set, loss, setting and share: those columns, `n`, `mean`, `low` and `high`.
    """
    scores = np.empty(len(trials))
    for name, rows in trials.groupby("score").indices.items():
        scores[rows] = trials[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
    return average_curves(trials, scores[:, None]).drop(columns="epoch")
