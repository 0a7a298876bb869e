"""Remarks on several data sets together: how losses rank, and their skill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lossbench.remark import Remark, Topic
from lossbench.schema import three
from lossbench.stats.verdicts import APART

if TYPE_CHECKING:
    import pandas as pd


def across(ranks: pd.DataFrame) -> Iterator[Remark]:
    """Yield the mean ranks of the losses of each task over its data sets, and which differ.

    The unit is the data set, so few data sets show nothing, however many seeds there are.
    """
    several = ranks[(ranks.data_sets > 1) & (ranks.losses > 1)]
    for _, rows in several.groupby(["task", "view"], sort=False):
        if rows.loss.is_unique:  # otherwise there are several settings, too many for a line each
            yield task_ranks(rows)
            placed = rows.dropna(subset="letters").sort_values("average_rank", kind="stable")
            if len(placed):
                yield Topic.PLACES(places=rank_entries(placed))
            yield from task_skills(rows.dropna(subset="skill"))


def task_ranks(rows: pd.DataFrame) -> Remark:
    """Return the remark on how the losses of one task rank, best first, and which differ from the first loss."""
    order = rows.dropna(subset="average_rank").sort_values("average_rank", kind="stable")
    decided = rows[rows.verdict.isin(APART)]
    return Topic.RANKS(
        task=rows.task.iloc[0],
        datasets=rows.data_sets.iloc[0],
        needed=rows.data_sets_needed.max(),
        order=rank_entries(order),
        decided=tuple(zip(decided.loss, decided.verdict, strict=True)),
        absent=tuple(rows.loss[rows.average_rank.isna()]),
    )


def rank_entries(rows: pd.DataFrame) -> tuple[tuple[str, float, str], ...]:
    """Return (name, mean rank, letters) of each loss; too few data sets give no letters."""
    letters = [one if isinstance(one, str) else "" for one in rows.letters]
    return tuple(zip(rows.loss, rows.average_rank, letters, strict=True))


def task_skills(rows: pd.DataFrame) -> Iterator[Remark]:
    """Yield the skill of the best loss of one task and of the first, over its data sets."""
    if not len(rows):
        return
    best, first = rows.skill == rows.skill.max(), rows.loss == rows.reference
    who = np.select([best & first, best, first], ["best and first", "best", "first"], "")
    chosen = rows.assign(who=who)[best | first].sort_values("who", kind="stable")
    shown = chosen[["who", "loss", *three("skill")]].itertuples(index=False, name=None)
    yield Topic.SKILLS(task=rows.task.iloc[0], runs=rows.runs.iloc[0], shown=tuple(shown))
