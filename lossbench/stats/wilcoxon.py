"""Across data sets: Wilcoxon's signed-rank test, and which losses it cannot tell apart.

The latter are for a critical-difference picture (Demšar 2006, section 3.2.4): mean ranks on a line, and a bar over
losses that are not told apart. Demšar's bars are as long as Nemenyi's critical difference, which depends on the
other losses in the table. Here two losses are told apart by a test of themselves alone, with Holm's correction
over all pairs (Benavoli, Corani and Mangili 2016, "Should we really use post-hoc tests based on mean-ranks?").
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lossbench.stats.estimate import ALPHA
from lossbench.stats.families import holm
from lossbench.stats.pairs import letters
from lossbench.stats.sample_size import least_n

LEAST = least_n()
"""Data sets below which there is no picture: with five, not even p = 2 / 2⁵ = 0.0625 of one pair is below 5 %."""


def wilcoxon_p(differences: np.ndarray) -> float:
    """Return the two-sided p value of Wilcoxon's signed-rank test on differences (data sets,), exact for up to 13.

    A data set on which two losses are tied is left out; if all are tied, p = 1.
    """
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue) if differences.any() else 1.0


def letters_across(table: np.ndarray, ranks: np.ndarray) -> list[Any]:
    """Give each loss letters, so that two losses share one exactly if data sets do not tell them apart.

    Args:
        table: (data sets, losses) how well each did, the greater the better.
        ranks: (losses,) mean ranks; equal ones keep their order.

    Returns:
        The letters of each loss, in the order of the table; the best rank has an "a". NaN for too few data sets.

    Example:
        >>> rising = np.arange(9.0)[:, None] + np.array([0.0, 0.0, 1.0])
        >>> letters_across(rising, np.array([2.5, 2.5, 1.0]))
        ['b', 'b', 'a']
    """
    data_sets, losses = table.shape
    if data_sets < LEAST:
        return [np.nan] * losses
    first, second = np.triu_indices(losses, 1)
    p_values = holm(np.array([wilcoxon_p(row) for row in (table[:, second] - table[:, first]).T]))
    apart = np.zeros((losses, losses), dtype=bool)
    apart[first, second] = apart[second, first] = p_values < ALPHA
    order = np.argsort(ranks, kind="stable")
    found = dict(zip(order.tolist(), letters(apart[np.ix_(order, order)]), strict=True))
    return [found[loss] for loss in range(losses)]
