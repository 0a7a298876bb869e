"""Pairs of losses of a comparison group: differences, tests, verdicts, and the compact letter display."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, count
from string import ascii_letters
from typing import Any

import numpy as np
import pandas as pd

from lossbench.schema import COMPARISONS, METRICS
from lossbench.stats.bootstrap import bootstrap_interval, disagree_about_zero
from lossbench.stats.estimate import ALPHA, Estimate, Interval, smallest_p
from lossbench.stats.families import gatekept
from lossbench.stats.groups import ComparisonGroup, stack
from lossbench.stats.pair_spread import Spread
from lossbench.stats.paired import effect_size, moments
from lossbench.stats.sample_size import more_seeds
from lossbench.stats.verdicts import fair, told_apart, verdict

BEST = 30
"""Losses of a comparison group all of whose pairs have a row of their own; of more, the number of pairs grows with
the square, and nobody reads them."""

Column = frozenset[int]
"""Losses, by index, that share a letter."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A comparison group with the results on its pairs.

    Args:
        group: the comparison group. pairs: columns by name, (tests,) each, from `difference_columns`.
    """

    group: ComparisonGroup
    pairs: Mapping[str, Any] = field(repr=False)


def judge(groups: Iterable[ComparisonGroup], margins: Mapping[str, float]) -> list[Judged]:
    """Judge all pairs of some comparison groups.

    Args:
        groups: from `comparison_groups`.
        margins: the difference that is too small to matter, by score. A score without one is never equivalent.
    """
    return [Judged(group, difference_columns(group, margins)) for group in groups]


def compare_pairs(judged: Iterable[Judged], best: int | None = None) -> pd.DataFrame:
    """Return one row for each pair of losses of a data set and setting: their paired difference and its test.

    A difference is the second loss minus the first. The p values are corrected over the group's pairs, those with
    the first loss first, see `lossbench.stats.families.gatekept`, and for looks. Where trainings of a loss
    diverged or failed, only a verdict against it stands.

    Args:
        judged: the comparison groups with their pairs, from `judge`.
        best: keep the pairs with the first loss, and those among so many of the best; None for all pairs. That
            does not change their results: all were tested and corrected together.
    """
    return stack((kept_columns(one, best) for one in judged), COMPARISONS, by="first")


def kept_columns(judged: Judged, best: int | None) -> dict[str, Any]:
    """Return the pairs of a comparison group that are kept; see `compare_pairs`."""
    columns = pair_columns(judged.group, judged.pairs)
    if best is None or len(judged.group.losses) <= best:
        return columns
    kept = np.flatnonzero(kept_pairs(judged.group, best))
    return {
        name: np.asarray(cells)[kept].tolist() if isinstance(cells, list | np.ndarray) else cells
        for name, cells in columns.items()
    }


def kept_pairs(group: ComparisonGroup, best: int) -> np.ndarray:
    """Say which pairs are with the first loss, or among so many losses with the best means, (tests,)."""
    first, second = pairs_of(group)
    among = np.zeros(len(group.losses), dtype=bool)
    among[ranking(group)[:best]] = True
    return np.asarray((first == 0) | (among[first] & among[second]))


def pair_columns(group: ComparisonGroup, pairs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of the pairs of one comparison group, and those of the group."""
    first, second = pairs_of(group)
    return {
        **{name: getattr(group, name) for name in ("dataset", "task", "view", "score")},
        **group.shared_setting(),
        "outlier_fraction": group.shares[0],
        "first": [group.losses[index] for index in first],
        "second": [group.losses[index] for index in second],
        **pairs,
    }


def pairs_of(group: ComparisonGroup) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the second loss of every pair, by index; those with the reference come first."""
    first, second = np.triu_indices(len(group.losses), 1)
    return first, second


def shared_letters(group: ComparisonGroup, words: Sequence[str]) -> list[str]:
    """Return the compact letter display of a comparison group: losses that share a letter cannot be told apart.

    The best mean has an "a". A loss that diverged for some seeds has no letter, since its other seeds are a biased
    choice; nor has a loss without a score.

    Args:
        group: of the losses.
        words: the verdicts on its pairs, from `difference_columns`.
    """
    judged = group.whole() & ~np.isnan(moments(group.clean(group.score))[1])
    order = [index for index in ranking(group) if judged[index]]
    found = lettered(told_apart(np.array(words)), len(group.losses), order)
    return [found.get(index, "") for index in range(len(group.losses))]


def ranking(group: ComparisonGroup) -> np.ndarray:
    """Return the losses of a comparison group by index, the best mean first and those without a score last.

    Equal means are ordered by name, since the order of the trials is arbitrary.
    """
    means = moments(group.scored)[1]
    return np.lexsort([np.array(group.losses), -METRICS[group.score].sign * means])


def difference_columns(group: ComparisonGroup, margins: Mapping[str, float]) -> dict[str, Any]:
    """Return the results on all pairs of a group by the primary score, in the order of `pairs_of`.

    Args:
        group: where they are from.
        margins: the difference that is too small to matter, by score.

    Returns:
        Columns by name, (tests,) each.
    """
    first, second = pairs_of(group)
    differences, known = group.scored[second] - group.scored[first], group.difference(first, second)
    found, margin = known.at(), margins.get(group.score)
    n, mean, deviation = moments(differences)
    interval = replace(found.interval(1.0 - ALPHA / group.correction), mean=mean)
    return {
        **spread("difference", interval),
        "n": n,
        "unit": group.units_of(first, second),
        "effect_size": effect_size(mean, deviation),
        **decided(group, known, margin),
        **posterior(found, margin, METRICS[group.score].greater_is_better),
        **by_seed(differences, group, replace(found.interval(), mean=mean)),
    }


@dataclass(frozen=True)
class Tested:
    """The outcome of the tests of all pairs of a group, (tests,) each.

    Args:
        p_value: of no difference.
        adjusted: the same, corrected for the family and for looks.
        words: the verdicts on the second losses.
    """

    p_value: np.ndarray
    adjusted: np.ndarray
    words: np.ndarray


def tested(group: ComparisonGroup, known: Spread, margin: float | None) -> Tested:
    """Return the p values of all pairs, corrected together, and the verdicts.

    Args:
        group: where they are from.
        known: their differences with their uncertainty.
        margin: the difference that is too small to matter; None where none is declared.
    """
    (first, second), found, whole = pairs_of(group), known.at(), group.whole()
    p_value, primary = found.p_value(), first == 0
    adjusted = np.minimum(group.correction * gatekept(p_value, primary), 1.0)
    equivalent = gatekept(found.p_equivalent(margin), primary) if margin else np.full(len(first), np.nan)
    same = group.correction * equivalent
    words = verdict(found.interval(), adjusted, METRICS[group.score].greater_is_better, same)
    return Tested(p_value, adjusted, fair(words, whole[first], whole[second]))


def decided(group: ComparisonGroup, known: Spread, margin: float | None) -> dict[str, Any]:
    """Return the results of the tests of all pairs, and how many more seeds would decide; see `tested`."""
    (first, second), whole, found = pairs_of(group), group.whole(), tested(group, known, margin)
    primary, words = first == 0, found.words
    undecidable = (words == "inconclusive") & ~(whole[first] & whole[second])
    defined = ~np.isnan(found.adjusted)
    tests = np.maximum(np.where(primary, (defined & primary).sum(), (defined & ~primary).sum()), 1)
    family = group.correction * tests
    return {
        "p_value": found.p_value,
        "p_holm": found.adjusted,
        "verdict": words.tolist(),
        "smallest_p": smallest_p(known.at().n, family),
        "more_seeds": np.where(undecidable, np.nan, more_seeds(known, words, margin, family)),
    }


def posterior(found: Estimate, margin: float | None, greater_is_better: bool) -> dict[str, np.ndarray]:
    """Return the probability that the second loss is worse, practically equal and better, (tests,) each."""
    below, equal, above = found.posterior(margin or 0.0)
    worse, better = (below, above) if greater_is_better else (above, below)
    return {"p_worse": worse, "p_equal": equal, "p_better": better}


def by_seed(differences: np.ndarray, group: ComparisonGroup, interval: Interval) -> dict[str, Any]:
    """Return statistics that treat seeds as independent; no verdict depends on them.

    How often the second loss beats the first on a new seed, ties counted half (Bouthillier et al. 2021, Accounting
    for variance in machine learning benchmarks, section 4), and the bootstrap, as a cross-check.

    Args:
        differences: (tests, seeds) of the primary score.
        group: where they are from.
        interval: of a single look.
    """
    check = bootstrap_interval(differences, group.dataset)
    upward = METRICS[group.score].sign * differences
    return {
        **spread("beats", bootstrap_interval((np.sign(upward) + 1.0) / 2.0, group.dataset)),
        "bootstrap_low": check.low,
        "bootstrap_high": check.high,
        "bootstrap_disagrees": disagree_about_zero(interval, check),
    }


def spread(name: str, interval: Interval) -> dict[str, Any]:
    """Return an interval as three columns."""
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def lettered(pairs: np.ndarray, losses: int, order: Sequence[int]) -> dict[int, str]:
    """Return the letters of some of all losses, in an order, given which of all pairs are told apart, (tests,)."""
    first, second = np.triu_indices(losses, 1)
    apart = np.zeros((losses, losses), dtype=bool)
    apart[first, second] = apart[second, first] = pairs
    return dict(zip(order, letters(apart[np.ix_(order, order)]), strict=True))


def letters(told_apart: np.ndarray) -> list[str]:
    """Give each loss letters, so that two losses share one exactly if they are not told apart.

    Insert and absorb, then sweep (Piepho 2004, "An algorithm for a letter-based representation of all-pairwise
    comparisons", Journal of Computational and Graphical Statistics 13): all losses begin in one column; each pair
    that is told apart splits every column with both into two, each without one of them; a column contained in
    another is removed; finally each loss is removed from the columns that it does not need. Each column is then a
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
    """Return the largest sets of losses of which no two are told apart."""
    columns = [frozenset(range(len(told_apart)))]
    for pair in combinations(range(len(told_apart)), 2):
        if told_apart[pair]:
            split = [column - {one} for column in columns if column.issuperset(pair) for one in pair]
            kept = [column for column in columns if not column.issuperset(pair)]
            columns = kept + [new for new in split if not any(new <= column for column in kept)]
    return columns


def sweep(columns: list[Column]) -> list[Column]:
    """Remove each loss from the columns that it does not need, as it shares other columns with every loss there.

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
