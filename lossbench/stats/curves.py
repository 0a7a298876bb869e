"""Validation curves, averaged over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lossbench.schema import CURVE, OVERLAP, SETTING
from lossbench.stats.paired import corrected_interval, shared_rows

LINE = ("dataset", "loss", *SETTING)
"""What has a line of its own in a chart."""


def average_curves(trials: pd.DataFrame, curves: Sequence[np.ndarray] | np.ndarray) -> pd.DataFrame:
    """Return the validation curve of each loss under each contaminated share, averaged over seeds.

    Args:
        trials: one row a trial.
        curves: the curve (epochs,) of each row's trial; lengths may differ between losses and settings.

    Returns:
        One row per epoch: mean over the seeds whose score is defined there, interval, and n.
    """
    keys = list(CURVE)
    arm, first = trials.groupby(keys, sort=False).ngroup().to_numpy(), trials.drop_duplicates(keys)
    ratios = [shared_rows(*overlap) for overlap in zip(*(first[name] for name in OVERLAP), strict=True)]
    found = [
        corrected_interval(np.stack([curves[index] for index in trials.index[arm == number]], axis=-1), ratio)
        for number, ratio in enumerate(ratios)
    ]
    lengths = [len(np.asarray(one.mean)) for one in found]
    shared = first[keys].loc[first.index.repeat(lengths)].reset_index(drop=True)
    return shared.assign(
        epoch=np.concatenate([np.arange(1, length + 1) for length in lengths]),
        **{name: np.concatenate([getattr(one, name) for one in found]) for name in ("n", "mean", "low", "high")},
    )
