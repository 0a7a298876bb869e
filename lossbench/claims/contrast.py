"""Contrasts: paired comparisons of two arms over seeds, judged together, from the scores of trainings to evidence.

Every experiment that trains makes its contrasts and has them judged by `judge_all`, so that a claim is decided by
the same test, margins and correction whatever experiment decides it.

The level of a score is shown beside the reported one and not judged: no document says on which data its numbers
were measured, so a score that is higher or lower here contradicts nothing. Orders and differences can be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from lossbench.claims.claim import Evidence, Word, decided
from lossbench.stats.estimate import ALPHA
from lossbench.stats.families import holm
from lossbench.stats.paired import PairedTest, corrected_interval, paired_test
from lossbench.stats.verdicts import BETTER, WORSE, fair, verdict

Direction = Literal["better", "worse", "equal", "not worse"]
"""What is claimed of the first arm.

- better, worse: reproduced where it is so, contradicted where it is the opposite, else equivalent or inconclusive.
- equal: reproduced where the interval lies inside the margin, contradicted where either arm is better.
- not worse: reproduced where it is shown to be above minus the margin, contradicted where it is shown to be below.
"""


@dataclass(frozen=True, eq=False)
class Contrast:
    """One comparison of two arms, before it is judged.

    Args:
        line: everything that the evidence says but figures and verdict.
        differences: (seeds,) a score of the first arm minus the second; NaN where either is undefined.
        test_to_train: see `lossbench.stats.paired.shared_rows`.
        direction: what is claimed of the first arm.
        margin: the difference that is too small to matter; None where none is declared.
        greater_is_better: the direction of the score.
        claimed: the difference that the test is of; not zero where a reported size is tried.
        whole: whether all trainings of the first arm ended well, and all of the second.
    """

    line: Evidence
    differences: np.ndarray
    test_to_train: float
    direction: Direction
    margin: float | None
    greater_is_better: bool = True
    claimed: float = 0.0
    whole: tuple[bool, bool] = (True, True)

    @property
    def bound(self) -> float:
        """The difference that is tested against: the one claimed, less the margin where that much is allowed."""
        if self.direction != "not worse":
            return self.claimed
        return self.claimed - (self.margin or 0.0) * (1 if self.greater_is_better else -1)

    def test(self) -> PairedTest:
        """Test whether the difference is the one that it is tested against."""
        return paired_test(np.asarray(self.differences, dtype=np.float64) - self.bound, self.test_to_train)


def judge_all(contrasts: Sequence[Contrast]) -> list[Evidence]:
    """Judge all comparisons that are made for one claim; their p values are corrected by Holm, all together.

    Example:
        >>> line, wins = Evidence("inconclusive", "accuracy"), np.array([0.11, 0.12, 0.13, 0.12])
        >>> judge_all([Contrast(line, wins, 0.3, "better", margin=0.01)])[0].verdict
        'reproduced'
    """
    tests = [contrast.test() for contrast in contrasts]
    adjusted = holm(np.array([test.p_value for test in tests])).tolist()
    same = holm(np.array([equal_p(*pair) for pair in zip(contrasts, tests, strict=True)])).tolist()
    return [judge(*each) for each in zip(contrasts, tests, adjusted, same, strict=True)]


def equal_p(contrast: Contrast, test: PairedTest) -> float:
    """Return the p value of a difference of the margin or more; NaN where no margin is declared."""
    if not contrast.margin or contrast.direction == "not worse":
        return float("nan")
    return float(test.estimate.p_equivalent(contrast.margin))


def judge(contrast: Contrast, test: PairedTest, adjusted_p: float, same_p: float) -> Evidence:
    """Return the evidence of one contrast, with its figures.

    The trainings of a loss that are left where others diverged speak against it at most. Where it is not known of
    which arm they were, nothing is decided.
    """
    mean, low, high = (
        number(end + contrast.bound) for end in (test.interval.mean, test.interval.low, test.interval.high)
    )
    n = int(test.interval.n)
    found = replace(contrast.line, measured=mean, low=low, high=high, n=n, p_value=number(adjusted_p))
    if not n:
        return replace(found, verdict="not testable", note=found.note or "the score is undefined for an arm")
    unknown = found.diverged and all(contrast.whole)
    return replace(found, verdict="inconclusive" if unknown else word_for(contrast, test, adjusted_p, same_p))


def word_for(contrast: Contrast, test: PairedTest, adjusted_p: float, same_p: float) -> Word:
    """Return what a contrast says of what is claimed; see `Direction`."""
    found = str(verdict(test.interval, adjusted_p, contrast.greater_is_better, same_p))
    first, second = map(np.atleast_1d, contrast.whole)
    found, same_p = str(fair(np.array([found]), second, first)[0]), same_p if all(contrast.whole) else float("nan")
    better, worse = found in BETTER, found in WORSE
    if contrast.direction == "equal":
        return "reproduced" if same_p < ALPHA else "contradicted" if better or worse else "inconclusive"
    if better or worse:
        return decided(worse if contrast.direction == "worse" else better)
    return "equivalent" if found == "equivalent" else "inconclusive"


def number(value: Any) -> float | None:
    """Return a plain number, None where it is undefined."""
    return None if np.isnan(value) else float(value)


def level(
    line: Evidence, values: np.ndarray, test_to_train: float, reported: str | None, margin: float | None
) -> Evidence:
    """Return the mean of a score with its interval, beside the reported one.

    Args:
        line: everything that the evidence says but figures and verdict.
        values: (seeds,) the score; NaN where undefined.
        test_to_train: see `lossbench.stats.paired.shared_rows`.
        reported: the document's number; None where it has none for this setting.
        margin: the difference that is too small to matter; None where none is declared.

    Example:
        >>> found = level(Evidence("not testable", "f1"), np.array([0.7, 0.72, 0.71]), 0.3, "0.743", 0.01)
        >>> found.what, found.note
        ('level of f1', 'not the reported level, on data that the document does not name')
    """
    mean = corrected_interval(np.asarray(values, dtype=np.float64), test_to_train)
    return replace(
        line,
        verdict="not testable",
        aspect="level",
        reported=None if reported is None else float(reported),
        measured=number(mean.mean),
        low=number(mean.low),
        high=number(mean.high),
        n=int(mean.n),
        note=", ".join(filter(None, [line.note, beside(float(mean.mean), reported, margin)])),
    )


def beside(mean: float, reported: str | None, margin: float | None) -> str:
    """Say how a measured mean stands to the reported number."""
    if reported is None:
        return "the document reports nothing for this setting"
    agrees = abs(mean - float(reported)) <= (margin or 0.0)
    return f"{'' if agrees else 'not '}the reported level, on data that the document does not name"
