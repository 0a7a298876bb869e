"""Anomaly scores of rows by their reconstruction, and the threshold above which a row is called an anomaly.

An autoencoder learns to reconstruct normal rows. A row x, of columns in [0, 1], that is reconstructed as p is
scored by

    error   Σ over columns of (p - x)²
    bce     Σ over columns of -x log p - (1 - x) log(1 - p)
    kl      bce - Σ over columns of -x log x - (1 - x) log(1 - x), what bce has above its least for this row

the higher, the odder (Hawkins, He, Williams and Baxter 2002, Outlier detection using replicator neural
networks, DaWaK, for the first). A network trained on one of them may be scored by another.

A row is called an anomaly where its score lies above a threshold, which normal rows of the validation part set:
the k-th largest of their n scores, with k = ⌊(n + 1) rate⌋. On average over validation parts, at most that share
of such rows lies above it (Vovk, Gammerman and Shafer 2005, Algorithmic learning in a random world, section 4.2).
"""

from __future__ import annotations

import math

import numpy as np

from lossbench.losses.record import Link
from lossbench.metrics.prediction import as_probability
from lossbench.schema import ANOMALY_SCORES

SCORES = tuple(ANOMALY_SCORES)
WIDTH = len(SCORES) + 1
"""What stands for a row in the prediction of a model: its scores, and its squared distance from the mean of the
training rows."""

LEAST = float(np.finfo(np.float64).eps)
"""A column counts as this probable at least, so that a certain mistake costs 36, not infinity."""


class Inputs:
    """Rows that networks reconstruct, prepared for comparison with the reconstructions.

    Args:
        rows: (M, n, columns) in [0, 1], for each model.
        centre: (M, columns) the means of its training rows.

    Example:
        >>> inputs = Inputs(np.array([[[0.0, 1.0]]]), np.array([[0.0, 0.5]]))
        >>> inputs.oddness(np.zeros((1, 1, 2)), "sigmoid").round(3)
        array([[[0.5  , 1.386, 1.386, 0.25 ]]])
    """

    def __init__(self, rows: np.ndarray, centre: np.ndarray) -> None:
        self.rows, self.near = rows, rows
        self.distance = _squared(rows, centre[:, None])

    def oddness(self, raw: np.ndarray, link: Link) -> np.ndarray:
        """Return every anomaly score of rows, and their squared distance from the mean.

        Args:
            raw: (M, n, columns) raw outputs.
            link: how they are read, "sigmoid" or "clip".

        Returns:
            (M, n, `WIDTH`) float64; NaN where a raw output is.
        """
        found = np.empty((*raw.shape[:2], WIDTH))
        for one, known, outputs in zip(found, self.rows, raw, strict=True):
            back = as_probability(outputs.astype(np.float64), link)
            one[:, 0], one[:, 1] = _squared(known, back), _surprise(known, back)
            one[:, 2] = one[:, 1] - _surprise(known, known)
        found[..., -1] = self.distance
        return found

    def errors(self, raw: np.ndarray, link: Link) -> np.ndarray:
        """Return only the first and the last of `oddness`, (M, n, 2), which is all that `explained` needs.

        They are computed in the precision of the raw outputs, since they are needed after every epoch.
        """
        if self.near.dtype != raw.dtype:
            self.near = self.rows.astype(raw.dtype)
        # Model by model, to stay in the processor's cache.
        found = [_squared(known, as_probability(one, link)) for known, one in zip(self.near, raw, strict=True)]
        return np.stack([np.array(found, np.float64), self.distance], axis=-1)


def _squared(known: np.ndarray, back: np.ndarray) -> np.ndarray:
    return np.asarray(np.square(back - known).sum(axis=-1))


def _surprise(known: np.ndarray, back: np.ndarray) -> np.ndarray:
    present, absent = np.log(np.maximum(back, LEAST)), np.log(np.maximum(1.0 - back, LEAST))
    return np.asarray((-known * present - (1.0 - known) * absent).sum(axis=-1))


def cuts(rate: float, normal: np.ndarray) -> np.ndarray:
    """Return the thresholds that normal rows set at a false-positive rate, see the top of this module.

    Args:
        rate: in (0, 1), large enough that at least one row may lie above.
        normal: (M, n, scores) scores of normal rows that were not trained on.

    Returns:
        (M, scores) float64; NaN for a model without scores.

    Example:
        >>> cuts(0.2, np.arange(9.0).reshape(1, 9, 1))
        array([[7.]])
    """
    ordered = np.sort(normal, axis=1)  # NaN comes last
    found = ordered[:, normal.shape[1] - alarms(rate, normal.shape[1])]
    return np.where(np.isnan(normal).any(axis=1), np.nan, found)


def alarms(rate: float, rows: int) -> int:
    """Return how many normal rows, of so many, lie at or above the threshold of a false-positive rate.

    Example:
        >>> alarms(0.05, 323), alarms(0.001, 323)
        (16, 0)
    """
    return math.floor((rows + 1) * rate + 1e-9)  # 0.15 * 20 is a little below three
