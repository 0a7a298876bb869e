"""A family of paired differences as columns: intervals, tests, verdicts, and the power of the number of seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lossbench.schema import METRICS
from lossbench.stats.bootstrap import bootstrap_interval, disagree_about_zero
from lossbench.stats.groups import ComparisonGroup
from lossbench.stats.paired import Interval, holm, paired_test, smallest_p, verdict
from lossbench.stats.sample_size import more_seeds


def difference_columns(
    group: ComparisonGroup, first: np.ndarray, second: np.ndarray, margins: Mapping[str, float]
) -> dict[str, Any]:
    """Return what is said of pairs of losses, by the primary score, that are shown, and so corrected, together.

    Args:
        group: where they are from.
        first: (tests,) index of a loss.
        second: (tests,) index of the loss that is compared with it.
        margins: the difference that is too small to matter, by score.

    Returns:
        Columns by name, (tests,) each.
    """
    margin, ratio, scores = margins.get(group.score), group.test_to_train, group.clean(group.score)
    differences, whole = scores[second] - scores[first], group.whole()
    test = paired_test(differences, ratio)
    adjusted = holm(np.asarray(test.p_value))
    family = int(np.count_nonzero(~np.isnan(adjusted)))
    words = verdict(test.interval, adjusted, margin, METRICS[group.score].greater_is_better)
    words = fair(words, whole[first], whole[second])
    undecidable = (words == "inconclusive") & ~(whole[first] & whole[second])
    check = bootstrap_interval(differences, group.dataset)
    return {
        **spread("difference", test.interval),
        "n": test.interval.n,
        "p_value": test.p_value,
        "p_holm": adjusted,
        "effect_size": test.effect_size,
        "verdict": words.tolist(),
        "smallest_p": smallest_p(test.interval.n, family),
        "more_seeds": np.where(undecidable, np.nan, more_seeds(differences, words, margin, family, ratio)),
        "bootstrap_low": check.low,
        "bootstrap_high": check.high,
        "bootstrap_disagrees": disagree_about_zero(test.interval, check),
    }


def fair(words: np.ndarray, first_whole: np.ndarray, second_whole: np.ndarray) -> np.ndarray:
    """Withdraw verdicts that rest only on the seeds whose trainings ended well.

    If trainings of a loss diverged or failed, the remaining seeds are biased in its favour. So they may only count
    against it: a verdict in its favour, or of equivalence, becomes inconclusive.

    Args:
        words: (tests,) verdicts on the second loss: better, worse, equivalent, inconclusive; or faster, slower.
        first_whole: (tests,) whether all trainings of the first loss ended well.
        second_whole: (tests,) likewise of the second.

    Returns:
        (tests,) verdicts.

    Example:
        >>> words = np.array(["better", "worse", "equivalent"])
        >>> fair(words, np.array([True] * 3), np.array([False] * 3)).tolist()
        ['inconclusive', 'worse', 'inconclusive']
    """
    for_second, against = np.isin(words, ["better", "faster"]), np.isin(words, ["worse", "slower"])
    holds = (first_whole | for_second) & (second_whole | against)
    return np.where(holds, words, "inconclusive")


def spread(name: str, interval: Interval) -> dict[str, Any]:
    """Return an interval as three columns."""
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
