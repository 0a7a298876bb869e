"""Ranks, as by scipy's `rankdata`, without importing scipy.stats, which takes half a second."""

from __future__ import annotations

from typing import Literal

import numpy as np


def ranks(
    values: np.ndarray, axis: int = -1, ties: Literal["average", "least", "greatest"] = "average"
) -> np.ndarray:
    """Return the ranks of values along an axis, 1 for the least.

    Source: Wilcoxon 1945, Individual comparisons by ranking methods: equal values share the mean of their ranks.

    Args:
        values: (...) of any shape.
        axis: along which they are ranked.
        ties: the rank that equal values share: the average of their ranks, the least or the greatest.

    Returns:
        (...) float64; NaN for all values ranked together where one of them is NaN.

    Example:
        >>> ranks(np.array([0.5, 0.1, 0.5, 0.9])), ranks(np.array([0.5, 0.1, 0.5]), ties="least")
        (array([2.5, 1. , 2.5, 4. ]), array([2., 1., 2.]))
    """
    values = np.moveaxis(np.asarray(values), axis, -1)
    order = np.argsort(values, axis=-1)
    ordered, place = np.take_along_axis(values, order, axis=-1), np.arange(values.shape[-1])
    begins = np.ones(values.shape, dtype=bool)
    begins[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    ends = np.roll(begins, -1, axis=-1)  # the last of equal values; the wrap-around marks the last place
    least = np.maximum.accumulate(np.where(begins, place, 0), axis=-1) + 1
    backwards = np.where(ends, place, len(place))[..., ::-1]
    greatest = np.minimum.accumulate(backwards, axis=-1)[..., ::-1] + 1
    found = {"average": (least + greatest) / 2, "least": least, "greatest": greatest}[ties]
    ranked = np.empty(values.shape)
    np.put_along_axis(ranked, order, found, axis=-1)
    ranked[np.isnan(values).any(axis=-1)] = np.nan
    return np.moveaxis(ranked, -1, axis)
