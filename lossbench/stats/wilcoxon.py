"""Across data sets: Wilcoxon's signed-rank test, and letters for the losses that it cannot tell apart.

The letters are for a critical-difference diagram (Demšar 2006, section 3.2.4): mean ranks on a line, and a bar
over losses that are not told apart. Demšar's bars have the length of Nemenyi's critical difference, which depends
on the other losses in the table. Here two losses are told apart by a test of themselves alone, with Holm's
correction over all pairs (Benavoli, Corani and Mangili 2016, "Should we really use post-hoc tests based on
mean-ranks?").
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lossbench.metrics.ranks import ranks
from lossbench.stats.estimate import ALPHA
from lossbench.stats.families import holm
from lossbench.stats.pairs import lettered
from lossbench.stats.sample_size import least_n

EXACT_WITH_TIES, EXACT_WITHOUT_TIES = 13, 50
"""The largest numbers of data sets with exact p values: with tied differences, and without."""

LEAST = least_n()
"""The fewest data sets for a diagram: with five, not even p = 2 / 2⁵ = 0.0625 of one pair is below 5 %."""


def wilcoxon_p(differences: np.ndarray) -> float:
    """Return the two-sided p value of Wilcoxon's signed-rank test on differences (data sets,).

    twice the chance of a sum of positive ranks as far out or further, if every sign were as likely as the other

    A data set on which the losses are tied is left out; if all are tied, p = 1. The p value is exact for up to 13
    data sets, and for up to 50 without tied differences. Otherwise the sum is approximated as normal, with the
    correction for ties. scipy does the same, but takes half a second to import.

    Source: Wilcoxon 1945, Individual comparisons by ranking methods, Biometrics Bulletin 1.

    Example:
        >>> wilcoxon_p(np.array([0.1, 0.2, 0.3, 0.4, -0.5]))
        0.625
    """
    different = differences[differences != 0.0]
    if not len(different):
        return 1.0
    ranked, data_sets = ranks(np.abs(different)), len(differences)
    above = float(ranked[different > 0.0].sum())
    distinct = len(np.unique(ranked)) == data_sets
    if data_sets <= EXACT_WITH_TIES or (distinct and data_sets <= EXACT_WITHOUT_TIES):
        return _exact_p(ranked, above)
    return _normal_p(ranked, above)


def _exact_p(ranked: np.ndarray, above: float) -> float:
    """Return twice the share of all sign assignments with a rank sum at least as extreme, at most 1."""
    doubled = np.rint(2 * ranked).astype(int)  # ties share half ranks
    ways = np.zeros(doubled.sum() + 1)
    ways[0] = 1.0
    for rank in doubled:
        ways[rank:] += ways[:-rank]
    place = round(2 * above)
    return min(1.0, 2.0 * float(min(ways[: place + 1].sum(), ways[place:].sum())) / 2.0 ** len(ranked))


def _normal_p(ranked: np.ndarray, above: float) -> float:
    """Return twice the tail probability of the rank sum under a normal law with its moments."""
    from scipy.special import ndtr

    count, ties = float(len(ranked)), np.unique(ranked, return_counts=True)[1].astype(float)
    spread = np.sqrt((count * (count + 1) * (2 * count + 1) - (ties**3 - ties).sum() / 2) / 24)
    distance = (above - count * (count + 1) * 0.25) / spread
    return float(2 * ndtr(-abs(distance)))


def letters_across(table: np.ndarray, mean_ranks: np.ndarray) -> list[Any]:
    """Give each loss letters, so that two losses share one exactly if the data sets do not tell them apart.

    Args:
        table: (data sets, losses) scores, greater is better.
        mean_ranks: (losses,) of the losses; equal ones keep their order.

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
    found = lettered(p_values < ALPHA, losses, np.argsort(mean_ranks, kind="stable").tolist())
    return [found[loss] for loss in range(losses)]
