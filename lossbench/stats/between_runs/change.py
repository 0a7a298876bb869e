"""The changes between two runs of the same trials.

Trials are paired one by one: the same data set, setting, contamination, loss and seed. A pair is compared only if
the hashes of data, split, initial weights, batch order and loss code are equal. The fingerprint may differ: the
point is to compare a trial across machines and versions.

The question is whether a program changed on these data, not how it would do on others. Given the data, seeds are
independent draws of splits, so tests and intervals are Student's. The correction of Nadeau and Bengio is for
generalising from these rows to other rows; with it, six of ten seeds that no longer reach their target would pass
as chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from lossbench.errors import BadValue
from lossbench.schema import (
    AT_LINK,
    FAMILY,
    IN_UNITS,
    PLACE,
    SAME,
    TIMES,
    TRIALS,
    at_best,
    greater_is_better,
    is_metric,
    is_own,
)
from lossbench.stats.families import holm
from lossbench.stats.paired import PairedTest, paired_test
from lossbench.stats.verdicts import verdict

ROUNDING = 1e-6
"""The relative difference up to which a number counts as unchanged: processors may round float32 differently."""

NEAR_ZERO = 1e-9
"""The difference up to which a score near zero counts as unchanged; in units of the target, relative to the
largest."""


@dataclass(frozen=True)
class Meeting:
    """The trials of one loss at one place, matched between two runs.

    Args:
        place: the values of `PLACE`.
        before: its trials in the first run by seed, ascending; empty where that run has none.
        after: likewise in the second.
    """

    place: dict[str, Any]
    before: pd.DataFrame
    after: pd.DataFrame

    @cached_property
    def seeds(self) -> list[int]:
        """The seeds that both runs have."""
        return sorted(set(self.before.index) & set(self.after.index))

    @cached_property
    def missing(self) -> list[int]:
        """The seeds that only the first run has."""
        return sorted(set(self.before.index) - set(self.after.index))

    @cached_property
    def new(self) -> list[int]:
        """The seeds that only the second run has."""
        return sorted(set(self.after.index) - set(self.before.index))

    @cached_property
    def pairs(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The trials of the shared seeds, row by row."""
        if not (self.missing or self.new):
            return self.before, self.after
        return self.before.loc[self.seeds], self.after.loc[self.seeds]

    @property
    def about(self) -> pd.Series[Any]:
        """One of the trials, preferably of the second run, for the values that all of them share."""
        return (self.after if len(self.after) else self.before).iloc[0]

    @cached_property
    def differing(self) -> list[str]:
        """The hashes that differ in some pair, so that the runs cannot be compared.

        The hash of a run's own score counts only where both runs have one: other scores do not depend on it.
        """
        return [name for name in (*SAME, "score_hash") if self._differs(name)]

    @cached_property
    def elsewhere(self) -> bool:
        """Whether some pair was computed on different machines or with different versions."""
        return self._differs("fingerprint")

    @cached_property
    def failing(self) -> list[int]:
        """The seeds that ended well in the first run but not in the second."""
        before, after = self._ended_well()
        return self.seeds_where(before & ~after)

    @cached_property
    def mended(self) -> list[int]:
        """The seeds that ended well in the second run but not in the first."""
        before, after = self._ended_well()
        return self.seeds_where(after & ~before)

    def _differs(self, name: str) -> bool:
        before, after = (run[name].fillna("").to_numpy() for run in self.pairs)
        return bool(((before != after) & (before != "") & (after != "")).any())

    def _ended_well(self) -> tuple[np.ndarray, np.ndarray]:
        before, after = ((run.status == "ok").to_numpy() for run in self.pairs)
        return before, after

    def seeds_where(self, chosen: np.ndarray) -> list[int]:
        """Return the shared seeds for which a flag (seeds,) is set."""
        return [seed for seed, flag in zip(self.seeds, chosen, strict=True) if flag]


@dataclass(frozen=True)
class Change:
    """The change of one score of one loss between two runs.

    Args:
        score: a name in `SCORES`.
        before: mean in the first run over the shared seeds, or over all its seeds where none is shared; NaN
            without a value.
        after: likewise in the second.
        test: of the differences, second run minus first, over the seeds with a value in both.
        adjusted_p: its p value, corrected by Holm over the losses of the table whose numbers changed; NaN where
            those of this loss did not, or where it cannot be compared.
        moved: how many seeds have a number that differs by more than rounding.
        lost: seeds with a value in the first run only.
        found: seeds with a value in the second run only.
    """

    score: str
    before: float
    after: float
    test: PairedTest
    adjusted_p: float
    moved: int
    lost: list[int]
    found: list[int]

    @property
    def defined(self) -> bool:
        """Whether there is a value in either run."""
        return not (np.isnan(self.before) and np.isnan(self.after))

    @property
    def still(self) -> bool:
        """Whether every shared seed is unchanged."""
        return not (self.moved or self.lost or self.found)

    @property
    def verdict(self) -> str:
        """The verdict on the second run against the first: better, worse or inconclusive."""
        return str(verdict(self.test.interval, self.adjusted_p, greater_is_better(self.score)))


def meetings(before: pd.DataFrame, after: pd.DataFrame) -> list[Meeting]:
    """Match the trials of two runs, in the order of the second; those only in the first come last.

    Args:
        before: one row per trial, as in `trials.csv`.
        after: likewise.

    Returns:
        One meeting for each place that either run has.
    """
    first, second = _by_place(before), _by_place(after)
    nothing = after.set_index("seed").iloc[:0]
    return [
        Meeting(dict(zip(PLACE, place, strict=True)), first.get(place, nothing), second.get(place, nothing))
        for place in dict.fromkeys((*second, *first))
    ]


def _by_place(trials: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    by_seed = trials.set_index("seed").sort_index(kind="stable")
    return dict(iter(by_seed.groupby(list(PLACE), sort=False)))


def changes(found: list[Meeting], score: str) -> list[Change]:
    """Measure the change of one score in each meeting, with p values corrected over the losses of each table.

    The family holds the losses whose numbers changed and can be compared. A run is deterministic, so equal numbers
    are no test that was passed; they are no test at all.

    Args:
        found: from `meetings`.
        score: a name in `SCORES`.

    Returns:
        One change for each meeting, in their order.
    """
    measured = [change(meeting, score) for meeting in found]
    families: dict[tuple[Any, ...], list[int]] = {}
    for index, (meeting, moved) in enumerate(zip(found, measured, strict=True)):
        if moved.moved and not meeting.differing:
            families.setdefault(tuple(meeting.place[name] for name in FAMILY), []).append(index)
    for members in families.values():
        adjusted = holm(np.array([measured[index].test.p_value for index in members]))
        for index, p_value in zip(members, adjusted, strict=True):
            measured[index] = replace(measured[index], adjusted_p=float(p_value))
    return measured


def change(meeting: Meeting, score: str) -> Change:
    """Measure the change of one score in one meeting; its p value is not corrected yet."""
    before, after = (values(run, score) for run in meeting.pairs)
    differences = settled(before, after, score)
    shown = meeting.pairs if meeting.seeds else (meeting.before, meeting.after)
    return Change(
        score=score,
        before=_mean(values(shown[0], score)),
        after=_mean(values(shown[1], score)),
        test=paired_test(differences, test_to_train=0.0),
        adjusted_p=np.nan,
        moved=int(np.count_nonzero(np.nan_to_num(differences))),
        lost=meeting.seeds_where(~np.isnan(before) & np.isnan(after)),
        found=meeting.seeds_where(np.isnan(before) & ~np.isnan(after)),
    )


def settled(before: np.ndarray, after: np.ndarray, score: str) -> np.ndarray:
    """Return the change of a score, (...) as both; differences that may be due to rounding are zero."""
    differences = after - before
    size = np.maximum(abs(before), abs(after))
    scale = np.nanmax(size, initial=0.0) if score in IN_UNITS or is_own(score) else 1.0
    differences[abs(differences) <= ROUNDING * size + NEAR_ZERO * scale] = 0.0
    return np.asarray(differences)


def values(trials: pd.DataFrame, score: str) -> np.ndarray:
    """Return a score of each trial, (trials,), NaN where undefined; a censored time is the length of the run.

    So the mean of times is a restricted mean, see `lossbench.stats.survival`: censored times are never dropped.
    """
    if score not in trials:  # only the other run has this score
        return np.full(len(trials), np.nan)
    found = trials[score].to_numpy(dtype=np.float64, na_value=np.nan)
    if score not in TIMES:
        return found
    # Without a target its time is undefined, not censored; a training without a plateau has diverged.
    censored = trials.converged.notna() if score == "epochs_to_target" else trials.status == "diverged"
    censored = np.isnan(found) & censored.to_numpy()
    return np.where(censored, trials.epochs.to_numpy(dtype=np.float64), found)


def follows_judge(score: str) -> bool:
    """Say whether a score depends on the primary one: times, and values at the best epoch.

    Example:
        >>> follows_judge("f1"), follows_judge("f1_at_best"), follows_judge("epochs_to_target")
        (False, True, True)
    """
    return score in TIMES or not is_metric(score)


def judged_apart(dataset: str, score: str, before: str, after: str) -> str:
    """Say that two runs judge a data set by different scores, so that a score does not mean the same in both."""
    return (
        f"{dataset} is judged by {before} in one run and by {after} in the other, which decides {score}; compare "
        "runs that are judged alike, or take a score of the last epoch"
    )


def refuse_decided_apart(dataset: str, score: str, before: str, after: str) -> None:
    """Refuse a score of decided classes where two runs chose class thresholds in different ways.

    Args:
        dataset: its name, for the message.
        score: the score to be compared.
        before: the score that chose the class thresholds of one run; empty for the links' own.
        after: the same for the other run.

    Raises:
        BadValue: they differ, and the score depends on that.

    Example:
        >>> refuse_decided_apart("moons", "roc_auc", "", "f1")
    """
    if before != after and (score in (*AT_LINK, *map(at_best, AT_LINK)) or is_own(score)):
        chosen, other = (f"by {name}" if name else "by the links" for name in (before, after))
        raise BadValue(
            f"class thresholds on {dataset} are chosen {chosen} in one run and {other} in the other, so {score} "
            "does not mean the same in both; give both runs the same --threshold, or take a score that needs no "
            "class, such as roc_auc"
        )


def chosen_by(trials: pd.DataFrame) -> str:
    """Return the score that chose the class thresholds of some trials; empty for the links' own."""
    return next(iter(trials.threshold_by.dropna()), "")


def unscored(trials: pd.DataFrame, score: str) -> bool:
    """Say whether trials ended well in a task that has a score, but none has a value for it.

    This happens with a file of an older lossbench, which did not know the score.
    """
    due = trials[(trials.status == "ok") & trials.task.isin(TRIALS[score].tasks)]
    return len(due) > 0 and bool(np.isnan(values(due, score)).all())


def _mean(scores: np.ndarray) -> float:
    defined = scores[~np.isnan(scores)]
    return float(defined.mean()) if len(defined) else np.nan
