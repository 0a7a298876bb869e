"""Pairs of losses of a comparison group: differences, tests and verdicts, and who can be told from whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, combinations, count
from string import ascii_letters
from typing import Any

import numpy as np
import pandas as pd

from lossbench.schema import COMPARISONS, MARGINS, METRICS
from lossbench.stats.bootstrap import bootstrap_interval, disagree_about_zero
from lossbench.stats.groups import ComparisonGroup, comparison_groups, stack
from lossbench.stats.paired import Interval, holm, moments, paired_test, smallest_p, verdict
from lossbench.stats.sample_size import more_seeds

Column = frozenset[int]
"""Losses, by index, that share a letter."""


def compare_pairs(
    trials: pd.DataFrame, tuning: pd.DataFrame | None = None, margins: Mapping[str, float] = MARGINS
) -> pd.DataFrame:
    """Return one row for each pair of losses of a data set and setting: their paired difference and its test.

    A difference is the second loss minus the first. The p values are corrected by Holm over the group's pairs.
    Where trainings of a loss diverged or failed, only a verdict against it stands.

    Args:
        trials: one row a training, as in `trials.csv`.
        tuning: one row a loss and rate, from `tuning_table`, where rates were tuned.
        margins: the difference that is too small to matter, by score. A score without one is never equivalent.
    """
    parts = (pair_columns(group, margins) for group in comparison_groups(trials, tuning))
    return stack(parts, COMPARISONS, by="first")


def pair_columns(group: ComparisonGroup, margins: Mapping[str, float]) -> dict[str, Any]:
    """Return the pairs of one comparison group."""
    first, second = np.triu_indices(len(group.losses), 1)
    setting = {name: values[0] for name, values in group.setting().items()}
    return {
        **{name: getattr(group, name) for name in ("dataset", "task", "view", "score")},
        **setting,
        "lr": setting["lr"] if group.view == "fixed" else np.nan,  # two rates do not fit a cell
        "outlier_fraction": group.shares[0],
        "first": [group.losses[index] for index in first],
        "second": [group.losses[index] for index in second],
        **difference_columns(group, first, second, margins),
    }


def shared_letters(group: ComparisonGroup) -> list[str]:
    """Return the compact letter display of a comparison group: losses that share a letter cannot be told apart.

    Two losses are told apart where `compare_pairs` calls one better or worse. The best mean has an "a". A loss
    that diverged for some seeds has no letter, since those that are left do not speak for it; nor has one without
    a score.
    """
    (first, second), scores = np.triu_indices(len(group.losses), 1), group.clean(group.score)
    test = paired_test(scores[second] - scores[first], group.test_to_train)
    greater = METRICS[group.score].greater_is_better
    words = verdict(test.interval, holm(np.asarray(test.p_value)), None, greater)
    apart = np.zeros((len(group.losses),) * 2, dtype=bool)
    apart[first, second] = apart[second, first] = words != "inconclusive"
    means = moments(scores)[1] * (-1.0 if greater else 1.0)
    # Equal means are ordered by name, since the order of the trials says nothing.
    judged = group.whole() & ~np.isnan(means)
    order = [index for index in np.lexsort([np.array(group.losses), means]) if judged[index]]
    found = dict(zip(order, letters(apart[np.ix_(order, order)]), strict=True))
    return [found.get(index, "") for index in range(len(group.losses))]


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
        "smallest_p": smallest_p(test.interval.n, max(family, 1)),
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


def letters(told_apart: np.ndarray) -> list[str]:
    """Give each loss letters, so that two losses share one exactly if they are not told apart.

    Insert and absorb, then sweep (Piepho 2004, "An algorithm for a letter-based representation of all-pairwise
    comparisons", Journal of Computational and Graphical Statistics 13): all losses begin in one column; each pair
    that is told apart splits every column with both into two, each without one of them; a column contained in
    another is removed; finally each loss is taken out of the columns it does not need. Each column is then a
    letter.

    Args:
        told_apart: (losses, losses) bool, symmetric, False on the diagonal; the losses best first.

    Returns:
        The letters of each loss, in their order; the best loss has an "a".

    Example:
        >>> letters(np.array([[False, False, True], [False, False, False], [True, False, False]]))
        ['a', 'ab', 'b']
    """
    columns = sorted(map(sorted, sweep(insert_and_absorb(told_apart))))
    texts = [""] * len(told_apart)
    for letter, column in zip(alphabet(), columns, strict=False):
        for loss in column:
            texts[loss] += letter
    return texts


def insert_and_absorb(told_apart: np.ndarray) -> list[Column]:
    """Return the largest sets of losses of which no two are told apart (losses, losses)."""
    columns = [frozenset(range(len(told_apart)))]
    for pair in combinations(range(len(told_apart)), 2):
        if told_apart[pair]:
            split = [column - {one} for column in columns if column.issuperset(pair) for one in pair]
            kept = [column for column in columns if not column.issuperset(pair)]
            columns = kept + [new for new in split if not any(new <= column for column in kept)]
    return columns


def sweep(columns: list[Column]) -> list[Column]:
    """Take each loss out of the columns that it does not need, as it shares others with every loss there.

    The last columns are swept first, so that the letters of the best losses stay.
    """
    columns = sorted(columns, key=sorted, reverse=True)
    for index in range(len(columns)):
        for loss in sorted(columns[index], reverse=True):
            others = [column for place, column in enumerate(columns) if place != index and loss in column]
            if columns[index] <= frozenset().union(*others):
                columns[index] -= {loss}
    return [column for column in columns if column]


def alphabet() -> Iterator[str]:
    """Yield letters without end: a to z, A to Z, then all other letters of Unicode."""
    return chain(ascii_letters, filter(str.isalpha, map(chr, count(0xC0))))
