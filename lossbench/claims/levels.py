"""The level of a score beside the reported one: shown, and not judged.

No document says on which data its numbers were measured, so a score that is higher or lower here contradicts
nothing. What can be judged are orders and differences.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossbench.claims.contrast import number
from lossbench.claims.evidence import Evidence
from lossbench.stats.paired import corrected_interval


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
