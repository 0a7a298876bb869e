"""Families of tests: p values that are corrected together, primary questions first."""

from __future__ import annotations

import numpy as np

KEPT = 0.5
"""The share of the level that is reserved for the primary questions until all of them are answered."""


def holm(p_values: np.ndarray) -> np.ndarray:
    """Correct the p values of a family of tests for their number (Holm 1979).

    adjusted p of rank i = max over j ≤ i of min(1, (m - j + 1) p(j))

    Args:
        p_values: (m,), or (m, ...) for several families; NaN where no test was possible; these are not counted.

    Returns:
        Adjusted p values, in the same order.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])
    """
    return _truncated_holm(p_values, kept=1.0)


def gatekept(p_values: np.ndarray, primary: np.ndarray) -> np.ndarray:
    """Correct p values of a family in which some questions come first.

    The primary ones are tested at the full level, by Holm's procedure truncated at one half; the others get the
    level that these leave: all of it once all primary ones are significant, before that half of their significant
    share. So the chance of any false result among all of them is at most the level (Dmitrienko, Tamhane and Wiens
    2008, General multistage gatekeeping procedures).

    Args:
        p_values: (m,); NaN where no test was possible; these are not counted in the family.
        primary: (m,) bool.

    Returns:
        (m,) adjusted p values, in the same order: a test is significant at any level above its own.

    Example:
        >>> gatekept(np.array([0.01, 0.2, 0.01]), np.array([True, True, False]))
        array([0.02      , 0.26666667, 0.04      ])
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    if primary[~np.isnan(p_values)].all():
        return holm(p_values)
    adjusted = np.empty_like(p_values)
    adjusted[primary] = first = _truncated_holm(p_values[primary], KEPT)
    opened = np.sort(first[~np.isnan(first)])  # the level at which one more primary question is answered
    left = (1.0 - KEPT) * np.arange(1, len(opened) + 1) / max(len(opened), 1)
    left[-1:] = 1.0
    second = holm(p_values[~primary])
    if not len(opened):
        adjusted[~primary] = second
    else:
        adjusted[~primary] = np.minimum(np.maximum(opened, second[:, None] / left).min(axis=1), 1.0)
    return adjusted


def _truncated_holm(p_values: np.ndarray, kept: float) -> np.ndarray:
    """Return Holm's adjusted p values, truncated: at each step every test keeps a share of the level."""
    p_values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p_values, axis=0)  # NaN sorts last, and stays NaN
    m = np.count_nonzero(~np.isnan(p_values), axis=0)
    rank = np.arange(len(p_values)).reshape(-1, *[1] * (p_values.ndim - 1))
    share = kept / np.maximum(m - rank, 1) + (1.0 - kept) / np.maximum(m, 1)
    stepped = np.maximum.accumulate(np.take_along_axis(p_values, order, axis=0) / share, axis=0)
    adjusted = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, np.minimum(stepped, 1.0), axis=0)
    return adjusted
