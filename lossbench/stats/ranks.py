"""Across data sets: ranks of losses, with the data set as the unit.

Seeds are not data sets. However many seeds there are, three data sets are three observations, and a statement
about losses in general needs at least six. Mean ranks and Friedman's test say whether the losses of a task differ
at all, and Wilcoxon's signed-rank test with Holm's correction compares each loss with the reference (Demšar 2006,
"Statistical comparisons of classifiers over multiple data sets", Journal of Machine Learning Research 7).

Nemenyi's critical difference is not used: it compares two losses by their mean ranks, which depend on the other
losses in the table (Benavoli, Corani and Mangili 2016, "Should we really use post-hoc tests based on mean-ranks?",
Journal of Machine Learning Research 17).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from lossbench.metrics.ranks import ranks
from lossbench.schema import METRICS, OWNED, RANKED, RANKS
from lossbench.stats.estimate import ALPHA, smallest_p
from lossbench.stats.families import holm
from lossbench.stats.groups import stack
from lossbench.stats.sample_size import least_n
from lossbench.stats.wilcoxon import letters_across, wilcoxon_p

SUMMARY_COLUMNS = ("dataset", "loss", "score", "mean", "n", "diverged", "failed")
"""The columns of a summary that ranks are made of."""

DIVERGED = float(np.finfo(np.float64).min)
"""Below every score, and finite, so that two losses that both diverged are tied."""


def rank_losses(summary: pd.DataFrame) -> pd.DataFrame:
    """Rank the losses of each task over its data sets, and compare each with the first.

    A loss that diverged or failed for some seeds of a data set ranks behind all that did not. A loss that was not
    run on every data set, or failed for all seeds of one, has no rank.

    Args:
        summary: one row per data set, setting and loss, from `lossbench.stats.summary.summarise`.

    Returns:
        One row for each task, setting and loss; an optimiser or penalty that differs between data sets is
        undefined. average_rank, 1 for the best on every data set; how many losses were ranked over how many
        data_sets; p_value and p_holm of Wilcoxon's test against the reference; smallest_p, the smallest that
        p_holm could be with so many data sets, and data_sets_needed for it to be significant at all; verdict
        (better, worse or inconclusive) and its reason ("significant", "not significant", "too few data sets" or
        "not on every data set"). The statistic of Friedman's test, its p value and reason are the same for all
        losses of a table, and undefined for fewer than three losses or two data sets. letters, shared by losses
        that no test of all pairs tells apart, see `lossbench.stats.wilcoxon.letters_across`.
    """
    shown = summary[[*dict.fromkeys((*RANKED, *OWNED, *SUMMARY_COLUMNS))]]  # a summary has a hundred more columns
    shown = shown.assign(lr=shown.lr.where(shown["view"] == "fixed"))  # tuned losses share no rate
    shown = without_protocols(shown)
    groups = shown.groupby(list(RANKED), sort=False, dropna=False)
    parts = (dict(zip(RANKED, key, strict=True)) | rank_columns(group) for key, group in groups)
    return stack(parts, RANKS, by="loss")


def without_protocols(summary: pd.DataFrame) -> pd.DataFrame:
    """Make optimiser and penalties undefined where each data set has its own, so that they are ranked together.

    A column is a data set's own if every data set of a task has one value, and not all have the same.

    Args:
        summary: with columns task, dataset and those of `OWNED`.
    """
    if summary.empty:
        return summary
    values = {name: summary[name] for name in OWNED}
    for name, column in values.items():
        most = column.groupby([summary.task, summary.dataset]).transform("nunique").groupby(summary.task)
        here = column.groupby(summary.task).transform("nunique")
        values[name] = column.mask((most.transform("max") == 1) & (here > 1))
    return summary.assign(**values)


def rank_columns(group: pd.DataFrame) -> dict[str, Any]:
    """Return the ranks of one task under one setting."""
    losses = pd.unique(group.loss)
    table = oriented_scores(group).reindex(columns=losses)
    complete = table.loc[:, table.notna().all() & (len(table) > 0)]
    ranked = pd.DataFrame(compare_with_first(complete.to_numpy()), index=complete.columns).reindex(losses)
    ranked["reason"] = ranked.reason.mask(~ranked.index.isin(complete.columns), "not on every data set")
    return {
        "loss": losses.tolist(),
        "losses": complete.shape[1],
        "data_sets": len(table),
        "reference": next(iter(complete), np.nan),
        **{str(name): cells.tolist() for name, cells in ranked.items()},
        **friedman(complete.to_numpy()),
    }


def oriented_scores(group: pd.DataFrame) -> pd.DataFrame:
    """Return the score of each loss on each data set, greater is better; `DIVERGED` where a seed was lost.

    One row per data set and one column per loss, NaN where there is no score. Empty rows and columns are left out.
    """
    sign = [METRICS[score].sign for score in group.score]
    lost = (group.diverged > 0) | ((group.failed > 0) & (group.n > 0))
    height = (group["mean"] * sign).mask(lost, DIVERGED)
    cells = pd.DataFrame({"dataset": group.dataset, "loss": group.loss, "height": height})
    return cells.pivot_table(index="dataset", columns="loss", values="height")


def compare_with_first(table: np.ndarray) -> dict[str, list[Any]]:
    """Rank losses over data sets, and compare each with the first by Wilcoxon's test with Holm's correction.

    Args:
        table: (data sets, losses) scores, greater is better.

    Returns:
        average_rank, letters, p_value, p_holm, smallest_p, data_sets_needed, verdict and reason, (losses,) each;
        for the first loss only the rank and the letters are defined.

    Example:
        >>> found = compare_with_first(np.array([[0.8, 0.9], [0.7, 0.8], [0.6, 0.65], [0.5, 0.7], [0.1, 0.5]]))
        >>> [found[name][1] for name in ("average_rank", "p_holm", "verdict", "reason", "data_sets_needed")]
        [1.0, 0.0625, 'inconclusive', 'too few data sets', 6]
    """
    data_sets, losses = table.shape
    family = max(losses - 1, 1)
    differences = (table[:, 1:] - table[:, :1]).T
    p_value = np.array([wilcoxon_p(row) for row in differences])
    p_holm, bound = holm(p_value), float(smallest_p(data_sets, family))
    ahead = [bool((np.sign(row) * ranks(np.abs(row))).sum() > 0) for row in differences]
    others = {
        "p_value": p_value.tolist(),
        "p_holm": p_holm.tolist(),
        "smallest_p": [bound] * (losses - 1),
        "data_sets_needed": [least_n(family)] * (losses - 1),
        "verdict": [
            ("better" if up else "worse") if p < ALPHA else "inconclusive"
            for up, p in zip(ahead, p_holm, strict=True)
        ],
        "reason": [reason(p, bound) for p in p_holm],
    }
    empty = [np.nan] * min(losses, 1)
    mean = ranks(-table, axis=1).mean(axis=0) if data_sets else np.full(losses, np.nan)
    whole = {"average_rank": mean.tolist(), "letters": letters_across(table, mean)}
    return whole | {name: [*empty, *values] for name, values in others.items()}


def reason(p_value: float, bound: float) -> str:
    """Say whether a p value is significant, and if not, whether any p value could have been.

    Args:
        p_value: corrected for the family.
        bound: its smallest possible value.
    """
    if bound >= ALPHA:
        return "too few data sets"
    return "significant" if p_value < ALPHA else "not significant"


def friedman(table: np.ndarray) -> dict[str, Any]:
    """Test whether the losses differ at all in their ranks (Friedman 1937; Iman and Davenport 1980).

    F = (N - 1) χ² / (N (k - 1) - χ²) for N data sets and k losses; k - 1 and (k - 1) (N - 1) degrees of freedom

    Friedman's χ² itself is too conservative for few data sets. No p value is below k!^(1 - N), the chance that all
    data sets rank the losses alike. The result is not called significant for fewer than six data sets, with which
    no two losses could be told apart.

    Args:
        table: (data sets, losses) scores, greater is better.

    Returns:
        friedman, the statistic F, friedman_p and friedman_reason; undefined for fewer than three losses or two
        data sets.

    Example:
        >>> found = friedman(np.array([[1.0, 2, 3], [1, 2, 3], [1, 3, 2], [1, 2, 3], [1, 2, 3]]))
        >>> round(found["friedman"], 2), round(found["friedman_p"], 5), found["friedman_reason"]
        (21.0, 0.00077, 'too few data sets')
    """
    from scipy.special import fdtrc

    data_sets, losses = table.shape
    if losses < 3 or data_sets < 2:
        return {}
    square = _chi_square(ranks(table, axis=1))
    rest = data_sets * (losses - 1) - square  # zero where all data sets rank the losses alike
    statistic = (data_sets - 1) * square / rest if rest > 1e-9 else np.inf
    least = float(math.factorial(losses)) ** (1 - data_sets)
    p_value = max(least, float(fdtrc(losses - 1, (losses - 1) * (data_sets - 1), max(statistic, 0.0))))
    why = reason(p_value, float(smallest_p(data_sets)))
    return {"friedman": statistic, "friedman_p": p_value, "friedman_reason": why}


def _chi_square(ranked: np.ndarray) -> float:
    """Return Friedman's χ² of ranks (data sets, losses), corrected for ties; 0 where all losses tie everywhere."""
    data_sets, losses = ranked.shape
    ties = sum((np.unique(row, return_counts=True)[1] ** 3).sum() - losses for row in ranked)
    room = 1 - ties / (losses * (losses**2 - 1) * data_sets)
    squares = float((ranked.sum(axis=0) ** 2).sum())
    even = 3 * data_sets * (losses + 1)
    return float((12.0 / (losses * data_sets * (losses + 1)) * squares - even) / room) if room else 0.0
