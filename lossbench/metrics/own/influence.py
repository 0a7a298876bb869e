"""What each row contributes to any function of targets and predictions: by leaving it out, and by doubling it.

A row contributes as much as the score changes when that row counts a little more, see `lossbench.metrics.score`. A
function without weights is called without the row, and with the row twice:

    c(i) = score + (n (score with i twice - score without i) + score with i twice + score without i - 2 score) / 2

For a mean over rows that is its summand, exactly. For a smooth score the errors of the two steps have opposite
signs (by leaving out alone, the jackknife of Tukey 1958, the variance is too large on average: Efron and Stein
1981, The jackknife estimate of variance, Annals of Statistics 9). A score that jumps, such as a maximum, is
neither; `lossbench.metrics.own.tried` detects that.

Rows with the same target and prediction contribute alike, and are tried once, so that decided classes need few
calls. Of more than `MOST` distinct rows a sample is drawn, by their number in the table, so that all losses and
seeds try the same rows; their contributions are scaled so that their squares have the same sum, on average, as
those of all rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossbench.errors import ScoreFailed
from lossbench.randomness import stream

MOST = 100
"""Rows that are tried for one model and one split."""


def shares(
    call: Callable[[np.ndarray, np.ndarray], float], target: np.ndarray, seen: np.ndarray, unit: np.ndarray
) -> np.ndarray:
    """Return what rows contribute to the score of one model, (n,), whose mean is the score; NaN where undefined.

    Args:
        call: computes the score.
        target: (n, ...) the targets.
        seen: (n, ...) the predictions.
        unit: (n,) the number of each row in its table, or of its group; groups are drawn as a whole.

    Example:
        >>> target, seen = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 3.0])
        >>> shares(lambda target, seen: ((target - seen) ** 2).mean(), target, seen, np.arange(3)).round(9)
        array([1., 0., 4.])
    """
    n, whole = len(target), call(target, seen)
    first, kind = kinds_of(target, seen)
    few = n <= MOST or (seen.ndim == 1 and np.issubdtype(seen.dtype, np.integer))
    tried = np.ones(n, dtype=bool) if few else drawn(unit, MOST / n)
    if not tried.any():
        return np.full(n, np.nan)
    slopes = np.full(len(first), np.nan)
    for one in np.unique(kind[tried]):
        slopes[one] = slope(call, whole, target, seen, int(first[one]))
    moved = np.where(tried, slopes[kind], 0.0)
    moved -= np.where(tried, moved[tried].mean(), 0.0)
    return np.asarray(whole + moved * np.sqrt(n / np.count_nonzero(tried)))


def slope(
    call: Callable[[np.ndarray, np.ndarray], float], whole: float, target: np.ndarray, seen: np.ndarray, row: int
) -> float:
    """Return n times the derivative of the score by a row's weight: the mean of two difference quotients.

    Where only one quotient exists, that one counts: a class with a single row has no score without it. NaN where
    neither exists.
    """
    n, every = len(target), np.arange(len(target))

    def score(rows: np.ndarray) -> float:
        try:
            return call(target[rows], seen[rows])
        except ScoreFailed:
            return np.nan

    twice = (n + 1) * (score(np.append(every, row)) - whole)
    without = (n - 1) * (whole - score(every[every != row]))
    known = [one for one in (twice, without) if np.isfinite(one)]
    return sum(known) / len(known) if known else np.nan


def kinds_of(target: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each kind, and the kind of each row: equal targets and predictions.

    Example:
        >>> kinds_of(np.array([0, 1, 0]), np.array([1, 1, 1]))
        (array([0, 1]), array([0, 1, 0]))
    """
    rows = np.column_stack([target.reshape(len(target), -1), seen.reshape(len(seen), -1)])
    _, first, kind = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first, kind.reshape(-1)


def drawn(unit: np.ndarray, share: float) -> np.ndarray:
    """Say which rows are tried, (n,): about this share of them, the same ones however the table is split."""
    lots = stream("influence", "", 0).random(int(unit.max()) + 1)  # each number's draw is fixed
    return np.asarray(lots[unit] < share)
