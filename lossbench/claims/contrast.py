"""Contrasts: paired comparisons of two arms over rows or seeds, before they are judged.

Every experiment that trains returns contrasts, and `lossbench.claims.deciding` judges them together, so that all
claims are decided by the same test, margins and correction.

The level of a score is shown beside the reported one but not judged: no document says on which data its numbers
were measured, so another level contradicts nothing. Orders and differences can be judged.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from lossbench.claims.claim import Evidence
from lossbench.stats.estimate import Estimate
from lossbench.stats.paired import SeedSpread, corrected_interval
from lossbench.stats.rows import RowSpread

Direction = Literal["better", "worse", "equal", "not worse"]
"""What is claimed of the first arm.

- better, worse: equivalent if the difference is shown to lie within the margin, whatever its sign; else reproduced
  if it has the claimed sign, contradicted if it has the opposite one.
- equal: reproduced if the interval lies inside the margin, contradicted if either arm is better.
- not worse: reproduced if the difference is shown to be above minus the margin, contradicted if below.
"""


@dataclass(frozen=True, eq=False)
class Contrast:
    """One comparison of two arms, before it is judged.

    Args:
        line: the evidence without figures and verdict.
        spread: the spread of the first arm's score minus the second's, over the rows of a table or over seeds.
        direction: what is claimed of the first arm.
        margin: the difference that is too small to matter; None if none is declared.
        greater_is_better: the direction of the score.
        claimed: the difference that is tested against; not zero if a reported size is tested.
        complete: whether all trainings of the first arm have a value, and all of the second.
        ambiguous: whether some trainings have no value, and it is not known which arm that counts against.
    """

    line: Evidence
    spread: SeedSpread | RowSpread
    direction: Direction
    margin: float | None
    greater_is_better: bool = True
    claimed: float = 0.0
    complete: tuple[bool, bool] = (True, True)
    ambiguous: bool = False

    @property
    def bound(self) -> float:
        """The difference that is tested against: the claimed one, minus the margin for "not worse"."""
        if self.direction != "not worse":
            return self.claimed
        return self.claimed - (self.margin or 0.0) * (1 if self.greater_is_better else -1)

    def sized(self, first: float, other: float) -> Contrast:
        """Return the comparison of the difference with the reported one, from the reported scores of both arms."""
        claimed = first - other
        line = replace(self.line, aspect="size", reported=claimed)
        return replace(self, line=line, claimed=claimed, direction="equal")

    @cached_property
    def estimate(self) -> Estimate:
        """The difference minus the bound."""
        found = self.spread.at()
        mean, error, freedom, n = (np.asarray(getattr(found, one.name)).item() for one in fields(found))
        return Estimate(mean - self.bound, error, freedom, n)

    @property
    def wandering(self) -> float:
        """The standard deviation of the difference from one set of seeds to another."""
        return float(np.asarray(self.spread.wandering).item())

    @property
    def against(self) -> float:
        """By how many standard errors the difference contradicts the claim; 0 if it agrees."""
        mean, error = float(self.estimate.mean), float(self.estimate.error)
        if not error > 0.0:
            return 0.0
        lower = self.greater_is_better == (self.direction != "worse")
        return abs(mean / error) if self.direction == "equal" else max(0.0, (-mean if lower else mean) / error)


def number(value: Any) -> float | None:
    """Return a plain float; None if it is undefined."""
    return None if np.isnan(value) else float(value)


def level(
    line: Evidence, values: np.ndarray, test_to_train: float, reported: str | None, margin: float | None
) -> Evidence:
    """Return the mean of a score with its interval, beside the reported one.

    Args:
        line: the evidence without figures and verdict.
        values: (seeds,) the score; NaN where undefined.
        test_to_train: see `lossbench.stats.paired.shared_rows`.
        reported: the document's number; None if it has none for this setting.
        margin: the difference that is too small to matter; None if none is declared.

    Example:
        >>> found = level(Evidence("not testable", "f1"), np.array([0.7, 0.72, 0.71]), 0.3, "0.743", 0.01)
        >>> found.what, found.note
        ('level of f1', 'not the reported level, on data that the document does not name')
    """
    mean = corrected_interval(np.asarray(values, dtype=np.float64), test_to_train)
    return replace(
        line,
        verdict="not testable",
        role="shown",
        aspect="level",
        reported=None if reported is None else float(reported),
        measured=number(mean.mean),
        low=number(mean.low),
        high=number(mean.high),
        n=int(mean.n),
        note=", ".join(filter(None, [line.note, agreement_note(float(mean.mean), reported, margin)])),
    )


def agreement_note(mean: float, reported: str | None, margin: float | None) -> str:
    """Say whether a measured mean agrees with the reported number."""
    if reported is None:
        return "the document reports nothing for this setting"
    agrees = abs(mean - float(reported)) <= (margin or 0.0)
    return f"{'' if agrees else 'not '}the reported level, on data that the document does not name"
