"""A metric of the user's own, called for one model at a time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress

import numpy as np

from lossbench.errors import ScoreFailed
from lossbench.losses.custom.contain import failing
from lossbench.losses.custom.endless import ticking
from lossbench.losses.custom.source import in_one_line, line_of
from lossbench.metrics.one_row import one_more
from lossbench.metrics.own.influence import shares
from lossbench.metrics.own.locate import Located, locate
from lossbench.metrics.own.named import Named, read_named
from lossbench.metrics.prediction import Prediction
from lossbench.metrics.score import Score
from lossbench.schema import Need
from lossbench.task import VALUED

Call = Callable[[np.ndarray, np.ndarray], float]
"""From the targets and the predictions of one model, (n, ...) each, to its score."""


class OwnScore(Score):
    """A function of the user's own as a score of many models.

    It gets the arrays that a metric of scikit-learn gets: (n,) where a row has one target, (n, targets) where it
    has several, integers for classes and labels; probabilities of the positive class, (n,), or of each class or
    label. Its output and warnings are dropped.

    Args:
        named: its spec.
        found: the function.
    """

    def __init__(self, named: Named, found: Located) -> None:
        super().__init__(self._scores, self._scores, named=type(self)._scores)
        self.__name__, self.named, self.found = named.column, named, found

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a spec: functions of a user's file cannot be imported by name in another process."""
        return restored, (self.named.spec, self.found.code)

    def contributions(
        self, target: np.ndarray, prediction: Prediction, unit: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what each row contributes, (M, n), see `lossbench.metrics.own.influence`."""

        def rows(target: np.ndarray, prediction: Prediction) -> np.ndarray:
            number = np.arange(target.shape[1])[None] if unit is None else unit
            units = np.broadcast_to(number, target.shape[:2])
            found = np.full(target.shape[:2], np.nan)
            for model, mine, seen in each(self.named.needs, target, prediction):
                with suppress(ScoreFailed):  # the model has a score already; only its contributions stay NaN
                    found[model] = shares(self.call, mine, seen, units[model])
            return found

        with quiet():
            return self._computed(rows, target, prediction)

    def of_one_row(self, target: np.ndarray, prediction: Prediction) -> np.ndarray:
        """Return how much a row may count, (M,), see `lossbench.metrics.score.Score.of_one_row`.

        NaN where the function takes no other number of rows; contributions are then unknown too.
        """
        more, *decided = one_more(prediction)
        ways = [shown.decision[0].astype(np.int64) for shown in decided]
        found = np.full(len(target), np.nan)
        with quiet(), suppress(ScoreFailed):
            for model, mine, seen in each("decision", target, prediction):
                scores = [
                    [
                        self.call(with_row(mine, row), with_row(seen, said))
                        for row, said in zip(more[0], way, strict=True)
                    ]
                    for way in ways
                ]
                found[model] = (len(mine) + 1) * np.fmax.reduce(np.abs(np.diff(scores, axis=0)[0]))
        return found

    def _scores(self, target: np.ndarray, prediction: Prediction) -> np.ndarray:
        found = np.full(len(target), np.nan)
        with quiet():
            for model, mine, seen in each(self.named.needs, target, prediction):
                found[model] = self.call(mine, seen)
        return found

    def call(self, target: np.ndarray, seen: np.ndarray) -> float:
        """Return the score of one model; NaN where the function returns NaN.

        Raises:
            ScoreFailed: it raises, or returns no number.
        """

        def fault(error: BaseException) -> ScoreFailed:
            where = line_of(error, self.found.file)
            return ScoreFailed(
                f"score '{self.named.spec}' raised {in_one_line(error)}{where}, called with target {target.shape} "
                f"and prediction {seen.shape}; let it give a number, or NaN where it is undefined"
            )

        with failing(fault):  # it gets copies, which it may change
            value = self.found.function(target.copy(), seen.copy(), **self.found.arguments)
        if (fault_of_value := not_a_number(value)) is not None:
            raise ScoreFailed(f"score '{self.named.spec}' returned {fault_of_value}; let it give one number")
        return float(value)


def restored(spec: str, code: str) -> OwnScore:
    """Unpickle a metric, or refuse it if its code has changed."""
    named = read_named(spec)
    found = locate(named)
    if found.code != code:
        raise ScoreFailed(
            f"the code of score '{spec}' changed during the run, so that its numbers are of two; run the same "
            "command again"
        )
    return OwnScore(named, found)


def not_a_number(value: object) -> str | None:
    """Say what a value is instead of a single number; None where it is one.

    Example:
        >>> not_a_number(0.5), not_a_number(np.float32(1)), not_a_number([1.0, 2.0]), not_a_number(True)
        (None, None, 'an array of shape (2,)', 'bool')
    """
    try:
        found = np.asarray(value)
    except Exception:  # any object may come here
        return type(value).__name__
    if found.shape:
        return f"an array of shape {found.shape}"
    return None if found.dtype.kind in "iuf" else type(value).__name__


def each(needs: Need, target: np.ndarray, prediction: Prediction) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield the number, the targets and the predictions of each model that has predictions."""
    seen = given(needs, prediction)
    for model, (mine, theirs) in enumerate(zip(target, seen, strict=True)):
        if np.isfinite(theirs).all():
            if prediction.task in VALUED:
                yield model, one_column(mine), one_column(theirs)
            else:
                yield model, mine, theirs.astype(np.int64) if needs == "decision" else theirs


def given(needs: Need, prediction: Prediction) -> np.ndarray:
    """Return what a metric gets for M models, (M, n, ...); NaN where the loss does not provide it."""
    if needs == "decision":
        return prediction.decision
    if needs == "ranking":
        return prediction.ranking
    return np.full(prediction.ranking.shape, np.nan) if prediction.probability is None else prediction.probability


def with_row(values: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return values (n, ...) with one row appended."""
    return np.append(values, row[None], axis=0)


def one_column(values: np.ndarray) -> np.ndarray:
    """Return values (n, targets), or (n,) where there is one target."""
    return values[:, 0] if values.shape[1] == 1 else values


@contextmanager
def quiet() -> Iterator[None]:
    """Drop output and warnings, which would repeat for every model and epoch; see `ticking`."""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        ticking(),
    ):
        warnings.simplefilter("ignore")
        yield
