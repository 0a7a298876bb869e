"""A family of paired differences as columns: intervals, tests, verdicts, and what so many seeds can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lossbench.measures.scores import MEASURES
from lossbench.stats.arena import Arena
from lossbench.stats.bootstrap import bootstrap_interval, disagree_about_zero
from lossbench.stats.paired import Interval, holm, paired_test, smallest_p, verdict
from lossbench.stats.sample_size import more_seeds

DTYPES = {"more_seeds": "Int64", "bootstrap_disagrees": "boolean"}
"""The types of the columns that may hold undefined values."""


def difference_columns(arena: Arena, differences: np.ndarray, margins: Mapping[str, float]) -> dict[str, Any]:
    """Return what is said of differences of the primary score that are shown, and so corrected, together.

    Args:
        arena: where they are from.
        differences: (tests, seeds) one loss minus another; NaN where either is undefined.
        margins: the difference that is too small to matter, by score.

    Returns:
        Columns by name, (tests,) each.
    """
    margin, ratio = margins.get(arena.score), arena.test_to_train
    test = paired_test(differences, ratio)
    adjusted = holm(np.asarray(test.p_value))
    family = int(np.count_nonzero(~np.isnan(adjusted)))
    words = verdict(test.interval, adjusted, margin, MEASURES[arena.score].greater_is_better)
    check = bootstrap_interval(differences, arena.dataset)
    return {
        **spread("difference", test.interval),
        "n": test.interval.n,
        "p_value": test.p_value,
        "p_holm": adjusted,
        "effect_size": test.effect_size,
        "verdict": words.tolist(),
        "smallest_p": smallest_p(test.interval.n, family),
        "more_seeds": more_seeds(differences, words, margin, family, ratio),
        "bootstrap_low": check.low,
        "bootstrap_high": check.high,
        "bootstrap_disagrees": disagree_about_zero(test.interval, check),
    }


def spread(name: str, interval: Interval) -> dict[str, Any]:
    """Return an interval as three columns."""
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
