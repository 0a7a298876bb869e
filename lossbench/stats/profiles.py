"""Across data sets: the skill of all trainings of a loss, data sets and seeds together (Agarwal et al. 2021).

A training's skill is its score rescaled so that a constant predictor has 0 and a perfect one 1, which makes data
sets comparable. A training that diverged or failed has skill 0, and so has one that is worse than a constant:
otherwise diverging would be better than ending badly. Two figures summarise the trainings of a loss ("Deep
reinforcement learning at the edge of the statistical precipice", Advances in Neural Information Processing Systems
34, section 4): the performance profile, the share of them whose skill is above a level, for every level (Dolan and
Moré 2002, "Benchmarking optimization software with performance profiles", Mathematical Programming 91); and the
interquartile mean, that of the middle half of them, which no single lucky or lost training affects.

Their intervals come from the stratified bootstrap: seeds are resampled within each data set. So they hold for new
seeds on these data sets, not for other data sets; ranks do that. All losses share the resamples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from lossbench.randomness import stream
from lossbench.schema import PROFILES, RANKED, SKILLS, three
from lossbench.stats.bootstrap import RESAMPLES
from lossbench.stats.estimate import LEVEL, Interval
from lossbench.stats.groups import ComparisonGroup, stack
from lossbench.stats.pairs import spread
from lossbench.stats.ranks import without_protocols

LEVELS = np.linspace(0.0, 1.0, 51)
"""The skills at which profiles are evaluated."""

NUMBERS_IN_MEMORY = 2**21
"""Numbers in memory at once."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The skills of the losses that were trained on every data set of one task under one setting.

    Args:
        place: the values of `RANKED`.
        losses: in the order of the trials.
        skills: by data set, (losses, seeds) in [0, 1], for the seeds at which all losses have one.
    """

    place: Mapping[str, Any]
    losses: list[str]
    skills: Mapping[str, np.ndarray] = field(repr=False)

    @cached_property
    def runs(self) -> np.ndarray:
        """The skills of all trainings, (losses, runs), data set by data set."""
        return np.concatenate([np.empty((len(self.losses), 0)), *self.skills.values()], axis=1)

    def draws(self) -> np.ndarray:
        """Draw indices of `runs` with replacement, (resamples, runs), as many for each data set as it has runs."""
        parts, first = [], 0
        for dataset, rows in self.skills.items():
            seeds = rows.shape[1]
            drawn = stream("profile", dataset, 0, seeds).integers(seeds, size=(RESAMPLES, seeds), dtype=np.int32)
            parts.append(first + drawn)
            first += seeds
        return np.concatenate(parts, axis=1)

    def shared_columns(self) -> dict[str, Any]:
        """Return the columns that all rows of its tables share."""
        return dict(self.place) | {"data_sets": len(self.skills), "runs": self.runs.shape[1]}

    def interval(self, value: np.ndarray, resampled: np.ndarray) -> Interval:
        """Return a figure (...) with its percentile interval; unknown where a data set has a single seed.

        Args:
            value: the figure of the trainings themselves.
            resampled: (resamples, ...) the figure of each resample.
        """
        low, high = np.quantile(resampled, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0], axis=0)
        known = 0.0 if min(rows.shape[1] for rows in self.skills.values()) > 1 else np.nan
        return Interval(value, low + known, high + known, self.runs.shape[1])


def pools(groups: Iterable[ComparisonGroup]) -> list[Pool]:
    """Return the skills over the data sets of each task and setting."""
    every = list(groups)
    rows = [ranked_setting(group) | {"dataset": group.dataset} for group in every]
    # Optimiser and penalties may differ between data sets; then they are undefined, as in ranks.
    table = without_protocols(pd.DataFrame(rows, columns=[*RANKED, "dataset"]))
    parts = table.groupby(list(RANKED), sort=False, dropna=False)
    return [pool(dict(zip(RANKED, key, strict=True)), [every[at] for at in mine.index]) for key, mine in parts]


def ranked_setting(group: ComparisonGroup) -> dict[str, Any]:
    """Return the values of `RANKED` of a comparison group."""
    known = {"task": group.task, "view": group.view, "outlier_fraction": float(group.shares[0])}
    return {name: (known | group.shared_setting())[name] for name in RANKED}


def pool(place: Mapping[str, Any], members: Sequence[ComparisonGroup]) -> Pool:
    """Return the skills over some data sets; one without any skill is not counted."""
    tables = {group.dataset: table for group in members if (table := skills(group))}
    every = dict.fromkeys(loss for table in tables.values() for loss in table)
    losses = [loss for loss in every if all(loss in table for table in tables.values())]
    stacked = {name: np.array([table[loss] for loss in losses]) for name, table in tables.items()}
    whole = {name: rows[:, ~np.isnan(rows).any(axis=0)] for name, rows in stacked.items() if len(rows)}
    return Pool(place, losses, {name: rows for name, rows in whole.items() if rows.size})


def skills(group: ComparisonGroup) -> dict[str, np.ndarray]:
    """Return the skill of each clean training, (seeds,) in [0, 1], by loss; NaN where it is undefined.

    A loss that failed for all seeds, or has no score at all, is left out: it cannot be judged on this data set.
    """
    lost = group.trained() & ~group.ended("ok")
    found = np.where(lost, 0.0, np.maximum(group.skills()[..., 0], 0.0))
    judged = (group.trained() & ~group.ended("failed")).any(axis=1) & ~np.isnan(found).all(axis=1)
    return {loss: found[index] for index, loss in enumerate(group.losses) if judged[index]}


def skill_table(found: Iterable[Pool]) -> pd.DataFrame:
    """Return one row for each task, setting and loss: the interquartile mean of its skill with its interval."""
    return stack(map(skill_columns, nonempty(found)), SKILLS, by="loss")


def profile_table(found: Iterable[Pool]) -> pd.DataFrame:
    """Return one row for each task, setting, loss and level: the share of its trainings above it, with a band."""
    return stack(map(profile_columns, nonempty(found)), PROFILES, by="loss")


def nonempty(found: Iterable[Pool]) -> Iterator[Pool]:
    """Yield the pools that are not empty."""
    return (pool for pool in found if pool.runs.size)


def skill_columns(pool: Pool) -> dict[str, Any]:
    """Return the interquartile means of a pool."""
    draws = pool.draws()
    pieces = np.array_split(draws, -(-draws.size // NUMBERS_IN_MEMORY))
    resampled_means = [np.concatenate([interquartile_mean(row[piece]) for piece in pieces]) for row in pool.runs]
    found = pool.interval(interquartile_mean(pool.runs), np.stack(resampled_means, axis=-1))
    return pool.shared_columns() | {"loss": pool.losses} | spread("skill", found)


def profile_columns(pool: Pool) -> dict[str, Any]:
    """Return the performance profiles of a pool, loss by loss."""
    runs = pool.runs.shape[1]
    counts = np.stack([np.ones(runs, np.intp), *(np.bincount(drawn, minlength=runs) for drawn in pool.draws())])
    bands = [band(pool, row, counts) for row in pool.runs]
    return {
        **pool.shared_columns(),
        "loss": np.repeat(pool.losses, len(LEVELS)).tolist(),
        "above": np.tile(LEVELS, len(pool.losses)),
        **{name: np.concatenate([band[name] for band in bands]) for name in three("share")},
    }


def band(pool: Pool, skills: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return the share of trainings above each of `LEVELS`, and its interval; see `shares_above`.

    All levels between two neighbouring skills have the same share, so it is computed only once.
    """
    below = np.searchsorted(np.sort(skills), LEVELS, side="right")
    _, first, back = np.unique(below, return_index=True, return_inverse=True)
    share = shares_above(skills, counts, LEVELS[first])
    return {name: values[back] for name, values in spread("share", pool.interval(share[0], share[1:])).items()}


def shares_above(skills: np.ndarray, counts: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the share of trainings whose skill is above some levels, (resamples, levels).

    Args:
        skills: (runs,) of the trainings.
        counts: (resamples, runs) how often each is in a resample.
        levels: (levels,) of skill.

    Example:
        >>> shares_above(np.array([0.3, 0.7]), np.array([[1, 1], [2, 0]]), np.array([0.0, 0.5, 0.9]))
        array([[1. , 0.5, 0. ],
               [1. , 0. , 0. ]])
    """
    order = np.argsort(skills)
    from_there = np.pad(np.cumsum(counts[:, order[::-1]], axis=1)[:, ::-1], ((0, 0), (0, 1)))
    return np.asarray(from_there[:, np.searchsorted(skills[order], levels, side="right")] / len(skills))


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of the middle half of values (..., n), (...): a quarter, rounded down, is cut at each end.

    Example:
        >>> float(interquartile_mean(np.array([0.0, 0.8, 0.9, 50.0])))
        0.8500000000000001
    """
    n = values.shape[-1]
    return np.asarray(np.sort(values, axis=-1)[..., n // 4 : n - n // 4].mean(axis=-1))
