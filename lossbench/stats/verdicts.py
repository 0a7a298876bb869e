"""Verdicts: the outcome of a test as one word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from lossbench.stats.estimate import ALPHA, Interval, Numbers

WITHIN = ", within the margin"
"""Ends a verdict on a difference that is significant, but shown to be too small to matter."""

BETTER, WORSE = ("better", f"better{WITHIN}"), ("worse", f"worse{WITHIN}")
"""The verdicts that tell one loss from another."""

FASTER, SLOWER = ("faster", f"faster{WITHIN}"), ("slower", f"slower{WITHIN}")
"""The same for times."""


def verdict(
    interval: Interval, adjusted_p: Numbers, greater_is_better: bool, equivalent_p: Numbers = np.nan
) -> np.ndarray:
    """Return the outcome of a test as one word, or of two tests as two.

    Better or worse: the interval excludes zero and the corrected test is significant. Equivalent: the corrected
    test that the difference is smaller than the margin is significant. Both may hold. Inconclusive: neither holds.

    Args:
        interval: of the difference, this arm minus the other.
        adjusted_p: the p value of no difference, after correction for the family.
        greater_is_better: the direction of the score.
        equivalent_p: the p value of equivalence, likewise; NaN where no margin is declared.

    Returns:
        The verdict on this arm, (...) as `adjusted_p`.

    Example:
        >>> from lossbench.stats.paired import paired_test
        >>> test = paired_test(np.array([0.11, 0.12, 0.13]), 0.0)
        >>> str(verdict(test.interval, test.p_value, greater_is_better=True))
        'better'
    """
    significant = np.asarray(adjusted_p) < ALPHA
    above, below = significant & (interval.low > 0.0), significant & (interval.high < 0.0)
    inside = np.asarray(equivalent_p) < ALPHA
    better, worse = (above, below) if greater_is_better else (below, above)
    return np.select(
        [better & inside, better, worse & inside, worse, inside],
        [BETTER[1], BETTER[0], WORSE[1], WORSE[0], "equivalent"],
        "inconclusive",
    )[()]


APART = {**dict.fromkeys(BETTER, 1), **dict.fromkeys(WORSE, -1)}
"""The sign of each of them: 1 for better, -1 for worse."""


def told_apart(words: np.ndarray) -> np.ndarray:
    """Say which verdicts (...) tell one loss from another.

    Example:
        >>> told_apart(np.array(["better, within the margin", "equivalent"]))
        array([ True, False])
    """
    return np.isin(words, list(APART))


def agreement(verdicts: pd.Series[Any], others: pd.Series[Any]) -> pd.Series[Any]:
    """Say where the verdicts on losses in two views agree.

    Returns:
        "disagree" where one view puts a loss on another side of the reference, else "agree"; undefined for the
        reference itself.
    """
    sides = [words.map(APART).fillna(0) for words in (verdicts, others)]
    said = pd.Series(np.where(sides[0] != sides[1], "disagree", "agree"), verdicts.index)
    return said.where(verdicts.notna())


def fair(words: np.ndarray, first_whole: np.ndarray, second_whole: np.ndarray) -> np.ndarray:
    """Withdraw verdicts that rest only on the seeds whose trainings ended well.

    If trainings of a loss diverged or failed, the remaining seeds are biased in its favour. So they may only count
    against it: a verdict in its favour, or of equivalence, becomes inconclusive.

    Args:
        words: (tests,) verdicts on the second loss.
        first_whole: (tests,) whether all trainings of the first loss ended well.
        second_whole: (tests,) likewise of the second.

    Returns:
        (tests,) verdicts.

    Example:
        >>> words = np.array(["better", "worse", "equivalent"])
        >>> fair(words, np.array([True] * 3), np.array([False] * 3)).tolist()
        ['inconclusive', 'worse', 'inconclusive']
    """
    for_second, against = np.isin(words, (*BETTER, *FASTER)), np.isin(words, (*WORSE, *SLOWER))
    holds = (first_whole | for_second) & (second_whole | against)
    return np.where(holds, words, "inconclusive")
