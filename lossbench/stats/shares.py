"""The shares of the parts of a sum of losses in its gradient, over the epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lossbench.schema import PARTS
from lossbench.stats.findings import average_curves


def average_shares(
    trials: pd.DataFrame, slopes: Sequence[np.ndarray], names: Sequence[tuple[str, ...]]
) -> pd.DataFrame:
    """Return each part's share of the gradient, averaged over seeds: its norm over the sum of all parts' norms.

    Args:
        trials: one row per trial, numbered from 0.
        slopes: (parts, epochs) the norms of each trial; see `lossbench.training.trace.Trace`.
        names: of the parts of each trial's loss; empty where it is no sum. At least one is a sum.

    Returns:
        One row per loss, part and epoch, with the columns of `lossbench.schema.PARTS`.
    """
    with np.errstate(invalid="ignore"):  # where every part is flat there are no shares
        shares = [norms / norms.sum(axis=0) for norms in slopes]
    found = []
    for place in range(max(map(len, names))):
        having = [row for row, own in enumerate(names) if place < len(own)]
        named = trials.iloc[having].assign(part=[names[row][place] for row in having]).reset_index(drop=True)
        label = named.groupby("loss").part.first()
        curves = average_curves(named, [shares[row][place] for row in having], ends=(0.0, 1.0))
        found.append(curves.assign(part=curves.loss.map(label), place=place))
    joined = pd.concat(found, ignore_index=True)
    arm = joined.groupby([name for name in PARTS if name in trials], sort=False).ngroup()
    return joined.iloc[np.lexsort((joined.epoch, joined.place, arm))][list(PARTS)].reset_index(drop=True)
