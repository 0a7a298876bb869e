"""Both views of class thresholds: those chosen on validation for each training, and the links' own.

The networks are the same in both; only the threshold above which a row is called positive differs.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd

from lossbench.schema import AT_LINK, SETTING, THRESHOLD_VIEWS, at_link, by_label, of_one_row, own_columns
from lossbench.stats.row_scores import RowScores
from lossbench.stats.verdicts import agreement

KEYS = ["dataset", "task", *SETTING, "loss"]
SHOWN = ["mean", "low", "high", "verdict", "letters"]


def trials_at_link(trials: pd.DataFrame) -> pd.DataFrame | None:
    """Return the trials whose class threshold was chosen, scored at their links' own; None where there are none.

    Data sets with a primary score that no threshold affects are left out: both views are the same.
    """
    names = [name for name in (*AT_LINK, *own_columns(trials)) if at_link(name) in trials]
    moved = trials[trials.score.isin(names) & trials.groupby("dataset").threshold_by.transform("any").astype(bool)]
    return moved.assign(**{name: moved[at_link(name)] for name in names}) if len(moved) else None


def rows_at_link(contributed: RowScores | None) -> RowScores | None:
    """Return the contributions of rows to scores at the links' own thresholds, under the plain names."""
    if contributed is None:
        return None
    known = contributed.values  # noqa: PD011  no frame
    scores = [name for name in (*AT_LINK, *own_columns(known)) if at_link(name) in known]
    own = {name: known[at_link(name)] for name in scores}
    uneven = [name for name in scores if of_one_row(at_link(name)) in known]
    own |= {of_one_row(name): known[of_one_row(at_link(name))] for name in uneven}
    return replace(contributed, values={**known, **own})


def threshold_views(trials: pd.DataFrame, chosen: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return both views of each loss in one row.

    Args:
        trials: one row per training.
        chosen: the summary at the chosen thresholds.
        own: the summary at the links' own.

    Returns:
        The columns of `THRESHOLD_VIEWS`, whose agreement is "disagree" where the loss is better or worse than the
        reference in one view and not in the other, else "agree"; undefined for the reference itself.
    """
    keys = [*KEYS, "view"]
    both = chosen[[*keys, "score", *SHOWN]].merge(own[[*keys, *SHOWN]], on=keys, suffixes=("", "_at_link"))
    both = both.assign(agreement=agreement(both.verdict, both.verdict_at_link))
    return both.merge(chosen_thresholds(trials), on=KEYS)[list(THRESHOLD_VIEWS)]


def chosen_thresholds(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the median, the least and the largest threshold of each loss, over its clean trainings and labels."""
    clean = trials[trials.outlier_fraction == trials.groupby("dataset").outlier_fraction.transform("min")]
    found = one_row_per_label(clean).groupby(KEYS, sort=False)
    ends = {"": "median", "_least": "min", "_most": "max"}
    return found.agg(
        threshold_by=("threshold_by", "first"),
        **{
            f"{name}{end}": (name, how)
            for name in ("threshold", "threshold_probability")
            for end, how in ends.items()
        },
    ).reset_index()


def one_row_per_label(trials: pd.DataFrame) -> pd.DataFrame:
    """Return trials with one row per label where each label has its own threshold."""
    names = ["threshold", "threshold_probability"]
    lists = {name: trials[by_label(name)].map(json.loads, na_action="ignore") for name in names}
    labelled = trials.task == "multilabel"
    both = {name: cells.astype(object).where(labelled, trials[name]) for name, cells in lists.items()}
    return trials.assign(**both).explode(names).astype(dict.fromkeys(names, "float64"))
