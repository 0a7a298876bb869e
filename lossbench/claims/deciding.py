"""Turn contrasts into evidence: test them together, correct the p values, and give each its word.

A unit also gets the probability of every word on other seeds. For that its comparison is redrawn many times: the
mean is moved by the distance between the means of two runs, and everything else is done as before. That distance
has a standard deviation of √2 times the standard error over seeds; on a table, whose rows stay the same, only the
part of the splits counts. The variance of the choice of rates is included, since other seeds choose other rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from zlib import crc32

import numpy as np

from lossbench.claims.claim import WORDS, Evidence, Word
from lossbench.claims.contrast import Contrast, number
from lossbench.stats.estimate import ALPHA, Estimate
from lossbench.stats.families import holm
from lossbench.stats.rows import RowSpread
from lossbench.stats.verdicts import BETTER, WORSE, fair, verdict

DRAWS = 400
"""How often a comparison is redrawn: a probability of 0.9 is then known to 0.015."""

DECIDING: tuple[Word, ...] = WORDS[:-1]
"""The words that a comparison can have on other seeds, in the order of `Evidence.again`."""


def judge_all(contrasts: Sequence[Contrast]) -> list[Evidence]:
    """Judge all comparisons of one claim.

    Their p values are corrected by Holm, once over the units, which decide, and once over all other comparisons.
    Equivalence is corrected like difference.

    Example:
        >>> from lossbench.stats.paired import over_seeds
        >>> line, wins = Evidence("inconclusive", "accuracy"), over_seeds(np.array([0.11, 0.12, 0.13, 0.12]), 0.3)
        >>> judge_all([Contrast(line, wins, "better", margin=0.01)])[0].verdict
        'reproduced'
    """
    units = [contrast for contrast in contrasts if contrast.line.role == "unit"]
    others = [contrast for contrast in contrasts if contrast.line.role != "unit"]
    lines = dict(zip(units, judge(units, with_others=True), strict=True))
    lines |= zip(others, judge(others), strict=True)
    return [lines[contrast] for contrast in contrasts]


def judge(family: Sequence[Contrast], with_others: bool = False) -> list[Evidence]:
    """Return the evidence of contrasts that are corrected together, with its figures.

    Args:
        family: the contrasts.
        with_others: whether the probabilities on other seeds are computed too.
    """
    different, same = corrected(family, [contrast.estimate for contrast in family])
    again = chances_on_other_seeds(family) if with_others else [()] * len(family)
    return [evidence(*each) for each in zip(family, different, same, again, strict=True)]


def corrected(family: Sequence[Contrast], estimates: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """Return Holm's p values against no difference, and against one beyond the margin, (contrasts, draws) each.

    Args:
        family: contrasts that are corrected together.
        estimates: the estimate of each, one or (draws,).
    """
    different = [np.atleast_1d(estimate.p_value()) for estimate in estimates]
    same = [np.atleast_1d(equal_p(*each)) for each in zip(family, estimates, strict=True)]
    return holm(np.array(different)), holm(np.array(same))


def equal_p(contrast: Contrast, estimate: Estimate) -> np.ndarray:
    """Return the p values against a difference of the margin or more; NaN if no margin is declared."""
    if not contrast.margin or contrast.direction == "not worse":
        return np.full(np.shape(estimate.mean), np.nan)
    return estimate.p_equivalent(contrast.margin)


def evidence(contrast: Contrast, different: np.ndarray, same: np.ndarray, again: tuple[float, ...]) -> Evidence:
    """Return the evidence of one contrast; for the p values, (1,) each, see `corrected`."""
    interval = contrast.estimate.interval()
    mean, low, high = (number(end + contrast.bound) for end in (interval.mean, interval.low, interval.high))
    over: Literal["rows", "seeds"] = "rows" if isinstance(contrast.spread, RowSpread) else "seeds"
    figures = replace(
        contrast.line,
        measured=mean,
        low=low,
        high=high,
        n=int(interval.n),
        over=over,
        p_value=number(different[0]),
        against=contrast.against,
    )
    if not figures.n:
        return replace(figures, verdict="not testable", note=figures.note or "the score is undefined for an arm")
    (word,) = words(contrast, contrast.estimate, different, same).tolist()
    return replace(figures, verdict=word, again=again)


def words(contrast: Contrast, estimate: Estimate, different: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Return the word of a contrast in each draw; see `Direction`.

    If some trainings of a loss have no value, the others can only count against it.

    Args:
        contrast: what is claimed.
        estimate: the estimate of its difference minus the bound, one or (draws,).
        different: (draws,) see `corrected`.
        same: likewise.

    Returns:
        (draws,) of `Word`.
    """
    found = np.atleast_1d(verdict(estimate.interval(), different, contrast.greater_is_better, same))
    first, second = map(np.atleast_1d, contrast.complete)
    found = fair(found, second, first)
    equal = (same < ALPHA) & all(contrast.complete)
    better, worse = np.isin(found, BETTER), np.isin(found, WORSE)
    if contrast.ambiguous:
        return np.full(found.shape, "inconclusive")
    if contrast.direction == "equal":
        return np.select([equal, better | worse], ["reproduced", "contradicted"], "inconclusive")
    so, not_so = (worse, better) if contrast.direction == "worse" else (better, worse)
    return np.select([equal, so, not_so], ["equivalent", "reproduced", "contradicted"], "inconclusive")


def chances_on_other_seeds(family: Sequence[Contrast]) -> list[tuple[float, ...]]:
    """Return the probability of each word of each contrast on other seeds, see `Evidence.again`."""
    drawn = [redrawn(contrast, quantiles(contrast.line)) for contrast in family]
    found = map(words, family, drawn, *corrected(family, drawn))
    return [tuple(float(np.mean(said == word)) for word in DECIDING) for said in found]


def quantiles(line: Evidence) -> np.ndarray:
    """Return the quantiles of a normal distribution, (draws,), in a random order for each comparison."""
    from scipy.special import ndtri

    name = "|".join((line.protocol, line.dataset, line.case, line.what, line.part))
    order = np.random.default_rng(crc32(name.encode())).permutation(DRAWS)
    return np.asarray(ndtri((order + 0.5) / DRAWS))


def redrawn(contrast: Contrast, deviations: np.ndarray) -> Estimate:
    """Return a contrast's estimate on other seeds, moved by this many standard deviations (draws,)."""
    found = contrast.estimate
    moved = found.mean + np.sqrt(2.0) * np.nan_to_num(contrast.wandering) * deviations
    return replace(found, mean=moved)
