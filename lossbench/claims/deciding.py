"""From contrasts to evidence: tested together, corrected, and put into the word of each.

A unit also has the probability of every word that it would have had on other seeds. For that its comparison is
drawn anew many times: the mean moves as far as the means of two runs lie apart, and all else is done as with the
first. That is √2 times the standard error over seeds; on a table, where the rows stay the same, of what hangs on
the splits. What hangs on the choice of the rates is part of it, since other seeds choose others.
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
"""How often a comparison is drawn anew: a probability of 0.9 is then known to 0.015."""

DECIDING: tuple[Word, ...] = WORDS[:-1]
"""The words that a comparison can have on other seeds, in the order of `Evidence.again`."""


def judge_all(contrasts: Sequence[Contrast]) -> list[Evidence]:
    """Judge all comparisons that are made for one claim.

    Their p values are corrected by Holm: those of the units, which decide, among themselves, and those of all
    other comparisons likewise. Equivalence is corrected as difference is.

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
        with_others: whether it is also asked what other seeds would say.
    """
    different, same = corrected(family, [contrast.estimate for contrast in family])
    again = other_seeds(family) if with_others else [()] * len(family)
    return [evidence(*each) for each in zip(family, different, same, again, strict=True)]


def corrected(family: Sequence[Contrast], estimates: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """Return the p values of no difference and of one of the margin or more, (contrasts, draws) each, by Holm.

    Args:
        family: contrasts that are corrected together.
        estimates: of each, one or (draws,).
    """
    different = [np.atleast_1d(estimate.p_value()) for estimate in estimates]
    same = [np.atleast_1d(equal_p(*each)) for each in zip(family, estimates, strict=True)]
    return holm(np.array(different)), holm(np.array(same))


def equal_p(contrast: Contrast, estimate: Estimate) -> np.ndarray:
    """Return the p values of a difference of the margin or more; NaN where no margin is declared."""
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
    """Return what a contrast says of what is claimed, in each draw; see `Direction`.

    The trainings of a loss that are left where others have no value speak against it at most.

    Args:
        contrast: what is claimed.
        estimate: of its difference less the bound, one or (draws,).
        different: (draws,) see `corrected`.
        same: likewise.

    Returns:
        (draws,) of `Word`.
    """
    found = np.atleast_1d(verdict(estimate.interval(), different, contrast.greater_is_better, same))
    first, second = map(np.atleast_1d, contrast.whole)
    found = fair(found, second, first)
    equal = (same < ALPHA) & all(contrast.whole)
    better, worse = np.isin(found, BETTER), np.isin(found, WORSE)
    if contrast.blurred:
        return np.full(found.shape, "inconclusive")
    if contrast.direction == "equal":
        return np.select([equal, better | worse], ["reproduced", "contradicted"], "inconclusive")
    so, not_so = (worse, better) if contrast.direction == "worse" else (better, worse)
    return np.select([equal, so, not_so], ["equivalent", "reproduced", "contradicted"], "inconclusive")


def other_seeds(family: Sequence[Contrast]) -> list[tuple[float, ...]]:
    """Return how probable it is that other seeds would say each word of each contrast, see `Evidence.again`."""
    drawn = [redrawn(contrast, quantiles(contrast.line)) for contrast in family]
    found = map(words, family, drawn, *corrected(family, drawn))
    return [tuple(float(np.mean(said == word)) for word in DECIDING) for said in found]


def quantiles(line: Evidence) -> np.ndarray:
    """Return the quantiles of a normal distribution, (draws,), in an order that is a comparison's own."""
    from scipy.special import ndtri

    name = "|".join((line.protocol, line.dataset, line.case, line.what, line.part))
    order = np.random.default_rng(crc32(name.encode())).permutation(DRAWS)
    return np.asarray(ndtri((order + 0.5) / DRAWS))


def redrawn(contrast: Contrast, deviations: np.ndarray) -> Estimate:
    """Return a contrast's estimate as other seeds may find it: one that lies so many deviations (draws,) off."""
    found = contrast.estimate
    moved = found.mean + np.sqrt(2.0) * np.nan_to_num(contrast.wandering) * deviations
    return replace(found, mean=moved)
