"""A score of many models at once, and what each row contributes to it.

The mean of the contributions is the score, and their spread gives its sampling error if other rows like these had
been drawn. The contributions to a mean over rows are its summands; for any other score, a row contributes as much
as the score changes when that row counts a little more than the others:

    c(i) = score + n ∂score / ∂(weight of row i)

These are the influence values of the infinitesimal jackknife (Jaeckel 1972; Efron 1982, The Jackknife, the
Bootstrap and Other Resampling Plans, chapter 6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import update_wrapper

import numpy as np

from lossbench.errors import BadValue
from lossbench.metrics.one_row import DECIDED, one_more
from lossbench.metrics.prediction import Prediction
from lossbench.schema import Metric

Function = Callable[[np.ndarray, Prediction], np.ndarray]
"""From a target, shaped as the decision, and the prediction of M models: (M,) scores or (M, n) contributions."""

STEP = 1e-4  # extra weight of a row, for a numerical derivative
FLAGS = 12  # most boolean columns by which kinds of rows are told apart


class Score:
    """One metric as a function; calling it gives the scores of M models, (M,) float64, NaN where undefined.

    A diverged model has no score. Targets of another shape are refused: broadcasting one of shape (n, 1) against
    predictions of shape (n,) would give a plausible wrong number.

    Args:
        value: computes the scores.
        rows: computes the contributions of the rows.
        named: the function that gives the score its name and docstring.
        one: computes how much one row may count; None where all rows count alike.
    """

    __name__: str

    def __init__(
        self, value: Function, rows: Function, named: Callable[..., np.ndarray], one: Function | None = None
    ) -> None:
        self._value, self._rows, self._one = value, rows, one
        update_wrapper(self, named)

    def __call__(self, target: np.ndarray, prediction: Prediction) -> np.ndarray:
        """Return the scores of M models, (M,)."""
        return self._computed(self._value, target, prediction)

    def contributions(
        self, target: np.ndarray, prediction: Prediction, unit: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what each row contributes, (M, n); the mean over rows is the score, up to rounding.

        Args:
            target: shaped as the decision, or with a first axis of one.
            prediction: of M models.
            unit: (M, n) the number of each row in its table, or of its group, for a score that tries only some
                rows; None for other scores.
        """
        return self._computed(self._rows, target, prediction)

    def of_one_row(self, target: np.ndarray, prediction: Prediction) -> np.ndarray:
        """Return how much a row may count, (M,), relative to rows that all count alike, which count 1.

            (n + 1) max |score with one more row, decided right - score with that row decided wrong|

        the largest over the rows of `one_more`. With 4 positive rows in 40, one more is a fifth of the recall: it
        counts 8 times as much as a row counts in the accuracy.
        """
        if self._one is None or prediction.task not in DECIDED:
            return np.ones(len(prediction.raw))
        return self._computed(self._one, target, prediction)

    def _computed(self, function: Function, target: np.ndarray, prediction: Prediction) -> np.ndarray:
        target, shape = np.asarray(target), prediction.decision.shape
        if target.shape not in (shape, (1, *shape[1:])):
            raise BadValue(f"{self.__name__}: target {target.shape}, predictions {shape}; give equal shapes")
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = np.array(function(np.broadcast_to(target, shape), prediction), dtype=np.float64)
        found[prediction.diverged] = np.nan
        return found


@dataclass(frozen=True)
class Asked(Metric):
    """A metric that a run asks for, with the function that computes it; only that run has it.

    Args:
        function: computes the metric.
        code: a hash of that function's code.
        by_rows: whether rows have contributions, so that they can be the unit of a test.
    """

    _: KW_ONLY
    function: Score = field(compare=False, repr=False)
    code: str
    by_rows: bool = True


def mean_of_rows(rows: Function) -> Score:
    """Make a score from a function that gives a value for each row, (M, n)."""
    return Score(lambda target, prediction: rows(target, prediction).mean(axis=1), rows, rows)


def of_sums(parts: Function) -> Callable[[Function], Score]:
    """Make a score that is a smooth function of sums over rows.

    Args:
        parts: computes the summands, (M, n, ...).

    Returns:
        A decorator of a function that maps the sums, with any leading dimensions, and the prediction to the
        scores.
    """

    def decorate(function: Function) -> Score:
        def value(target: np.ndarray, prediction: Prediction) -> np.ndarray:
            return function(summed(parts(target, prediction)), prediction)

        def in_order(target: np.ndarray, prediction: Prediction) -> np.ndarray:
            # How summands lie in memory decides in which order numpy adds them up.
            return np.ascontiguousarray(parts(target, prediction))

        def rows(target: np.ndarray, prediction: Prediction) -> np.ndarray:
            part = in_order(target, prediction)
            kinds, kind = alike(part)
            sums, step = part.sum(axis=1, dtype=np.float64, keepdims=True), STEP * kinds
            slope = function(sums + step, prediction) - function(sums - step, prediction)
            slope = slope if kind is None else np.take_along_axis(slope, kind, axis=1)
            # No score changes where all rows gain the same weight, so slopes add up to zero, unless a step crosses
            # a kink: in a bin or a share that is nearly zero.
            slope -= slope.mean(axis=1, keepdims=True)
            return np.asarray(function(sums, prediction) + part.shape[1] * slope / (2.0 * STEP))

        def one(target: np.ndarray, prediction: Prediction) -> np.ndarray:
            sums = in_order(target, prediction).sum(axis=1, dtype=np.float64, keepdims=True)
            more, *decided = one_more(prediction)
            right, wrong = (function(sums + in_order(more, shown), prediction) for shown in decided)
            return np.asarray((target.shape[1] + 1) * np.fmax.reduce(np.abs(right - wrong), axis=1))

        return Score(value, rows, function, one)

    return decorate


def summed(part: np.ndarray) -> np.ndarray:
    """Return sums over rows, (M, ...) float64, of summands (M, n, ...).

    Example:
        >>> summed(np.array([[[True, False], [True, True]]]))
        array([[2., 1.]])
    """
    if part.dtype == bool:
        return np.array(np.count_nonzero(part, axis=1), np.float64, order="C")  # exact, and several times as fast
    return np.asarray(part.sum(axis=1, dtype=np.float64))


def alike(part: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the distinct summands of rows, and the kind of each row; rows of one kind change a score alike.

    Args:
        part: the summands of rows, (M, n, ...).

    Returns:
        (1, kinds, ...) and (M, n); where there are no fewer kinds than rows, `part` itself and None.

    Example:
        >>> kinds, kind = alike(np.array([[[True, False], [True, True], [True, False]]]))
        >>> kinds.astype(int).tolist(), kind.tolist()
        ([[[1, 0], [1, 1]]], [[0, 1, 0]])
    """
    flags = part.reshape(*part.shape[:2], -1)
    if part.dtype != bool or flags.shape[-1] > FLAGS:
        return part, None
    digits = np.arange(flags.shape[-1])
    number = flags @ (1 << digits)
    there = np.bincount(number.ravel()) > 0
    if there.sum() >= part.shape[1]:
        return part, None
    kinds = (np.flatnonzero(there)[:, None] >> digits) & 1 > 0
    return kinds.reshape(1, -1, *part.shape[2:]), (np.cumsum(there) - 1)[number]


def with_contributions(rows: Function) -> Callable[[Function], Score]:
    """Make a score from a function that computes it, and `rows`, which computes the contributions of rows."""
    return lambda value: Score(value, rows, value)


def share_of_area(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return shares of areas (...), 1 where there is no area: nothing is there, and nothing is predicted.

    Example:
        >>> share_of_area(np.array([1.0, 0.0]), np.array([4.0, 0.0]))
        array([0.25, 1.  ])
    """
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 1.0)


def of_whole(value: Function) -> Score:
    """Make a score of a whole sample, for which contributions of rows are undefined."""
    return Score(value, lambda target, prediction: np.full(target.shape[:2], np.nan), value)
