"""All pairs of losses of a comparison group: who can be told from whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from lossbench.schema import COMPARISONS, MARGINS, METRICS
from lossbench.stats.difference import difference_columns
from lossbench.stats.groups import ComparisonGroup, comparison_groups, stack
from lossbench.stats.letters import letters
from lossbench.stats.paired import holm, moments, paired_test, verdict


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
    first, second = pairs_of(group)
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


def pairs_of(group: ComparisonGroup) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the second loss of each pair, (pairs,) indices."""
    first, second = np.triu_indices(len(group.losses), 1)
    return first, second


def shared_letters(group: ComparisonGroup) -> list[str]:
    """Return the compact letter display of a comparison group: losses that share a letter cannot be told apart.

    Two losses are told apart where `compare_pairs` calls one better or worse. The best mean has an "a". A loss
    that diverged for some seeds has no letter, since those that are left do not speak for it.
    """
    (first, second), scores = pairs_of(group), group.clean(group.score)
    test = paired_test(scores[second] - scores[first], group.test_to_train)
    greater = METRICS[group.score].greater_is_better
    words = verdict(test.interval, holm(np.asarray(test.p_value)), None, greater)
    apart = np.zeros((len(group.losses),) * 2, dtype=bool)
    apart[first, second] = apart[second, first] = words != "inconclusive"
    means = moments(scores)[1] * (-1.0 if greater else 1.0)
    # Equal means are ordered by name, since the order of the trials says nothing.
    order = [index for index in np.lexsort([np.array(group.losses), means]) if group.whole()[index]]
    found = dict(zip(order, letters(apart[np.ix_(order, order)]), strict=True))
    return [found.get(index, "") for index in range(len(group.losses))]
