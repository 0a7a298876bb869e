"""Rank correlation of many pairs of series at once."""

from __future__ import annotations

import numpy as np


def rank_correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each row of two tables (Spearman 1904).

    Args:
        first: (n, k).
        second: (n, k).

    Returns:
        (n,) in [-1, 1]; 0 where one of the two never moves, and NaN where a value is undefined.

    Example:
        >>> rank_correlation(np.array([[1, 2, 9], [3, 3, 3]]), np.array([[9, 8, 5], [1, 2, 3]])).round(6).tolist()
        [-1.0, 0.0]
    """
    from scipy.stats import rankdata

    one, other = (rankdata(table, axis=1, nan_policy="propagate") for table in (first, second))
    one, other = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (one, other))
    sizes = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.asarray((one * other).sum(axis=1) / np.where(sizes == 0.0, 1.0, sizes))
